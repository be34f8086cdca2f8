//! What a request asks of the gateway in its own words, in headers or in its own object: a route, a limit to its cost, a
//! deadline. Whatever it asks only tightens, and no provider sees it.

use reqwest::Response;
use serde_json::{Value, json};
use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::{AttemptOutcome, Outcome};

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
const DELTA: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const MAX_COST: &str = "x-sluicegate-max-cost";
const DEADLINE: &str = "x-sluicegate-deadline-ms";
const ROUTE: &str = "x-sluicegate-route";

fn answers() -> Script {
    Script::json(200, ANSWER)
}

fn asking(model: &str, extra: Value) -> String {
    let mut body =
        json!({"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]});
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    body.to_string()
}

async fn sent(worker: &Worker, headers: &[(&str, &str)], body: String) -> Response {
    let request = worker.post("/v1/chat/completions", body);
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

/// One model at `openai` for ten times what `groq` takes, in this order.
fn two(first: &Provider, second: &Provider) -> Config {
    let mut config = Config::new();
    config.connect("main", "openai", &first.url());
    config.connect("fast", "groq", &second.url());
    config.model("meta/llama", "openai", "llama", 10_000_000, 10_000_000);
    config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
    config
}

/// The most that a request can cost at each candidate, in the order of a dry run.
async fn bounds(worker: &Worker, body: String) -> Vec<i64> {
    let response = sent(worker, &[("x-sluicegate-dry-run", "true")], body).await;
    let shown: Value = response.json().await.unwrap();
    let candidates = shown["decision"]["candidates"].as_array().unwrap();
    candidates
        .iter()
        .map(|it| it["bound"].as_i64().unwrap())
        .collect()
}

fn dollars(nanos: i64) -> String {
    format!("0.{nanos:09}")
}

#[actix_web::test]
async fn a_route_is_named_beside_whatever_model_the_body_names() {
    let provider = Provider::start(std::iter::repeat_with(answers).take(4)).await;
    let mut config = Config::new();
    config.compatible("own", &provider.url());
    config.route("support", &["own/m"], RetryPolicy::default());
    let worker = Worker::start(&config);
    let in_the_body = json!({"sluicegate": {"route": "support"}});
    for (headers, body) in [
        (&[(ROUTE, "support")][..], asking("gpt-whatever", json!({}))),
        (&[(ROUTE, "route/support")], asking("gpt-whatever", json!({}))),
        (&[], asking("gpt-whatever", in_the_body.clone())),
        (
            &[(ROUTE, "support")],
            asking("x", json!({"sluicegate": {"route": "other"}})),
        ),
    ] {
        let response = sent(&worker, headers, body.clone()).await;
        assert_eq!(response.status(), 200, "{headers:?} {body}");
        assert_eq!(response.headers()["x-sluicegate-route"], "support@3");
    }
    for record in worker.first_records(4).await {
        assert_eq!(record.model_requested, "route/support");
        assert_eq!(record.decision.unwrap().rule.as_deref(), Some("default"));
    }
    for received in provider.received() {
        let body: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!((&body["model"], body.get("sluicegate")), (&json!("m"), None));
        assert!(!received.head.contains("x-sluicegate-route"));
    }
    for (headers, body, at) in [
        (&[(ROUTE, "nobody")][..], asking("own/m", json!({})), ROUTE),
        (
            &[],
            asking("own/m", json!({"sluicegate": {"route": "nobody"}})),
            "sluicegate.route",
        ),
    ] {
        let (status, _, code, param, _) = error_of(sent(&worker, headers, body).await).await;
        assert_eq!(
            (status, code.as_str(), param.as_deref()),
            (404, "model_not_found", Some(at))
        );
    }
}

#[actix_web::test]
async fn a_key_reaches_no_route_that_it_may_not_use() {
    let provider = Provider::start([answers()]).await;
    let mut config = Config::new();
    config.compatible("own", &provider.url());
    config.route("support", &["own/m"], RetryPolicy::default());
    config.api_key.allowed_models = vec!["own/*".to_owned()];
    let worker = Worker::start(&config);
    let response = sent(&worker, &[(ROUTE, "support")], asking("own/m", json!({}))).await;
    let (status, _, _, param, _) = error_of(response).await;
    assert_eq!((status, param.as_deref()), (403, Some(ROUTE)));
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn what_can_cost_more_than_the_request_may_is_left_out() {
    let (dear, cheap) = (
        Provider::start([answers()]).await,
        Provider::start([answers()]).await,
    );
    let mut config = two(&dear, &cheap);
    config.compatible("own", &cheap.url());
    let worker = Worker::start(&config);
    let body = asking("meta/llama", json!({}));
    let bounds = bounds(&worker, body.clone()).await;
    assert!(bounds[1] > 0 && bounds[0] == bounds[1] * 10, "{bounds:?}");

    let enough = dollars(bounds[1]);
    let response = sent(&worker, &[(MAX_COST, &enough)], body.clone()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "groq/fast");
    let decision = worker.record().await.decision.unwrap();
    let [first, left_out] = &decision.candidates[..] else {
        panic!("{decision:?}")
    };
    assert_eq!(first.bound.map(|it| it.nanos()), Some(bounds[1]));
    assert_eq!(
        (left_out.rejected.as_deref(), left_out.level.as_deref()),
        (Some("cost_above_cap"), Some("request"))
    );
    assert!(dear.received().is_empty());

    let too_little = dollars(bounds[1] - 1);
    let in_the_body = asking("meta/llama", json!({"sluicegate": {"max_cost": too_little}}));
    for refused in [
        sent(&worker, &[(MAX_COST, &too_little)], body.clone()).await,
        sent(&worker, &[(MAX_COST, "10")], in_the_body).await,
        sent(&worker, &[(MAX_COST, "10")], asking("own/m", json!({}))).await,
    ] {
        let (status, _, code, param, _) = error_of(refused).await;
        assert_eq!(
            (status, code.as_str(), param.as_deref()),
            (404, "constraint_filtered", Some(MAX_COST))
        );
    }
    assert_eq!(cheap.received().len(), 1);
}

#[actix_web::test]
async fn all_attempts_together_cost_no_more_than_the_request_may() {
    // What timed out may have been billed, so it counts as its bound.
    let quick = RetryPolicy {
        max_attempts: 2,
        attempt_timeout_ms: 80,
        hedge: None,
    };
    for (room, served) in [(1, false), (2, true)] {
        let late = Provider::start([Script::default().hang()]).await;
        let next = Provider::start([answers()]).await;
        let mut config = Config::new();
        config.connect("main", "openai", &late.url());
        config.connect("fast", "groq", &next.url());
        config.model("meta/llama", "openai", "llama", 1_000_000, 1_000_000);
        config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
        config.route("quick", &["meta/llama"], quick.clone());
        let worker = Worker::start(&config);
        let body = asking("route/quick", json!({}));
        let bounds = bounds(&worker, body.clone()).await;
        assert_eq!(bounds[0], bounds[1]);
        let most = dollars(bounds[0] * room + bounds[0] / 2);
        let response = sent(&worker, &[(MAX_COST, &most)], body).await;
        let status = if served { 200 } else { 504 };
        assert_eq!(response.status(), status, "room for {room}");
        assert_eq!(next.received().len(), usize::from(served));
        let cost = worker.record().await.cost.unwrap().nanos();
        assert!(cost <= bounds[0] * room + bounds[0] / 2, "{cost} of {most}");
    }
}

#[actix_web::test]
async fn a_request_is_over_by_its_deadline_and_no_provider_is_blamed() {
    let hangs = || std::iter::repeat_with(|| Script::default().hang()).take(6);
    let slow = Provider::start(hangs().chain([answers()])).await;
    let other = Provider::start([answers()]).await;
    let worker = Worker::start(&two(&slow, &other));
    for request in 0..6 {
        let body = asking("meta/llama", json!({"sluicegate": {"deadline_ms": 60}}));
        let response = if request % 2 == 0 {
            sent(&worker, &[(DEADLINE, "60")], asking("meta/llama", json!({}))).await
        } else {
            sent(&worker, &[(DEADLINE, "60000")], body).await
        };
        let (status, _, code, param, hint) = error_of(response).await;
        assert_eq!(
            (status, code.as_str(), param.as_deref(), hint.as_str()),
            (504, "deadline_exceeded", Some(DEADLINE), "true")
        );
    }
    let response = sent(&worker, &[(DEADLINE, "60000")], asking("meta/llama", json!({}))).await;
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "openai/main");
    let records = worker.first_records(7).await;
    let outcomes = records.iter().map(|it| (it.outcome, it.attempts[0].outcome));
    let late = (Outcome::Failed, AttemptOutcome::Stopped);
    let expected = [[late; 6].as_slice(), &[(Outcome::Served, AttemptOutcome::Served)]].concat();
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
    assert!(
        other.received().is_empty(),
        "there was no time for another attempt"
    );
}

#[actix_web::test]
async fn a_stream_that_passes_its_deadline_ends_with_an_error() {
    let provider = Provider::start([Script::events().then(DELTA).hang()]).await;
    let mut config = Config::new();
    config.compatible("own", &provider.url());
    let worker = Worker::start(&config);
    let response = sent(&worker, &[(DEADLINE, "300")], chat("own/m", true)).await;
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    assert!(text.contains(r#""content":"a""#), "{text}");
    assert!(
        text.contains("deadline_exceeded") && !text.contains("[DONE]"),
        "{text}"
    );
    let record = worker.record().await;
    assert_eq!(
        (record.outcome, record.error_code.as_deref()),
        (Outcome::Cut, Some("deadline_exceeded"))
    );
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Stopped);
}

#[actix_web::test]
async fn what_cannot_be_read_is_refused_with_its_place() {
    let provider = Provider::start([answers()]).await;
    let mut config = Config::new();
    config.compatible("own", &provider.url());
    let worker = Worker::start(&config);
    for (header, value) in [
        (MAX_COST, "0"),
        (MAX_COST, "cheap"),
        (DEADLINE, "2s"),
        (ROUTE, ""),
        ("x-sluicegate-dry-run", "1"),
        ("x-sluicegate-max-csot", "1"),
    ] {
        let response = sent(&worker, &[(header, value)], asking("own/m", json!({}))).await;
        let (status, _, _, param, _) = error_of(response).await;
        assert_eq!((status, param.as_deref()), (400, Some(header)), "{value}");
    }
    for (object, at) in [
        (json!({"max_csot": 1}), "sluicegate.max_csot"),
        (json!({"max_cost": "cheap"}), "sluicegate.max_cost"),
        (json!({"deadline_ms": 0}), "sluicegate.deadline_ms"),
        (json!({"deadline_ms": [1]}), "sluicegate.deadline_ms"),
        (json!({"tags": [1]}), "sluicegate.tags"),
        (json!({"dry_run": "yes"}), "sluicegate.dry_run"),
        (json!({"route": "a\u{0}"}), "sluicegate.route"),
    ] {
        let response = worker.chat(asking("own/m", json!({"sluicegate": object}))).await;
        let (status, _, _, param, _) = error_of(response).await;
        assert_eq!((status, param.as_deref()), (400, Some(at)), "{object}");
    }
    assert!(provider.received().is_empty());
}
