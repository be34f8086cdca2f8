//! Rate limits over REST, and what workers are told of them.

use serde_json::json;
use sluicegate_backplane::rates::{Allowance, Ask, Message};
use sluicegate_contracts::bucket::BucketId;
use sluicegate_metering::bucket::Rate;
use sluicegate_metering::escrow::Epoch;
use sluicegate_service_runtime::ids::fresh;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn a_rate_limit_lives_from_creation_to_deletion(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/limits");
    let key = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let body = json!({ "scope": { "key": key.text_of("id"), "provider": "openai" }, "metric": "input_tokens", "amount": 1000 });
    let made = ada.post(&path, &body).await.expect(201);
    assert_eq!(made.body["burst"], 1000);
    assert_eq!(made.body["scope"]["project"], ada.project.as_str());
    let own = format!("{path}/{}", made.text_of("id"));
    assert_eq!(ada.get(&own).await.expect(200).body, made.body);
    assert_eq!(ada.get(&path).await.expect(200).body["data"], json!([made.body]));

    let change = json!({ "amount": 500, "status": "disabled" });
    ada.patch(&own, &change).await.refused(428, "if_match_required");
    let changed = ada
        .with("if-match", "\"1\"")
        .patch(&own, &change)
        .await
        .expect(200);
    assert_eq!(
        changed.body["burst"], 500,
        "the burst follows the amount until it is given"
    );
    let change = json!({ "burst": 20 });
    ada.with("if-match", "\"2\"")
        .patch(&own, &change)
        .await
        .expect(200);
    let published = &app.published("rate_limit").await[0];
    assert_eq!(
        (&published["amount"], &published["burst"], &published["status"]),
        (&json!(500), &json!(20), &json!("disabled"))
    );
    ada.with("if-match", "\"2\"")
        .delete(&own)
        .await
        .refused(412, "version_conflict");
    ada.with("if-match", "\"3\"").delete(&own).await.expect(204);
    ada.get(&own).await.refused(404, "not_found");
    assert_eq!(app.published("rate_limit").await.len(), 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_mistake_is_found_and_a_project_takes_its_limits_along(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let path = ada.in_organization("/limits");
    let bad =
        json!({ "scope": { "project": eve.project }, "metric": "concurrency", "amount": 0, "burst": 1 });
    let refused = ada.post(&path, &bad).await.refused(422, "validation_failed");
    let errors = refused.body["errors"].as_array().unwrap().iter();
    let codes: Vec<_> = errors.map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["unknown_project", "out_of_range", "not_for_concurrency"]);
    let good = json!({ "scope": { "project": ada.project }, "metric": "concurrency", "amount": 3 });
    let made = ada.post(&path, &good).await.expect(201);
    assert!(made.body["burst"].is_null());
    ada.with("if-match", "*")
        .delete(&format!("/api/v1/projects/{}", ada.project))
        .await
        .expect(204);
    assert_eq!(app.published("rate_limit").await.len(), 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn how_limits_stand_is_shown_and_the_share_of_an_end_user_when_named(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/limits");
    let whole = json!({ "metric": "requests", "amount": 10 });
    let whole = ada.post(&path, &whole).await.expect(201).text_of("id").to_owned();
    let each = json!({ "scope": { "end_user": { "kind": "each" } }, "metric": "concurrency", "amount": 4 });
    let each = ada.post(&path, &each).await.expect(201).text_of("id").to_owned();
    let taken = |limit: &str, partition: Option<&str>, allowance, units| Message {
        organization: ada.organization.parse().unwrap(),
        bucket: BucketId {
            limit: limit.parse().unwrap(),
            partition: partition.map(str::to_owned),
        },
        ask: Ask {
            allowance,
            op: 1,
            held: 0,
            back: 0,
            owed: 0,
            needs: vec![units],
            spare: 0,
            lease_ms: 600_000,
        },
    };
    let messages = [
        taken(&whole, None, Allowance::Rate(Rate::nearest(10, 10)), 10),
        taken(&each, Some("ann"), Allowance::AtOnce(4), 3),
    ];
    let worker = Epoch {
        worker: fresh(),
        number: 1,
    };
    app.rates.exchange(worker, &messages).await.unwrap();

    let standing = ada.in_organization("/limit-usage");
    let shown = ada.get(&standing).await.expect(200).body["data"].clone();
    assert_eq!(
        shown[0],
        json!({ "limit": each, "metric": "concurrency", "most": 4, "remaining": null, "full_after_ms": null })
    );
    assert_eq!(
        (&shown[1]["limit"], &shown[1]["most"]),
        (&json!(whole), &json!(10))
    );
    let remaining = shown[1]["remaining"].as_u64().unwrap();
    assert!(
        remaining < 10 && shown[1]["full_after_ms"].as_u64().unwrap() <= 60_000,
        "{shown}"
    );
    let of_ann = ada
        .get(&format!("{standing}?end_user=ann"))
        .await
        .expect(200)
        .body["data"]
        .clone();
    assert_eq!(of_ann[0]["remaining"], 1);
    let of_bob = ada
        .get(&format!("{standing}?end_user=bob"))
        .await
        .expect(200)
        .body["data"]
        .clone();
    assert_eq!(of_bob[0]["remaining"], 4);
    app.rates.close().await;
    ada.get(&standing).await.refused(503, "dependency_unavailable");
}
