//! The built-in provider: a first call without any account, and every fault on demand.

use serde_json::{Value, json};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::Outcome;
use sluicegate_data_plane::pipeline::Limits;

use crate::support::{Config, Worker, chat};

fn worker() -> Worker {
    Worker::start(&Config::new())
}

#[actix_web::test]
async fn it_repeats_what_was_said_and_counts_words() {
    let worker = worker();
    let answer: Value = worker
        .chat(chat("sluicegate/echo", false))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "You said: hello there"
    );
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        (
            answer["usage"]["prompt_tokens"].as_u64(),
            answer["usage"]["completion_tokens"].as_u64()
        ),
        (Some(2), Some(4))
    );
    let record = worker.record().await;
    assert_eq!(record.cost, Some(NanoUsd::ZERO));
    assert_eq!(record.model_served.as_deref(), Some("sluicegate/echo"));
}

#[actix_web::test]
async fn it_streams_word_by_word() {
    let worker = worker();
    let text = worker
        .chat(chat("sluicegate/echo", true))
        .await
        .text()
        .await
        .unwrap();
    let chunks: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let said: String = chunks
        .iter()
        .filter_map(|it| it["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, "You said: hello there");
    assert!(
        text.ends_with("data: [DONE]\n\n") && !text.contains("\"usage\":{"),
        "{text}"
    );
    assert_eq!(worker.record().await.tokens.output, 4);
}

#[actix_web::test]
async fn it_calls_the_tool_it_is_told_to() {
    let worker = worker();
    let schema = json!({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city","days"]});
    let body = json!({
        "model": "sluicegate/echo", "messages": [{"role":"user","content":"Oslo"}], "tool_choice": "required",
        "tools": [{"type":"function","function":{"name":"weather","parameters":schema}}],
    });
    let answer: Value = worker.chat(body.to_string()).await.json().await.unwrap();
    let call = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(call["name"], "weather");
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({"city":"Oslo","days":1}));
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
}

#[actix_web::test]
async fn it_embeds() {
    let worker = worker();
    let body = r#"{"model":"sluicegate/echo","input":["a","b","a"],"dimensions":8}"#;
    let answer: Value = worker
        .post("/v1/embeddings", body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let vectors = answer["data"].as_array().unwrap();
    assert_eq!(vectors[0]["embedding"].as_array().unwrap().len(), 8);
    assert_eq!(vectors[0]["embedding"], vectors[2]["embedding"]);
    assert_ne!(vectors[0]["embedding"], vectors[1]["embedding"]);
}

#[actix_web::test]
async fn every_fault_can_be_called_for() {
    let faults = [
        ("400", false, 400),
        ("429", false, 429),
        ("timeout", false, 504),
        ("cut", false, 502),
        ("stall", false, 504),
        ("malformed", false, 502),
        ("error", false, 502),
        ("slow", false, 504),
        ("cut", true, 200),
        ("stall", true, 200),
        ("malformed", true, 200),
        ("error", true, 200),
    ];
    for (fault, stream, status) in faults {
        let quick = Limits {
            idle_timeout_ms: 100,
            ..Limits::default()
        };
        let late = Limits {
            deadline_ms: 100,
            ..quick
        };
        let limits = if status == 504 { late } else { quick };
        let worker = Worker::with(&Config::new(), limits, vec![]);
        let response = worker
            .chat(chat(&format!("sluicegate/echo:{fault}"), stream))
            .await;
        assert_eq!(response.status(), status, "{fault}");
        let text = response.text().await.unwrap();
        assert!(
            text.contains("\"error\"") && !text.contains("[DONE]"),
            "{fault}: {text}"
        );
        let outcome = worker.record().await.outcome;
        assert_eq!(
            outcome,
            if stream { Outcome::Cut } else { Outcome::Failed },
            "{fault}"
        );
    }
}
