//! The stored ledger does what the pure one says, step by step, and its entries read again give what it stores.

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::domain::instant::calendar;
use sluicegate_control_plane::store::database::{Database, Scope};
use sluicegate_control_plane::store::ledger::{OpenBook, Order, Outcome};
use sluicegate_control_plane::store::ledger_rows;
use sluicegate_metering::ledger::{Account, Balances, Book, Movement, TransferId};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support::TestApp;
use history::Step;

#[path = "../../../metering/tests/it/history.rs"]
mod history;

const HISTORIES: u64 = 1_000;
/// Histories that are played at a time, each on a book of its own.
const AT_ONCE: usize = 4;

fn order(step: Step) -> Order {
    Order {
        id: TransferId(step.id),
        key: step.id.to_string(),
        movement: step.movement,
        reference: None,
    }
}

async fn organization(pool: &PgPool) -> OrganizationId {
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into organizations (id, slug, name, data_key, created_at) values ($1, $2, 'Test', '', now())",
    )
    .bind(id)
    .bind(id.to_string())
    .execute(pool)
    .await
    .unwrap();
    id.into()
}

/// Makes one movement in a transaction of its own, as the tenant.
async fn apply(
    database: &Database,
    organization: OrganizationId,
    order: Order,
    now: OffsetDateTime,
) -> Outcome {
    let scope = Scope::Tenant {
        organization,
        user: None,
    };
    let work = database.detached(move |proof| async move {
        let mut transaction = proof.begin(scope).await?;
        let mut book = OpenBook::lock(&mut transaction, organization, now).await?;
        let outcome = book.apply(&mut transaction, order).await?;
        transaction.commit().await?;
        Ok(outcome)
    });
    work.await.unwrap()
}

/// What Postgres says of an organization's book: the balances, and what the entries add up to when read again.
async fn stored(app: &TestApp, organization: OrganizationId) -> (Balances, Balances) {
    let now = app.state.now().unwrap();
    let read = app.state.within(Scope::System, move |connection| {
        async move {
            let book = OpenBook::lock(connection, organization, now).await?;
            let entries = ledger_rows::entries_after(connection, organization.as_uuid(), 0, 100_000).await?;
            let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
            Ok((book.balances().clone(), Balances::replay(&entries).unwrap()))
        }
        .boxed()
    });
    read.await.unwrap()
}

/// What can be asked of balances, whether or not lots with nothing left are remembered.
type View = (
    Vec<i128>,
    Vec<(TransferId, Vec<(TransferId, i64)>)>,
    Vec<(TransferId, Option<UnixMillis>, i64)>,
);

fn view(balances: &Balances) -> View {
    (
        Account::ALL.map(|account| balances.of(account)).to_vec(),
        balances
            .open()
            .map(|(id, parts)| {
                let parts = parts.iter().map(|(lot, amount)| (lot.id, amount.nanos()));
                (id, parts.collect())
            })
            .collect(),
        balances
            .lots()
            .map(|(lot, left)| (lot.id, lot.expires_at, left.nanos()))
            .collect(),
    )
}

/// Plays a history on Postgres and on the pure book.
async fn play(app: &TestApp, seed: u64) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let history = history::history(1..30, 20..60)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let organization = organization(&app.judge).await;
    let (mut book, mut now) = (Book::default(), UnixMillis::new(0));
    for (place, step) in history.iter().enumerate() {
        now = now.offset(step.wait);
        let expected = book.apply(TransferId(step.id), step.movement, now);
        let at = calendar(now).unwrap();
        let made = apply(&app.state.database, organization, order(*step), at).await;
        let made = made.map(|posted| (posted.entries, posted.is_repeat));
        let expected = expected.map(|receipt| (receipt.entries, receipt.is_repeat));
        assert_eq!(made, expected, "seed {seed}, step {place}: {step:?}");
    }
    let (stands, replayed) = stored(app, organization).await;
    assert_eq!(view(&stands), view(book.balances()), "seed {seed}");
    assert_eq!(view(&replayed), view(book.balances()), "seed {seed}");
    assert_eq!(stands.sum(), 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_history_ends_as_the_pure_ledger_says(pool: PgPool) {
    let app = TestApp::start(&pool);
    stream::iter(0..HISTORIES)
        .for_each_concurrent(AT_ONCE, |seed| play(&app, seed))
        .await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn writers_at_once_never_spend_more_than_there_is(pool: PgPool) {
    let app = TestApp::start(&pool);
    let organization = organization(&app.judge).await;
    let now = app.state.now().unwrap();
    let nano = NanoUsd::from_nanos;
    let order = |cause: u128, movement| Order {
        id: TransferId(cause),
        key: cause.to_string(),
        movement,
        reference: None,
    };
    let brought = order(
        1,
        Movement::TopUp {
            amount: nano(1_000),
            expires_at: None,
        },
    );
    apply(&app.state.database, organization, brought, now)
        .await
        .unwrap();
    // Forty want a hundred each, two at a time for the same cause.
    let wishes = (0..40_u128).map(|place| {
        let wish = order(100 + place / 2, Movement::Charge { amount: nano(100) });
        apply(&app.state.database, organization, wish, now)
    });
    let outcomes = futures_util::future::join_all(wishes).await;
    let made = outcomes
        .iter()
        .filter(|outcome| outcome.as_ref().is_ok_and(|posted| !posted.is_repeat));
    assert_eq!(made.count(), 10);
    let (stands, replayed) = stored(&app, organization).await;
    assert_eq!(
        (stands.of(Account::Credit), stands.of(Account::Revenue)),
        (0, 1_000)
    );
    assert_eq!(view(&stands), view(&replayed));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_booked_cannot_be_changed(pool: PgPool) {
    let app = TestApp::start(&pool);
    let organization = organization(&app.judge).await;
    let now = app.state.now().unwrap();
    let brought = Order {
        id: TransferId(1),
        key: "1".to_owned(),
        movement: Movement::TopUp {
            amount: NanoUsd::from_nanos(5),
            expires_at: None,
        },
        reference: None,
    };
    apply(&app.state.database, organization, brought, now)
        .await
        .unwrap();
    for change in [
        "update ledger_entries set amount_nanos = 6",
        "delete from ledger_entries",
        "truncate ledger_entries",
        "update ledger_transfers set amount_nanos = 6",
        "delete from ledger_transfers",
    ] {
        // Even for the owner of the tables.
        assert!(sqlx::query(change).execute(&app.judge).await.is_err(), "{change}");
    }
    // The second wall: a balance on the wrong side is refused by the table itself.
    for (account, nanos) in [("credit", -1), ("in_flight", -1), ("payments", 1)] {
        let moved = sqlx::query("update ledger_accounts set balance_nanos = $2 where account = $1")
            .bind(account)
            .bind(nanos)
            .execute(&app.judge)
            .await;
        assert!(moved.is_err(), "{account}");
    }
}
