//! Accounts at providers.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn a_provider_brings_its_address_and_its_demands(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/connections");
    let providers = ada.get("/api/v1/providers").await.expect(200).body;
    assert!(
        providers
            .as_array()
            .unwrap()
            .iter()
            .any(|provider| provider["id"] == "openai")
    );
    let body = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    let made = ada.post(&path, &body).await.expect(201);
    assert_eq!(
        (made.body["base_url"].as_str(), made.body["status"].as_str()),
        (Some("https://api.openai.com/v1"), Some("active"))
    );
    assert_eq!(
        (
            made.body["credential_hint"].as_str(),
            made.body["last_test"].clone()
        ),
        (Some("…tial"), Value::Null)
    );
    ada.post(&path, &body).await.refused(409, "slug_taken");
    let cases = [
        (json!({ "slug": "a1", "provider": "openai" }), "/credential"),
        (json!({ "slug": "a1", "provider": "nobody" }), "/provider"),
        (
            json!({ "slug": "a1", "provider": "openai-compatible" }),
            "/base_url",
        ),
        (json!({ "slug": "A", "provider": "openai" }), "/slug"),
        (
            json!({ "slug": "a1", "provider": "openai", "credential": "sp ace" }),
            "/credential",
        ),
    ];
    for (body, pointer) in cases {
        let refused = ada.post(&path, &body).await.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
        assert!(!refused.text.contains("sp ace"));
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn private_addresses_are_refused_unless_the_operator_opened_them(pool: PgPool) {
    let closed = TestApp::start(&pool);
    let ada = closed.sign_up("Ada").await;
    let body = |url: &str| json!({ "slug": "s1", "provider": "openai-compatible", "base_url": url });
    for url in [
        "http://example.com/v1",
        "https://127.0.0.1/v1",
        "https://169.254.169.254/",
        "https://[::1]/",
        "https://u:p@example.com/",
        "https://localhost:1/",
    ] {
        let refused = ada
            .post(&ada.in_project("/connections"), &body(url))
            .await
            .refused(422, "base_url_forbidden");
        assert_eq!(refused.body["errors"][0]["pointer"], "/base_url");
    }
    let open = TestApp::start_with(&pool, |settings| {
        settings.upstream.allow_private = "127.0.0.0/8".parse().unwrap();
    });
    let bob = open.sign_up("Bob").await;
    bob.post(&bob.in_project("/connections"), &body("https://10.0.0.1/v1"))
        .await
        .refused(422, "base_url_forbidden");
    bob.post(&bob.in_project("/connections"), &body("http://127.0.0.1:9100/v1"))
        .await
        .expect(201);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_credential_belongs_to_the_address_it_was_given_for(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    let made = ada.post(&ada.in_project("/connections"), &body).await.expect(201);
    let path = ada.in_project(&format!("/connections/{}", made.text_of("id")));
    let same = ada
        .patch(
            &path,
            &json!({ "base_url": "https://api.openai.com/v1/", "priority": 3 }),
        )
        .await
        .expect(200);
    assert_eq!(
        (
            same.body["credential_hint"].as_str(),
            same.body["priority"].as_i64()
        ),
        (Some("…tial"), Some(3))
    );
    let moved = ada
        .patch(&path, &json!({ "base_url": "https://evil.example.com/v1" }))
        .await
        .expect(200);
    assert_eq!(moved.body["credential_hint"], Value::Null);
    assert_eq!(app.published("connection").await[0]["credential"], Value::Null);
    let both = json!({ "base_url": null, "credential": "sk-other-credential" });
    let back = ada.patch(&path, &both).await.expect(200);
    assert_eq!(back.body["base_url"], "https://api.openai.com/v1");
    assert_eq!(back.body["credential_hint"], "…tial");
    let off = ada
        .patch(&path, &json!({ "status": "disabled", "credential": null }))
        .await
        .expect(200);
    assert_eq!(
        (off.body["status"].as_str(), off.body["credential_hint"].clone()),
        (Some("disabled"), Value::Null)
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_connection_a_route_is_pinned_to_stays(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    let id = ada
        .post(&ada.in_project("/connections"), &body)
        .await
        .expect(201)
        .text_of("id");
    let route = json!({ "slug": "support", "strategy": "ordered", "targets": [{ "model": "m", "connection": "main" }] });
    let route = ada.post(&ada.in_project("/routes"), &route).await.expect(201);
    assert_eq!(route.body["targets"][0]["connection"].as_str(), Some(id.as_str()));
    let path = ada.in_project(&format!("/connections/{id}"));
    let refused = ada.delete(&path).await.refused(409, "in_use");
    assert!(refused.text_of("detail").contains("support"));
    let route_path = ada.in_project(&format!("/routes/{}", route.text_of("id")));
    ada.with("if-match", "*")
        .patch(&route_path, &json!({ "targets": [{ "model": "m" }] }))
        .await
        .expect(200);
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.refused(404, "not_found");
    ada.post(&ada.in_project("/connections"), &body).await.expect(201);
}
