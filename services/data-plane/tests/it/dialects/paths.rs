//! Prefixes that clients put before the paths, keys wherever they put them, and the lists of models they read.

use serde_json::Value;

use super::header;
use crate::support::{Config, Worker, chat};

#[actix_web::test]
async fn every_prefix_leads_to_the_same_place() {
    let worker = Worker::start(&Config::new());
    let body = chat("sluicegate/echo", false);
    for prefix in ["/v1", "/openai/v1", "/api/v1", "/v1/v1"] {
        let path = format!("{prefix}/chat/completions");
        let response = worker.post(&path, body.clone()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let hint = header(&response, "x-sluicegate-hint");
        assert_eq!(hint.is_some(), prefix == "/v1/v1", "{path}");
    }
    let body = r#"{"model":"sluicegate/echo","max_tokens":9,"messages":[{"role":"user","content":"a"}]}"#;
    for prefix in ["/v1", "/anthropic/v1", "/api/v1", "/v1/v1"] {
        for path in ["messages", "messages?beta=true", "messages/count_tokens"] {
            let path = format!("{prefix}/{path}");
            let response = worker.post(&path, body).send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
        }
    }
    for prefix in ["/v1", "/openai/v1", "/anthropic/v1", "/api/v1", "/v1/v1"] {
        let list: Value = worker
            .get(&format!("{prefix}/models"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(list["data"][0]["id"], "sluicegate/echo", "{prefix}");
        assert_eq!(list["has_more"], false);
    }
}

#[actix_web::test]
async fn a_path_that_is_not_there_is_told_in_its_dialect() {
    let worker = Worker::start(&Config::new());
    for (path, anthropic) in [
        ("/v1/messages/batches", true),
        ("/anthropic/v1/complete", true),
        ("/v1/audio/speech", false),
        ("/nowhere", false),
    ] {
        let response = worker.post(path, "{}").send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["type"] == "error", anthropic, "{path}: {answer}");
        assert!(answer["error"]["message"].is_string());
    }
}

#[actix_web::test]
async fn codex_finds_its_list_and_need_not_fetch_it_twice() {
    let worker = Worker::start(&Config::new());
    let path = "/v1/models?client_version=0.99.0";
    let response = worker.get(path).send().await.unwrap();
    let tag = header(&response, "etag").unwrap().to_owned();
    let list: Value = response.json().await.unwrap();
    assert_eq!(list["models"][0]["slug"], "sluicegate/echo");
    let again = worker
        .get(path)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let other: Value = worker
        .get("/v1/models")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((&other["data"], other.get("models")), (&list["data"], None));
}

#[actix_web::test]
async fn a_key_is_found_wherever_clients_put_it() {
    let worker = Worker::start(&Config::new());
    let body = chat("sluicegate/echo", false);
    let send = |name: &'static str, value: String| {
        worker
            .anonymous("POST", "/v1/chat/completions")
            .header("content-type", "application/json")
            .header(name, value)
            .body(body.clone())
            .send()
    };
    for (name, value) in [
        ("authorization", format!("Bearer {}", worker.key())),
        ("x-api-key", worker.key().to_owned()),
        ("x-goog-api-key", worker.key().to_owned()),
    ] {
        let response = send(name, value).await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
    }
    // In a query it would end in other people's logs; only Gemini's clients have no other way.
    let path = format!("/v1/chat/completions?key={}", worker.key());
    let response = worker
        .anonymous("POST", &path)
        .header("content-type", "application/json")
        .body(body.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
}
