//! What budgets rest on: spending is counted once, from the records that were really inserted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use sluicegate_backplane::UsageQueue;
use sluicegate_contracts::account::{AccountId, MAX_SHARE_BYTES};
use sluicegate_contracts::ids::BudgetId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::UsageRecord;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::usage::{Writer, entries, entry};

const AT_ONCE: Duration = Duration::ZERO;

fn account(budget: BudgetId, period: i64, partition: Option<&str>) -> AccountId {
    AccountId {
        budget,
        period: UnixMillis::new(period),
        partition: partition.map(str::to_owned),
    }
}

fn on(mut record: UsageRecord, accounts: &[AccountId]) -> UsageRecord {
    record.attempts[0].accounts = accounts.to_vec();
    record
}

fn ingester(app: &TestApp, queue: &UsageQueue) -> UsageIngester {
    UsageIngester::new(app.state.clone(), queue.clone(), BackgroundMetrics::default())
}

async fn drain(app: &TestApp) {
    let mut ingester = ingester(app, &app.queue);
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
}

type Sums = BTreeMap<(Uuid, i64, String, i64), i64>;

async fn sums(app: &TestApp) -> Sums {
    type Row = (Uuid, i64, String, i64, i64);
    let rows: Vec<Row> =
        sqlx::query_as("select budget_id, period_start, partition, epoch, settled_nanos from budget_spend")
            .fetch_all(&app.judge)
            .await
            .unwrap();
    rows.into_iter()
        .map(|(budget, period, partition, epoch, settled)| ((budget, period, partition, epoch), settled))
        .collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn spending_is_the_fold_of_the_attempts_whatever_is_repeated(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let budgets: Vec<BudgetId> = (0..3).map(|_| Uuid::now_v7().into()).collect();
    let users = [None, Some("ann"), Some("bob")];
    let mut expected = Sums::new();
    let records: Vec<UsageRecord> = (1..=300_u64)
        .map(|seq| {
            let place = usize::try_from(seq).unwrap();
            let mut record = writer.record(seq);
            record.origin.epoch = if seq <= 150 { 1 } else { 2 };
            // Every record counts on two accounts; one in ten on three, and with a second attempt.
            let period = if seq % 2 == 0 { 1_000 } else { 2_000 };
            let mut accounts = vec![
                account(budgets[0], period, None),
                account(budgets[1], 0, users[place % 3]),
            ];
            if seq % 10 == 0 {
                accounts.push(account(budgets[2], -5, None));
                record.attempts.push(record.attempts[0].clone());
                record.attempts[1].cost = Some(NanoUsd::from_nanos(88));
                record.attempts[1].accounts = vec![accounts[0].clone()];
            }
            let mut count = |account: &AccountId, nanos: i64| {
                let partition = account.partition.clone().unwrap_or_default();
                let epoch = i64::from(record.origin.epoch);
                let key = (account.budget.as_uuid(), account.period.get(), partition, epoch);
                *expected.entry(key).or_default() += nanos;
            };
            accounts.iter().for_each(|account| count(account, 412));
            if seq % 10 == 0 {
                count(&accounts[0], 88);
            }
            on(record, &accounts)
        })
        .collect();
    // All of them twice in one batch, then each again, backwards.
    let mut twice = records.clone();
    twice.extend(records.iter().rev().cloned());
    app.queue.append(&entries(&twice[..400])).await.unwrap();
    drain(&app).await;
    app.queue.append(&entries(&twice)).await.unwrap();
    drain(&app).await;
    assert_eq!(sums(&app).await, expected);
    assert_eq!(app.number("select count(*) from usage_dead_letters").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn ingesters_side_by_side_count_each_record_once(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let budgets: Vec<BudgetId> = (0..20).map(|_| Uuid::now_v7().into()).collect();
    // Each record counts on all accounts, named in another order each time: locks must be taken in one order.
    let records: Vec<UsageRecord> = (1..=300_u64)
        .map(|seq| {
            let mut accounts: Vec<AccountId> =
                budgets.iter().map(|budget| account(*budget, 0, None)).collect();
            accounts.rotate_left(usize::try_from(seq).unwrap() % 20);
            on(writer.record(seq), &accounts)
        })
        .collect();
    let (forward, backward) = (UsageQueue::memory(10_000), UsageQueue::memory(10_000));
    forward.append(&entries(&records)).await.unwrap();
    let reversed: Vec<UsageRecord> = records.into_iter().rev().collect();
    backward.append(&entries(&reversed)).await.unwrap();
    let work = async |queue: &UsageQueue| {
        let mut ingester = ingester(&app, queue);
        loop {
            let batch = queue.read("ingester", 23, AT_ONCE).await.unwrap();
            if batch.is_empty() {
                break;
            }
            let stored = ingester.store(&batch).await.unwrap();
            ingester.settle(stored).await.unwrap();
        }
    };
    tokio::join!(work(&forward), work(&backward));
    let sums = sums(&app).await;
    assert_eq!(sums.len(), 20);
    assert!(sums.values().all(|settled| *settled == 300 * 412), "{sums:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_account_that_workers_refuse_to_make_is_set_aside(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let budget: BudgetId = Uuid::now_v7().into();
    let long = "x".repeat(MAX_SHARE_BYTES + 1);
    let records = [
        on(writer.record(1), &[account(budget, 0, Some(&long))]),
        on(writer.record(2), &[account(budget, 0, Some("a\0b"))]),
        on(writer.record(3), &[account(budget, 0, Some("ann"))]),
    ];
    app.queue.append(&records.each_ref().map(entry)).await.unwrap();
    drain(&app).await;
    assert_eq!(app.number("select count(*) from usage_dead_letters").await, 2);
    assert_eq!(sums(&app).await.into_values().collect::<Vec<_>>(), [412]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn windows_show_what_was_spent(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let writer = Writer::of(&ada);
    let path = ada.in_organization("/budgets");
    let body = json!({ "name": "Team", "limit": { "amount": "0.000001" }, "interval": "day" });
    let made = ada.post(&path, &body).await.expect(201);
    let own = format!("{path}/{}", made.text_of("id"));
    let budget: BudgetId = made.text_of("id").parse().unwrap();
    let periods = app.published("budget").await[0]["periods"].clone();
    let start = |place: usize| periods[place]["start"].as_i64().unwrap();
    let first = account(budget, start(0), None);
    app.queue
        .append(&entries(&[
            on(writer.record(1), std::slice::from_ref(&first)),
            on(writer.record(2), &[first]),
        ]))
        .await
        .unwrap();
    drain(&app).await;
    let window = ada.get(&own).await.expect(200).body["current_window"].clone();
    assert_eq!(
        (&window["settled"]["amount"], &window["remaining"]["amount"]),
        (&json!("0.000000824"), &json!("0.000000176"))
    );
    app.advance(Duration::from_secs(24 * 3_600));
    let ada = app.sign_in("Ada").await;
    let second = account(budget, start(1), None);
    app.queue
        .append(&[entry(&on(writer.record(3), &[second]))])
        .await
        .unwrap();
    drain(&app).await;
    let windows = ada.get(&format!("{own}/windows")).await.expect(200).body;
    let shown: Vec<_> = windows["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|window| (window["settled"]["amount"].clone(), window["remaining"].is_null()))
        .collect();
    assert_eq!(
        shown,
        [(json!("0.000000412"), false), (json!("0.000000824"), true)]
    );
    assert_eq!(windows["data"][1]["resets_at"], windows["data"][0]["starts_at"]);
    let page = ada.get(&format!("{own}/windows?limit=1")).await.expect(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ada
        .get(&format!("{own}/windows?limit=1&cursor={cursor}"))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&rest["data"][0], &rest["has_more"]),
        (&windows["data"][1], &json!(false))
    );
}
