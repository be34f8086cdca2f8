//! Alerts of budgets: each threshold once in a window, whatever is repeated.

use serde_json::{Value, json};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::BudgetId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::UsageRecord;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sqlx::PgPool;

use crate::support::usage::{Writer, entries};
use crate::support::{Client, TestApp};

/// Ten calls of 412 nano-dollars.
const LIMIT: &str = "0.00000412";

async fn budget(owner: &Client, extra: Value) -> BudgetId {
    let mut body = json!({ "name": "b", "limit": { "amount": LIMIT }, "interval": "day" });
    body.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    let made = owner
        .post(&owner.in_organization("/budgets"), &body)
        .await
        .expect(201);
    made.text_of("id").parse().unwrap()
}

async fn store(app: &TestApp, records: &[UsageRecord]) {
    app.queue.append(&entries(records)).await.unwrap();
    let mut ingester = UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default());
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
}

async fn thresholds(client: &Client, query: &str) -> Vec<i64> {
    let path = client.in_organization(&format!("/alerts{query}"));
    let alerts = client.get(&path).await.expect(200).body;
    let alerts = alerts["data"].as_array().unwrap().clone();
    alerts
        .iter()
        .rev()
        .map(|alert| alert["threshold"].as_i64().unwrap())
        .collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_threshold_is_told_once_in_a_window(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let budget = budget(&ada, json!({ "alert_thresholds": [50, 80, 100] })).await;
    let writer = Writer::of(&ada);
    let on = |seq: u64, period: i64| {
        let mut record = writer.record(seq);
        record.attempts[0].accounts = vec![AccountId {
            budget,
            period: UnixMillis::new(period),
            partition: None,
        }];
        record
    };
    let records: Vec<_> = (1..=10).map(|seq| on(seq, 0)).collect();
    store(&app, &records[..4]).await;
    assert_eq!(thresholds(&ada, "").await, [0_i64; 0]);
    store(&app, &records[4..5]).await;
    assert_eq!(thresholds(&ada, "").await, [50]);
    // What was stored before comes again with the rest.
    store(&app, &records).await;
    assert_eq!(thresholds(&ada, "").await, [50, 80, 100]);
    store(&app, &records).await;
    assert_eq!(
        thresholds(&ada, &format!("?budget={budget}")).await,
        [50, 80, 100]
    );
    let next: Vec<_> = (11..=15).map(|seq| on(seq, 86_400_000)).collect();
    store(&app, &next).await;
    assert_eq!(thresholds(&ada, "").await, [50, 80, 100, 50], "another window");
    let shown = ada
        .get(&ada.in_organization("/alerts?limit=1"))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (
            &shown["data"][0]["window_start"],
            &shown["data"][0]["settled"]["amount"]
        ),
        (&json!("1970-01-02T00:00:00Z"), &json!("0.000002060"))
    );
    assert_eq!(thresholds(&bob, "").await, [0_i64; 0]);
    assert_eq!(
        thresholds(&ada, &format!("?budget={}", BudgetId::from(uuid::Uuid::now_v7()))).await,
        [0_i64; 0]
    );
    let bad = ada.get(&ada.in_organization("/alerts?budget=x")).await;
    bad.refused(422, "validation_failed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_share_of_a_partitioned_budget_has_alerts_of_its_own(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let scope = json!({ "scope": { "end_user": { "kind": "each" } }, "alert_thresholds": [100] });
    let made = {
        let body = json!({ "name": "b", "limit": { "amount": LIMIT }, "interval": "day" });
        let mut body = body;
        body.as_object_mut()
            .unwrap()
            .extend(scope.as_object().unwrap().clone());
        ada.post(&ada.in_organization("/budgets"), &body).await
    };
    let budget: BudgetId = made.expect(201).text_of("id").parse().unwrap();
    let writer = Writer::of(&ada);
    let records: Vec<_> = (1..=25)
        .map(|seq| {
            let mut record = writer.record(seq);
            let user = if seq <= 12 { "ann" } else { "bob" };
            let partition = if seq > 24 { "eve" } else { user };
            record.attempts[0].accounts = vec![AccountId {
                budget,
                period: UnixMillis::new(0),
                partition: Some(partition.to_owned()),
            }];
            record
        })
        .collect();
    store(&app, &records).await;
    let alerts = ada.get(&ada.in_organization("/alerts")).await.expect(200).body;
    let mut users: Vec<_> = alerts["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["partition"].as_str().unwrap())
        .collect();
    users.sort_unstable();
    assert_eq!(users, ["ann", "bob"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn thresholds_are_shares_of_the_limit_that_the_window_has(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let budget = budget(&ada, json!({ "alert_thresholds": [50] })).await;
    let start = &app.published("budget").await[0]["periods"][0]["start"];
    let period = UnixMillis::new(start.as_i64().unwrap());
    let adjustment = json!({ "amount": { "amount": LIMIT }, "reason": "twice as much" });
    let path = ada.in_organization(&format!("/budgets/{budget}/adjustments"));
    ada.post(&path, &adjustment).await.expect(201);
    let writer = Writer::of(&ada);
    let records: Vec<_> = (1..=10)
        .map(|seq| {
            let mut record = writer.record(seq);
            record.attempts[0].accounts = vec![AccountId {
                budget,
                period,
                partition: None,
            }];
            record
        })
        .collect();
    store(&app, &records[..9]).await;
    assert_eq!(thresholds(&ada, "").await, [0_i64; 0]);
    store(&app, &records).await;
    assert_eq!(thresholds(&ada, "").await, [50]);
}
