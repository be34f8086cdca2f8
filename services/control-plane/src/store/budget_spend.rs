//! What was spent, by account and by the worker's epoch that spent it: the truth that budgets rest on. Written by the
//! ingester, in the transaction that inserts the records, from what it really inserted.

use std::collections::BTreeMap;
use std::fmt;

use sluicegate_contracts::account::{AccountId, MAX_SHARE_BYTES};
use sluicegate_contracts::ids::{BudgetId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use uuid::Uuid;

use super::Connection;
use crate::domain::budget_window::SpentPeriod;
use crate::error::{Error, Result};

/// One counter. In this order the rows are locked, so that concurrent ingesters cannot deadlock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// The tenant.
    pub organization: Uuid,
    /// The budget; it may be unknown or gone.
    pub budget: Uuid,
    /// Start of the period, in milliseconds.
    pub period_start: i64,
    /// Whose share; empty for an account without partitions.
    pub partition: String,
    /// The worker that spent.
    pub worker: Uuid,
    /// In which of its lives.
    pub epoch: u32,
}

/// Sums of what new records spent.
#[derive(Debug, Default)]
pub struct Spent(BTreeMap<Counter, i128>);

impl Spent {
    /// Adds what one attempt cost, on one account.
    pub fn add(&mut self, organization: Uuid, worker: Uuid, epoch: u32, account: &AccountId, cost: NanoUsd) {
        let counter = Counter {
            organization,
            budget: account.budget.as_uuid(),
            period_start: account.period.get(),
            partition: account.partition.clone().unwrap_or_default(),
            worker,
            epoch,
        };
        let sum = self.0.entry(counter).or_default();
        *sum += i128::from(cost.nanos());
    }

    /// The counters that move.
    pub fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.0.keys()
    }
}

impl Spent {
    /// The sums.
    #[must_use]
    pub const fn sums(&self) -> &BTreeMap<Counter, i128> {
        &self.0
    }
}

/// Names the row without the text of its partition, which may be a person's name.
impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = AccountId {
            budget: self.budget.into(),
            period: UnixMillis::new(self.period_start),
            partition: Some(self.partition.clone()).filter(|partition| !partition.is_empty()),
        };
        let Self {
            organization,
            worker,
            epoch,
            ..
        } = self;
        write!(
            f,
            "organization {organization}, account {account}, worker {worker}, epoch {epoch}"
        )
    }
}

/// Whether an account can be stored: workers refuse longer partitions, and Postgres text cannot hold NUL.
#[must_use]
pub fn is_storable(account: &AccountId) -> bool {
    account
        .partition
        .as_ref()
        .is_none_or(|partition| partition.len() <= MAX_SHARE_BYTES && !partition.contains('\0'))
}

