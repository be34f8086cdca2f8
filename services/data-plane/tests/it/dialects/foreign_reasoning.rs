//! Reasoning that another provider sealed, sent back by a caller to a provider of its own dialect: that one would refuse
//! it, so the request goes through the canonical form and everything else arrives as it was.

use serde_json::{Value, json};

use super::header;
use crate::support::{Config, Provider, Script, Worker};

const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x-1","x":1.50,"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":2}}"#;
const RESPONSE: &str = r#"{"id":"resp_1","object":"response","status":"completed","model":"m","x":1.50,"output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":5,"output_tokens":2,"total_tokens":7}}"#;

#[actix_web::test]
async fn a_provider_of_messages_never_sees_it() {
    let provider = Provider::start([Script::json(200, MESSAGE)]).await;
    let mut config = Config::new();
    config.connect("main", "anthropic", &provider.url());
    config.model("anthropic/claude-x", "anthropic", "claude-x-1", 1, 1);
    let worker = Worker::start(&config);
    let body = json!({
        "model": "anthropic/claude-x", "max_tokens": 64, "x_new": {"a": [1]},
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "google-gemini-v1#abc"},
                {"type": "thinking", "thinking": "own", "signature": "EqQB"},
                {"type": "text", "text": "Hi."},
            ]},
            {"role": "user", "content": "and?"},
        ],
    });
    let response = worker
        .post("/v1/messages", body.to_string())
        .header("anthropic-beta", "new-2026")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(header(&response, "x-sluicegate-dropped").is_some_and(|it| it.contains("reasoning")));
    assert_eq!(
        response.text().await.unwrap(),
        MESSAGE,
        "the answer passes as it is"
    );
    let received = &provider.received()[0];
    assert!(
        received.head.contains("anthropic-beta: new-2026"),
        "{}",
        received.head
    );
    let sent: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(
        (&sent["model"], &sent["x_new"]),
        (&json!("claude-x-1"), &json!({"a": [1]}))
    );
    assert_eq!(
        sent["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": "own", "signature": "EqQB"},
            {"type": "text", "text": "Hi."},
        ])
    );
}

#[actix_web::test]
async fn a_provider_of_responses_never_sees_it() {
    let provider = Provider::start([Script::json(200, RESPONSE)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 1, 1);
    let worker = Worker::start(&config);
    let body = json!({
        "model": "openai/gpt-4o-mini", "x_new": {"a": [1]},
        "input": [
            {"role": "user", "content": "hello"},
            {"type": "reasoning", "summary": [], "encrypted_content": "sluicegate.1.signature.anthropic-claude-v1.x"},
            {"role": "user", "content": "and?"},
        ],
    });
    let response = worker
        .post("/v1/responses", body.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.text().await.unwrap(),
        RESPONSE,
        "the answer passes as it is"
    );
    let sent = &provider.received()[0].body;
    assert!(!sent.contains("anthropic-claude-v1"), "{sent}");
    let sent: Value = serde_json::from_str(sent).unwrap();
    assert_eq!(
        (&sent["model"], &sent["x_new"]),
        (&json!("gpt-4o-mini"), &json!({"a": [1]}))
    );
    assert_eq!(sent["input"].as_array().map(Vec::len), Some(2), "{sent}");
}
