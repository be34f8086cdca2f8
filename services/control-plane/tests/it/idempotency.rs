//! A creation that carries an Idempotency-Key happens at most once.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Client, TestApp};

async fn keys(client: &Client) -> usize {
    client.get(&client.in_project("/keys")).await.expect(200).body["data"]
        .as_array()
        .unwrap()
        .len()
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_request_gets_the_same_answer_with_its_secret(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (once, path) = (ada.with("idempotency-key", "k1"), ada.in_project("/keys"));
    let first = once.post(&path, &json!({ "name": "backend" })).await.expect(201);
    let again = once.post(&path, &json!({ "name": "backend" })).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(
        (first.header("etag"), first.header("location")),
        (again.header("etag"), again.header("location"))
    );
    let version = "x-sluicegate-config-version";
    assert_eq!(first.header(version), again.header(version));
    assert!(!first.header(version).is_empty());
    assert_eq!(
        (
            first.header("idempotency-replayed"),
            again.header("idempotency-replayed")
        ),
        ("", "true")
    );
    assert_eq!(keys(&ada).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn another_request_under_the_same_key_is_refused(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let once = ada.with("idempotency-key", "k1");
    once.post(&ada.in_project("/keys"), &json!({ "name": "a" }))
        .await
        .expect(201);
    once.post(&ada.in_project("/keys"), &json!({ "name": "b" }))
        .await
        .refused(422, "idempotency_mismatch");
    let elsewhere = json!({ "name": "a", "organization": ada.organization });
    once.post("/api/v1/projects", &elsewhere)
        .await
        .refused(422, "idempotency_mismatch");
    app.sign_up("Bob")
        .await
        .with("idempotency-key", "k1")
        .get("/api/v1/me")
        .await
        .expect(200);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_belongs_to_its_user_and_a_failure_is_not_kept(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let of_ada = ada
        .with("idempotency-key", "k")
        .post(&ada.in_project("/keys"), &json!({ "name": "x" }))
        .await;
    let of_bob = bob
        .with("idempotency-key", "k")
        .post(&bob.in_project("/keys"), &json!({ "name": "x" }))
        .await;
    assert_ne!(
        of_ada.expect(201).body["secret"],
        of_bob.expect(201).body["secret"]
    );
    let once = ada.with("idempotency-key", "k2");
    let project = |slug: &str| json!({ "organization": ada.organization, "name": "P", "slug": slug });
    once.post("/api/v1/projects", &project("default"))
        .await
        .refused(409, "slug_taken");
    once.post("/api/v1/projects", &project("other")).await.expect(201);
}

#[sqlx::test(migrations = "../../migrations")]
async fn requests_at_once_create_one(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (once, path) = (ada.with("idempotency-key", "k1"), ada.in_project("/keys"));
    let body = json!({ "name": "backend" });
    let answers = futures_util::future::join_all((0..6).map(|_| once.post(&path, &body))).await;
    let mut secrets: Vec<Value> = Vec::new();
    for answer in answers {
        if answer.status == 201 {
            secrets.push(answer.body["secret"].clone());
        } else {
            answer.refused(409, "in_flight");
        }
    }
    assert!(!secrets.is_empty() && secrets.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(keys(&ada).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_organization_is_created_once_and_an_answer_is_kept_for_a_day(pool: PgPool) {
    let app = TestApp::start_with(&pool, |settings| settings.session.access_seconds = 200_000);
    let ada = app.sign_up("Ada").await;
    let once = ada.with("idempotency-key", "k1");
    let body = json!({ "name": "Acme" });
    let first = once.post("/api/v1/organizations", &body).await.expect(201);
    let again = once.post("/api/v1/organizations", &body).await.expect(201);
    assert_eq!(first.body["id"], again.body["id"]);
    app.advance(Duration::from_secs(86_400));
    let later = once.post("/api/v1/organizations", &body).await.expect(201);
    assert_ne!(first.body["id"], later.body["id"]);
    ada.with("idempotency-key", "")
        .post("/api/v1/organizations", &body)
        .await
        .refused(400, "invalid_request");
}
