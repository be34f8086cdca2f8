//! Changes of the limit of one window. Never changed themselves: a mistake is answered by another one.

use sluicegate_contracts::ids::{BudgetAdjustmentId, BudgetId, OrganizationId, UserId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Its id.
    pub id: BudgetAdjustmentId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The budget.
    pub budget: BudgetId,
    /// Start of the window.
    pub period_start: UnixMillis,
    /// Whose share; `None`: everybody's.
    pub partition: Option<String>,
    /// How much more may be spent in it; below zero for less.
    pub amount: NanoUsd,
    /// The window's limit with it.
    pub limit: NanoUsd,
    /// Why, in somebody's words.
    pub reason: String,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Adds a change.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, adjustment: &Adjustment) -> Result<()> {
    sqlx::query!(
        "insert into budget_adjustments
            (id, organization_id, budget_id, period_start, partition, amount_nanos, limit_nanos, reason, created_by,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        adjustment.id.as_uuid(),
        adjustment.organization.as_uuid(),
        adjustment.budget.as_uuid(),
        adjustment.period_start.get(),
        adjustment.partition.as_deref().unwrap_or_default(),
        adjustment.amount.nanos(),
        adjustment.limit.nanos(),
        adjustment.reason,
        adjustment.created_by.map(UserId::as_uuid),
        adjustment.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many changes a window has.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(
    connection: &mut Connection,
    organization: OrganizationId,
    budget: BudgetId,
    period_start: UnixMillis,
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from budget_adjustments
         where organization_id = $1 and budget_id = $2 and period_start = $3"#,
        organization.as_uuid(),
        budget.as_uuid(),
        period_start.get(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// The changes of a budget, newest first, made before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    budget: BudgetId,
    before: Option<BudgetAdjustmentId>,
    limit: i64,
) -> Result<Vec<Adjustment>> {
    let rows = sqlx::query!(
        "select id, period_start, partition, amount_nanos, limit_nanos, reason, created_by, created_at
         from budget_adjustments
         where organization_id = $1 and budget_id = $2 and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        organization.as_uuid(),
        budget.as_uuid(),
        before.map(BudgetAdjustmentId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let adjustments = rows.into_iter().map(|row| Adjustment {
        id: row.id.into(),
        organization,
        budget,
        period_start: UnixMillis::new(row.period_start),
        partition: Some(row.partition).filter(|partition| !partition.is_empty()),
        amount: NanoUsd::from_nanos(row.amount_nanos),
        limit: NanoUsd::from_nanos(row.limit_nanos),
        reason: row.reason,
        created_by: row.created_by.map(|id: Uuid| id.into()),
        created_at: row.created_at,
    });
    Ok(adjustments.collect())
}
