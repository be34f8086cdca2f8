//! Rate limits on the request path: what is let through, what callers are told, and what comes back.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};
use sluicegate_backplane::Rates;
use sluicegate_contracts::config::{Partition, RateMetric, RateScope, RetryPolicy};
use sluicegate_contracts::ids::RateLimitId;
use sluicegate_contracts::usage::Outcome;

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

const ECHO: &str = "sluicegate/echo";

fn answer(input: u64, output: u64) -> Script {
    let usage =
        json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output });
    let choice =
        json!({ "index": 0, "message": { "role": "assistant", "content": "Hi." }, "finish_reason": "stop" });
    let body = json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage,
    });
    Script::json(200, &body.to_string())
}

fn capped(model: &str, max_tokens: u64) -> String {
    json!({ "model": model, "max_tokens": max_tokens, "messages": [{ "role": "user", "content": "Hello" }] })
        .to_string()
}

fn all() -> RateScope {
    RateScope::default()
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn status(worker: &Worker, body: impl Into<String>) -> u16 {
    worker.chat(body).await.status().as_u16()
}

/// Waits until so much is left of a limit.
async fn until_left(worker: &Worker, config: &Config, limit: (RateLimitId, u64), left: u64) {
    let begun = std::time::Instant::now();
    loop {
        let now = worker.left(config, limit.0, limit.1).await;
        if now == left {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{now} are left instead of {left}"
        );
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn a_call_beyond_the_limit_is_refused_until_the_time_it_is_told() {
    let mut config = Config::new();
    let limit = config.rate_limit(RateMetric::Requests, 3, all());
    let (worker, hand) = Worker::timed(&config);
    for (remaining, reset) in [("2", "20s"), ("1", "40s"), ("0", "1m0s")] {
        let served = worker.chat(chat(ECHO, false)).await;
        assert_eq!(served.status(), 200);
        assert_eq!(header(&served, "x-ratelimit-limit-requests"), Some("3"));
        assert_eq!(header(&served, "x-ratelimit-remaining-requests"), Some(remaining));
        assert_eq!(header(&served, "x-ratelimit-reset-requests"), Some(reset));
        assert_eq!(header(&served, "x-ratelimit-limit-tokens"), None);
    }
    let refused = worker.chat(chat(ECHO, false)).await;
    assert_eq!(header(&refused, "retry-after"), Some("20"));
    assert_eq!(header(&refused, "retry-after-ms"), Some("20000"));
    assert_eq!(header(&refused, "x-ratelimit-remaining-requests"), Some("0"));
    assert_eq!(header(&refused, "x-should-retry"), Some("true"));
    let (status_code, kind, code, ..) = error_of(refused).await;
    assert_eq!(
        (status_code, kind.as_str(), code.as_str()),
        (429, "rate_limit_error", "rate_limit_exceeded")
    );
    hand.advance(Duration::from_millis(19_999));
    let refused = worker.chat(chat(ECHO, false)).await;
    assert_eq!(header(&refused, "retry-after-ms"), Some("1"));
    let document: Value = refused.json().await.unwrap();
    let message = document["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(&format!(
            "{limit} (3 requests a minute for this organization) is reached"
        )),
        "{message}"
    );
    hand.advance(Duration::from_millis(1));
    assert_eq!(status(&worker, chat(ECHO, false)).await, 200);
    let records = worker.first_records(6).await;
    let refused: Vec<_> = records
        .iter()
        .filter(|record| record.outcome == Outcome::Refused)
        .collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|record| record.status == 429
        && record.attempts.is_empty()
        && record.error_code.as_deref() == Some("rate_limit_exceeded")));
}

