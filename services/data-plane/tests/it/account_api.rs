//! The account API: what a worker hands on to the control plane, what of it, and what callers see without one.

use serde_json::{Value, json};
use sluicegate_credentials::{ApiKeySecret, KeyKind};

use crate::support::{Config, Provider, Script, Worker, chat};

const HASH: &str = "key_00000000000000000000000003";

/// A worker, and the control plane that answers with these scripts.
async fn pair(scripts: impl IntoIterator<Item = Script>) -> (Provider, Worker) {
    let control_plane = Provider::start(scripts).await;
    let mut config = Config::new();
    config.control_plane = control_plane.url().trim_end_matches("/v1").parse().unwrap();
    (control_plane, Worker::start(&config))
}

#[actix_web::test]
async fn a_call_is_handed_on_with_the_digest_of_the_key_and_never_the_key() {
    let config = Config::new();
    let (control_plane, worker) = pair([Script::json(200, r#"{"data":{}}"#)]).await;
    let management = ApiKeySecret::mint(KeyKind::Management, [5; 32]);
    let (one, handed_on) = (format!("/api/v1/keys/{HASH}"), format!("/keys/{HASH}"));
    let listing = "/keys?offset=100&include_disabled=true";
    let cases = [
        ("GET", "/api/v1/key", "/key"),
        ("GET", "/api/v1/auth/key", "/key"),
        ("GET", "/api/v1/keys?offset=100&include_disabled=true", listing),
        ("POST", "/api/v1/keys", "/keys"),
        ("PATCH", one.as_str(), handed_on.as_str()),
        ("DELETE", one.as_str(), handed_on.as_str()),
        ("GET", "/api/v1/generation?id=a%2Fb", "/generation?id=a%2Fb"),
        ("GET", "/api/v1/credits", "/credits"),
        ("GET", "/api/v1/activity", "/activity"),
    ];
    for (method, path, _) in cases {
        let call = worker.anonymous(method, path).bearer_auth(management.expose());
        let body = if ["POST", "PATCH"].contains(&method) {
            r#"{"name":"n"}"#
        } else {
            ""
        };
        let call = call.header("idempotency-key", "once").body(body);
        let answer = call
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cache-control"]),
            (200, &"no-store".parse().unwrap())
        );
        assert_eq!(answer.text().await.unwrap(), r#"{"data":{}}"#, "{path}");
    }
    let received = control_plane.received();
    assert_eq!(received.len(), cases.len());
    let digest = config.master.key_hasher().digest(management.expose()).to_string();
    for (request, (method, _, path)) in received.iter().zip(cases) {
        let start = format!("{method} /internal/v1/account{path} HTTP/1.1");
        assert!(
            request.head.starts_with(&start),
            "{} is not {start}",
            request.head
        );
        let token = config.master.worker_token();
        assert!(request.head.contains(&format!("Bearer {}", token.expose())));
        assert!(
            request
                .head
                .contains(&format!("x-sluicegate-key-digest: {digest}"))
        );
        assert!(request.head.contains("idempotency-key: once"));
        assert!(!request.head.contains(management.expose()) && !request.body.contains(management.expose()));
        let has_body = ["POST", "PATCH"].contains(&method);
        assert_eq!(request.body == r#"{"name":"n"}"#, has_body);
    }
}

#[actix_web::test]
async fn a_refusal_is_told_in_the_words_of_openrouter() {
    let problem = json!({
        "type": "about:blank", "title": "t", "status": 422, "code": "validation_failed", "detail": "Not acceptable.",
        "errors": [{ "pointer": "/limit", "code": "out_of_range", "detail": "d" }],
    });
    let (_control_plane, worker) = pair([Script::json(422, &problem.to_string())]).await;
    let answer = worker.post("/api/v1/keys", "{}").send().await.unwrap();
    assert_eq!(answer.status(), 422);
    let error: Value = answer.json().await.unwrap();
    let expected = json!({ "error": {
        "code": 422, "message": "Not acceptable.",
        "metadata": { "error_code": "validation_failed", "errors": problem["errors"] },
    } });
    assert_eq!(error, expected);
}

#[actix_web::test]
async fn what_is_no_key_and_what_is_no_hash_goes_no_further() {
    let (control_plane, worker) = pair([Script::json(200, "{}")]).await;
    let code = async |request: reqwest::RequestBuilder| {
        let error: Value = request.send().await.unwrap().json().await.unwrap();
        error["error"]["code"].as_u64().unwrap()
    };
    for path in [
        "/api/v1/key",
        "/api/v1/keys",
        "/api/v1/credits",
        "/api/v1/activity",
    ] {
        assert_eq!(code(worker.anonymous("GET", path)).await, 401, "{path}");
        assert_eq!(
            code(worker.anonymous("GET", path).bearer_auth("sk-or-v1-x")).await,
            401,
            "{path}"
        );
    }
    for hash in [
        "nonsense",
        "..%2f..%2fsnapshot",
        "key_0",
        "key_00000000000000000000000003%3fx",
    ] {
        assert_eq!(
            code(worker.get(&format!("/api/v1/keys/{hash}"))).await,
            404,
            "{hash}"
        );
    }
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(code(worker.post("/api/v1/keys", large)).await, 413);
    assert!(control_plane.received().is_empty());
}

#[actix_web::test]
async fn without_the_control_plane_accounts_wait_and_models_answer() {
    let mut broken = vec![(Worker::start(&Config::new()), None)];
    for script in [
        Script::json(500, r#"{"code":"internal","detail":"d"}"#),
        Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
        Script::json(404, "<html>"),
    ] {
        let (control_plane, worker) = pair([script]).await;
        broken.push((worker, Some(control_plane)));
    }
    for (worker, _control_plane) in broken {
        let answer = worker.get("/api/v1/key").send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"5".parse().unwrap())
        );
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["error"]["metadata"]["error_code"], "account_unavailable");
        // The shape of our own needs nobody.
        assert_eq!(worker.get("/v1/key").send().await.unwrap().status(), 200);
        assert_eq!(worker.chat(chat("sluicegate/echo", false)).await.status(), 200);
    }
}

#[actix_web::test]
async fn only_so_many_calls_wait_for_the_control_plane() {
    let (control_plane, worker) = pair([Script::default().hang()]).await;
    let calls: Vec<_> = (0..16)
        .map(|_| actix_web::rt::spawn(worker.get("/api/v1/key").send()))
        .collect();
    crate::support::eventually("sixteen calls", || {
        (control_plane.received().len() == 16).then_some(())
    })
    .await;
    let answer = worker.get("/api/v1/key").send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(control_plane.received().len(), 16);
    for call in calls {
        call.abort();
    }
}
