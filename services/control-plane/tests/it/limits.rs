//! What malformed, oversized and compressed input is answered with.

use reqwest::Method;
use serde_json::json;
use sluicegate_control_plane::openapi;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn bodies_are_limited_in_size_depth_encoding_and_type(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/keys");
    let send = |client: &crate::support::Client, body: String| {
        let (client, path) = (client.clone(), path.clone());
        async move { client.send(Method::POST, &path, Some(body)).await }
    };
    let huge = json!({ "name": "x".repeat(256 * 1024) }).to_string();
    send(&ada, huge).await.refused(413, "payload_too_large");
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(70), "]".repeat(70));
    send(&ada, deep).await.refused(400, "invalid_request");
    send(&ada, "{".to_owned()).await.refused(400, "invalid_request");
    let unknown = send(&ada, json!({ "name": "x", "admin": true }).to_string()).await;
    assert_eq!(
        unknown.refused(422, "validation_failed").body["errors"][0]["pointer"],
        "/admin"
    );
    let text = ada.with("content-type", "text/plain");
    send(&text, "{}".to_owned())
        .await
        .refused(415, "unsupported_media_type");
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip"] {
        let packed = ada.with("content-encoding", encoding);
        send(&packed, "{}".to_owned())
            .await
            .refused(415, "unsupported_media_type");
    }
    let plain = ada.with("content-encoding", "identity");
    send(&plain, json!({ "name": "x" }).to_string()).await.expect(201);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_not_there_says_so_in_the_same_form(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    for path in [
        "/api/v1/nothing",
        "/api/nothing",
        "/nothing",
        "/api/v1/organizations/org_x",
        "/api/v1/projects/prj_x/keys",
    ] {
        ada.get(path).await.refused(404, "not_found");
    }
    let lost = ada
        .post("/v1/chat/completions", &json!({}))
        .await
        .refused(404, "not_found");
    assert!(lost.text_of("detail").contains("http://127.0.0.1:8787/v1"));
    ada.get(&ada.in_project("/keys?limit=0"))
        .await
        .refused(422, "validation_failed");
    ada.get(&ada.in_project("/keys?limit=201"))
        .await
        .refused(422, "validation_failed");
    ada.get(&ada.in_project("/keys?limit=x"))
        .await
        .refused(422, "validation_failed");
    ada.get(&ada.in_project("/keys?cursor=junk"))
        .await
        .refused(422, "validation_failed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_wrong_method_is_answered_with_the_right_ones(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_with(&pool, |settings| {
        settings.web_dir = Some(folder.path().to_owned());
    });
    let anybody = app.anonymous();
    let document = serde_json::to_value(openapi::document()).unwrap();
    let mut known: Vec<(String, Vec<String>)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        known.push((path.clone(), methods.map(|it| it.to_uppercase()).collect()));
    }
    for path in ["/api/openapi.json", "/internal/v1/head", "/internal/v1/snapshot"] {
        known.push((path.to_owned(), vec!["GET".to_owned()]));
    }
    known.push(("/internal/v1/heartbeat".to_owned(), vec!["POST".to_owned()]));
    known.push(("/sign-in".to_owned(), vec!["GET".to_owned(), "HEAD".to_owned()]));
    for (path, mut methods) in known {
        methods.sort_unstable();
        let path = path.replace(['{', '}'], "");
        let wrong = [
            Method::PUT,
            Method::OPTIONS,
            Method::DELETE,
            Method::POST,
            Method::GET,
        ];
        for wrong in wrong
            .into_iter()
            .filter(|wrong| !methods.contains(&wrong.to_string()))
        {
            let answer = anybody.send(wrong.clone(), &path, None).await;
            let answer = answer.refused(405, "method_not_allowed");
            let mut allowed: Vec<_> = answer.header("allow").split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, methods, "{wrong} {path}");
        }
    }
    anybody
        .send(Method::PUT, "/api/v1/nothing", None)
        .await
        .refused(404, "not_found");
    anybody
        .get("/internal/v1/nothing")
        .await
        .refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_database_is_answered_as_temporary(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    app.state.database.close().await;
    let answer = ada.get("/api/v1/me").await.refused(503, "dependency_unavailable");
    assert_eq!(
        (answer.body["retryable"].as_bool(), answer.header("retry-after")),
        (Some(true), "1")
    );
    ada.get("/api/v1/version").await.expect(200);
}
