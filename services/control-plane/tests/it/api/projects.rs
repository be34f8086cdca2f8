//! Projects.

use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn a_project_is_made_named_found_and_deleted(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "organization": ada.organization, "name": "Data Science" });
    let made = ada.post("/api/v1/projects", &body).await.expect(201);
    assert_eq!(made.body["slug"], "data-science");
    let path = format!("/api/v1/projects/{}", made.text_of("id"));
    let renamed = ada
        .patch(&path, &json!({ "name": "DS", "slug": "ds" }))
        .await
        .expect(200);
    assert_eq!(
        (renamed.body["name"].as_str(), renamed.body["slug"].as_str()),
        (Some("DS"), Some("ds"))
    );
    let by_slug = ada
        .get(&format!("/api/v1/projects/ds?organization={}", ada.organization))
        .await
        .expect(200);
    assert_eq!(by_slug.body, renamed.body);
    ada.get("/api/v1/projects/ds").await.refused(404, "not_found");
    ada.patch(&path, &json!({ "slug": "default" }))
        .await
        .refused(409, "slug_taken");
    ada.with("if-match", made.header("etag"))
        .delete(&path)
        .await
        .refused(412, "version_conflict");
    ada.with("if-match", renamed.header("etag"))
        .delete(&path)
        .await
        .expect(204);
    ada.get(&path).await.refused(404, "not_found");
    let list = ada
        .get(&format!("/api/v1/projects?organization={}", ada.organization))
        .await
        .expect(200)
        .body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    ada.post(
        "/api/v1/projects",
        &json!({ "organization": ada.organization, "name": "DS", "slug": "ds" }),
    )
    .await
    .expect(201);
}

#[sqlx::test(migrations = "../../migrations")]
async fn lists_hold_only_what_the_person_belongs_to(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let mine = ada.get("/api/v1/projects").await.expect(200).body;
    assert_eq!(
        (
            mine["data"].as_array().unwrap().len(),
            mine["data"][0]["id"].as_str()
        ),
        (1, Some(ada.project.as_str()))
    );
    ada.get(&format!("/api/v1/projects?organization={}", bob.organization))
        .await
        .refused(404, "not_found");
    let foreign = json!({ "organization": bob.organization, "name": "x" });
    ada.post("/api/v1/projects", &foreign)
        .await
        .refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_project_says_how_its_callers_are_told_that_money_is_used_up(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = format!("/api/v1/projects/{}", ada.project);
    let read = ada.get(&path).await.expect(200);
    assert_eq!(read.body["budget_refusals"], "payment_required");
    let published = async || app.published("project").await.remove(0)["budget_refusals"].clone();
    assert!(
        published().await.is_null(),
        "workers need not be told what is usual"
    );
    let change = json!({ "budget_refusals": "insufficient_quota" });
    let changed = ada.patch(&path, &change).await.expect(200);
    assert_eq!(changed.body["budget_refusals"], "insufficient_quota");
    assert_eq!(published().await, "insufficient_quota");
    ada.patch(&path, &json!({ "name": "Else" })).await.expect(200);
    assert_eq!(published().await, "insufficient_quota");
    let unknown = json!({ "budget_refusals": "teapot" });
    ada.patch(&path, &unknown).await.refused(422, "validation_failed");
}
