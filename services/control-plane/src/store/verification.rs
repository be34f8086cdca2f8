//! What `ledger verify` reads: events, what was folded from them, and the books. All of it in one transaction that reads
//! one unchanging state. System scope.

use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::usage::AttemptRecord;
use time::Date;
use uuid::Uuid;

use super::Connection;
use super::budget_spend::Counter;
use crate::error::Result;

/// Lets one transaction read for as long as it takes.
///
/// # Errors
/// When Postgres refuses.
pub async fn without_hurry(connection: &mut Connection) -> Result<()> {
    sqlx::query!(r#"select set_config('statement_timeout', '0', true) as "set""#)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// How many requests there are.
///
/// # Errors
/// When Postgres refuses.
pub async fn count_requests(connection: &mut Connection) -> Result<i64> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from requests"#);
    Ok(count.fetch_one(connection).await?)
}

/// A request, as far as money is concerned.
#[derive(Debug)]
pub struct Event {
    /// Its day.
    pub day: Date,
    /// The request.
    pub id: Uuid,
    /// The tenant.
    pub organization: Uuid,
    /// The worker that recorded it.
    pub worker: Uuid,
    /// In which of its lives.
    pub epoch: u32,
    /// What it cost, as the row says.
    pub cost: Option<i64>,
    /// What credit was charged for it, as `credit_charges` says.
    pub charged: Option<i64>,
    /// Its attempts; `None` when they cannot be read.
    pub attempts: Option<Vec<AttemptRecord>>,
}

/// Requests after a place, in order of day and id.
///
/// # Errors
/// When Postgres refuses.
pub async fn events(connection: &mut Connection, after: (Date, Uuid), limit: i64) -> Result<Vec<Event>> {
    let rows = sqlx::query!(
        r#"select day, id, requests.organization_id, worker_id, epoch, cost_nanos, attempts::text as "attempts!",
            charge_nanos as "charge_nanos?"
         from requests left join credit_charges
            on credit_charges.organization_id = requests.organization_id and request_id = id
         where (day, id) > ($1, $2) order by day, id limit $3"#,
        after.0,
        after.1,
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    let events = rows.into_iter().map(|row| Event {
        day: row.day,
        id: row.id,
        organization: row.organization_id,
        worker: row.worker_id,
        epoch: u32::try_from(row.epoch).unwrap_or(u32::MAX),
        cost: row.cost_nanos,
        charged: row.charge_nanos,
        attempts: serde_json::from_str(&row.attempts).ok(),
    });
    Ok(events.collect())
}

/// Charges of requests that are not there.
///
/// # Errors
/// When Postgres refuses.
pub async fn orphaned_charges(connection: &mut Connection, limit: i64) -> Result<Vec<(Uuid, Uuid, i64)>> {
    let rows = sqlx::query!(
        "select organization_id, request_id, charge_nanos from credit_charges
         where not exists (
            select from requests
            where requests.id = request_id and requests.organization_id = credit_charges.organization_id
         )
         order by organization_id, request_id limit $1",
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    let orphans = rows
        .into_iter()
        .map(|row| (row.organization_id, row.request_id, row.charge_nanos));
    Ok(orphans.collect())
}

/// A roll-up that is not the fold of its requests; a side that has no row is `None`.
#[derive(Debug)]
pub struct RollupDifference {
    /// The row: project, hour, model, key.
    pub row: String,
    /// What is rolled up: requests, errors, tokens of each kind, cost, cost over the tenant's own connections.
    pub stored: Option<Vec<i64>>,
    /// What the requests add up to.
    pub folded: Option<Vec<i64>>,
}

/// Roll-ups that are not the fold of their requests.
///
/// # Errors
/// When Postgres refuses.
pub async fn rollup_differences(connection: &mut Connection, limit: i64) -> Result<Vec<RollupDifference>> {
    let rows = sqlx::query!(
        r#"with folded as (
            select project_id, date_trunc('hour', started_at, 'UTC') as hour, coalesce(model_served, '') as model,
                api_key_id, array[
                    count(*), count(*) filter (where outcome not in ('served', 'client_gone')),
                    sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens),
                    sum(reasoning_tokens), coalesce(sum(cost_nanos), 0), sum(own_cost_nanos)
                ]::bigint[] as sums
            from requests group by 1, 2, 3, 4
         ), stored as (
            select project_id, hour, model, api_key_id, array[
                requests, errors, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
                reasoning_tokens, cost_nanos, own_cost_nanos
            ] as sums
            from usage_hourly
         )
         select format('project %s, hour %s, model %s, key %s', project_id, hour, model, api_key_id) as "row!",
            stored.sums as "stored?", folded.sums as "folded?"
         from stored full join folded using (project_id, hour, model, api_key_id)
         where stored.sums is distinct from folded.sums
         order by 1 limit $1"#,
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    let differences = rows.into_iter().map(|row| RollupDifference {
        row: row.row,
        stored: row.stored,
        folded: row.folded,
    });
    Ok(differences.collect())
}

/// Every counter of budgets, with what it says.
///
/// # Errors
/// When Postgres refuses.
pub async fn counters(connection: &mut Connection) -> Result<Vec<(Counter, i64)>> {
    let rows = sqlx::query!(
        "select organization_id, budget_id, period_start, partition, worker_id, epoch, settled_nanos from budget_spend"
    );
    let rows = rows.fetch_all(connection).await?;
    let counters = rows.into_iter().map(|row| {
        let counter = Counter {
            organization: row.organization_id,
            budget: row.budget_id,
            period_start: row.period_start,
            partition: row.partition,
            worker: row.worker_id,
            epoch: u32::try_from(row.epoch).unwrap_or(u32::MAX),
        };
        (counter, row.settled_nanos)
    });
    Ok(counters.collect())
}

/// Organizations with a book.
///
/// # Errors
/// When Postgres refuses.
pub async fn books(connection: &mut Connection) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!("select organization_id from ledger_books order by organization_id");
    let ids = ids.fetch_all(connection).await?;
    Ok(ids.into_iter().map(OrganizationId::from).collect())
}

/// What the head of a book says, and what it should say of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry.
    pub entries: i64,
    /// Number of the last transfer.
    pub transfers: i64,
    /// How many transfers there are.
    pub transfer_rows: i64,
    /// What usage was charged, by transfer.
    pub booked: i64,
    /// What usage was charged, by request.
    pub charged: i64,
}

