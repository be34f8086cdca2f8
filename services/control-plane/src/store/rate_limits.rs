//! Limits of requests, tokens and concurrency.

use sluicegate_contracts::config::{RateLimit as Published, RateMetric, RateScope, Status};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId, RateLimitId, UserId};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Lock, status};
use crate::domain::rate_limit_draft::Rate;
use crate::error::{Error, Result};

/// A rate limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Its id.
    pub id: RateLimitId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Which calls count.
    pub scope: RateScope,
    /// What is counted.
    pub metric: RateMetric,
    /// How much.
    pub rate: Rate,
    /// Whether it is in force.
    pub status: Status,
    /// Counts its changes.
    pub revision: i64,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

impl RateLimit {
    /// As workers need to know it.
    #[must_use]
    pub fn published(&self) -> Published {
        Published {
            id: self.id,
            organization: self.organization,
            scope: self.scope.clone(),
            metric: self.metric,
            amount: self.rate.amount,
            burst: self.rate.burst,
            status: self.status,
        }
    }
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    scope: Json<RateScope>,
    metric: String,
    amount: i64,
    burst: i64,
    status: String,
    revision: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for RateLimit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            scope: row.scope.0,
            metric: match row.metric.as_str() {
                "requests" => RateMetric::Requests,
                "input_tokens" => RateMetric::InputTokens,
                "output_tokens" => RateMetric::OutputTokens,
                "concurrency" => RateMetric::Concurrency,
                _ => return Err(Error::internal("a rate limit with an unknown metric")),
            },
            rate: Rate {
                amount: row.amount.unsigned_abs(),
                burst: row.burst.unsigned_abs(),
            },
            status: status::of(&row.status),
            revision: row.revision,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        })
    }
}

/// Adds a rate limit.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, limit: &RateLimit) -> Result<()> {
    sqlx::query!(
        "insert into rate_limits
            (id, organization_id, project_id, api_key_id, scope, metric, amount, burst, status, revision, created_by,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        limit.id.as_uuid(),
        limit.organization.as_uuid(),
        limit.scope.project.map(ProjectId::as_uuid),
        limit.scope.api_key.map(ApiKeyId::as_uuid),
        Json(&limit.scope) as _,
        limit.metric.as_str(),
        limit.rate.amount.cast_signed(),
        limit.rate.burst.cast_signed(),
        status::word(limit.status),
        limit.revision,
        limit.created_by.map(UserId::as_uuid),
        limit.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what can change and counts the change.
///
/// # Errors
/// When Postgres refuses.
pub async fn update(connection: &mut Connection, limit: &mut RateLimit) -> Result<()> {
    limit.revision = sqlx::query_scalar!(
        "update rate_limits set amount = $2, burst = $3, status = $4, revision = revision + 1
         where id = $1 returning revision",
        limit.id.as_uuid(),
        limit.rate.amount.cast_signed(),
        limit.rate.burst.cast_signed(),
        status::word(limit.status),
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// The tenant's rate limits, of `project` if one is named, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    project: Option<ProjectId>,
    before: Option<RateLimitId>,
    limit: i64,
) -> Result<Vec<RateLimit>> {
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, scope as "scope: Json<RateScope>", metric, amount, burst, status, revision,
            created_by, created_at
         from rate_limits
         where organization_id = $1 and deleted_at is null and ($2::uuid is null or project_id = $2)
            and ($3::uuid is null or id < $3)
         order by id desc limit $4"#,
        organization.as_uuid(),
        project.map(ProjectId::as_uuid),
        before.map(RateLimitId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(RateLimit::try_from)
    .collect()
}

/// The rate limit with this id; `lock` keeps other writers away to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: RateLimitId,
    lock: Lock,
) -> Result<Option<RateLimit>> {
    if lock == Lock::ForUpdate {
        sqlx::query!(
            "select id from rate_limits where id = $1 for update",
            id.as_uuid()
        )
        .fetch_optional(&mut *connection)
        .await?;
    }
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, scope as "scope: Json<RateScope>", metric, amount, burst, status, revision,
            created_by, created_at
         from rate_limits where organization_id = $1 and id = $2 and deleted_at is null"#,
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(RateLimit::try_from)
    .transpose()
}

/// How many rate limits the organization has.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, organization: OrganizationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from rate_limits where organization_id = $1 and deleted_at is null"#,
        organization.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// Takes a rate limit out of use.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: RateLimitId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update rate_limits set deleted_at = $2, revision = revision + 1 where id = $1",
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes every rate limit over `project` out of use; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_all(
    connection: &mut Connection,
    project: ProjectId,
    now: OffsetDateTime,
) -> Result<Vec<RateLimitId>> {
    let ids = sqlx::query_scalar!(
        "update rate_limits set deleted_at = $2, revision = revision + 1
         where project_id = $1 and deleted_at is null returning id",
        project.as_uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(RateLimitId::from).collect())
}
