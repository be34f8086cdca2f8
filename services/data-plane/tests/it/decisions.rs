//! Each record says why its request went where it went, and a caller can ask without sending anything anywhere.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_contracts::config::{RetryPolicy, Strategy};
use sluicegate_contracts::usage::Decision;

use crate::support::{Config, Provider, Script, Worker};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

/// One model at two providers, and a route over it that chooses by price.
async fn two() -> (Worker, [Provider; 2]) {
    let answers = || [Script::json(200, ANSWER)];
    let providers = [Provider::start(answers()).await, Provider::start(answers()).await];
    let mut config = Config::new();
    config.connect("main", "openai", &providers[0].url());
    config.connect("fast", "groq", &providers[1].url());
    config.model("meta/llama", "openai", "llama", 2_000_000, 4_000_000);
    config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
    config.model("meta/tiny", "openai", "tiny", 1, 1);
    config.route("cheap", &["meta/llama"], RetryPolicy::default());
    config.choosing(Strategy::Cheapest);
    (Worker::start(&config), providers)
}

fn asking(model: &str, extra: Value) -> String {
    let mut body =
        json!({"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]});
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    body.to_string()
}

/// Provider, rank, and what stood against it, of each candidate.
fn candidates(decision: &Decision) -> Vec<(Option<&str>, Option<u16>, Option<&str>)> {
    let all = decision.candidates.iter();
    all.map(|it| (it.provider.as_deref(), it.rank, it.rejected.as_deref()))
        .collect()
}

#[actix_web::test]
async fn a_refusal_names_the_route_that_made_it() {
    let (worker, _providers) = two().await;
    let body = asking("route/cheap", json!({"provider": {"only": ["azure"]}}));
    let response = worker.chat(body.clone()).await;
    assert_ne!(response.status(), 200);
    assert_eq!(worker.record().await.route.unwrap().slug, "cheap");
    let dry = worker
        .post("/v1/chat/completions", body)
        .header("x-sluicegate-dry-run", "true");
    let shown: Value = dry.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&shown["route"]["slug"], &shown["first"]),
        (&json!("cheap"), &Value::Null)
    );
}

#[actix_web::test]
async fn a_record_tells_what_its_request_could_have_gone_to() {
    let (worker, _providers) = two().await;
    for body in [
        asking("meta/llama", json!({})),
        asking("meta/llama", json!({"provider": {"ignore": ["openai"]}})),
        asking("route/cheap", json!({})),
        asking("meta/tiny", json!({})),
        asking("meta/llama", json!({"provider": {"only": ["azure"]}})),
        asking("nobody/knows", json!({})),
    ] {
        worker.chat(body).await;
    }
    let records = worker.first_records(6).await;
    let decisions: Vec<Option<&Decision>> = records.iter().map(|it| it.decision.as_ref()).collect();
    let listed = decisions[0].unwrap();
    assert_eq!(
        candidates(listed),
        [(Some("openai"), Some(1), None), (Some("groq"), Some(2), None)]
    );
    assert_eq!(listed.cause.as_deref(), Some("direct"));
    assert_eq!(listed.facts.max_output_tokens, Some(50));
    assert!(listed.facts.input_tokens > 0 && !listed.facts.stream);
    let shape = listed.facts.shape.unwrap();
    assert!(shape.tools == Some(0) && !shape.image && !shape.steered);
    let wished = decisions[1].unwrap().facts.shape.unwrap();
    assert!(wished.steered, "it names providers");
    assert_eq!(
        candidates(decisions[1].unwrap()),
        [
            (Some("groq"), Some(1), None),
            (Some("openai"), None, Some("provider_excluded"))
        ]
    );
    let measured = decisions[2].unwrap();
    assert_eq!(measured.cause.as_deref(), Some("score"));
    assert_eq!(candidates(measured)[0], (Some("groq"), Some(1), None));
    let costs: Vec<i64> = measured
        .candidates
        .iter()
        .map(|it| it.score.as_ref().unwrap().cost)
        .collect();
    assert!(costs[0] > 0 && costs[0] < costs[1], "{costs:?}");
    let without_a_choice = decisions[3].unwrap();
    assert_eq!(candidates(without_a_choice), []);
    assert_eq!(without_a_choice.cause.as_deref(), Some("direct"));
    let nobody = decisions[4].unwrap();
    assert_eq!(nobody.cause, None);
    assert!(
        nobody
            .candidates
            .iter()
            .all(|it| it.rejected.as_deref() == Some("provider_excluded"))
    );
    assert_eq!(decisions[5], None, "the name meant nothing");
}

#[actix_web::test]
async fn the_decision_shows_who_did_not_fare_well() {
    let refusal = Script::json_with(429, "retry-after: 30\r\n", r#"{"error":{"message":"slow down"}}"#);
    let first = Provider::start([refusal]).await;
    let second = Provider::start([Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &first.url());
    config.connect("fast", "groq", &second.url());
    config.model("meta/llama", "openai", "llama", 1, 1);
    config.model("meta/llama", "groq", "llama", 1, 1);
    let (worker, hand) = Worker::timed(&config);
    worker.chat(asking("meta/llama", json!({}))).await;
    hand.advance(Duration::from_secs(1));
    worker.chat(asking("meta/llama", json!({}))).await;
    let records = worker.first_records(2).await;
    let decision = records[1].decision.as_ref().unwrap();
    assert_eq!(decision.cause.as_deref(), Some("capacity"));
    let standings: Vec<_> = decision
        .candidates
        .iter()
        .map(|it| (it.provider.as_deref(), it.standing.as_deref()))
        .collect();
    assert_eq!(
        standings,
        [(Some("groq"), None), (Some("openai"), Some("drained"))]
    );
}

#[actix_web::test]
async fn a_dry_run_answers_with_the_decision_and_leaves_nothing() {
    let (worker, providers) = two().await;
    let dry = |body: String| {
        worker
            .post("/v1/chat/completions", body)
            .header("x-sluicegate-dry-run", "true")
    };
    let shown: Value = dry(asking("route/cheap", json!({})))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(shown["object"], "sluicegate.decision");
    assert_eq!(shown["route"]["slug"], "cheap");
    assert_eq!(shown["first"]["provider"], "groq");
    assert_eq!(shown["decision"]["candidates"].as_array().unwrap().len(), 2);

    let in_the_body = asking("meta/tiny", json!({"sluicegate": {"dry_run": true}}));
    let shown: Value = worker.chat(in_the_body).await.json().await.unwrap();
    assert_eq!(
        shown["first"]["provider"], "openai",
        "named although there is no choice"
    );

    let nobody = dry(asking("meta/llama", json!({"provider": {"zdr": true}})))
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 200);
    let shown: Value = nobody.json().await.unwrap();
    assert_eq!(shown["first"], Value::Null);
    assert_eq!(
        shown["decision"]["candidates"][0]["rejected"],
        "retention_required"
    );
    assert_eq!(shown["decision"]["candidates"][0]["level"], "request");

    let unknown = dry(asking("nobody/knows", json!({}))).send().await.unwrap();
    assert_eq!(unknown.status(), 404, "there is nothing to decide");
    worker.chat(asking("meta/llama", json!({}))).await;
    let records = worker.first_records(2).await;
    let asked: Vec<&str> = records.iter().map(|it| it.model_requested.as_str()).collect();
    assert_eq!(asked, ["nobody/knows", "meta/llama"], "dry runs are no requests");
    assert_eq!(providers.iter().map(|it| it.received().len()).sum::<usize>(), 1);
}
