//! The account that workers' claims on an organization's prepaid credit are on. To them it is a budget without end.

use sluicegate_contracts::config::{
    Budget as Published, BudgetScope, Counts, Enforcement, OnExceed, Period, Status, UnknownPrice,
};
use sluicegate_contracts::ids::{BudgetId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::period::{Anchor, Interval, Schedule, Zone};
use uuid::Uuid;

use super::Connection;
use crate::domain::budget_adjusted::AdjustedWindows;
use crate::domain::budget_books::Kept;
use crate::domain::budget_window::Opened;
use crate::error::{Error, Result};

/// What workers and refusals call it.
const NAME: &str = "prepaid credit";

/// The account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditAccount {
    /// The tenant.
    pub organization: OrganizationId,
    /// What workers know it by.
    pub budget: BudgetId,
    /// Start of its one period.
    pub opened_at: UnixMillis,
    /// All that was ever reserved, and what was used beyond.
    pub limit: NanoUsd,
    /// Raised with the limit.
    pub version: u64,
    /// Whether workers were told of it as it is.
    pub is_published: bool,
}

impl CreditAccount {
    /// As workers need to know it.
    #[must_use]
    pub fn published(&self) -> Published {
        Published {
            id: self.budget,
            organization: self.organization,
            name: NAME.to_owned(),
            scope: BudgetScope::default(),
            limit: self.limit,
            limit_version: self.version,
            // It only rises.
            adjusted: Vec::new(),
            adjusted_shares: Vec::new(),
            peak: None,
            periods: vec![Period {
                start: self.opened_at,
                end: UnixMillis::new(i64::MAX),
            }],
            enforcement: Enforcement::Hard,
            on_exceed: OnExceed::Refuse,
            counts_own_connections: false,
            unknown_price: UnknownPrice::Refuse,
            counts: Counts::Charge,
            status: Status::Active,
        }
    }

    /// As its keeper tells it to a store that forgot.
    ///
    /// # Errors
    /// Internal, when there is no time zone called UTC.
    pub fn kept(&self) -> Result<Kept> {
        let schedule = Schedule {
            interval: Interval::Lifetime,
            zone: Zone::named("UTC").map_err(Error::internal)?,
            anchor: Anchor::START,
        };
        let at = self.opened_at;
        Ok(Kept {
            id: self.budget,
            limit: self.limit,
            version: self.version,
            peak: self.limit,
            adjusted: AdjustedWindows::default(),
            history: vec![Opened { at, schedule }],
        })
    }
}

struct Row {
    organization_id: Uuid,
    budget_id: Uuid,
    opened_at: i64,
    limit_nanos: i64,
    limit_version: i64,
    published_version: i64,
}

impl From<Row> for CreditAccount {
    fn from(row: Row) -> Self {
        Self {
            organization: row.organization_id.into(),
            budget: row.budget_id.into(),
            opened_at: UnixMillis::new(row.opened_at),
            limit: NanoUsd::from_nanos(row.limit_nanos),
            version: row.limit_version.unsigned_abs(),
            is_published: row.published_version == row.limit_version,
        }
    }
}

/// The organization's account, if it ever had credit to spend.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
) -> Result<Option<CreditAccount>> {
    let row = sqlx::query_as!(
        Row,
        "select organization_id, budget_id, opened_at, limit_nanos, limit_version, published_version
         from credit_accounts where organization_id = $1",
        organization.as_uuid(),
    );
    Ok(row.fetch_optional(connection).await?.map(CreditAccount::from))
}

/// Raises the limit, or opens the account with it under this name. The caller holds the lock on the book.
///
/// # Errors
/// When Postgres refuses, for example a limit beyond what the product counts.
pub async fn raise(
    connection: &mut Connection,
    organization: OrganizationId,
    by: NanoUsd,
    fresh: BudgetId,
    now: UnixMillis,
) -> Result<()> {
    sqlx::query!(
        "insert into credit_accounts
            (organization_id, budget_id, opened_at, limit_nanos, limit_version, published_version)
         values ($1, $2, $3, $4, 1, 0)
         on conflict (organization_id) do update set
            limit_nanos = credit_accounts.limit_nanos + excluded.limit_nanos,
            limit_version = credit_accounts.limit_version + 1",
        organization.as_uuid(),
        fresh.as_uuid(),
        now.get(),
        by.nanos(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Raises the limit of an account that is there; a background pass publishes it.
///
/// # Errors
/// When Postgres refuses.
pub async fn allow_overrun(
    connection: &mut Connection,
    organization: OrganizationId,
    by: NanoUsd,
) -> Result<()> {
    sqlx::query!(
        "update credit_accounts set limit_nanos = limit_nanos + $2, limit_version = limit_version + 1
         where organization_id = $1",
        organization.as_uuid(),
        by.nanos(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the account was published as it is.
///
/// # Errors
/// When Postgres refuses.
pub async fn published(connection: &mut Connection, organization: OrganizationId) -> Result<()> {
    sqlx::query!(
        "update credit_accounts set published_version = limit_version where organization_id = $1",
        organization.as_uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Organizations whose account is not published as it is, or that have credit and less than `enough` in flight. System
/// scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn due(connection: &mut Connection, enough: NanoUsd, limit: i64) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        r#"select organization_id as "id!" from credit_accounts where published_version < limit_version
         union
         select credit.organization_id from ledger_accounts credit join ledger_accounts held
            on held.organization_id = credit.organization_id and held.account = 'in_flight'
         where credit.account = 'credit' and credit.balance_nanos > 0
            and (credit.balance_nanos + held.balance_nanos <= $1
                or held.balance_nanos < greatest((credit.balance_nanos + held.balance_nanos) / 2, $1) / 4 * 3)
         order by 1 limit $2"#,
        enough.nanos(),
        limit,
    );
    let ids = ids.fetch_all(connection).await?;
    Ok(ids.into_iter().map(OrganizationId::from).collect())
}
