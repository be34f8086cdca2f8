//! Rankings, in Cohere's form.

use serde_json::{Value, json};
use sluicegate_contracts::usage::{Evidence, Outcome};

use super::with_chat;
use crate::support::{Config, Script, Worker, error_of};

const BODY: &str = r#"{"model":"sluicegate/echo","query":"a red fox","documents":["blue whale","the red fox",{"text":"a red car"}],"top_n":2}"#;

#[actix_web::test]
async fn the_echo_ranks_documents() {
    let worker = Worker::start(&Config::new());
    for path in ["/v1/rerank", "/v2/rerank", "/api/v1/rerank"] {
        let answer: Value = worker
            .post(path, BODY)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let order: Vec<u64> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["index"].as_u64().unwrap())
            .collect();
        assert_eq!(order, [1, 2], "{path}");
    }
    let record = worker.first_records(3).await.remove(0);
    assert_eq!(
        (record.operation.as_str(), record.outcome),
        ("rerank", Outcome::Served)
    );
}

#[actix_web::test]
async fn a_ranking_passes_through_and_must_be_one() {
    let good = r#"{"id":"r", "results":[{"index":2,"relevance_score":0.90}],"usage":{"total_tokens":12}}"#;
    let bad = r#"{"results":[{"index":7,"relevance_score":1}]}"#;
    let (worker, provider) = with_chat([Script::json(200, good), Script::json(200, bad)]).await;
    let body = BODY.replace("sluicegate/echo", "local/rank");
    let answer = worker.post("/v1/rerank", body.clone()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), good);
    let received = &provider.received()[0];
    assert!(received.head.starts_with("POST /v1/rerank "));
    assert_eq!(received.body, BODY.replace("sluicegate/echo", "rank"));
    let record = worker.record().await;
    assert_eq!(
        (record.tokens.input, record.attempts[0].evidence),
        (12, Evidence::Reported)
    );
    let response = worker.post("/v1/rerank", body).send().await.unwrap();
    assert_eq!(response.status(), 502);
}

#[actix_web::test]
async fn bad_requests_are_refused() {
    let worker = Worker::start(&Config::new());
    let refused = error_of(
        worker
            .post(
                "/v1/rerank",
                r#"{"model":"sluicegate/echo","query":"a","documents":[7]}"#,
            )
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!((refused.0, refused.3.as_deref()), (400, Some("documents[0]")));
    let refused = error_of(
        worker
            .post("/v1/rerank", json!({"model": "m"}).to_string())
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(refused.0, 400);
}
