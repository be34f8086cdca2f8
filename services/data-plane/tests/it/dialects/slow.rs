//! Time and streams that are read on their way: a provider that takes long, falls silent or never begins, and a caller
//! that reads late. Once for a stream that is translated and once for one that passes and is watched.

use std::time::Duration;

use serde_json::Value;
use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::{AttemptOutcome, Outcome};
use sluicegate_data_plane::pipeline::Limits;

use super::{CHAT_HEL, CHAT_LO, CHAT_USAGE, DONE, events};
use crate::support::{Config, Provider, Script, Worker};

const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":11,\"output_tokens\":1}}}\n\n";
const BLOCK: &str = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
const HEL: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}\n\n";
const LO: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n";
const CLOSE: &str = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
const DELTA: &str = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}\n\n";
const STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// A provider's way to tell the same answer.
#[derive(Clone, Copy)]
struct Told {
    provider: &'static str,
    begin: &'static [&'static str],
    piece: &'static str,
    end: &'static [&'static str],
}

const TRANSLATED: Told = Told {
    provider: "openai-compatible",
    begin: &[CHAT_HEL],
    piece: "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"PIECE\"}}]}\n\n",
    end: &[CHAT_LO, CHAT_USAGE, DONE],
};
const WATCHED: Told = Told {
    provider: "anthropic",
    begin: &[START, BLOCK, HEL],
    piece: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"PIECE\"}}\n\n",
    end: &[LO, CLOSE, DELTA, STOP],
};

impl Told {
    fn begin(self) -> Script {
        self.begin.iter().fold(Script::events(), Script::then)
    }

    fn end(self, script: Script) -> Script {
        self.end.iter().fold(script, Script::then).end()
    }
}

async fn worker(told: Told, scripts: impl IntoIterator<Item = Script>, limits: Limits) -> (Worker, Provider) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.connect("main", told.provider, &provider.url());
    config.model("lab/m", told.provider, "m", 1, 1);
    let retry = RetryPolicy {
        max_attempts: 1,
        attempt_timeout_ms: 80,
        hedge: None,
    };
    config.route("quick", &["lab/m"], retry);
    (Worker::with(&config, limits, vec!["127.0.0.0/8"]), provider)
}

fn message(model: &str) -> String {
    format!(
        r#"{{"model":"{model}","max_tokens":64,"stream":true,"messages":[{{"role":"user","content":"hello there"}}]}}"#
    )
}

