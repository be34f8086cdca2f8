//! What a worker counts of its requests.

use crate::support::{Config, Worker, chat};

#[actix_web::test]
async fn requests_attempts_and_tokens_are_counted_without_naming_anybody() {
    let config = Config::new();
    let worker = Worker::start(&config);
    worker.chat(chat("sluicegate/echo", false)).await;
    worker.chat(chat("no/such-model", false)).await;
    worker.anonymous("GET", "/v1/models").send().await.unwrap();
    worker.first_records(2).await;
    let text = worker.registry.encode().unwrap();
    for line in [
        "sluicegate_inference_requests_total{operation=\"chat_completions\",outcome=\"served\"} 1",
        "sluicegate_inference_requests_total{operation=\"chat_completions\",outcome=\"refused\"} 1",
        "sluicegate_inference_attempts_total{outcome=\"served\"} 1",
        "sluicegate_inference_unknown_callers_total 1",
        "sluicegate_inference_tokens_total{direction=\"output\"} 4",
        "sluicegate_inference_overhead_seconds_count 1",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
    for secret in [worker.key(), "such-model", &config.project.id.to_string()] {
        assert!(!text.contains(secret), "{secret}");
    }
}
