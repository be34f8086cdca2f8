//! Inference keys.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_contracts::config::ApiKey;
use sqlx::PgPool;

use crate::support::TestApp;

/// The published key, as a worker reads it.
async fn published(app: &TestApp) -> ApiKey {
    serde_json::from_value(app.published("api_key").await.remove(0)).unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_is_published_with_the_digest_of_its_secret(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body =
        json!({ "name": "backend", "expires_at": "2026-02-01T00:00:00Z", "allowed_models": ["openai/*"] });
    let made = ada.post(&ada.in_project("/keys"), &body).await.expect(201);
    let (id, secret) = (made.text_of("id"), made.text_of("secret"));
    assert_eq!(made.header("location"), ada.in_project(&format!("/keys/{id}")));
    assert!(secret.starts_with("sk-sg-") && made.text_of("hint").ends_with(&secret[secret.len() - 4..]));
    let key = published(&app).await;
    assert_eq!(key.secrets.len(), 1);
    assert_eq!(key.secrets[0].digest, app.state.key_hasher.digest(&secret));
    assert_eq!(key.expires_at.unwrap().get(), 1_769_904_000_000);
    let read = ada.get(&ada.in_project(&format!("/keys/{id}"))).await.expect(200);
    assert_eq!(
        (read.body["secret"].clone(), read.body["status"].as_str()),
        (Value::Null, Some("active"))
    );
    assert_eq!(read.body["created_by"].as_str(), Some(ada.user.as_str()));
    app.advance(Duration::from_secs(500));
    assert_eq!(read.body["expires_at"], "2026-02-01T00:00:00Z");
}

#[sqlx::test(migrations = "../../migrations")]
async fn rotation_overlaps_for_as_long_as_asked(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let made = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let rotate = ada.in_project(&format!("/keys/{}/rotate", made.text_of("id")));
    let rotated = ada
        .post(&rotate, &json!({ "overlap_seconds": 60 }))
        .await
        .expect(200);
    assert_eq!(
        rotated.body["previous_secret_valid_until"],
        "2026-01-01T00:01:00Z"
    );
    let key = published(&app).await;
    let digest =
        |answer: &crate::support::client::Answer| app.state.key_hasher.digest(&answer.text_of("secret"));
    assert_eq!(
        key.secrets.iter().map(|secret| secret.digest).collect::<Vec<_>>(),
        [digest(&rotated), digest(&made)]
    );
    assert_eq!(
        (
            key.secrets[0].valid_until,
            key.secrets[1].valid_until.unwrap().get()
        ),
        (None, 1_767_225_660_000)
    );
    app.advance(Duration::from_secs(60));
    let read = ada
        .get(&ada.in_project(&format!("/keys/{}", made.text_of("id"))))
        .await
        .expect(200);
    assert_eq!(read.body["previous_secret_valid_until"], Value::Null);
    let at_once = ada
        .post(&rotate, &json!({ "overlap_seconds": 0 }))
        .await
        .expect(200);
    let key = published(&app).await;
    assert_eq!((key.secrets.len(), key.secrets[0].digest), (1, digest(&at_once)));
    ada.post(&rotate, &json!({ "overlap_seconds": 604_801 }))
        .await
        .refused(422, "validation_failed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn disabling_blocks_and_revoking_removes(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let id = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201)
        .text_of("id");
    let path = ada.in_project(&format!("/keys/{id}"));
    let off = ada.post_nothing(&format!("{path}/disable")).await.expect(200);
    assert_eq!(off.body["status"], "disabled");
    let blocked = sqlx::query_scalar::<_, bool>("select blocked from config_entities where kind = 'api_key'");
    assert!(blocked.fetch_one(&app.judge).await.unwrap());
    let repeated = ada.post_nothing(&format!("{path}/disable")).await.expect(200);
    assert_eq!(
        repeated.header("x-sluicegate-config-version"),
        "",
        "nothing changed, so nothing is published"
    );
    assert_eq!(
        ada.post_nothing(&format!("{path}/enable")).await.expect(200).body["status"],
        "active"
    );
    let revoked = ada.delete(&path).await.expect(204);
    assert!(!revoked.header("x-sluicegate-config-version").is_empty());
    assert_eq!(app.published("api_key").await.len(), 0);
    for answer in [
        ada.get(&path).await,
        ada.delete(&path).await,
        ada.post_nothing(&format!("{path}/enable")).await,
    ] {
        answer.refused(404, "not_found");
    }
    assert_eq!(
        ada.get(&ada.in_project("/keys")).await.expect(200).body["data"],
        json!([])
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn changes_merge_and_null_takes_the_end_away(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "name": "k", "expires_at": "2026-01-01T00:05:00Z" });
    let made = ada.post(&ada.in_project("/keys"), &body).await.expect(201);
    let path = ada.in_project(&format!("/keys/{}", made.text_of("id")));
    let renamed = ada.patch(&path, &json!({ "name": "new" })).await.expect(200);
    assert_eq!(
        (renamed.body["name"].as_str(), renamed.body["expires_at"].as_str()),
        (Some("new"), Some("2026-01-01T00:05:00Z"))
    );
    app.advance(Duration::from_secs(300));
    assert_eq!(ada.get(&path).await.expect(200).body["status"], "expired");
    let forever = ada.patch(&path, &json!({ "expires_at": null })).await.expect(200);
    assert_eq!(
        (
            forever.body["expires_at"].clone(),
            forever.body["status"].as_str()
        ),
        (Value::Null, Some("active"))
    );
    let stale = ada.with("if-match", made.header("etag"));
    let conflict = stale
        .patch(&path, &json!({ "name": "x" }))
        .await
        .refused(412, "version_conflict");
    assert_eq!(conflict.header("etag"), forever.header("etag"));
    let wrong = json!({ "name": "x", "expires_at": "2025-01-01T00:00:00Z", "allowed_models": ["a b"] });
    let refused = ada.patch(&path, &wrong).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn lists_are_paged_newest_first(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    for n in 0..5 {
        ada.post(&ada.in_project("/keys"), &json!({ "name": format!("k{n}") }))
            .await
            .expect(201);
    }
    let first = ada.get(&ada.in_project("/keys?limit=3")).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ada
        .get(&ada.in_project(&format!("/keys?limit=3&cursor={cursor}")))
        .await
        .expect(200)
        .body;
    let names: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["data"].as_array().unwrap())
        .map(|key| key["name"].clone())
        .collect();
    assert_eq!(names, ["k4", "k3", "k2", "k1", "k0"]);
    assert_eq!(
        (first["has_more"].clone(), second["has_more"].clone()),
        (json!(true), json!(false))
    );
    assert_eq!(second["next_cursor"], Value::Null);
    let by_slug = format!("/api/v1/projects/default/keys?organization={}", ada.organization);
    assert_eq!(
        ada.get(&by_slug).await.expect(200).body["data"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}
