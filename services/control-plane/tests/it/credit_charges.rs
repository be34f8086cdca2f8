//! Use is paid from credit: once, from what is held for it first, and to the nano.

use futures_util::FutureExt;
use serde_json::{Value, json};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::store::database::Scope;
use sluicegate_control_plane::store::ledger::{OpenBook, Order, transfer};
use sluicegate_metering::ledger::Movement;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::app::OPERATOR;
use crate::support::usage::{Writer, charged, drain, entries, entry};
use crate::support::{Client, TestApp};

fn account() -> AccountId {
    AccountId {
        budget: Uuid::from_u128(7).into(),
        period: UnixMillis::new(0),
        partition: None,
    }
}

/// Gives somebody credit, in dollars.
pub async fn give(app: &TestApp, to: &Client, key: &str, dollars: &str) {
    let path = format!("/api/v1/operator/organizations/{}/credits", to.organization);
    app.anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"))
        .with("idempotency-key", key)
        .post(
            &path,
            &json!({ "kind": "payment", "amount": { "amount": dollars } }),
        )
        .await
        .expect(201);
}

/// Makes a movement on somebody's book.
pub async fn post(app: &TestApp, of: &Client, movement: Movement) {
    let organization = of.organization.parse().unwrap();
    let now = app.state.now().unwrap();
    let posted = app.state.within(Scope::System, move |connection| {
        async move {
            let mut book = OpenBook::lock(connection, organization, now).await?;
            let id = Uuid::now_v7();
            let order = Order {
                id: transfer(id),
                key: id.to_string(),
                movement,
                reference: None,
            };
            book.apply(connection, order).await
        }
        .boxed()
    });
    posted.await.unwrap().unwrap();
}

async fn amounts(of: &Client) -> [String; 4] {
    let billing = of.get(&of.in_organization("/billing")).await.expect(200).body;
    ["balance", "held", "available", "total_used"]
        .map(|name| billing[name]["amount"].as_str().unwrap().to_owned())
}

#[sqlx::test(migrations = "../../migrations")]
async fn use_is_settled_from_what_is_held_and_counted_once(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    give(&app, &ada, "k", "1").await;
    let amount = NanoUsd::from_nanos(400_000_000);
    post(&app, &ada, Movement::Reserve { amount }).await;
    let writer = Writer::of(&ada);
    let mut records: Vec<_> = (1..=10)
        .map(|seq| charged(writer.record(seq), &account(), 30_000_000))
        .collect();
    // An answer that failed costs the host something, and the customer nothing.
    records.push(charged(writer.record(11), &account(), 0));
    records.push(writer.record(12));
    app.queue.append(&entries(&records)).await.unwrap();
    app.queue.append(&entries(&records)).await.unwrap();
    drain(&app).await;
    app.queue.append(&entries(&records)).await.unwrap();
    drain(&app).await;
    assert_eq!(
        amounts(&ada).await,
        ["0.700000000", "0.100000000", "0.600000000", "0.300000000"].map(str::to_owned)
    );
    let spent = "select sum(settled_nanos)::bigint from budget_spend";
    assert_eq!(app.number(spent).await, 300_000_000);
    let ledger = ada
        .get(&ada.in_organization("/ledger?limit=1"))
        .await
        .expect(200)
        .body;
    let row = &ledger["data"][0];
    assert_eq!(
        (
            &row["type"],
            &row["requests"],
            &row["request_id"],
            &row["amount"]["amount"]
        ),
        (&json!("settle"), &json!(10), &Value::Null, &json!("-0.300000000"))
    );
    let one = charged(writer.record(13), &account(), 5);
    app.queue.append(&[entry(&one)]).await.unwrap();
    drain(&app).await;
    let ledger = ada
        .get(&ada.in_organization("/ledger?limit=1"))
        .await
        .expect(200)
        .body;
    assert_eq!(ledger["data"][0]["request_id"], one.request.to_string());
    let statement = ada
        .get(&ada.in_organization("/statements"))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (
            &statement["usage"][0]["model"],
            &statement["usage"][0]["requests"],
            &statement["usage"][0]["charge"]["amount"]
        ),
        (&json!("openai/gpt-4o-mini"), &json!(11), &json!("0.300000005"))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn use_beyond_what_is_held_takes_other_credit_and_then_the_hosts(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    give(&app, &ada, "k", "1").await;
    let amount = NanoUsd::from_nanos(400_000_000);
    post(&app, &ada, Movement::Reserve { amount }).await;
    let writer = Writer::of(&ada);
    let record = charged(writer.record(1), &account(), 1_250_000_000);
    app.queue.append(&[entry(&record)]).await.unwrap();
    drain(&app).await;
    assert_eq!(
        amounts(&ada).await,
        ["0.000000000", "0.000000000", "0.000000000", "1.250000000"].map(str::to_owned)
    );
    let ledger = ada
        .get(&ada.in_organization("/ledger?limit=3"))
        .await
        .expect(200)
        .body;
    let types: Vec<_> = ledger["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["type"].clone())
        .collect();
    assert_eq!(types, ["write_off", "charge", "settle"]);
    let sum = "select sum(balance_nanos)::bigint from ledger_accounts";
    assert_eq!(app.number(sum).await, 0);
}
