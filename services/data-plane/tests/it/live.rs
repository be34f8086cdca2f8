//! What a worker learns of its endpoints changes where the next calls go: what fails, refuses or is out of its rate is
//! passed over until it may be asked again, and what is measured decides where a route wants that.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_contracts::config::{RetryPolicy, Strategy};
use sluicegate_contracts::usage::Outcome;
use sluicegate_service_runtime::clock::ManualClock;

use crate::support::{Config, Provider, Script, Worker};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

fn answers() -> Script {
    Script::json(200, ANSWER)
}

fn fails() -> Script {
    Script::json(503, r#"{"error":{"message":"busy"}}"#)
}

/// One model at two providers; `first` is listed before `second` and costs more.
struct Two {
    worker: Worker,
    hand: ManualClock,
    first: Provider,
    second: Provider,
}

async fn two(first: Vec<Script>, second: Vec<Script>) -> Two {
    let (first, second) = (Provider::start(first).await, Provider::start(second).await);
    let (worker, hand) = Worker::timed(&config(&first, &second));
    Two {
        worker,
        hand,
        first,
        second,
    }
}

fn config(first: &Provider, second: &Provider) -> Config {
    let mut config = Config::new();
    config.connect("main", "openai", &first.url());
    config.connect("fast", "groq", &second.url());
    config.model("meta/llama", "openai", "llama", 2_000_000, 4_000_000);
    config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
    config.route("cheap", &["meta/llama"], RetryPolicy::default());
    config.choosing(Strategy::Cheapest);
    config.route("quick", &["meta/llama"], RetryPolicy::default());
    config.choosing(Strategy::Fastest);
    config
}

/// Who served a request, and why.
async fn ask(worker: &Worker, model: &str, extra: Value) -> (String, String) {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hello"}]});
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    let response = worker.chat(body.to_string()).await;
    assert_eq!(response.status(), 200);
    let told = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    (told("x-sluicegate-endpoint"), told("x-sluicegate-cause"))
}

impl Two {
    async fn served(&self) -> (String, String) {
        ask(&self.worker, "meta/llama", json!({})).await
    }

    fn calls(&self) -> (usize, usize) {
        (self.first.received().len(), self.second.received().len())
    }
}

fn told(endpoint: &str, cause: &str) -> (String, String) {
    (endpoint.to_owned(), cause.to_owned())
}

#[actix_web::test]
async fn what_fails_often_is_passed_over_and_asked_again_now_and_then() {
    let two = two(vec![fails(), fails(), answers()], vec![answers()]).await;
    for _ in 0..2 {
        assert_eq!(two.served().await, told("groq/fast", "fallback"));
    }
    for _ in 0..3 {
        assert_eq!(two.served().await, told("groq/fast", "capacity"));
    }
    assert_eq!(two.calls(), (2, 5), "it is left alone");
    two.hand.advance(Duration::from_millis(2_100));
    assert_eq!(
        two.served().await,
        told("openai/main", "direct"),
        "a real call asks whether it still fails"
    );
}

#[actix_web::test]
async fn a_refusal_for_the_rate_is_honored_for_as_long_as_it_says() {
    let refusal = Script::json_with(429, "retry-after: 30\r\n", r#"{"error":{"message":"slow down"}}"#);
    let two = two(vec![refusal, answers()], vec![answers()]).await;
    assert_eq!(two.served().await, told("groq/fast", "fallback"));
    two.hand.advance(Duration::from_secs(29));
    assert_eq!(two.served().await, told("groq/fast", "capacity"));
    two.hand.advance(Duration::from_secs(2));
    assert_eq!(two.served().await, told("openai/main", "direct"));
    assert_eq!(two.calls(), (2, 2));
}

#[actix_web::test]
async fn nothing_is_sent_to_a_provider_that_said_it_has_no_room() {
    let last = "x-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 60s\r\n";
    let two = two(
        vec![Script::json_with(200, last, ANSWER), answers()],
        vec![answers()],
    )
    .await;
    assert_eq!(two.served().await, told("openai/main", "direct"));
    assert_eq!(two.served().await, told("groq/fast", "capacity"));
    two.hand.advance(Duration::from_millis(1_100));
    assert_eq!(two.served().await, told("openai/main", "direct"), "one came back");
}

#[actix_web::test]
async fn a_request_is_held_where_everything_is_out_of_its_rate() {
    let refusal = Script::json_with(429, "retry-after: 2\r\n", r#"{"error":{"message":"slow down"}}"#);
    let (first, second) = (
        Provider::start([refusal.clone(), answers()]).await,
        Provider::start([refusal, answers()]).await,
    );
    let mut config = config(&first, &second);
    let retry = RetryPolicy {
        max_attempts: 2,
        ..RetryPolicy::default()
    };
    config.route("support", &["meta/llama"], retry);
    let worker = Worker::start(&config);
    let body = json!({"model": "route/support", "messages": [{"role": "user", "content": "hello"}]});
    let refused = worker.chat(body.to_string()).await;
    assert_eq!(refused.status(), 429, "nobody knew");
    let held = worker.chat(body.to_string()).await;
    assert_eq!(held.status(), 200);
    assert_eq!(first.received().len() + second.received().len(), 3);
    let records = worker.first_records(2).await;
    let record = &records[1];
    let held_ms = record.decision.as_ref().map_or(0, |it| it.held_ms);
    assert!(held_ms > 0 && record.attempts.len() == 1, "{record:?}");
    assert!(record.duration_us >= held_ms * 1_000, "{record:?}");
    assert!(
        record.overhead_us < held_ms * 1_000,
        "waiting is no work: {record:?}"
    );
}

#[actix_web::test]
async fn where_nothing_is_well_everything_is_still_tried() {
    let mut scripts = vec![fails(); 5];
    scripts.push(answers());
    let two = two(scripts.clone(), scripts).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let body = json!({"model": "meta/llama", "messages": [{"role": "user", "content": "hello"}]});
        statuses.push(two.worker.chat(body.to_string()).await.status().as_u16());
    }
    assert!(
        statuses.contains(&503) && statuses.last() == Some(&200),
        "{statuses:?}"
    );
}

#[actix_web::test]
async fn an_outage_is_no_storm_of_retries() {
    let provider = Provider::start([fails()]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("meta/llama", "openai", "llama", 1, 1);
    let retry = RetryPolicy {
        max_attempts: 2,
        ..RetryPolicy::default()
    };
    config.route("support", &["meta/llama"], retry);
    let worker = Worker::start(&config);
    for _ in 0..60 {
        let body = json!({"model": "route/support", "messages": [{"role": "user", "content": "hello"}]});
        assert_eq!(worker.chat(body.to_string()).await.status(), 503);
    }
    // Ten are saved up at the start, and each request earns a fifth.
    let sent = provider.received().len();
    assert!((75..=83).contains(&sent), "{sent} calls for 60 requests");
}

#[actix_web::test]
async fn a_route_chooses_by_price_or_by_what_is_measured() {
    let slow = || Script::default().wait(Duration::from_millis(700)).and(answers());
    let (first, second) = (
        Provider::start([answers()]).await,
        Provider::start([slow()]).await,
    );
    let worker = Worker::start(&config(&first, &second));
    assert_eq!(
        ask(&worker, "route/cheap", json!({})).await,
        told("groq/fast", "score")
    );
    assert_eq!(
        ask(&worker, "route/quick", json!({})).await,
        told("openai/main", "score")
    );
    for wish in [json!({"sort": "latency"}), json!({"preferred_max_latency": 0.5})] {
        let (served, _) = ask(&worker, "meta/llama", json!({"provider": wish})).await;
        assert_eq!(served, "openai/main", "{wish}");
    }
    let records = worker.first_records(4).await;
    assert!(
        records
            .iter()
            .all(|it| it.outcome == Outcome::Served && it.attempts.len() == 1)
    );
}

#[actix_web::test]
async fn nitro_means_the_most_tokens_a_second() {
    let answer = |tokens: u32| {
        ANSWER.replace(
            r#""completion_tokens":1"#,
            &format!(r#""completion_tokens":{tokens}"#),
        )
    };
    let writes = |tokens| {
        Script::default()
            .wait(Duration::from_millis(150))
            .and(Script::json(200, &answer(tokens)))
    };
    let (first, second) = (
        Provider::start([writes(20)]).await,
        Provider::start([writes(400)]).await,
    );
    let worker = Worker::start(&config(&first, &second));
    // Each is asked once before anything is known.
    let (one, _) = ask(&worker, "meta/llama:nitro", json!({})).await;
    let (other, _) = ask(&worker, "meta/llama:nitro", json!({})).await;
    assert_ne!(one, other);
    for _ in 0..3 {
        assert_eq!(
            ask(&worker, "meta/llama:nitro", json!({})).await,
            told("groq/fast", "direct")
        );
    }
}

/// So many answers, of which every second fails.
fn every_second_fails(count: usize) -> Vec<Script> {
    (0..count)
        .map(|index| if index % 2 == 0 { fails() } else { answers() })
        .collect()
}

#[actix_web::test]
async fn callers_hardly_notice_that_one_fails_one_stalls_and_one_refuses() {
    const CALLS: usize = 1_000;
    const AT_ONCE: usize = 8;
    let refusal = Script::json_with(429, "retry-after: 1\r\n", r#"{"error":{"message":"slow down"}}"#);
    for strategy in [
        Strategy::Ordered,
        Strategy::Weighted,
        Strategy::Fastest,
        Strategy::LeastLoaded,
    ] {
        let fails_half = Provider::start(every_second_fails(CALLS)).await;
        let stalls = Provider::start([Script::default().hang()]).await;
        let refuses = Provider::start([refusal.clone()]).await;
        let serves =
            Provider::start([Script::default().wait(Duration::from_millis(20)).and(answers())]).await;
        let mut config = Config::new();
        for (slug, provider) in [
            ("a", &fails_half),
            ("b", &stalls),
            ("c", &refuses),
            ("d", &serves),
        ] {
            config.compatible(slug, &provider.url());
        }
        config.route(
            "support",
            &["a/m", "b/m", "c/m", "d/m"],
            RetryPolicy {
                max_attempts: 4,
                attempt_timeout_ms: 300,
                hedge: None,
            },
        );
        config.choosing(strategy);
        let worker = Worker::start(&config);
        let mut served = 0;
        for _ in 0..CALLS / AT_ONCE {
            let calls = (0..AT_ONCE).map(|_| {
                let body =
                    json!({"model": "route/support", "messages": [{"role": "user", "content": "hello"}]});
                worker.chat(body.to_string())
            });
            let answers = futures_util::future::join_all(calls).await;
            served += answers.iter().filter(|it| it.status() == 200).count();
        }
        let sent: usize = [&fails_half, &stalls, &refuses, &serves]
            .iter()
            .map(|it| it.received().len())
            .sum();
        assert!(
            served * 1_000 >= CALLS * 999,
            "{strategy:?}: {served} of {CALLS} were served"
        );
        assert!(
            sent * 10 <= CALLS * 12,
            "{strategy:?}: {sent} calls for {CALLS} requests"
        );
    }
}
