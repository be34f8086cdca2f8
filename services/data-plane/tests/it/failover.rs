//! Retry and failover before the first byte, over the targets of a route.

use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome};

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
const FIRST: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ok\"},\"finish_reason\":\"stop\"}]}\n\n";

/// A worker with route `pair` over two compatible servers, `a` before `b`.
async fn pair(a: Script, b: Script) -> (Worker, Provider, Provider) {
    let (a, b) = (Provider::start([a]).await, Provider::start([b]).await);
    let mut config = Config::new();
    config.compatible("a", &a.url());
    config.compatible("b", &b.url());
    config.route("pair", &["a/m", "b/m"], RetryPolicy::default());
    (Worker::start(&config), a, b)
}

#[actix_web::test]
async fn whatever_may_work_elsewhere_goes_to_the_next_target() {
    let failures = [
        (
            Script::json(500, "{}"),
            AttemptOutcome::ServerError,
            Evidence::NotBilled,
        ),
        (
            Script::json(429, "{}"),
            AttemptOutcome::RateLimited,
            Evidence::NotBilled,
        ),
        (
            Script::json(401, "{}"),
            AttemptOutcome::CredentialRefused,
            Evidence::NotBilled,
        ),
        (
            Script::json(402, "{}"),
            AttemptOutcome::QuotaExhausted,
            Evidence::NotBilled,
        ),
        (
            Script::json(200, r#"{"error":{"message":"x","code":429}}"#),
            AttemptOutcome::RateLimited,
            Evidence::NotBilled,
        ),
        (
            Script::json(200, "[]"),
            AttemptOutcome::ServerError,
            Evidence::Uncertain,
        ),
        (
            Script::json_with(200, "content-encoding: gzip\r\n", "{}"),
            AttemptOutcome::ServerError,
            Evidence::Uncertain,
        ),
        (Script::raw(""), AttemptOutcome::ServerError, Evidence::Uncertain),
        (
            Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"),
            AttemptOutcome::Cut,
            Evidence::Uncertain,
        ),
        (
            Script::raw("nonsense\r\n\r\n"),
            AttemptOutcome::ServerError,
            Evidence::Uncertain,
        ),
    ];
    for (failure, outcome, evidence) in failures {
        let (worker, _a, _b) = pair(failure, Script::json(200, ANSWER)).await;
        let response = worker.chat(chat("route/pair", false)).await;
        assert_eq!(response.status(), 200, "{outcome:?}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-sluicegate-attempts"), "2");
        assert_eq!(header("x-sluicegate-cause"), "fallback");
        assert_eq!(header("x-sluicegate-route"), "pair@3");
        assert_eq!(header("x-sluicegate-endpoint"), "openai-compatible/b");
        let record = worker.record().await;
        assert_eq!(record.outcome, Outcome::Served);
        assert_eq!(record.route.unwrap().slug, "pair");
        let [first, second] = &record.attempts[..] else {
            panic!("two attempts")
        };
        assert_eq!((first.outcome, first.evidence), (outcome, evidence));
        assert_eq!(second.outcome, AttemptOutcome::Served);
    }
}

#[actix_web::test]
async fn a_stream_fails_over_until_its_first_event() {
    let failures = [
        Script::events().cut(),
        Script::events().end(),
        Script::events().then(": starting\n\n").cut(),
        Script::events()
            .then("data: {\"error\":{\"message\":\"busy\"}}\n\n")
            .end(),
        Script::events().then("data: oops\n\n").end(),
        Script::json(200, ANSWER),
    ];
    for failure in failures {
        let (worker, _a, _b) = pair(
            failure,
            Script::events().then(FIRST).then("data: [DONE]\n\n").end(),
        )
        .await;
        let response = worker.chat(chat("pair-alias", true)).await;
        assert_eq!(response.headers()["x-sluicegate-attempts"], "2");
        assert_eq!(response.text().await.unwrap(), format!("{FIRST}data: [DONE]\n\n"));
        assert_eq!(worker.record().await.outcome, Outcome::Served);
    }
}

#[actix_web::test]
async fn the_callers_own_mistake_is_not_tried_elsewhere_and_the_providers_words_pass() {
    let said = r#"{"error": {"message":"temperature is too high","type":"invalid_request_error","param":"temperature","code":null}}"#;
    let (worker, _, b) = pair(Script::json(400, said), Script::json(200, ANSWER)).await;
    let response = worker.chat(chat("route/pair", false)).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["x-sluicegate-error-source"], "upstream");
    assert_eq!(response.headers()["x-should-retry"], "false");
    assert_eq!(response.text().await.unwrap(), said);
    assert!(b.received().is_empty());
    assert_eq!(worker.record().await.outcome, Outcome::Failed);
}

#[actix_web::test]
async fn alone_a_provider_is_asked_again_when_it_said_so() {
    let busy = Script::json_with(
        429,
        "retry-after-ms: 20\r\n",
        r#"{"error":{"message":"slow down"}}"#,
    );
    let provider = Provider::start([busy, Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    let worker = Worker::start(&config);
    let response = worker.chat(chat("a/m", false)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sluicegate-cause"], "retry");
    assert_eq!(worker.record().await.attempts.len(), 2);
}

#[actix_web::test]
async fn when_all_fail_the_last_word_is_passed_on_with_its_wait() {
    let said = r#"{"error":{"message":"slow down","type":"rate_limit_error"}}"#;
    let busy = Script::json_with(429, "retry-after: 30\r\n", said);
    let (worker, _a, _b) = pair(Script::json(500, "{}"), busy).await;
    let response = worker.chat(chat("route/pair", false)).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "30");
    assert_eq!(response.headers()["x-should-retry"], "true");
    assert_eq!(response.text().await.unwrap(), said);
}

#[actix_web::test]
async fn a_refused_credential_is_not_the_callers_and_never_quoted() {
    let quoting = r#"{"error":{"message":"Incorrect API key provided: provider-secret-of-a"}}"#;
    for (status, expected) in [(401, 502), (402, 502), (500, 500)] {
        let provider = Provider::start([Script::json(status, quoting)]).await;
        let mut config = Config::new();
        config.compatible("a", &provider.url());
        config.route(
            "once",
            &["a/m"],
            RetryPolicy {
                max_attempts: 1,
                ..RetryPolicy::default()
            },
        );
        let worker = Worker::start(&config);
        let response = worker.chat(chat("route/once", false)).await;
        assert_eq!(response.status(), expected);
        let text = response.text().await.unwrap();
        assert!(!text.contains("provider-secret"), "{text}");
    }
}

#[actix_web::test]
async fn a_server_that_is_not_there_is_502() {
    let mut config = Config::new();
    config.compatible("a", "http://127.0.0.1:9/v1");
    config.route(
        "once",
        &["a/m"],
        RetryPolicy {
            max_attempts: 1,
            ..RetryPolicy::default()
        },
    );
    let worker = Worker::start(&config);
    let error = error_of(worker.chat(chat("route/once", false)).await).await;
    assert_eq!(
        error,
        (
            502,
            "api_error".into(),
            "upstream_failed".into(),
            None,
            "true".into()
        )
    );
    let record = worker.record().await;
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Unreachable);
    assert_eq!(record.attempts[0].evidence, Evidence::NotBilled);
}
