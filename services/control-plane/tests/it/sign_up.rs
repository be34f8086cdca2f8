//! The first minute of a stranger.

use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;
use crate::support::app::PASSWORD;

#[sqlx::test(migrations = "../../migrations")]
async fn a_stranger_gets_an_organization_a_project_and_a_session(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let me = ada.get("/api/v1/me").await.expect(200).body;
    assert_eq!(me["user"]["email"], "ada@example.com");
    let place = &me["memberships"][0];
    assert_eq!(place["role"], "owner");
    assert_eq!(place["organization"]["name"], "Ada's org");
    assert_eq!(place["projects"][0]["slug"], "default");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_address_has_one_account_and_bad_fields_are_all_named(pool: PgPool) {
    let app = TestApp::start(&pool);
    app.sign_up("Ada").await;
    let again = json!({ "email": "ADA@example.com", "password": PASSWORD, "name": "A" });
    app.anonymous()
        .post("/api/v1/auth/sign-up", &again)
        .await
        .refused(409, "email_taken");
    let bad = json!({ "email": "ada", "password": "short", "name": " " });
    let refused = app
        .anonymous()
        .post("/api/v1/auth/sign-up", &bad)
        .await
        .refused(422, "validation_failed");
    let pointers: Vec<_> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/email", "/password", "/name"]);
}
