//! What was published when and why, and publishing it again.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Client, TestApp};

fn routed(model: &str) -> Value {
    json!({ "strategy": "ordered", "targets": [{ "model": model }] })
}

/// A route of two versions, the first of which goes to `m1` over a connection, and the path of both.
async fn of_two_versions(ada: &Client) -> (String, String) {
    let body = json!({ "slug": "main", "provider": "openai", "credential": "sk-secret" });
    let connection = ada.post(&ada.in_project("/connections"), &body).await.expect(201);
    let targets = json!([{ "model": "m1", "connection": "main" }]);
    let body = json!({ "slug": "support", "aliases": ["fast"], "strategy": "ordered", "targets": targets, "message": " Begin. " });
    let made = ada.post(&ada.in_project("/routes"), &body).await.expect(201);
    let path = ada.in_project(&format!("/routes/{}", made.text_of("id")));
    let mut change = routed("m2");
    change["message"] = json!("Try m2.");
    change["aliases"] = json!([]);
    let ada = ada.with("if-match", "\"1\"");
    ada.patch(&path, &change).await.expect(200);
    (
        path,
        ada.in_project(&format!("/connections/{}", connection.text_of("id"))),
    )
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_rollback_publishes_an_older_version_as_the_next(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (path, _) = of_two_versions(&ada).await;
    let rollback = format!("{path}/rollback");
    let back = json!({ "to_version": 1, "message": "m2 was slow." });
    let late = ada.with("if-match", "\"1\"").post(&rollback, &back).await;
    late.refused(412, "version_conflict");

    let done = ada.post(&rollback, &back).await.expect(200);
    assert_eq!((done.header("etag"), &done.body["version"]), ("\"3\"", &json!(3)));
    let first = ada.get(&format!("{path}/versions/1")).await.expect(200).body;
    for same in ["slug", "aliases", "rules"] {
        assert_eq!(done.body[same], first[same], "{same}");
    }
    let live = app.published("route").await;
    assert_eq!(
        (&live[0]["version"], &live[0]["targets"][0]["model"]),
        (&json!(3), &json!("m1"))
    );

    let versions = ada.get(&format!("{path}/versions")).await.expect(200).body;
    let versions = versions["data"].as_array().unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|it| json!([it["version"], it["message"], it["restores"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!([3, "m2 was slow.", 1]),
            json!([2, "Try m2.", null]),
            json!([1, "Begin.", null])
        ]
    );
    let events = ada
        .get(&ada.in_organization("/audit-events"))
        .await
        .expect(200)
        .body;
    let event = &events["data"][0];
    assert_eq!(
        (&event["action"], &event["detail"]),
        (
            &json!("route.roll_back"),
            &json!({ "slug": "support", "version": 3, "message": "m2 was slow.", "restores": 1 })
        )
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_rolled_back_to_must_still_pass(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (path, connection) = of_two_versions(&ada).await;
    let rollback = format!("{path}/rollback");
    for (to, code) in [
        (2, "is_published"),
        (9, "unknown_version"),
        (u32::MAX, "unknown_version"),
    ] {
        let refused = ada.post(&rollback, &json!({ "to_version": to })).await;
        let refused = refused.refused(422, "validation_failed");
        let found = &refused.body["errors"][0];
        assert_eq!(
            (&found["pointer"], &found["code"]),
            (&json!("/to_version"), &json!(code))
        );
    }
    let wordy = json!({ "to_version": 1, "message": "a".repeat(1001) });
    let refused = ada
        .post(&rollback, &wordy)
        .await
        .refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/message");
    ada.get(&format!("{path}/versions/3"))
        .await
        .refused(404, "not_found");

    ada.with("if-match", "\"1\"")
        .delete(&connection)
        .await
        .expect(204);
    let refused = ada.post(&rollback, &json!({ "to_version": 1 })).await;
    let refused = refused.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["code"], "unknown_connection");

    let other =
        json!({ "slug": "other", "aliases": ["fast"], "strategy": "ordered", "targets": [{ "model": "m" }] });
    ada.post(&ada.in_project("/routes"), &other).await.expect(201);
    let live = app.published("route").await;
    assert!(
        live.iter()
            .any(|it| it["slug"] == "support" && it["version"] == 2)
    );
}
