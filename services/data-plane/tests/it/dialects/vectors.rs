//! Models that make vectors in a form of their own: Bedrock's `InvokeModel`. Vertex AI's `predict` is
//! in `service_account`.

use serde_json::{Value, json};
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome};

use super::header;
use crate::support::{Config, Provider, Script, Worker};

const TITAN: &str = "amazon/titan-embed";

fn titan(values: &str, tokens: u32) -> Script {
    Script::json(
        200,
        &format!(r#"{{"embedding":[{values}],"inputTextTokenCount":{tokens}}}"#),
    )
}

async fn with_bedrock(scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    let base = provider.url().replace("/v1", "");
    config.connect("main", "amazon-bedrock", &base);
    config.model(
        TITAN,
        "amazon-bedrock",
        "amazon.titan-embed-text-v2:0",
        1_000_000,
        0,
    );
    config.embeds();
    (Worker::start(&config), provider)
}

fn two(extra: &str) -> String {
    format!(r#"{{"model":"{TITAN}","input":["one","two"]{extra}}}"#)
}

#[actix_web::test]
async fn texts_that_need_a_call_each_come_back_as_one_list() {
    let (worker, provider) = with_bedrock([titan("0.5,1", 3), titan("0.25,2", 4)]).await;
    let asked = two(r#","dimensions":256,"user":"u""#);
    let response = worker.post("/v1/embeddings", asked).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "x-sluicegate-dropped"),
        Some("unknown_field:user")
    );
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["data"][0]["embedding"], json!([0.5, 1]));
    assert_eq!(answer["data"][1]["embedding"], json!([0.25, 2]));
    assert_eq!(answer["data"][1]["index"], 1);
    assert_eq!(answer["usage"]["prompt_tokens"], 7);
    let received = provider.received();
    assert_eq!(received.len(), 2);
    for (received, text) in received.iter().zip(["one", "two"]) {
        let line = "POST /model/amazon.titan-embed-text-v2%3A0/invoke HTTP/1.1";
        assert!(received.head.starts_with(line), "{}", received.head);
        let sent: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(
            (&sent["inputText"], &sent["dimensions"]),
            (&json!(text), &json!(256))
        );
    }
    let record = worker.record().await;
    assert_eq!(
        (record.operation.as_str(), record.attempts.len()),
        ("embeddings", 1)
    );
    assert_eq!(record.tokens.input, 7);
    // At a micro-dollar each.
    assert_eq!(record.cost.map(|cost| cost.nanos()), Some(7_000));
}

#[actix_web::test]
async fn what_was_answered_before_a_call_failed_is_billed() {
    let refusal = Script::json(400, r#"{"message":"Malformed input request."}"#);
    let (worker, _provider) = with_bedrock([titan("0.5", 3), refusal]).await;
    let response = worker.post("/v1/embeddings", two("")).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let record = worker.record().await;
    assert_eq!(record.outcome, Outcome::Failed);
    let attempt = &record.attempts[0];
    assert_eq!(attempt.tokens.input, 3);
    assert_eq!(
        (attempt.outcome, attempt.evidence),
        (AttemptOutcome::BadRequest, Evidence::Uncertain)
    );
}

#[actix_web::test]
async fn more_texts_than_calls_are_made_for_are_refused() {
    let (worker, provider) = with_bedrock([]).await;
    let input = vec!["x"; 257];
    let body = json!({"model": TITAN, "input": input}).to_string();
    let response = worker.post("/v1/embeddings", body).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["error"]["param"], "input");
    assert!(provider.received().is_empty());
}
