//! Who may call, and what an unknown caller is told.

use sluicegate_contracts::config::{ApiKeyStatus, Status};
use sluicegate_contracts::usage::Outcome;
use sluicegate_credentials::{ApiKeySecret, KeyKind};

use crate::support::{Config, Worker, chat, error_of};

async fn refused(request: reqwest::RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    let message: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(message["error"]["code"], "invalid_api_key");
    message["error"]["message"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn each_way_to_be_unknown_says_what_was_received_and_never_repeats_it() {
    let config = Config::new();
    let worker = Worker::start(&config);
    let unknown = ApiKeySecret::mint(KeyKind::Inference, [4; 32]);
    let management = ApiKeySecret::mint(KeyKind::Management, [3; 32]);
    let post = || {
        worker
            .anonymous("POST", "/v1/chat/completions")
            .body(chat("sluicegate/echo", false))
    };
    let cases = [
        (post(), "No API key"),
        (post().header("authorization", "Basic abc"), "not of the form"),
        (post().bearer_auth(""), "No API key"),
        (
            post().bearer_auth("sk-ant-abcdef"),
            "13 characters that start with sk-ant-",
        ),
        (post().bearer_auth("hunter2"), "7 characters"),
        (post().bearer_auth(management.expose()), "management key"),
        (post().bearer_auth(unknown.expose()), "not known here"),
        (post().header("x-api-key", &unknown.expose()[..20]), "incomplete"),
        (worker.anonymous("GET", "/v1/models"), "No API key"),
        (worker.anonymous("GET", "/v1/key"), "No API key"),
    ];
    for (request, expected) in cases {
        let message = refused(request).await;
        assert!(message.contains(expected), "{message}");
        for secret in [
            "abcdef",
            "hunter2",
            unknown.expose(),
            management.expose(),
            &unknown.expose()[..20],
        ] {
            assert!(!message.contains(secret), "{message}");
        }
    }
    assert!(worker.records().is_empty(), "an unknown caller has no books");
}

#[actix_web::test]
async fn a_key_that_may_not_serve_is_refused() {
    type Change = fn(&mut Config);
    let cases: [(Change, &str); 4] = [
        (
            |config| config.api_key.status = ApiKeyStatus::Disabled,
            "The key is disabled",
        ),
        (
            |config| config.project.status = Status::Disabled,
            "project is disabled",
        ),
        (
            |config| config.organization.status = Status::Disabled,
            "organization is suspended",
        ),
        (Config::expire_key, "has expired"),
    ];
    for (change, expected) in cases {
        let mut config = Config::new();
        change(&mut config);
        let worker = Worker::start(&config);
        let message = refused(worker.post("/v1/chat/completions", chat("sluicegate/echo", false))).await;
        assert!(message.contains(expected), "{message}");
    }
}

#[actix_web::test]
async fn x_api_key_works_as_well_and_a_key_tells_about_itself() {
    let mut config = Config::new();
    config.api_key.allowed_models = vec!["sluicegate/*".to_owned()];
    let worker = Worker::start(&config);
    let request = worker
        .anonymous("GET", "/v1/key")
        .header("x-api-key", worker.key());
    let key: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(key["id"], config.api_key.id.to_string());
    assert_eq!(key["project"], config.project.id.to_string());
    assert_eq!(key["allowed_models"][0], "sluicegate/*");
    assert!(!key.to_string().contains(worker.key()));
}

#[actix_web::test]
async fn a_model_outside_the_keys_grant_is_403_and_on_record() {
    let mut config = Config::new();
    config.api_key.allowed_models = vec!["sluicegate/*".to_owned()];
    let worker = Worker::start(&config);
    let error = error_of(worker.chat(chat("openai/gpt-4o", false)).await).await;
    assert_eq!(
        error,
        (
            403,
            "permission_error".into(),
            "not_allowed".into(),
            Some("model".into()),
            "false".into()
        )
    );
    let record = worker.record().await;
    assert_eq!((record.outcome, record.status), (Outcome::Refused, 403));
    assert_eq!(record.error_code.as_deref(), Some("not_allowed"));
    assert_eq!(record.model_requested, "openai/gpt-4o");
    assert!(record.attempts.is_empty());
}
