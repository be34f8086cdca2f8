//! Keys that derive from other keys.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_contracts::config::{ApiKey, Budget, Enforcement};
use sluicegate_contracts::ids::ApiKeyId;
use sqlx::PgPool;

use crate::support::client::Answer;
use crate::support::{Client, TestApp};

async fn key(client: &Client, body: &Value) -> String {
    let made = client.post(&client.in_project("/keys"), body).await.expect(201);
    made.text_of("id")
}

async fn derive(client: &Client, parent: &str, body: &Value) -> Answer {
    let path = client.in_project(&format!("/keys/{parent}/derive"));
    client.post(&path, body).await
}

async fn shown(client: &Client, key: &str) -> Value {
    let path = client.in_project(&format!("/keys/{key}"));
    client.get(&path).await.expect(200).body
}

async fn published(app: &TestApp, key: &str) -> ApiKey {
    let id: ApiKeyId = key.parse().unwrap();
    let keys = app.published("api_key").await.into_iter();
    let mut keys = keys.map(|body| serde_json::from_value::<ApiKey>(body).unwrap());
    keys.find(|key| key.id == id).unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_derived_key_inherits_what_it_does_not_name_and_is_capped_by_a_budget(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let limits =
        json!({ "name": "team", "expires_at": "2026-02-01T00:00:00Z", "allowed_models": ["openai/*"] });
    let parent = key(&ada, &limits).await;
    let made = derive(
        &ada,
        &parent,
        &json!({ "name": "run 1", "limit": { "amount": "0.50" } }),
    )
    .await
    .expect(201);
    let id = made.text_of("id");
    assert_eq!(made.header("location"), ada.in_project(&format!("/keys/{id}")));
    assert!(made.text_of("secret").starts_with("sk-sg-"));
    let row = shown(&ada, &id).await;
    assert_eq!(
        (&row["parent"], &row["expires_at"], &row["allowed_models"]),
        (
            &json!(parent),
            &json!("2026-02-01T00:00:00Z"),
            &json!(["openai/*"])
        )
    );
    assert_eq!(shown(&ada, &parent).await["parent"], Value::Null);
    assert_eq!(
        published(&app, &id).await.ancestors,
        [parent.parse::<ApiKeyId>().unwrap()]
    );
    let budgets = app.published("budget").await;
    let budget: Budget = serde_json::from_value(budgets[0].clone()).unwrap();
    assert_eq!(json!(budget.id), made.body["budget"]);
    assert_eq!(
        (budget.scope.api_key, budget.enforcement, budget.limit.nanos()),
        (Some(id.parse().unwrap()), Enforcement::Hard, 500_000_000)
    );
    let events = ada.get(&ada.in_organization("/audit-events")).await.expect(200);
    let actions: Vec<_> = events.body["data"].as_array().unwrap().iter().collect();
    let derived = actions
        .iter()
        .find(|event| event["action"] == "key.derive")
        .unwrap();
    assert_eq!(derived["target"], json!(id));
    assert!(!events.text.contains(&made.text_of("secret")));
}

#[sqlx::test(migrations = "../../migrations")]
async fn nothing_more_than_the_keys_above_have_is_given(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let limits =
        json!({ "name": "team", "expires_at": "2026-02-01T00:00:00Z", "allowed_models": ["openai/*"] });
    let top = key(&ada, &limits).await;
    let middle = derive(&ada, &top, &json!({ "name": "a" }))
        .await
        .expect(201)
        .text_of("id");
    for (field, value, pointer) in [
        (
            "allowed_models",
            json!(["openai/gpt-4o", "mistral/x"]),
            "/allowed_models/1",
        ),
        ("allowed_models", json!([]), "/allowed_models"),
        ("allowed_models", json!(["o*"]), "/allowed_models/0"),
        ("expires_at", json!("2026-02-01T00:00:01Z"), "/expires_at"),
        ("expires_at", json!(null), "/expires_at"),
        ("expires_at", json!("2025-12-31T00:00:00Z"), "/expires_at"),
        ("limit", json!({ "amount": "0" }), "/limit/amount"),
        ("interval", json!("day"), "/interval"),
    ] {
        let refused = derive(&ada, &middle, &json!({ "name": "b", field: value })).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.text);
    }
    for body in [
        json!({ "name": "b", "ancestors": [] }),
        json!({ "name": "b", "parent": middle }),
    ] {
        let refused = derive(&ada, &top, &body).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
    }
    // What holds for making one holds for changing one.
    let path = ada.in_project(&format!("/keys/{middle}"));
    for change in [
        json!({ "expires_at": null }),
        json!({ "allowed_models": ["mistral/*"] }),
    ] {
        ada.patch(&path, &change).await.refused(422, "validation_failed");
    }
    ada.patch(
        &path,
        &json!({ "allowed_models": ["openai/gpt-4o"], "name": "c" }),
    )
    .await
    .expect(200);
    assert_eq!(
        app.published("api_key").await.len(),
        2,
        "refused keys are not there"
    );
    assert!(app.published("budget").await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_chain_has_an_end_and_a_stranger_no_part_in_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let mut chain = vec![key(&ada, &json!({ "name": "0" })).await];
    for depth in 1..=4 {
        let made = derive(&ada, &chain[depth - 1], &json!({ "name": depth.to_string() })).await;
        chain.push(made.expect(201).text_of("id"));
    }
    let ids: Vec<ApiKeyId> = chain.iter().rev().skip(1).map(|id| id.parse().unwrap()).collect();
    assert_eq!(published(&app, &chain[4]).await.ancestors, ids, "nearest first");
    derive(&ada, &chain[4], &json!({ "name": "5" }))
        .await
        .refused(409, "conflict");
    // Neither in the stranger's own project nor in the owner's.
    derive(&bob, &chain[0], &json!({ "name": "x" }))
        .await
        .refused(404, "not_found");
    let path = ada.in_project(&format!("/keys/{}/derive", chain[0]));
    bob.post(&path, &json!({ "name": "x" }))
        .await
        .refused(404, "not_found");
    let viewer = app.member(&ada, "viewer", "Vic").await;
    derive(&viewer, &chain[0], &json!({ "name": "x" }))
        .await
        .refused(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_stands_and_falls_with_the_keys_above_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let top = key(
        &ada,
        &json!({ "name": "top", "expires_at": "2026-01-01T01:00:00Z" }),
    )
    .await;
    let capped = json!({ "name": "middle", "limit": { "amount": "1" }, "interval": "day" });
    let middle = derive(&ada, &top, &capped).await.expect(201).text_of("id");
    let bottom = derive(&ada, &middle, &json!({ "name": "bottom" }))
        .await
        .expect(201)
        .text_of("id");
    let switch = async |what: &str| {
        let path = ada.in_project(&format!("/keys/{top}/{what}"));
        ada.post_nothing(&path).await.expect(200);
    };
    switch("disable").await;
    assert_eq!(shown(&ada, &bottom).await["status"], "held_back");
    derive(&ada, &middle, &json!({ "name": "x" }))
        .await
        .refused(409, "conflict");
    switch("enable").await;
    assert_eq!(shown(&ada, &bottom).await["status"], "active");
    app.advance(Duration::from_secs(3_600));
    let ada = app.sign_in("Ada").await;
    assert_eq!(shown(&ada, &bottom).await["status"], "expired");
    derive(&ada, &middle, &json!({ "name": "x" }))
        .await
        .refused(409, "conflict");
    let other = key(&ada, &json!({ "name": "other" })).await;
    ada.delete(&ada.in_project(&format!("/keys/{top}")))
        .await
        .expect(204);
    let left = ada.get(&ada.in_project("/keys")).await.expect(200);
    assert_eq!(left.body["data"][0]["id"], json!(other));
    assert_eq!(left.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(app.published("api_key").await.len(), 1);
    assert!(
        app.published("budget").await.is_empty(),
        "a budget ends with its key"
    );
    derive(&ada, &middle, &json!({ "name": "x" }))
        .await
        .refused(404, "not_found");
}
