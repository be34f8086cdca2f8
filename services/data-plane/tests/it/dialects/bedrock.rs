//! Bedrock's Converse behind callers of every dialect: whole answers, and streams of binary frames that end well, break
//! off, or tell an exception.

use serde_json::{Value, json};
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome};
use sluicegate_protocols::event_stream::{write_event, write_exception};

use super::{events, header};
use crate::support::{Config, Provider, Script, Worker, chat};

const WHOLE: &str = r#"{"metrics":{"latencyMs":7},"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn","usage":{"inputTokens":11,"outputTokens":2,"totalTokens":13}}"#;
const START: (&str, &str) = ("messageStart", r#"{"role":"assistant"}"#);
const HEL: (&str, &str) = (
    "contentBlockDelta",
    r#"{"contentBlockIndex":0,"delta":{"text":"Hel"}}"#,
);
const LO: (&str, &str) = (
    "contentBlockDelta",
    r#"{"contentBlockIndex":0,"delta":{"text":"lo"}}"#,
);
const BLOCK: (&str, &str) = ("contentBlockStop", r#"{"contentBlockIndex":0}"#);
const STOP: (&str, &str) = ("messageStop", r#"{"stopReason":"end_turn"}"#);
const USAGE: (&str, &str) = (
    "metadata",
    r#"{"metrics":{"latencyMs":5},"usage":{"inputTokens":11,"outputTokens":2,"totalTokens":13}}"#,
);
const MODEL: &str = "anthropic/claude-x";

fn stream(messages: &[(&str, &str)]) -> Script {
    messages
        .iter()
        .fold(Script::aws_events(), |script, (name, payload)| {
            let mut frame = Vec::new();
            write_event(&mut frame, name, |out| out.extend_from_slice(payload.as_bytes()));
            script.then(frame)
        })
}

fn exception(name: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write_exception(&mut frame, name, |out| {
        out.extend_from_slice(br#"{"message":"Slow down."}"#);
    });
    frame
}

async fn with_bedrock(scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    let base = provider.url().replace("/v1", "");
    config.connect("main", "amazon-bedrock", &base);
    config.model(
        MODEL,
        "amazon-bedrock",
        "anthropic.claude-x-v1:0",
        1_000_000,
        2_000_000,
    );
    (Worker::start(&config), provider)
}

async fn text(worker: &Worker, path: &str, body: String) -> String {
    let response = worker.post(path, body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

fn message(stream: bool) -> String {
    format!(
        r#"{{"model":"{MODEL}","max_tokens":64,"stream":{stream},"messages":[{{"role":"user","content":"hello there"}}]}}"#
    )
}

const CONTENTS: &str = r#"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#;

#[actix_web::test]
async fn callers_of_chat_messages_and_gemini_get_a_whole_answer() {
    let (worker, provider) = with_bedrock([Script::json(200, WHOLE)]).await;
    let answer: Value =
        serde_json::from_str(&text(&worker, "/v1/chat/completions", chat(MODEL, false)).await).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello");
    assert_eq!(answer["usage"]["prompt_tokens"], 11);
    let answer: Value = serde_json::from_str(&text(&worker, "/v1/messages", message(false)).await).unwrap();
    assert_eq!(answer["content"][0]["text"], "Hello");
    let path = format!("/v1beta/models/{MODEL}:generateContent");
    let answer: Value = serde_json::from_str(&text(&worker, &path, CONTENTS.to_owned()).await).unwrap();
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], "Hello");
    for received in provider.received() {
        assert!(
            received
                .head
                .starts_with("POST /model/anthropic.claude-x-v1%3A0/converse HTTP/1.1"),
            "{}",
            received.head
        );
        let sent: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(
            sent["messages"],
            json!([{"role": "user", "content": [{"text": "hello there"}]}])
        );
    }
    for record in worker.first_records(3).await {
        assert_eq!((record.tokens.input, record.tokens.output), (11, 2));
        // 11 tokens in at a micro-dollar, 2 out at two.
        assert_eq!(record.cost.map(|cost| cost.nanos()), Some(15_000));
    }
}

#[actix_web::test]
async fn callers_of_chat_messages_and_gemini_get_a_stream() {
    let (worker, provider) = with_bedrock([stream(&[START, HEL, LO, BLOCK, STOP, USAGE]).end()]).await;
    let seen = text(&worker, "/v1/chat/completions", chat(MODEL, true)).await;
    assert!(seen.ends_with("data: [DONE]\n\n"), "{seen}");
    let said: String = events(&seen)
        .iter()
        .filter_map(|(_, it)| it["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    let seen = text(&worker, "/v1/messages", message(true)).await;
    let seen = events(&seen);
    let said: String = seen
        .iter()
        .filter_map(|(_, it)| it["delta"]["text"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    assert_eq!(seen.last().map(|(name, _)| name.as_str()), Some("message_stop"));
    let path = format!("/v1beta/models/{MODEL}:streamGenerateContent?alt=sse");
    let seen = text(&worker, &path, CONTENTS.to_owned()).await;
    let seen = events(&seen);
    let said: String = seen
        .iter()
        .filter_map(|(_, it)| it["candidates"][0]["content"]["parts"][0]["text"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    assert!(
        provider
            .received()
            .iter()
            .all(|it| it.head.contains("/converse-stream HTTP/1.1"))
    );
    for record in worker.first_records(3).await {
        assert_eq!(
            (record.outcome, record.tokens.input, record.tokens.output),
            (Outcome::Served, 11, 2)
        );
        assert_eq!(record.attempts[0].evidence, Evidence::Reported);
    }
}

#[actix_web::test]
async fn a_stream_that_is_cut_or_garbled_never_looks_complete() {
    let mut flipped = Vec::new();
    write_event(&mut flipped, STOP.0, |out| {
        out.extend_from_slice(STOP.1.as_bytes());
    });
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    for script in [
        stream(&[START, HEL]).cut(),
        stream(&[START, HEL]).end(),
        stream(&[START, HEL]).then(flipped).end(),
        stream(&[START, HEL]).then(exception("throttlingException")).end(),
    ] {
        let (worker, _provider) = with_bedrock([script]).await;
        let seen = text(&worker, "/v1/chat/completions", chat(MODEL, true)).await;
        assert!(seen.contains("Hel") && !seen.contains("[DONE]"), "{seen}");
        assert!(!seen.contains("\"finish_reason\":\"stop\""), "{seen}");
        let events = events(&seen);
        let (_, last) = events.last().unwrap();
        assert!(last["error"]["message"].is_string(), "{seen}");
        let record = worker.record().await;
        assert_eq!((record.outcome, record.status), (Outcome::Cut, 200));
        assert_eq!(record.attempts[0].evidence, Evidence::Estimated);
    }
}

#[actix_web::test]
async fn an_exception_before_any_content_is_an_error_with_its_status() {
    let (worker, _provider) =
        with_bedrock([Script::aws_events().then(exception("validationException")).end()]).await;
    let response = worker.chat(chat(MODEL, true)).await;
    assert!(response.status().as_u16() >= 400, "{}", response.status());
    assert_ne!(header(&response, "content-type"), Some("text/event-stream"));
    let record = worker.record().await;
    assert_eq!(record.outcome, Outcome::Failed);
    assert_ne!(record.attempts[0].outcome, AttemptOutcome::Served);
}

#[actix_web::test]
async fn a_refusal_is_retold() {
    let script = Script::json_with(
        400,
        "x-amzn-errortype: ValidationException:http://internal.amazon.com/\r\n",
        r#"{"message":"The model does not take images."}"#,
    );
    let (worker, _provider) = with_bedrock([script]).await;
    let response = worker.chat(chat(MODEL, false)).await;
    assert_eq!(response.status(), 400);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["error"]["message"], "The model does not take images.");
    assert_eq!(answer["error"]["type"], "invalid_request_error");
}
