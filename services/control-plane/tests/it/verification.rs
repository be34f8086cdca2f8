//! `ledger verify` agrees with what the ingester wrote, and names every row that was changed behind its back.

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::app::verification::{Check, Report, verify};
use sluicegate_metering::ledger::Movement;
use sqlx::PgPool;
use uuid::Uuid;

use crate::credit_charges::{give, post};
use crate::support::TestApp;
use crate::support::app::OPERATOR;
use crate::support::usage::{Writer, charged, drain, entries};

fn account(budget: u128, partition: Option<&str>) -> AccountId {
    AccountId {
        budget: Uuid::from_u128(budget).into(),
        period: UnixMillis::new(5),
        partition: partition.map(str::to_owned),
    }
}

/// An organization that was active: credit, holds, use over budgets and credit.
async fn seeded(app: &TestApp) {
    let ada = app.sign_up("Ada").await;
    give(app, &ada, "k", "1").await;
    let amount = NanoUsd::from_nanos(500);
    post(app, &ada, Movement::Reserve { amount }).await;
    let writer = Writer::of(&ada);
    let records: Vec<_> = (1..=100_u64)
        .map(|seq| {
            let mut record = charged(writer.record(seq), &account(1, None), i64::try_from(seq).unwrap());
            record.attempts[0].accounts = vec![account(2, None), account(3, Some("ann"))];
            record
        })
        .collect();
    for some in records.chunks(30) {
        app.queue.append(&entries(some)).await.unwrap();
        drain(app).await;
    }
    post(app, &ada, Movement::AdjustDown { amount }).await;
}

async fn report(app: &TestApp) -> Report {
    verify(&app.state.database, |_| {}).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_the_ingester_wrote_agrees(pool: PgPool) {
    let app = TestApp::start(&pool);
    assert!(report(&app).await.agrees(), "nothing agrees with nothing");
    seeded(&app).await;
    let report = report(&app).await;
    assert_eq!(report.findings, []);
    assert!(report.agrees());
    assert_eq!((report.requests, report.counters, report.books), (100, 3, 1));
    assert!(report.entries > 4);
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_change_behind_its_back_is_named(pool: PgPool) {
    let app = TestApp::start(&pool);
    seeded(&app).await;
    sqlx::raw_sql(
        "alter table ledger_entries disable trigger append_only; alter table ledger_transfers disable trigger append_only",
    )
    .execute(&app.judge)
    .await
    .unwrap();
    let operator = app
        .anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"));
    // What is changed, how it is changed back, which check tells, and what it names.
    let changes = [
        (
            "update requests set cost_nanos = cost_nanos + 1 where seq = 7",
            "update requests set cost_nanos = cost_nanos - 1 where seq = 7",
            Check::RequestCost,
            "cost 413, its attempts add up to 412",
        ),
        (
            "update usage_hourly set requests = requests + 1",
            "update usage_hourly set requests = requests - 1",
            Check::Rollups,
            "stored [101,",
        ),
        (
            "update budget_spend set settled_nanos = settled_nanos - 1 where partition = 'ann'",
            "update budget_spend set settled_nanos = settled_nanos + 1 where partition = 'ann'",
            Check::BudgetSpend,
            "settled 41199, its attempts add up to 41200",
        ),
        (
            "update credit_charges set charge_nanos = charge_nanos + 1 where charge_nanos = 100",
            "update credit_charges set charge_nanos = charge_nanos - 1 where charge_nanos = 101",
            Check::Charges,
            "101 are charged, its attempts say 100",
        ),
        (
            "update ledger_accounts set balance_nanos = balance_nanos + case account when 'credit' then 1 else -1 end
             where account in ('credit', 'payments')",
            "update ledger_accounts set balance_nanos = balance_nanos - case account when 'credit' then 1 else -1 end
             where account in ('credit', 'payments')",
            Check::Ledger,
            "its entries add up to",
        ),
        (
            "update ledger_entries set amount_nanos = amount_nanos + 1 where number = 1",
            "update ledger_entries set amount_nanos = amount_nanos - 1 where number = 1",
            Check::Ledger,
            "the balances it states are not those after its entries",
        ),
        (
            "update credit_lots set left_nanos = left_nanos + 1",
            "update credit_lots set left_nanos = left_nanos - 1",
            Check::Ledger,
            "what is left of its lots is not what the entries leave",
        ),
        (
            "update ledger_books set entries = entries + 1",
            "update ledger_books set entries = entries - 1",
            Check::Ledger,
            "the last entry is",
        ),
    ];
    for (change, back, check, says) in changes {
        sqlx::query(change).execute(&app.judge).await.unwrap();
        let found = report(&app).await;
        let named = found
            .findings
            .iter()
            .any(|finding| finding.check == check && finding.says.contains(says) && !finding.row.is_empty());
        assert!(named, "{change}: {:?}", found.findings);
        let told = operator
            .post_nothing("/api/v1/operator/ledger/verify")
            .await
            .expect(200)
            .body;
        assert_eq!(told["agrees"], false, "{told}");
        sqlx::query(back).execute(&app.judge).await.unwrap();
        assert!(report(&app).await.agrees(), "{back}");
    }
}
