//! What a key can call, and the places that need no provider.

use serde_json::Value;

use crate::support::{Config, Worker, error_of};

async fn ids(worker: &Worker) -> Vec<String> {
    let list: Value = worker
        .get("/v1/models")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["object"], "list");
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn config() -> Config {
    let mut config = Config::new();
    config.connect("main", "openai", "http://127.0.0.1:9/v1");
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 1, 1);
    config.model("anthropic/claude", "anthropic", "claude", 1, 1);
    config.route("support", &["openai/gpt-4o-mini"], Default::default());
    config
}

#[actix_web::test]
async fn a_key_lists_its_routes_echo_and_what_its_connections_serve() {
    let worker = Worker::start(&config());
    assert_eq!(
        ids(&worker).await,
        [
            "route/support",
            "support-alias",
            "sluicegate/echo",
            "openai/gpt-4o-mini"
        ]
    );
    let one: Value = worker
        .get("/v1/models/openai/gpt-4o-mini")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (one["object"].as_str(), one["context_length"].as_u64()),
        (Some("model"), Some(128_000))
    );
    let error = error_of(worker.get("/v1/models/anthropic/claude").send().await.unwrap()).await;
    assert_eq!((error.0, error.2.as_str()), (404, "model_not_found"));
}

#[actix_web::test]
async fn a_restricted_key_lists_only_what_it_may_call() {
    let mut config = config();
    config.api_key.allowed_models = vec!["sluicegate/*".to_owned()];
    let worker = Worker::start(&config);
    assert_eq!(ids(&worker).await, ["sluicegate/echo"]);
}

#[actix_web::test]
async fn the_root_says_hello_to_anybody() {
    let worker = Worker::start(&Config::new());
    let hello: Value = worker
        .anonymous("GET", "/")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(hello["service"], "sluicegate");
    assert_eq!(worker.anonymous("HEAD", "/").send().await.unwrap().status(), 200);
}
