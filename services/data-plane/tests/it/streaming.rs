//! Streams: bytes as they come, a hidden usage chunk, and no end that looks proper when it is not.

use std::time::Duration;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome, UsageRecord};
use sluicegate_data_plane::pipeline::Limits;

use crate::support::{Config, Provider, Script, Worker, chat};

const ONE: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";
const TWO: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

async fn streamed(script: Script, limits: Limits, body: &str) -> (String, Worker, Provider) {
    let provider = Provider::start([script]).await;
    let mut config = Config::new();
    config.compatible("local", &provider.url());
    let worker = Worker::with(&config, limits, vec!["127.0.0.0/8"]);
    let response = worker.chat(body).await;
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/event-stream")
    );
    (response.text().await.unwrap(), worker, provider)
}

#[actix_web::test]
async fn the_usage_chunk_that_only_the_gateway_asked_for_is_hidden() {
    let script = Script::events().then(ONE).then(TWO).then(USAGE).then(DONE).end();
    let (seen, worker, provider) = streamed(script, Limits::default(), &chat("local/m", true)).await;
    assert_eq!(seen, [ONE, TWO, DONE].concat());
    assert!(
        provider.received()[0]
            .body
            .contains(r#""stream":true,"stream_options":{"include_usage":true}"#)
    );
    let record = worker.record().await;
    assert_eq!((record.outcome, record.stream), (Outcome::Served, true));
    assert_eq!((record.tokens.input, record.tokens.output), (11, 2));
    assert_eq!(record.attempts[0].evidence, Evidence::Reported);
}

#[actix_web::test]
async fn a_caller_who_asks_for_usage_sees_every_byte() {
    let odd = ": a comment\r\n\r\nevent: x\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"?\"}}], \"odd\" : 1.0}\n\n";
    let script = Script::events()
        .then(ONE)
        .then(odd)
        .then(TWO)
        .then(USAGE)
        .then(DONE)
        .end();
    let body = r#"{"model":"local/m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let (seen, _, provider) = streamed(script, Limits::default(), body).await;
    assert_eq!(seen, [ONE, odd, TWO, USAGE, DONE].concat());
    assert_eq!(provider.received()[0].body, body.replace("local/m", "m"));
}

/// A stream of a model that has a price, to a caller who asked for usage.
async fn priced(scripts: impl IntoIterator<Item = Script>) -> (String, UsageRecord) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 150_000, 600_000);
    let worker = Worker::start(&config);
    let body = r#"{"model":"gpt-4o-mini","messages":[],"max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}"#;
    let seen = worker.chat(body).await.text().await.unwrap();
    (seen, worker.record().await)
}

fn whole() -> Script {
    Script::events().then(ONE).then(TWO).then(USAGE).then(DONE).end()
}

/// The usage chunk with the record's cost in it.
fn costing(record: &UsageRecord) -> String {
    let cost = record.cost.unwrap();
    USAGE.replace("}}\n\n", &format!(",\"cost\":{cost}}}}}\n\n"))
}

