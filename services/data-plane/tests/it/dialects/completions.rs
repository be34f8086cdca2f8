//! Text completions: passed on to providers that have them, served as chat by all others.

use serde_json::{Value, json};

use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::{Evidence, Outcome};

use super::{DONE, chat_stream, events};
use crate::support::{Config, Provider, Script, Worker, error_of};

/// A worker with `lab/m` at one provider.
async fn with(provider: &str, scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let upstream = Provider::start(scripts).await;
    let mut config = Config::new();
    config.connect("main", provider, &upstream.url());
    config.model("lab/m", provider, "m", 1_000_000, 2_000_000);
    (Worker::start(&config), upstream)
}

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
    // Groq has no text completions.
    let (worker, provider) = with("groq", [chat_stream()]).await;
    let body = r#"{"model":"lab/m","prompt":"Say hello","stream":true,"temperature":0.5}"#;
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

const TEXT: &str = r#"{"id":"cmpl-1","object":"text_completion","x":1.50,"choices":[{"index":0,"text":"a","logprobs":null,"finish_reason":"stop"},{"index":1,"text":"b","logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;

#[actix_web::test]
async fn a_provider_that_has_them_gets_and_gives_every_byte() {
    for (provider, path) in [
        ("openai-compatible", "/v1/completions"),
        ("vllm", "/v1/completions"),
        ("llama-cpp", "/v1/completions"),
        ("fireworks-ai", "/v1/completions"),
        ("togetherai", "/v1/completions"),
        ("deepseek", "/beta/completions"),
    ] {
        let (worker, upstream) = with(provider, [Script::json(200, TEXT)]).await;
        let body = r#"{"model":"lab/m","prompt":["x","y"],"suffix":"z","echo":true,"logprobs":2,"best_of":3,"odd":1.0,"sluicegate":{"tags":["a"]}}"#;
        let response = worker.post("/v1/completions", body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{provider}");
        assert_eq!(response.text().await.unwrap(), TEXT);
        let received = &upstream.received()[0];
        assert!(
            received.head.starts_with(&format!("POST {path} ")),
            "{}",
            received.head
        );
        let expected = body
            .replace("lab/m", "m")
            .replace(r#","sluicegate":{"tags":["a"]}"#, "");
        assert_eq!(received.body, expected);
        let record = worker.record().await;
        assert_eq!((record.tokens.input, record.tokens.output), (5, 2));
        assert_eq!(record.attempts[0].evidence, Evidence::Reported);
    }
}

#[actix_web::test]
async fn their_streams_pass_and_usage_that_was_not_asked_for_is_hidden() {
    let one = "data: {\"id\":\"c\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"Hel\"}], \"odd\":1.0}\n\n";
    let two = "data: {\"id\":\"c\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"lo\",\"finish_reason\":\"stop\"}]}\n\n";
    let usage = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2,\"total_tokens\":13}}\n\n";
    let begun = || Script::events().then(one);
    let whole = begun().then(two).then(usage).then(DONE).end();
    let (worker, upstream) = with("vllm", [whole, begun().cut()]).await;
    let body = r#"{"model":"lab/m","prompt":[1,2,3],"stream":true}"#;
    let read = async || {
        let response = worker.post("/v1/completions", body).send().await.unwrap();
        response.text().await.unwrap()
    };
    assert_eq!(read().await, [one, two, DONE].concat());
    let cut = read().await;
    let (shown, last) = cut.split_at(one.len());
    assert_eq!(shown, one);
    assert!(
        last.contains("The answer broke off") && !last.contains("[DONE]"),
        "{last}"
    );
    assert!(
        upstream.received()[0]
            .body
            .contains(r#""stream_options":{"include_usage":true}"#)
    );
    let records = worker.first_records(2).await;
    assert_eq!(
        (records[0].outcome, records[0].tokens.input),
        (Outcome::Served, 11)
    );
    // Three tokens in; three bytes out, which is one.
    assert_eq!(
        (
            records[1].outcome,
            records[1].tokens.input,
            records[1].tokens.output
        ),
        (Outcome::Cut, 3, 1)
    );
}

#[actix_web::test]
async fn what_chat_cannot_do_goes_to_the_target_that_can() {
    let chat = Provider::start([]).await;
    let text = Provider::start([Script::json(200, TEXT)]).await;
    let mut config = Config::new();
    config.connect("chat", "groq", &chat.url());
    config.model("lab/chat", "groq", "c", 1, 1);
    config.compatible("local", &text.url());
    config.route("mixed", &["lab/chat", "local/m"], RetryPolicy::default());
    let worker = Worker::start(&config);
    let body = r#"{"model":"route/mixed","prompt":["x","y"]}"#;
    let response = worker.post("/v1/completions", body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["x-sluicegate-endpoint"],
        "openai-compatible/local"
    );
    assert!(chat.received().is_empty());
}
