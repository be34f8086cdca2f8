//! Cohere's Chat v2 behind callers of every dialect.

use serde_json::{Value, json};
use sluicegate_contracts::usage::{Evidence, Outcome};

use super::events;
use crate::support::{Config, Provider, Script, Worker, chat};

const WHOLE: &str = r#"{"id":"i","message":{"role":"assistant","content":[{"type":"text","text":"Hello"}]},"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":11,"output_tokens":2},"tokens":{"input_tokens":30,"output_tokens":5}}}"#;
const START: &str = r#"{"id":"i","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#;
const BEGIN: &str =
    r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#;
const HEL: &str = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hel"}}}}"#;
const LO: &str = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"lo"}}}}"#;
const CLOSE: &str = r#"{"type":"content-end","index":0}"#;
const END: &str = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":11,"output_tokens":2},"tokens":{"input_tokens":30,"output_tokens":5}}}}"#;
const MODEL: &str = "cohere/command-a";

fn stream(data: &[&str]) -> Script {
    data.iter().fold(Script::events(), |script, data| {
        script.then(format!("data: {data}\n\n"))
    })
}

async fn with_cohere(scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.connect("main", "cohere", &provider.url());
    config.model(MODEL, "cohere", "command-a-03-2025", 1_000_000, 2_000_000);
    (Worker::start(&config), provider)
}

fn message(stream: bool) -> String {
    format!(
        r#"{{"model":"{MODEL}","max_tokens":64,"stream":{stream},"messages":[{{"role":"user","content":"hello there"}}]}}"#
    )
}

const CONTENTS: &str = r#"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#;

async fn text(worker: &Worker, path: &str, body: String) -> String {
    let response = worker.post(path, body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

#[actix_web::test]
async fn callers_of_chat_messages_and_gemini_get_a_whole_answer() {
    let (worker, provider) = with_cohere([Script::json(200, WHOLE)]).await;
    let answer: Value =
        serde_json::from_str(&text(&worker, "/v1/chat/completions", chat(MODEL, false)).await).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello");
    let answer: Value = serde_json::from_str(&text(&worker, "/v1/messages", message(false)).await).unwrap();
    assert_eq!(answer["content"][0]["text"], "Hello");
    let path = format!("/v1beta/models/{MODEL}:generateContent");
    let answer: Value = serde_json::from_str(&text(&worker, &path, CONTENTS.to_owned()).await).unwrap();
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], "Hello");
    for received in provider.received() {
        assert!(
            received.head.starts_with("POST /v2/chat HTTP/1.1"),
            "{}",
            received.head
        );
        let sent: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(sent["model"], "command-a-03-2025");
        assert_eq!(
            sent["messages"][0],
            json!({"role": "user", "content": "hello there"})
        );
    }
    for record in worker.first_records(3).await {
        // What is billed, not what is counted.
        assert_eq!((record.tokens.input, record.tokens.output), (11, 2));
    }
}

#[actix_web::test]
async fn callers_of_chat_messages_and_gemini_get_a_stream() {
    let (worker, _provider) = with_cohere([stream(&[START, BEGIN, HEL, LO, CLOSE, END]).end()]).await;
    let seen = text(&worker, "/v1/chat/completions", chat(MODEL, true)).await;
    assert!(seen.ends_with("data: [DONE]\n\n"), "{seen}");
    let said: String = events(&seen)
        .iter()
        .filter_map(|(_, it)| it["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    let seen = events(&text(&worker, "/v1/messages", message(true)).await);
    let said: String = seen
        .iter()
        .filter_map(|(_, it)| it["delta"]["text"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    assert_eq!(seen.last().map(|(name, _)| name.as_str()), Some("message_stop"));
    let path = format!("/v1beta/models/{MODEL}:streamGenerateContent?alt=sse");
    let seen = events(&text(&worker, &path, CONTENTS.to_owned()).await);
    let said: String = seen
        .iter()
        .filter_map(|(_, it)| it["candidates"][0]["content"]["parts"][0]["text"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    for record in worker.first_records(3).await {
        assert_eq!(
            (record.outcome, record.tokens.input, record.tokens.output),
            (Outcome::Served, 11, 2)
        );
    }
}

#[actix_web::test]
async fn a_cut_stream_never_looks_complete() {
    let (worker, _provider) = with_cohere([stream(&[START, BEGIN, HEL]).cut()]).await;
    let seen = text(&worker, "/v1/chat/completions", chat(MODEL, true)).await;
    assert!(seen.contains("Hel") && !seen.contains("[DONE]"), "{seen}");
    let events = events(&seen);
    assert!(events.last().unwrap().1["error"]["message"].is_string(), "{seen}");
    let record = worker.record().await;
    assert_eq!(record.outcome, Outcome::Cut);
    assert_eq!(record.attempts[0].evidence, Evidence::Estimated);
}