/// Adds the sums to their counters.
///
/// # Errors
/// When Postgres refuses, or a sum is no amount of money.
pub async fn record(connection: &mut Connection, spent: &Spent) -> Result<()> {
    if spent.0.is_empty() {
        return Ok(());
    }
    let counters = || spent.counters();
    let organizations: Vec<Uuid> = counters().map(|counter| counter.organization).collect();
    let budgets: Vec<Uuid> = counters().map(|counter| counter.budget).collect();
    let periods: Vec<i64> = counters().map(|counter| counter.period_start).collect();
    let partitions: Vec<String> = counters().map(|counter| counter.partition.clone()).collect();
    let workers: Vec<Uuid> = counters().map(|counter| counter.worker).collect();
    let epochs: Vec<i64> = counters().map(|counter| i64::from(counter.epoch)).collect();
    let sums = spent.0.values().map(|sum| i64::try_from(*sum));
    let sums: Vec<i64> = sums.collect::<Result<_, _>>().map_err(Error::internal)?;
    sqlx::query!(
        r#"insert into budget_spend
            (organization_id, budget_id, period_start, partition, worker_id, epoch, settled_nanos)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[])
            as spent (organization_id, budget_id, period_start, partition, worker_id, epoch, settled_nanos)
         order by organization_id, budget_id, period_start, partition collate "C", worker_id, epoch
         on conflict (organization_id, budget_id, period_start, partition, worker_id, epoch) do update set
            settled_nanos = budget_spend.settled_nanos + excluded.settled_nanos"#,
        &organizations,
        &budgets,
        &periods,
        &partitions,
        &workers,
        &epochs,
        &sums,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was spent on the period of each budget that starts then, by all partitions together, in the order asked.
///
/// # Errors
/// When Postgres refuses.
pub async fn settled(
    connection: &mut Connection,
    organization: OrganizationId,
    periods: &[(BudgetId, UnixMillis)],
) -> Result<Vec<NanoUsd>> {
    let budgets: Vec<Uuid> = periods.iter().map(|(budget, _)| budget.as_uuid()).collect();
    let starts: Vec<i64> = periods.iter().map(|(_, start)| start.get()).collect();
    let sums = sqlx::query_scalar!(
        r#"select coalesce((
            select sum(settled_nanos) from budget_spend spend
            where spend.organization_id = $1 and spend.budget_id = asked.budget_id
                and spend.period_start = asked.period_start
         ), 0)::bigint as "settled!"
         from unnest($2::uuid[], $3::bigint[]) with ordinality as asked (budget_id, period_start, place)
         order by place"#,
        organization.as_uuid(),
        &budgets,
        &starts,
    )
    .fetch_all(connection)
    .await?;
    Ok(sums.into_iter().map(NanoUsd::from_nanos).collect())
}

/// What was spent on each account, in the order asked.
///
/// # Errors
/// When Postgres refuses.
pub async fn settled_on(
    connection: &mut Connection,
    organization: OrganizationId,
    accounts: &[AccountId],
) -> Result<Vec<NanoUsd>> {
    let budgets: Vec<Uuid> = accounts.iter().map(|account| account.budget.as_uuid()).collect();
    let starts: Vec<i64> = accounts.iter().map(|account| account.period.get()).collect();
    let partitions = accounts
        .iter()
        .map(|account| account.partition.clone().unwrap_or_default());
    let sums = sqlx::query_scalar!(
        r#"select coalesce((
            select sum(settled_nanos) from budget_spend spend
            where spend.organization_id = $1 and spend.budget_id = asked.budget_id
                and spend.period_start = asked.period_start and spend.partition = asked.partition
         ), 0)::bigint as "settled!"
         from unnest($2::uuid[], $3::bigint[], $4::text[])
            with ordinality as asked (budget_id, period_start, partition, place)
         order by place"#,
        organization.as_uuid(),
        &budgets,
        &starts,
        &partitions.collect::<Vec<String>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(sums.into_iter().map(NanoUsd::from_nanos).collect())
}

/// The periods of a budget that began before `before` and in which something was spent, newest first. `partition`
/// picks one share, else all are added up.
///
/// # Errors
/// When Postgres refuses.
pub async fn periods(
    connection: &mut Connection,
    organization: OrganizationId,
    budget: BudgetId,
    partition: Option<&str>,
    before: Option<UnixMillis>,
    limit: i64,
) -> Result<Vec<SpentPeriod>> {
    let rows = sqlx::query!(
        r#"select period_start, sum(settled_nanos)::bigint as "settled!" from budget_spend
         where organization_id = $1 and budget_id = $2 and ($3::text is null or partition = $3)
            and ($4::bigint is null or period_start < $4)
         group by period_start order by period_start desc limit $5"#,
        organization.as_uuid(),
        budget.as_uuid(),
        partition,
        before.map(UnixMillis::get),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let periods = rows.into_iter().map(|row| SpentPeriod {
        start: UnixMillis::new(row.period_start),
        settled: NanoUsd::from_nanos(row.settled),
    });
    Ok(periods.collect())
}