#[actix_web::test]
async fn the_last_chunk_says_what_the_record_says_it_cost() {
    let (seen, record) = priced([whole()]).await;
    assert_eq!(record.cost, Some(NanoUsd::from_nanos(11 * 150 + 2 * 600)));
    assert!(costing(&record).contains(r#""completion_tokens":2,"cost":0.000002850}"#));
    assert_eq!(seen, [ONE, TWO, &costing(&record), DONE].concat());
}

#[actix_web::test]
async fn the_cost_holds_what_failed_attempts_cost_too() {
    let (seen, record) = priced([Script::json(200, "[]"), whole()]).await;
    let costs: Vec<_> = record.attempts.iter().map(|it| it.cost.unwrap()).collect();
    assert_eq!(record.attempts[0].evidence, Evidence::Uncertain);
    assert!(costs[0] > costs[1]);
    assert_eq!(record.cost, Some(costs.into_iter().sum()));
    assert_eq!(seen, [ONE, TWO, &costing(&record), DONE].concat());
}

#[actix_web::test]
async fn usage_that_the_gateway_estimates_has_its_cost_too() {
    let (seen, record) = priced([Script::events().then(ONE).then(TWO).then(DONE).end()]).await;
    assert_eq!(record.attempts[0].evidence, Evidence::Estimated);
    let told = format!("\"cost\":{}}}}}\n\n{DONE}", record.cost.unwrap());
    assert!(seen.ends_with(&told), "{seen}");
}

#[actix_web::test]
async fn a_stream_that_breaks_after_its_usage_still_tells_it() {
    let begun = || Script::events().then(ONE).then(USAGE);
    for script in [begun().cut(), begun().then("data: {oops\n\n").hang()] {
        let (seen, record) = priced([script]).await;
        assert_eq!(record.outcome, Outcome::Cut);
        assert_eq!(record.attempts[0].evidence, Evidence::Reported);
        let told = [ONE, &costing(&record)].concat();
        let rest = seen.strip_prefix(&told);
        assert!(
            rest.is_some_and(|rest| rest.contains("The answer broke off")),
            "{seen}"
        );
    }
}

#[actix_web::test]
async fn events_split_anywhere_arrive_whole_and_unreported_usage_is_estimated() {
    let whole = [ONE, TWO, DONE].concat();
    let script = whole
        .as_bytes()
        .chunks(7)
        .fold(Script::events(), |script, piece| {
            script.then(std::str::from_utf8(piece).unwrap())
        });
    let (seen, worker, _) = streamed(script.end(), Limits::default(), &chat("local/m", true)).await;
    assert_eq!(seen, whole);
    let record = worker.record().await;
    assert_eq!(record.attempts[0].evidence, Evidence::Estimated);
    assert_eq!(
        (record.tokens.input, record.tokens.output),
        (3, 2),
        "a token for each four bytes"
    );
}

#[actix_web::test]
async fn a_stream_that_breaks_says_so_and_does_not_look_complete() {
    for (script, outcome) in [
        (Script::events().then(ONE).cut(), AttemptOutcome::Cut),
        (Script::events().then(ONE).end(), AttemptOutcome::Cut),
        (
            Script::events().then(ONE).then("data: {oops\n\n").hang(),
            AttemptOutcome::ServerError,
        ),
    ] {
        let (seen, worker, _) = streamed(script, Limits::default(), &chat("local/m", true)).await;
        let (shown, last) = seen.split_at(ONE.len());
        assert_eq!(shown, ONE);
        assert!(
            last.starts_with("data: {\"error\":{\"message\":\"The answer broke off"),
            "{last}"
        );
        assert!(
            last.contains(r#""type":"api_error""#) && !last.contains("[DONE]"),
            "{last}"
        );
        let record = worker.record().await;
        assert_eq!((record.outcome, record.status), (Outcome::Cut, 200));
        assert_eq!(record.error_code.as_deref(), Some("upstream_failed"));
        assert_eq!(record.attempts[0].outcome, outcome);
        assert_eq!(record.attempts[0].evidence, Evidence::Estimated);
        assert!(record.tokens.output > 0);
    }
}

#[actix_web::test]
async fn a_providers_own_error_event_is_shown_and_ends_the_stream() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":529}}\n\n";
    let script = Script::events().then(ONE).then(error).hang();
    let (seen, worker, _) = streamed(script, Limits::default(), &chat("local/m", true)).await;
    assert_eq!(seen, [ONE, error].concat());
    assert_eq!(worker.record().await.outcome, Outcome::Cut);
}

#[actix_web::test]
async fn a_silent_provider_ends_with_an_error_event() {
    let limits = Limits {
        idle_timeout_ms: 100,
        ..Limits::default()
    };
    let script = Script::events().then(ONE).hang();
    let (seen, worker, _) = streamed(script, limits, &chat("local/m", true)).await;
    assert!(seen.contains("fell silent") && !seen.contains("[DONE]"), "{seen}");
    assert_eq!(
        worker.record().await.attempts[0].outcome,
        AttemptOutcome::TimedOut
    );
}

#[actix_web::test]
async fn an_event_that_never_ends_is_cut_off() {
    let limits = Limits {
        max_event_bytes: 10_000,
        ..Limits::default()
    };
    let script = Script::events()
        .then(ONE)
        .then(format!("data: \"{}", "x".repeat(20_000)))
        .hang();
    let (seen, _, _) = streamed(script, limits, &chat("local/m", true)).await;
    assert!(
        seen.contains("larger than 10000 bytes"),
        "{}",
        &seen[seen.len() - 200..]
    );
}

#[actix_web::test]
async fn a_waiting_caller_hears_keep_alives_before_and_between_events() {
    let limits = Limits {
        keep_alive_ms: 50,
        ..Limits::default()
    };
    let pause = Duration::from_millis(180);
    let script = Script::default()
        .wait(pause)
        .and(Script::events().then(ONE).wait(pause).then(TWO).then(DONE).end());
    let (seen, worker, _) = streamed(script, limits, &chat("local/m", true)).await;
    let quiet = seen.replace(": keep-alive\n\n", "");
    assert_eq!(quiet, [ONE, TWO, DONE].concat());
    assert!(seen.starts_with(": keep-alive\n\n"), "before the first event");
    assert!(seen.contains(&format!("{ONE}: keep-alive\n\n")), "between events");
    assert_eq!(worker.record().await.outcome, Outcome::Served);
}

#[actix_web::test]
async fn an_error_after_a_keep_alive_comes_as_an_event() {
    let limits = Limits {
        keep_alive_ms: 40,
        ..Limits::default()
    };
    let refusal = Script::json(400, r#"{"error":{"message":"no such thing"}}"#);
    let script = Script::default().wait(Duration::from_millis(150)).and(refusal);
    let (seen, worker, _) = streamed(script, limits, &chat("local/m", true)).await;
    assert!(
        seen.ends_with("data: {\"error\":{\"message\":\"no such thing\"}}\n\n"),
        "{seen}"
    );
    let record = worker.record().await;
    assert_eq!(
        (record.outcome, record.status),
        (Outcome::Failed, 200),
        "200 is what the caller received"
    );
}
