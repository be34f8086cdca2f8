//! The evidence beside the callers' log: the provider's ledger from its file, and rows from Postgres, read by a
//! connection of our own. Nothing here asks the gateway.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sluicegate_contracts::ids::{BudgetId, OrganizationId, RequestId};
use sluicegate_contracts::usage::AttemptRecord;
use sluicegate_mock_provider::Entry as Billed;
use sqlx::{Connection, FromRow, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

/// A row of `requests`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) organization_id: Uuid,
    pub(crate) trace_id: Option<String>,
    pub(crate) worker_id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) seq: i64,
    pub(crate) outcome: String,
    pub(crate) cost_evidence: String,
    pub(crate) cost_nanos: Option<i64>,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    #[sqlx(json)]
    pub(crate) attempts: Vec<AttemptRecord>,
}

/// How far the ingester says that a worker's epoch is accounted for.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Progress {
    pub(crate) worker_id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) contiguous: i64,
    pub(crate) islands: i64,
}

/// What an epoch spent on an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub(crate) struct Spent {
    pub(crate) organization_id: Uuid,
    pub(crate) budget_id: Uuid,
    pub(crate) period_start: i64,
    pub(crate) partition: String,
    pub(crate) worker_id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) settled_nanos: i64,
}

/// The ledger of prepaid credit, of all organizations.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) balances: Vec<Balance>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) left_in_lots: i64,
    pub(crate) pending: i64,
}

/// A row of `ledger_transfers`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Transfer {
    pub(crate) organization_id: Uuid,
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) kind: String,
    pub(crate) amount_nanos: Option<i64>,
    pub(crate) credit_change_nanos: i64,
    pub(crate) in_flight_change_nanos: i64,
    pub(crate) credit_nanos: i64,
    pub(crate) in_flight_nanos: i64,
}

/// A row of `ledger_entries`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Entry {
    pub(crate) organization_id: Uuid,
    pub(crate) number: i64,
    pub(crate) transfer_id: Uuid,
    pub(crate) debit: String,
    pub(crate) credit: String,
    pub(crate) amount_nanos: i64,
}

/// A row of `ledger_accounts`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Balance {
    pub(crate) organization_id: Uuid,
    pub(crate) account: String,
    pub(crate) balance_nanos: i64,
}

/// A row of `credit_charges`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Charge {
    pub(crate) organization_id: Uuid,
    pub(crate) request_id: Uuid,
    pub(crate) charge_nanos: i64,
}

/// Requests, cost and tokens (input, output) of all hours.
pub(crate) type Sums = (i64, i64, i64, i64);

const ROWS: &str = "select id, organization_id, trace_id, worker_id, epoch, seq, outcome, cost_evidence, cost_nanos, \
    input_tokens, output_tokens, attempts from requests";
const PROGRESS: &str =
    "select worker_id, epoch, contiguous, cardinality(islands)::bigint as islands from usage_progress";
const SPENT: &str = "select organization_id, budget_id, period_start, partition, worker_id, epoch, settled_nanos \
    from budget_spend order by 1, 2, 3, 4, 5, 6";
const ROLLUPS: &str = "select coalesce(sum(requests), 0)::bigint, coalesce(sum(cost_nanos), 0)::bigint, \
    coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint from usage_hourly";
const TRANSFERS: &str = "select organization_id, id, number, kind, amount_nanos, credit_change_nanos, \
    in_flight_change_nanos, credit_nanos, in_flight_nanos from ledger_transfers";
const ENTRIES: &str =
    "select organization_id, number, transfer_id, debit, credit, amount_nanos from ledger_entries";
const BALANCES: &str = "select organization_id, account, balance_nanos from ledger_accounts";
const CHARGES: &str = "select organization_id, request_id, charge_nanos from credit_charges";
const LEFT_IN_LOTS: &str = "select coalesce(sum(left_nanos), 0)::bigint from credit_lots";
const PENDING: &str = "select coalesce(sum(amount_nanos), 0)::bigint from ledger_pendings";
const DEAD_LETTERS: &str = "select count(*) from usage_dead_letters";

/// All of it, as it stood at one moment.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// By request.
    pub(crate) ledger: BTreeMap<String, Vec<Billed>>,
    /// By request.
    pub(crate) rows: BTreeMap<String, Vec<Row>>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) spent: Vec<Spent>,
    pub(crate) rollups: Sums,
    pub(crate) credit: Ledger,
    pub(crate) dead_letters: i64,
}

