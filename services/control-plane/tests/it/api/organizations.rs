//! Organizations.

use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn a_second_organization_has_its_own_key_and_project(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let made = ada
        .post(
            "/api/v1/organizations",
            &json!({ "name": "Acme", "slug": "acme" }),
        )
        .await
        .expect(201);
    assert_eq!(
        made.header("location"),
        format!("/api/v1/organizations/{}", made.text_of("id"))
    );
    let me = ada.get("/api/v1/me").await.expect(200).body;
    assert_eq!(me["memberships"][1]["organization"]["slug"], "acme");
    assert_eq!(me["memberships"][1]["projects"].as_array().unwrap().len(), 1);
    let published = app.published("organization").await;
    assert_ne!(published[0]["data_key"], published[1]["data_key"]);
    let list = ada.get("/api/v1/organizations").await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    ada.post(
        "/api/v1/organizations",
        &json!({ "name": "Acme", "slug": "acme" }),
    )
    .await
    .refused(409, "slug_taken");
}

#[sqlx::test(migrations = "../../migrations")]
async fn it_is_renamed_by_id_or_slug(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let read = ada.get(&ada.in_organization("")).await.expect(200);
    let renamed = ada
        .with("if-match", read.header("etag"))
        .patch(&ada.in_organization(""), &json!({ "slug": "ada" }))
        .await
        .expect(200);
    assert_eq!(
        (renamed.body["slug"].as_str(), renamed.body["name"].as_str()),
        (Some("ada"), Some("Ada's org"))
    );
    let by_slug = ada.get("/api/v1/organizations/ada").await.expect(200);
    assert_eq!(by_slug.header("etag"), renamed.header("etag"));
    let stale = ada.with("if-match", read.header("etag"));
    stale
        .patch(&ada.in_organization(""), &json!({ "name": "x" }))
        .await
        .refused(412, "version_conflict");
    let bad = ada
        .patch(&ada.in_organization(""), &json!({ "slug": "No" }))
        .await
        .refused(422, "validation_failed");
    assert_eq!(bad.body["errors"][0]["pointer"], "/slug");
}
