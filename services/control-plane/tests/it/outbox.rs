//! The published configuration: gap-free versions under concurrent writers, and a state hash that equals recomputation.

use serde_json::json;
use sluicegate_contracts::event::{StateHash, entity_hash};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::support::TestApp;

async fn recomputed(app: &TestApp) -> i64 {
    let rows = sqlx::query("select kind, id, body, hash from config_entities")
        .fetch_all(&app.judge)
        .await
        .unwrap();
    let hash = rows.iter().fold(StateHash::default(), |state, row| {
        let hash = entity_hash(row.get("kind"), row.get::<Uuid, _>("id"), row.get("body"));
        assert_eq!(hash.cast_signed(), row.get::<i64, _>("hash"));
        state.toggle(hash)
    });
    hash.0.cast_signed()
}

async fn check(app: &TestApp) {
    let (version, hash) = app.head().await;
    let log = sqlx::query("select version, kind, id, body from config_outbox order by version");
    let log = log.fetch_all(&app.judge).await.unwrap();
    let versions: Vec<i64> = log.iter().map(|row| row.get(0)).collect();
    assert_eq!(versions, (1..=version).collect::<Vec<_>>(), "the log has gaps");
    assert_eq!(hash, recomputed(app).await, "the state hash is wrong");
    // A reader who applies the whole log ends with the published state.
    let mut state = std::collections::BTreeMap::new();
    for row in &log {
        let key = (row.get::<String, _>(1), row.get::<Uuid, _>(2));
        match row.get::<Option<String>, _>(3) {
            Some(body) => state.insert(key, body),
            None => state.remove(&key),
        };
    }
    let entities = sqlx::query("select kind, id, body from config_entities")
        .fetch_all(&app.judge)
        .await
        .unwrap();
    let published: std::collections::BTreeMap<_, _> = entities
        .iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2)))
        .collect();
    assert_eq!(state, published);
}

#[sqlx::test(migrations = "../../migrations")]
async fn versions_are_gap_free_under_concurrent_writers(pool: PgPool) {
    let app = TestApp::start(&pool);
    let people = [
        app.sign_up("Ada").await,
        app.sign_up("Bob").await,
        app.sign_up("Cy").await,
    ];
    let writers = people
        .iter()
        .flat_map(|person| (0..3).map(move |_| person))
        .map(|person| async move {
            for n in 0..6 {
                let key = person
                    .post(&person.in_project("/keys"), &json!({ "name": "k" }))
                    .await
                    .expect(201);
                assert!(!key.header("x-sluicegate-config-version").is_empty());
                let path = person.in_project(&format!("/keys/{}", key.text_of("id")));
                match n % 3 {
                    0 => person.delete(&path).await.expect(204),
                    1 => person
                        .patch(&path, &json!({ "name": "renamed" }))
                        .await
                        .expect(200),
                    _ => person.post_nothing(&format!("{path}/disable")).await.expect(200),
                };
                // A write that fails must take no version.
                person
                    .post(
                        "/api/v1/projects",
                        &json!({ "organization": person.organization, "name": "default" }),
                    )
                    .await
                    .refused(409, "slug_taken");
            }
        });
    futures_util::future::join_all(writers).await;
    check(&app).await;
    assert_eq!(app.head().await.0, 3 * 2 + 9 * 6 * 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn deleting_a_project_retracts_everything_in_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    ada.post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let connection = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    ada.post(&ada.in_project("/connections"), &connection)
        .await
        .expect(201);
    let route =
        json!({ "slug": "r1", "strategy": "ordered", "targets": [{ "model": "m", "connection": "main" }] });
    ada.post(&ada.in_project("/routes"), &route).await.expect(201);
    let deleted = ada.delete(&ada.in_project("")).await.expect(204);
    assert_eq!(
        deleted.header("x-sluicegate-config-version"),
        app.head().await.0.to_string()
    );
    check(&app).await;
    for kind in ["project", "api_key", "connection", "route"] {
        assert_eq!(app.published(kind).await.len(), 0, "{kind}");
    }
    assert_eq!(app.published("organization").await.len(), 1);
    ada.get(&ada.in_project("/keys")).await.refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_commit_wakes_the_relay(pool: PgPool) {
    let app = TestApp::start(&pool);
    let mut listener = sqlx::postgres::PgListener::connect_with(&app.judge)
        .await
        .unwrap();
    listener.listen("sluicegate_config").await.unwrap();
    app.sign_up("Ada").await;
    let notified = tokio::time::timeout(std::time::Duration::from_secs(10), listener.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(notified.payload(), "2");
}
