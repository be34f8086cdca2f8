//! Management keys: what programs may do with them, and what they may not.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_credentials::{ApiKeySecret, KeyKind};
use sqlx::PgPool;

use crate::support::client::Answer;
use crate::support::{Client, TestApp};

async fn make(owner: &Client, role: &str) -> Answer {
    let body = json!({ "name": role, "role": role });
    owner
        .post(&owner.in_organization("/management-keys"), &body)
        .await
}

/// A program with this secret, at home where `owner` is.
fn program(app: &TestApp, owner: &Client, secret: &str) -> Client {
    app.anonymous()
        .with("authorization", &format!("Bearer {secret}"))
        .at_home_with(owner)
}

async fn with_role(app: &TestApp, owner: &Client, role: &str) -> (Client, String) {
    let made = make(owner, role).await.expect(201);
    (program(app, owner, &made.text_of("secret")), made.text_of("id"))
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_program_acts_in_its_role_and_is_named_in_the_audit_trail(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (developer, id) = with_role(&app, &ada, "developer").await;
    let made = developer
        .post(&ada.in_project("/keys"), &json!({ "name": "made by a program" }))
        .await
        .expect(201);
    assert_eq!(made.body["created_by"], Value::Null);
    for path in [
        ada.in_project("/keys"),
        ada.in_organization(""),
        "/api/v1/models".to_owned(),
        "/api/v1/providers".to_owned(),
        "/api/v1/deployment".to_owned(),
    ] {
        developer.get(&path).await.expect(200);
    }
    developer
        .get(&ada.in_organization("/audit-events"))
        .await
        .refused(403, "forbidden");
    let (viewer, _) = with_role(&app, &ada, "viewer").await;
    viewer
        .post(&ada.in_project("/keys"), &json!({ "name": "x" }))
        .await
        .refused(403, "forbidden");
    let events = ada.get(&ada.in_organization("/audit-events")).await.expect(200);
    let events = events.body["data"].as_array().unwrap().clone();
    let created = events
        .iter()
        .find(|event| event["target"] == made.body["id"])
        .unwrap();
    assert_eq!(created["actor"], json!({ "kind": "management_key", "id": id }));
    let shown = ada
        .get(&ada.in_organization(&format!("/management-keys/{id}")))
        .await
        .expect(200);
    assert_eq!(shown.body["last_used_at"], "2026-01-01T00:00:00Z");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_program_sees_its_organization_and_no_other(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let (program, _) = with_role(&app, &ada, "owner").await;
    for path in [
        bob.in_organization(""),
        bob.in_project("/keys"),
        bob.in_organization("/budgets"),
    ] {
        program.get(&path).await.refused(404, "not_found");
    }
    for (list, own) in [
        ("/api/v1/organizations", &ada.organization),
        ("/api/v1/projects", &ada.project),
    ] {
        let found = program.get(list).await.expect(200);
        let ids: Vec<_> = found.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["id"])
            .collect();
        assert_eq!(ids, [&json!(own)], "{list}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_belongs_to_people_is_not_for_programs(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (owner, _) = with_role(&app, &ada, "owner").await;
    owner.get("/api/v1/me").await.refused(403, "wrong_key_kind");
    owner
        .post("/api/v1/organizations", &json!({ "name": "Own" }))
        .await
        .refused(403, "wrong_key_kind");
    make(&owner, "viewer").await.refused(403, "forbidden");
    let key = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    program(&app, &ada, &key.text_of("secret"))
        .get(&ada.in_project("/keys"))
        .await
        .refused(403, "wrong_key_kind");
    let unknown = ApiKeySecret::mint(KeyKind::Management, [9; 32]);
    program(&app, &ada, unknown.expose())
        .get(&ada.in_project("/keys"))
        .await
        .refused(401, "unauthenticated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_ends_when_it_is_revoked_and_when_its_time_comes(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (program_of_ada, id) = with_role(&app, &ada, "viewer").await;
    let path = ada.in_organization(&format!("/management-keys/{id}"));
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.refused(404, "not_found");
    program_of_ada
        .get(&ada.in_project(""))
        .await
        .refused(401, "unauthenticated");
    let short = json!({ "name": "short", "role": "viewer", "expires_at": "2026-01-01T00:10:00Z" });
    let made = ada
        .post(&ada.in_organization("/management-keys"), &short)
        .await
        .expect(201);
    let short = program(&app, &ada, &made.text_of("secret"));
    short.get(&ada.in_project("")).await.expect(200);
    app.advance(Duration::from_secs(600));
    short
        .get(&ada.in_project(""))
        .await
        .refused(401, "unauthenticated");
    let ada = app.sign_in("Ada").await;
    let past = json!({ "name": "past", "role": "viewer", "expires_at": "2026-01-01T00:10:00Z" });
    ada.post(&ada.in_organization("/management-keys"), &past)
        .await
        .refused(422, "validation_failed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_owners_decide_about_keys_that_act_as_owners(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let admin = app.member(&ada, "admin", "Adm").await;
    make(&admin, "owner").await.refused(403, "forbidden");
    make(&admin, "admin").await.expect(201);
    let (_, id) = with_role(&app, &ada, "owner").await;
    let path = ada.in_organization(&format!("/management-keys/{id}"));
    admin.delete(&path).await.refused(403, "forbidden");
    ada.delete(&path).await.expect(204);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_program_may_repeat_a_request_by_its_idempotency_key(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (program, _) = with_role(&app, &ada, "developer").await;
    let (other, _) = with_role(&app, &ada, "developer").await;
    let create = async |who: &Client| {
        who.with("idempotency-key", "once")
            .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
            .await
            .expect(201)
    };
    let (first, again, others) = (
        create(&program).await,
        create(&program).await,
        create(&other).await,
    );
    assert_eq!(first.text, again.text);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_ne!(
        first.body["id"], others.body["id"],
        "keys of two programs do not meet"
    );
}