#[actix_web::test]
async fn each_dialect_is_told_in_its_own_words() {
    let mut config = Config::new();
    config.rate_limit(RateMetric::Requests, 2, all());
    config.rate_limit(RateMetric::InputTokens, 1_000, all());
    config.rate_limit(RateMetric::OutputTokens, 500, all());
    let (worker, _hand) = Worker::timed(&config);
    let message = |max: u64| {
        let body =
            json!({ "model": ECHO, "max_tokens": max, "messages": [{ "role": "user", "content": "Hi" }] });
        worker.post("/v1/messages", body.to_string()).send()
    };
    let served = message(100).await.unwrap();
    assert_eq!(served.status(), 200);
    for (name, value) in [
        ("requests-limit", "2"),
        ("requests-remaining", "1"),
        ("requests-reset", "2023-11-14T22:13:50Z"),
        ("input-tokens-limit", "1000"),
        ("input-tokens-remaining", "999"),
        ("output-tokens-remaining", "400"),
        ("tokens-limit", "500"),
        ("tokens-remaining", "400"),
        ("tokens-reset", "2023-11-14T22:13:32Z"),
    ] {
        let name = format!("anthropic-ratelimit-{name}");
        assert_eq!(header(&served, &name), Some(value), "{name}");
    }
    assert_eq!(status(&worker, capped(ECHO, 100)).await, 200);
    let refused = message(100).await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), header(&refused, "retry-after")),
        (429, Some("30"))
    );
    let document: Value = refused.json().await.unwrap();
    assert_eq!(document["error"]["type"], "rate_limit_error");

    let contents = json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] });
    let path = "/v1beta/models/sluicegate/echo:generateContent";
    let refused = worker.post(path, contents.to_string()).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let document: Value = refused.json().await.unwrap();
    let details = document["error"]["details"].as_array().unwrap();
    let wait = details
        .iter()
        .find(|detail| detail["@type"] == "type.googleapis.com/google.rpc.RetryInfo");
    assert_eq!(wait.unwrap()["retryDelay"], "30s", "{document}");
}

#[actix_web::test]
async fn without_a_limit_nothing_is_said_of_one() {
    let worker = Worker::start(&Config::new());
    let served = worker.chat(chat(ECHO, false)).await;
    let mut names = served.headers().keys().map(|name| name.as_str());
    assert!(!names.any(|name| name.contains("ratelimit")));
}

#[actix_web::test]
async fn a_limit_on_a_target_sends_the_walk_on() {
    let provider = Provider::start([answer(1, 1)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/m", "openai", "m", 1, 1);
    config.model("openai/n", "openai", "n", 1, 1);
    config.route("pair", &["openai/m", "openai/n"], RetryPolicy::default());
    let of_first = RateScope {
        model: Some("openai/m*".to_owned()),
        ..all()
    };
    config.rate_limit(RateMetric::Requests, 1, of_first);
    let worker = Worker::start(&config);
    for _ in 0..2 {
        assert_eq!(status(&worker, chat("route/pair", false)).await, 200);
    }
    let models: Vec<Value> = provider
        .received()
        .iter()
        .map(|call| serde_json::from_str::<Value>(&call.body).unwrap()["model"].clone())
        .collect();
    assert_eq!(models, ["m", "n"]);
    let refused = worker.chat(chat("openai/m", false)).await;
    assert_eq!(header(&refused, "x-ratelimit-remaining-requests"), Some("0"));
    let (status, _, code, ..) = error_of(refused).await;
    assert_eq!((status, code.as_str()), (429, "rate_limit_exceeded"));
}

#[actix_web::test]
async fn tokens_are_taken_by_estimate_and_counted_by_what_came() {
    let provider = Provider::start([answer(900, 5), answer(900, 5)]).await;
    let mut config = Config::new();
    config.compatible("lab", &provider.url());
    let limit = (config.rate_limit(RateMetric::InputTokens, 1_000, all()), 1_000);
    let outputs = (config.rate_limit(RateMetric::OutputTokens, 1_000, all()), 1_000);
    let (worker, hand) = Worker::timed(&config);
    let served = worker.chat(capped("lab/m", 400)).await;
    assert_eq!(header(&served, "x-ratelimit-remaining-tokens"), Some("600"));
    assert_eq!(served.status(), 200);
    until_left(&worker, &config, limit, 100).await;
    until_left(&worker, &config, outputs, 995).await;
    // The text is short, so it passes; and then 800 are owed.
    assert_eq!(status(&worker, capped("lab/m", 400)).await, 200);
    until_left(&worker, &config, limit, 0).await;
    hand.advance(Duration::from_secs(47));
    let refused = worker.chat(capped("lab/m", 400)).await;
    let wait: u64 = header(&refused, "retry-after-ms").unwrap().parse().unwrap();
    // 17 are still owed, at 60 ms each; and then those of the call have to come.
    assert!((1_060..2_500).contains(&wait), "{wait}");
    hand.advance(Duration::from_millis(wait - 1));
    let refused = worker.chat(capped("lab/m", 400)).await;
    assert_eq!(header(&refused, "retry-after-ms"), Some("1"));
    hand.advance(Duration::from_millis(1));
    assert_eq!(status(&worker, capped("lab/m", 400)).await, 200);
}

#[actix_web::test]
async fn a_call_larger_than_the_burst_is_told_that_it_never_passes() {
    let provider = Provider::start([answer(1, 1)]).await;
    let mut config = Config::new();
    config.compatible("lab", &provider.url());
    config.rate_limit(RateMetric::OutputTokens, 500, all());
    let worker = Worker::start(&config);
    let refused = worker.chat(capped("lab/m", 501)).await;
    assert_eq!(header(&refused, "retry-after"), None);
    assert_eq!(header(&refused, "x-should-retry"), Some("false"));
    let document: Value = refused.json().await.unwrap();
    assert_eq!(document["error"]["code"], "request_exceeds_rate_limit");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("Ask for at most 500 output tokens"), "{message}");
    assert!(provider.received().is_empty());
    // Without a cap it is a guess, which is never all there is.
    for _ in 0..2 {
        assert_eq!(status(&worker, chat("lab/m", false)).await, 200);
    }
}

#[actix_web::test]
async fn a_slot_is_free_again_when_its_caller_hangs_up() {
    let provider = Provider::start([Script::events().hang(), answer(1, 1)]).await;
    let mut config = Config::new();
    config.compatible("lab", &provider.url());
    config.rate_limit(RateMetric::Concurrency, 1, all());
    let worker = Worker::start(&config);
    let first = worker.post("/v1/chat/completions", chat("lab/m", true)).send();
    let first = actix_web::rt::spawn(first);
    crate::support::eventually("the first call", || {
        (provider.received().len() == 1).then_some(())
    })
    .await;
    let refused = worker.chat(chat("lab/m", false)).await;
    assert_eq!(header(&refused, "retry-after"), Some("1"));
    let (status_code, _, code, ..) = error_of(refused).await;
    assert_eq!((status_code, code.as_str()), (429, "rate_limit_exceeded"));
    first.abort();
    let begun = std::time::Instant::now();
    while status(&worker, chat("lab/m", false)).await != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the slot does not come back"
        );
    }
}