impl Evidence {
    /// Reads everything.
    pub(crate) async fn read(database_url: &str, ledger: &Path) -> anyhow::Result<Self> {
        // First, so that every entry has had the time to become a row.
        let ledger = read_ledger(ledger)?;
        let mut database = PgConnection::connect(database_url).await?;
        let mut snapshot = database
            .begin_with("begin isolation level repeatable read read only")
            .await?;
        let listed: Vec<Row> = sqlx::query_as(ROWS).fetch_all(&mut *snapshot).await?;
        let evidence = Self {
            rows: by_request(listed),
            progress: sqlx::query_as(PROGRESS).fetch_all(&mut *snapshot).await?,
            spent: sqlx::query_as(SPENT).fetch_all(&mut *snapshot).await?,
            rollups: sqlx::query_as(ROLLUPS).fetch_one(&mut *snapshot).await?,
            credit: Ledger::read(&mut snapshot).await?,
            dead_letters: sqlx::query_scalar(DEAD_LETTERS).fetch_one(&mut *snapshot).await?,
            ledger,
        };
        snapshot.rollback().await?;
        database.close().await?;
        Ok(evidence)
    }

    /// What the provider billed for a request.
    pub(crate) fn billed(&self, id: &str) -> u64 {
        let entries = self.ledger.get(id).map_or(&[][..], Vec::as_slice);
        entries.iter().map(|entry| entry.cost_nano_usd).sum()
    }

    /// The rows, by the trace that their callers gave them.
    pub(crate) fn by_trace(&self) -> BTreeMap<&str, &Row> {
        let rows = self.rows.values().flatten();
        rows.filter_map(|row| Some((row.trace_id.as_deref()?, row)))
            .collect()
    }
}

impl Ledger {
    async fn read(snapshot: &mut PgConnection) -> sqlx::Result<Self> {
        Ok(Self {
            transfers: sqlx::query_as(TRANSFERS).fetch_all(&mut *snapshot).await?,
            entries: sqlx::query_as(ENTRIES).fetch_all(&mut *snapshot).await?,
            balances: sqlx::query_as(BALANCES).fetch_all(&mut *snapshot).await?,
            charges: sqlx::query_as(CHARGES).fetch_all(&mut *snapshot).await?,
            left_in_lots: sqlx::query_scalar(LEFT_IN_LOTS).fetch_one(&mut *snapshot).await?,
            pending: sqlx::query_scalar(PENDING).fetch_one(&mut *snapshot).await?,
        })
    }
}

fn by_request(listed: Vec<Row>) -> BTreeMap<String, Vec<Row>> {
    let mut rows = BTreeMap::<String, Vec<Row>>::new();
    for row in listed {
        rows.entry(RequestId::from(row.id).to_string())
            .or_default()
            .push(row);
    }
    rows
}

fn read_ledger(path: &Path) -> anyhow::Result<BTreeMap<String, Vec<Billed>>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // What follows the last line feed is being written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut found = BTreeMap::<String, Vec<Billed>>::new();
    for line in whole.lines() {
        let entry: Billed = serde_json::from_str(line).context("a line of the provider's ledger")?;
        let id = entry.request_id.clone().unwrap_or_default();
        found.entry(id).or_default().push(entry);
    }
    Ok(found)
}

/// Waits until workers were told of an organization's credit; the account that they spend it from.
///
/// # Errors
/// When it takes longer than `within`.
pub(crate) async fn credit_account(
    database_url: &str,
    of: OrganizationId,
    within: Duration,
) -> anyhow::Result<BudgetId> {
    let mut database = PgConnection::connect(database_url).await?;
    let begun = Instant::now();
    let account: Uuid = loop {
        let found = sqlx::query_scalar(
            "select budget_id from credit_accounts where organization_id = $1 and published_version = limit_version",
        )
        .bind(of.as_uuid())
        .fetch_optional(&mut database)
        .await?;
        if let Some(account) = found {
            break account;
        }
        ensure!(begun.elapsed() < within, "credit is not there after {within:?}");
        sleep(Duration::from_millis(50)).await;
    };
    database.close().await?;
    Ok(account.into())
}
