//! Text completions, served as chat.

use serde_json::{Value, json};

use super::{chat_stream, events, with_chat};
use crate::support::{Config, Worker, error_of};

#[actix_web::test]
async fn the_echo_completes_a_text() {
    let worker = Worker::start(&Config::new());
    let body = r#"{"model":"sluicegate/echo","prompt":"hello there","max_tokens":16}"#;
    let response = worker.post("/v1/completions", body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sluicegate-attempts"], "1");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["object"], "text_completion");
    assert_eq!(
        answer["choices"],
        json!([{"text": "You said: hello there", "index": 0, "logprobs": null, "finish_reason": "stop"}])
    );
    assert_eq!(answer["usage"]["prompt_tokens"], 2);
    assert_eq!(worker.record().await.tokens.input, 2);
}

#[actix_web::test]
async fn a_stream_is_text_completions_and_the_provider_is_asked_for_chat() {
    let (worker, provider) = with_chat([chat_stream()]).await;
    let body = r#"{"model":"local/m","prompt":"Say hello","stream":true,"temperature":0.5}"#;
    let text = worker
        .post("/v1/completions", body)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let events = events(&text);
    let said: String = events
        .iter()
        .filter_map(|(_, it)| it["choices"][0]["text"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    assert!(
        events
            .iter()
            .all(|(_, it)| it.is_null() || it["object"] == "text_completion")
    );
    assert!(
        !text.contains("\"usage\""),
        "the caller did not ask for usage: {text}"
    );
    let received = &provider.received()[0];
    assert!(received.head.starts_with("POST /v1/chat/completions"));
    assert!(
        received
            .body
            .contains(r#""messages":[{"role":"user","content":"Say hello"}]"#)
    );
    let record = worker.record().await;
    assert_eq!((record.tokens.input, record.tokens.output), (11, 2));
}

#[actix_web::test]
async fn what_chat_cannot_do_is_refused() {
    let worker = Worker::start(&Config::new());
    for (body, param) in [
        (r#"{"model":"sluicegate/echo","prompt":["a","b"]}"#, "prompt"),
        (
            r#"{"model":"sluicegate/echo","prompt":"a","suffix":"b"}"#,
            "suffix",
        ),
        (r#"{"model":"sluicegate/echo"}"#, "prompt"),
    ] {
        let refused = error_of(worker.post("/v1/completions", body).send().await.unwrap()).await;
        assert_eq!(
            (refused.0, refused.2.as_str(), refused.3.as_deref()),
            (400, "invalid_request", Some(param)),
            "{body}"
        );
    }
}