/// The head of a book.
///
/// # Errors
/// When Postgres refuses.
pub async fn head(connection: &mut Connection, organization: OrganizationId) -> Result<Head> {
    let row = sqlx::query!(
        r#"select entries, transfers,
            (select count(*) from ledger_transfers where organization_id = $1) as "transfer_rows!",
            (select coalesce(sum(amount_nanos), 0)::bigint from ledger_transfers
             where organization_id = $1 and kind in ('settle', 'charge', 'write_off')) as "booked!",
            (select coalesce(sum(charge_nanos), 0)::bigint from credit_charges
             where organization_id = $1) as "charged!"
         from ledger_books where organization_id = $1"#,
        organization.as_uuid(),
    );
    let row = row.fetch_one(connection).await?;
    Ok(Head {
        entries: row.entries,
        transfers: row.transfers,
        transfer_rows: row.transfer_rows,
        booked: row.booked,
        charged: row.charged,
    })
}

/// What each transfer says the credit, and what is in flight, were after it.
///
/// # Errors
/// When Postgres refuses.
pub async fn balances_told(
    connection: &mut Connection,
    organization: OrganizationId,
    transfers: &[Uuid],
) -> Result<Vec<(Uuid, i64, i64)>> {
    let rows = sqlx::query!(
        "select id, credit_nanos, in_flight_nanos from ledger_transfers where organization_id = $1 and id = any($2)",
        organization.as_uuid(),
        transfers,
    );
    let rows = rows.fetch_all(connection).await?;
    let told = rows
        .into_iter()
        .map(|row| (row.id, row.credit_nanos, row.in_flight_nanos));
    Ok(told.collect())
}