async fn read(worker: &Worker, model: &str) -> String {
    let response = worker.post("/v1/messages", message(model)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

fn said(text: &str) -> String {
    let events = events(text);
    events
        .iter()
        .filter_map(|(_, it)| it["delta"]["text"].as_str())
        .collect()
}

#[actix_web::test]
async fn a_waiting_caller_hears_keep_alives_between_events() {
    let limits = Limits {
        keep_alive_ms: 50,
        ..Limits::default()
    };
    for told in [TRANSLATED, WATCHED] {
        let pause = Duration::from_millis(180);
        let script = told.end(Script::default().wait(pause).and(told.begin()).wait(pause));
        let (worker, _provider) = worker(told, [script], limits).await;
        let seen = read(&worker, "lab/m").await;
        assert!(
            seen.starts_with(": keep-alive\n\n"),
            "before the first event: {seen}"
        );
        let (_, rest) = seen.split_once("Hel").unwrap();
        let (between, _) = rest.split_once("lo").unwrap();
        assert!(
            between.contains("\n\n: keep-alive\n\n"),
            "between whole events: {seen}"
        );
        assert_eq!(said(&seen.replace(": keep-alive\n\n", "")), "Hello");
        assert_eq!(worker.record().await.outcome, Outcome::Served);
    }
}

#[actix_web::test]
async fn a_waiting_caller_of_gemini_gets_blank_lines() {
    let limits = Limits {
        keep_alive_ms: 50,
        ..Limits::default()
    };
    let pause = Duration::from_millis(180);
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#;
    for is_array in [false, true] {
        let script = TRANSLATED.end(Script::default().wait(pause).and(TRANSLATED.begin()).wait(pause));
        let (worker, _provider) = worker(TRANSLATED, [script], limits).await;
        let query = if is_array { "" } else { "?alt=sse" };
        let path = format!("/v1beta/models/lab/m:streamGenerateContent{query}");
        let seen = worker
            .post(&path, body)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(!seen.contains("keep-alive"), "{seen}");
        assert!(seen.starts_with('\n'), "before the first event: {seen}");
        if !is_array {
            assert!(seen.contains("\n\n\n\ndata: "), "between whole events: {seen}");
            let told = events(&seen);
            let said = told
                .iter()
                .filter_map(|(_, it)| it["candidates"][0]["content"]["parts"][0]["text"].as_str());
            assert_eq!(said.collect::<String>(), "Hello");
        }
    }
}

#[actix_web::test]
async fn a_provider_that_falls_silent_ends_in_an_error_of_the_dialect() {
    let limits = Limits {
        idle_timeout_ms: 100,
        ..Limits::default()
    };
    for told in [TRANSLATED, WATCHED] {
        let (worker, provider) = worker(told, [told.begin().hang()], limits).await;
        let seen = read(&worker, "lab/m").await;
        assert_eq!(said(&seen), "Hel");
        let events = events(&seen);
        let (name, last) = events.last().unwrap();
        assert_eq!(
            (name.as_str(), &last["type"]),
            ("error", &Value::from("error")),
            "{seen}"
        );
        assert!(
            seen.contains("fell silent") && !seen.contains("message_stop"),
            "{seen}"
        );
        let record = worker.record().await;
        assert_eq!(record.attempts[0].outcome, AttemptOutcome::TimedOut);
        crate::support::eventually("the provider is let go", || {
            (provider.hung_up_on() == 1).then_some(())
        })
        .await;
    }
}

#[actix_web::test]
async fn a_stream_that_runs_too_long_ends_in_an_error() {
    let limits = Limits {
        max_stream_ms: 120,
        ..Limits::default()
    };
    for told in [TRANSLATED, WATCHED] {
        let (worker, _provider) = worker(told, [told.begin().hang()], limits).await;
        let seen = read(&worker, "lab/m").await;
        assert!(
            seen.contains("longest time") && !seen.contains("message_stop"),
            "{seen}"
        );
        assert_eq!(worker.record().await.outcome, Outcome::Cut);
    }
}

#[actix_web::test]
async fn a_stream_without_a_first_token_is_504() {
    for told in [TRANSLATED, WATCHED] {
        // A beginning that says nothing is none.
        let script = Script::events().then(": hi\n\n").hang();
        let (worker, _provider) = worker(told, [script], Limits::default()).await;
        let response = worker
            .post("/v1/messages", message("route/quick"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 504);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["type"], "error", "{answer}");
        let record = worker.record().await;
        assert_eq!(record.attempts[0].outcome, AttemptOutcome::TimedOut);
    }
}

/// More than the sockets on the way can hold, so that provider and gateway wait for the caller.
const PIECES: usize = 96;
const PIECE: usize = 128 * 1024;

#[actix_web::test]
async fn a_caller_that_reads_late_gets_everything() {
    let limits = Limits {
        idle_timeout_ms: 100,
        ..Limits::default()
    };
    for told in [TRANSLATED, WATCHED] {
        let piece = told.piece.replace("PIECE", &"x".repeat(PIECE));
        let long = (0..PIECES).fold(told.begin(), |script, _| script.then(&piece));
        let silent = told.begin().hang();
        let (worker, _provider) = worker(told, [told.end(long), silent], limits).await;
        let late = worker
            .post("/v1/messages", message("lab/m"))
            .send()
            .await
            .unwrap();
        // When this one is over, more time has passed than a provider may be silent for.
        assert!(read(&worker, "lab/m").await.contains("fell silent"));
        let seen = late.text().await.unwrap();
        assert_eq!(said(&seen).len(), PIECES * PIECE + "Hello".len());
        assert!(seen.contains("message_stop"));
        let records = worker.first_records(2).await;
        assert!(records.iter().any(|record| record.outcome == Outcome::Served));
    }
}

#[actix_web::test]
async fn keep_alives_do_not_spoil_an_array() {
    let limits = Limits {
        keep_alive_ms: 50,
        ..Limits::default()
    };
    let pause = Duration::from_millis(180);
    let script = TRANSLATED.end(TRANSLATED.begin().wait(pause));
    let (worker, _provider) = worker(TRANSLATED, [script], limits).await;
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#;
    let response = worker
        .post("/v1beta/models/lab/m:streamGenerateContent", body)
        .send()
        .await
        .unwrap();
    let seen: Value = response.json().await.unwrap();
    let said: String = seen
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["candidates"][0]["content"]["parts"][0]["text"].as_str())
        .collect();
    assert_eq!(said, "Hello");
}
