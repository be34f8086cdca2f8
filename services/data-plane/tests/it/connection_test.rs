//! The control plane asks a worker to try a connection.

use serde_json::{Value, json};
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_contracts::worker::ConnectionReport;

use crate::support::config::credential;
use crate::support::{Config, Provider, Script, Worker};

const PATH: &str = "/internal/v1/connection-test";

async fn report(script: Script) -> (ConnectionReport, Provider) {
    let provider = Provider::start([script]).await;
    let mut config = Config::new();
    let connection = config.compatible("a", &provider.url());
    let worker = Worker::start(&config);
    let request = worker
        .anonymous("POST", PATH)
        .bearer_auth(config.master.worker_token().expose());
    let response = request.json(&body(connection)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    (response.json().await.unwrap(), provider)
}

fn body(connection: ConnectionId) -> Value {
    json!({ "connection": connection, "at_version": 1 })
}

#[actix_web::test]
async fn a_good_credential_lists_the_models() {
    let (report, provider) = report(Script::json(200, r#"{"data":[{"id":"m1"},{"id":"m2"}]}"#)).await;
    assert!(report.ok);
    assert_eq!(
        (report.status, report.models),
        (Some(200), vec!["m1".to_owned(), "m2".to_owned()])
    );
    let head = &provider.received()[0].head;
    assert!(head.starts_with("GET /v1/models HTTP/1.1"), "{head}");
    assert!(head.contains(&credential("a")));
}

#[actix_web::test]
async fn a_bad_one_is_reported_with_the_providers_words_but_never_the_credential() {
    let (refused, _) = report(Script::json(401, r#"{"error":{"message":"no such key"}}"#)).await;
    assert_eq!((refused.ok, refused.status), (false, Some(401)));
    assert_eq!(refused.message, "The provider answered 401: no such key");
    let quoting = format!(r#"{{"error":{{"message":"bad key {}"}}}}"#, credential("a"));
    let (refused, _) = report(Script::json(401, &quoting)).await;
    assert_eq!(refused.message, "The provider answered 401.");
    let (broken, _) = report(Script::raw("")).await;
    assert_eq!((broken.ok, broken.status), (false, None));
}

#[actix_web::test]
async fn only_the_control_plane_may_ask() {
    let config = Config::new();
    let worker = Worker::start(&config);
    let test = body(ConnectionId::from(uuid::Uuid::from_u128(1)));
    for token in ["", "nonsense", worker.key()] {
        let response = worker
            .anonymous("POST", PATH)
            .bearer_auth(token)
            .json(&test)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 401);
    }
    let token = config.master.worker_token();
    let unknown = worker
        .anonymous("POST", PATH)
        .bearer_auth(token.expose())
        .json(&test)
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), 404);
}
