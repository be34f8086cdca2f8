//! The language of a request, in every dialect: found where a condition asks for it, and noted by its code alone.

use serde_json::{Value, json};
use sluicegate_contracts::config::{RetryPolicy, Rule};

use crate::support::{Config, Worker};

const GERMAN: &str = "Wie kann ich meine Rechnung für den letzten Monat herunterladen?";

fn rule(name: &str, when: Option<&str>) -> Rule {
    Rule {
        name: name.to_owned(),
        ..Config::rule(&["sluicegate/echo"], when, RetryPolicy::default())
    }
}

fn worker(first: &str) -> Worker {
    let mut config = Config::new();
    config.ruled("support", vec![rule("asked", Some(first)), rule("rest", None)]);
    Worker::start(&config)
}

async fn decision(worker: &Worker, path: &str, body: Value) -> Value {
    let dry = worker
        .post(path, body.to_string())
        .header("x-sluicegate-dry-run", "true");
    dry.send().await.unwrap().json::<Value>().await.unwrap()["decision"].take()
}

#[actix_web::test]
async fn every_dialect_has_a_language() {
    let worker = worker("request.language == \"de\"");
    let (user, model) = (
        json!({ "role": "user", "content": GERMAN }),
        json!("route/support"),
    );
    let earlier = json!({ "role": "user", "content": "Where can I download the invoice, please?" });
    for (path, body) in [
        (
            "/v1/chat/completions",
            json!({ "model": model, "messages": [earlier, user] }),
        ),
        ("/v1/responses", json!({ "model": model, "input": GERMAN })),
        (
            "/v1/messages",
            json!({ "model": model, "max_tokens": 9, "messages": [user] }),
        ),
        (
            "/v1beta/models/route/support:generateContent",
            json!({ "contents": [{ "parts": [{ "text": GERMAN }] }] }),
        ),
    ] {
        let decision = decision(&worker, path, body).await;
        assert_eq!(
            (&decision["rule"], &decision["facts"]["language"]),
            (&json!("asked"), &json!("de")),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn what_is_not_sure_is_no_language_and_what_nobody_asks_is_not_found_out() {
    let said =
        |text: &str| json!({ "model": "route/support", "messages": [{ "role": "user", "content": text }] });
    let asking = worker("request.language != \"de\" && request.language != \"\"");
    let unsure = decision(&asking, "/v1/chat/completions", said("ok")).await;
    assert_eq!(
        (&unsure["rule"], &unsure["facts"]["language"]),
        (&json!("rest"), &json!(""))
    );
    let silent = worker("request.input_tokens > 5000");
    let decision = decision(&silent, "/v1/chat/completions", said(GERMAN)).await;
    assert_eq!(decision["facts"].get("language"), None);
}