#[actix_web::test]
async fn a_refusal_takes_nothing_of_the_other_limits() {
    let mut config = Config::new();
    let wide = (config.rate_limit(RateMetric::Requests, 10, all()), 10);
    let of_key = RateScope {
        api_key: Some(config.api_key.id),
        ..all()
    };
    config.rate_limit(RateMetric::Requests, 1, of_key);
    let (worker, _hand) = Worker::timed(&config);
    assert_eq!(status(&worker, chat(ECHO, false)).await, 200);
    until_left(&worker, &config, wide, 9).await;
    for _ in 0..3 {
        assert_eq!(status(&worker, chat(ECHO, false)).await, 429);
    }
    // Neither does a call that is refused before a provider was called.
    assert_eq!(status(&worker, chat("no/such", false)).await, 429);
    until_left(&worker, &config, wide, 9).await;
}

#[actix_web::test]
async fn each_end_user_has_a_limit_of_their_own() {
    let mut config = Config::new();
    let scope = RateScope {
        end_user: Some(Partition::Each),
        ..all()
    };
    config.rate_limit(RateMetric::Requests, 1, scope);
    let worker = Worker::start(&config);
    let mut statuses = Vec::new();
    for user in ["ann", "ann", "bob", "bob"] {
        let request = worker.post("/v1/chat/completions", chat(ECHO, false));
        let request = request.header("x-sluicegate-user", user);
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    statuses.push(status(&worker, chat(ECHO, false)).await);
    assert_eq!(statuses, [200, 429, 200, 429, 200]);
}

#[actix_web::test]
async fn two_workers_keep_one_limit() {
    let mut config = Config::new();
    config.rate_limit(RateMetric::Requests, 20, all());
    let rates = Rates::memory();
    let workers = [(); 2].map(|()| Worker::sharing(&config, rates.clone()));
    let begun = std::time::Instant::now();
    let calls = (0..60).map(|n| status(&workers[n % 2], chat(ECHO, false)));
    let statuses = join_all(calls).await;
    let served = statuses.iter().filter(|status| **status == 200).count();
    let refilled = usize::try_from(begun.elapsed().as_secs() / 3).unwrap();
    assert!((17..=20 + refilled).contains(&served), "{served} of 20");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)));
}

#[actix_web::test]
async fn without_the_store_calls_go_on_within_this_workers_part() {
    let mut config = Config::new();
    config.rate_limit(RateMetric::Requests, 2, all());
    let rates = Rates::memory();
    rates.close().await;
    let worker = Worker::sharing(&config, rates);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(status(&worker, chat(ECHO, false)).await);
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
    let metrics = worker.registry.encode().unwrap();
    assert!(
        metrics.contains("sluicegate_rate_limit_store_away 1"),
        "{metrics}"
    );
    assert!(metrics.contains(r#"sluicegate_rate_limit_refusals_total{metric="requests"} 2"#));
}
