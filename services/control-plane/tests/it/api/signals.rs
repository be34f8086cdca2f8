//! Signals over REST, and what workers are told of them.

use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn a_signal_lives_from_its_first_push_to_its_deletion(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/signals/load");
    let push = |value: serde_json::Value| json!({ "value": value, "ttl_seconds": 60 }).to_string();
    let made = ada
        .send(Method::PUT, &path, Some(push(json!(0.5))))
        .await
        .expect(200);
    assert_eq!(
        (made.body["name"].as_str(), made.body["value"].as_f64()),
        (Some("load"), Some(0.5))
    );
    let told = app.published("signal").await;
    let good_for = told[0]["good_until"].as_i64().unwrap();
    assert_eq!((told.len(), told[0]["name"].as_str()), (1, Some("load")));

    app.advance(std::time::Duration::from_secs(30));
    ada.send(Method::PUT, &path, Some(push(json!("high"))))
        .await
        .expect(200);
    let again = app.published("signal").await;
    assert_eq!((again.len(), again[0]["value"].clone()), (1, json!("high")));
    assert_eq!(again[0]["id"], told[0]["id"], "the same signal at a new value");
    assert_eq!(again[0]["good_until"].as_i64().unwrap() - good_for, 30_000);
    let shown = ada.get(&path).await.expect(200).body;
    assert_eq!(
        ada.get(&ada.in_project("/signals")).await.expect(200).body["data"],
        json!([shown])
    );

    ada.delete(&path).await.expect(204);
    ada.delete(&path).await.refused(404, "not_found");
    ada.get(&path).await.refused(404, "not_found");
    assert_eq!(app.published("signal").await.len(), 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_no_signal_is_refused_with_its_field(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    for (name, body, pointer) in [
        ("a%20b", json!({ "value": 1, "ttl_seconds": 60 }), "signal"),
        (
            "a",
            json!({ "value": "x".repeat(300), "ttl_seconds": 60 }),
            "/value",
        ),
        ("a", json!({ "value": 1, "ttl_seconds": 0 }), "/ttl_seconds"),
        ("a", json!({ "value": 1, "ttl_seconds": 604_801 }), "/ttl_seconds"),
        ("a", json!({ "value": [1], "ttl_seconds": 60 }), "/value"),
        ("a", json!({ "value": 1 }), "/ttl_seconds"),
    ] {
        let path = ada.in_project(&format!("/signals/{name}"));
        let refused = ada.send(Method::PUT, &path, Some(body.to_string())).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{name} {body}");
    }
    for number in 0..100 {
        let path = ada.in_project(&format!("/signals/s{number}"));
        let body = json!({ "value": true, "ttl_seconds": 60 }).to_string();
        ada.send(Method::PUT, &path, Some(body)).await.expect(200);
    }
    let body = json!({ "value": true, "ttl_seconds": 60 }).to_string();
    let more = ada
        .send(Method::PUT, &ada.in_project("/signals/more"), Some(body.clone()))
        .await;
    assert_eq!(
        more.refused(422, "validation_failed").body["errors"][0]["code"],
        "too_many"
    );
    ada.send(Method::PUT, &ada.in_project("/signals/s7"), Some(body))
        .await
        .expect(200);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_deleted_project_takes_its_signals_along(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "value": 1, "ttl_seconds": 60 }).to_string();
    ada.send(Method::PUT, &ada.in_project("/signals/load"), Some(body))
        .await
        .expect(200);
    let project = ada.get(&ada.in_project("")).await.expect(200);
    ada.with("if-match", project.header("etag"))
        .delete(&ada.in_project(""))
        .await
        .expect(204);
    assert_eq!(app.published("signal").await.len(), 0);
}
