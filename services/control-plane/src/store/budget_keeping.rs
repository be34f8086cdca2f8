//! What the keeper of budgets reads and counts: generations of the fast store, and what it must be told after it forgot.
//! System scope only.

use std::collections::BTreeMap;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::Epoch;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Connection, budget_schedules, credit_accounts};
use crate::domain::budget_adjusted::AdjustedWindows;
use crate::domain::budget_books::{Kept, Spent};
use crate::domain::budget_window::Opened;
use crate::error::Result;

/// Name of the keeper's advisory lock; the digits spell nothing, they only must not be used elsewhere.
const KEEPER_LOCK: i64 = 0x51C6_A7E0_0002;

/// Whether this session is the one that keeps; makes it so, unless another is. A session that `has` the lock is only
/// asked whether it is still alive: locks of one session count, and must not pile up.
///
/// # Errors
/// When Postgres refuses.
pub async fn holds(connection: &mut Connection, has: bool) -> Result<bool> {
    let holds = sqlx::query_scalar!(
        r#"select case when $2 then true else pg_try_advisory_lock($1) end as "holds!""#,
        KEEPER_LOCK,
        has,
    );
    Ok(holds.fetch_one(connection).await?)
}

/// The number of an organization's next generation, at least `least`. Committed before it is used, so that none is
/// used twice.
///
/// # Errors
/// When Postgres refuses.
pub async fn next_generation(
    connection: &mut Connection,
    organization: OrganizationId,
    least: u64,
) -> Result<u64> {
    let number = sqlx::query_scalar!(
        "insert into budget_generations (organization_id, number) values ($1, greatest(1, $2::bigint))
         on conflict (organization_id) do update set number = greatest(budget_generations.number + 1, $2::bigint)
         returning number",
        organization.as_uuid(),
        i64::try_from(least).unwrap_or(i64::MAX),
    );
    Ok(number.fetch_one(connection).await?.unsigned_abs())
}

/// Organizations of which an epoch may have claimed something: those with budgets or with credit, and those whose sessions
/// it spent on.
///
/// # Errors
/// When Postgres refuses.
pub async fn organizations(connection: &mut Connection, epoch: Epoch) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        r#"select organization_id as "id!" from budgets where deleted_at is null
         union select organization_id from credit_accounts
         union select organization_id from budget_spend where worker_id = $1 and epoch = $2
         order by 1"#,
        epoch.worker.as_uuid(),
        i64::from(epoch.number),
    );
    let ids = ids.fetch_all(connection).await?;
    Ok(ids.into_iter().map(OrganizationId::from).collect())
}

/// The organization's budgets, with the schedules they have had, and its credit.
///
/// # Errors
/// When Postgres refuses.
pub async fn budgets(connection: &mut Connection, organization: OrganizationId) -> Result<Vec<Kept>> {
    let schedules = sqlx::query!(
        "select budget_id, opened_at, interval, time_zone, anchor_hour, anchor_weekday, anchor_day
         from budget_schedules where organization_id = $1 order by budget_id, opened_at",
        organization.as_uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut histories: BTreeMap<Uuid, Vec<Opened>> = BTreeMap::new();
    for row in schedules {
        let anchor = [row.anchor_hour, row.anchor_weekday, row.anchor_day];
        let schedule = budget_schedules::read(&row.interval, &row.time_zone, anchor)?;
        let at = UnixMillis::new(row.opened_at);
        histories
            .entry(row.budget_id)
            .or_default()
            .push(Opened { at, schedule });
    }
    let rows = sqlx::query!(
        r#"select id, limit_nanos, limit_version, peak_nanos, adjusted as "adjusted: Json<AdjustedWindows>" from budgets
         where organization_id = $1 and deleted_at is null order by id"#,
        organization.as_uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let credit = credit_accounts::find(connection, organization).await?;
    let credit = credit.map(|account| account.kept()).transpose()?;
    let kept = rows.into_iter().map(|row| Kept {
        id: row.id.into(),
        limit: NanoUsd::from_nanos(row.limit_nanos),
        version: row.limit_version.cast_unsigned(),
        peak: NanoUsd::from_nanos(row.peak_nanos),
        adjusted: row.adjusted.0,
        history: histories.remove(&row.id).unwrap_or_default(),
    });
    Ok(kept.chain(credit).collect())
}

/// What was spent on each budget's periods that start at the given instant or later, by account and epoch.
///
/// # Errors
/// When Postgres refuses.
pub async fn spent_since(
    connection: &mut Connection,
    organization: OrganizationId,
    since: &[(BudgetId, UnixMillis)],
) -> Result<Vec<Spent>> {
    let budgets: Vec<Uuid> = since.iter().map(|(budget, _)| budget.as_uuid()).collect();
    let starts: Vec<i64> = since.iter().map(|(_, start)| start.get()).collect();
    let rows = sqlx::query!(
        "select spend.budget_id, period_start, partition, worker_id, epoch, settled_nanos
         from budget_spend spend join unnest($2::uuid[], $3::bigint[]) as since (budget_id, start)
            on spend.budget_id = since.budget_id and period_start >= since.start
         where organization_id = $1
         order by spend.budget_id, period_start, partition collate \"C\"",
        organization.as_uuid(),
        &budgets,
        &starts,
    )
    .fetch_all(connection)
    .await?;
    let spent = rows.into_iter().map(|row| Spent {
        account: account(row.budget_id, row.period_start, row.partition),
        epoch: Epoch {
            worker: row.worker_id.into(),
            number: u32::try_from(row.epoch).unwrap_or(u32::MAX),
        },
        settled: NanoUsd::from_nanos(row.settled_nanos),
    });
    Ok(spent.collect())
}

/// What an epoch spent on the organization's accounts.
///
/// # Errors
/// When Postgres refuses.
pub async fn spent_by(
    connection: &mut Connection,
    organization: OrganizationId,
    epoch: Epoch,
) -> Result<Vec<Spent>> {
    let rows = sqlx::query!(
        "select budget_id, period_start, partition, settled_nanos from budget_spend
         where organization_id = $1 and worker_id = $2 and epoch = $3",
        organization.as_uuid(),
        epoch.worker.as_uuid(),
        i64::from(epoch.number),
    )
    .fetch_all(connection)
    .await?;
    let spent = rows.into_iter().map(|row| Spent {
        account: account(row.budget_id, row.period_start, row.partition),
        epoch,
        settled: NanoUsd::from_nanos(row.settled_nanos),
    });
    Ok(spent.collect())
}

fn account(budget: Uuid, period_start: i64, partition: String) -> AccountId {
    AccountId {
        budget: budget.into(),
        period: UnixMillis::new(period_start),
        partition: Some(partition).filter(|partition| !partition.is_empty()),
    }
}
