//! How budgets stand to each other, to the routes they switch to, and to the keys they are over.

use sluicegate_contracts::config::BudgetScope;
use sluicegate_contracts::ids::{ApiKeyId, BudgetId, OrganizationId, RouteId};
use sluicegate_contracts::money::NanoUsd;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use super::budget_schedules::interval;
use crate::domain::budget_draft::Neighbor;
use crate::error::Result;

/// The other budgets in force over exactly the same calls.
///
/// # Errors
/// When Postgres refuses.
pub async fn neighbors(
    connection: &mut Connection,
    organization: OrganizationId,
    scope: &BudgetScope,
    except: Option<BudgetId>,
) -> Result<Vec<Neighbor>> {
    let rows = sqlx::query!(
        "select limit_nanos, interval from budgets cross join lateral (
            select interval from budget_schedules where budget_id = budgets.id order by opened_at desc limit 1
         ) schedule
         where organization_id = $1 and scope = $2::jsonb and deleted_at is null and status = 'active'
            and ($3::uuid is null or id <> $3)",
        organization.as_uuid(),
        Json(scope) as _,
        except.map(BudgetId::as_uuid),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Neighbor {
                interval: interval(&row.interval)?,
                limit: NanoUsd::from_nanos(row.limit_nanos),
            })
        })
        .collect()
}

/// How many budgets the organization has.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, organization: OrganizationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from budgets where organization_id = $1 and deleted_at is null"#,
        organization.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// Names of the budgets that send calls without room to `route`.
///
/// # Errors
/// When Postgres refuses.
pub async fn falling_back_to(connection: &mut Connection, route: RouteId) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!(
        "select name from budgets where fallback_route_id = $1 and deleted_at is null order by name",
        route.as_uuid(),
    );
    Ok(names.fetch_all(connection).await?)
}

/// Takes the budgets over exactly these keys, or over a part of their calls, out of use; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_of_keys(
    connection: &mut Connection,
    keys: &[ApiKeyId],
    now: OffsetDateTime,
) -> Result<Vec<BudgetId>> {
    let keys: Vec<Uuid> = keys.iter().map(|key| key.as_uuid()).collect();
    let ids = sqlx::query_scalar!(
        "update budgets set deleted_at = $2, revision = revision + 1
         where api_key_id = any($1) and deleted_at is null returning id",
        &keys,
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(BudgetId::from).collect())
}
