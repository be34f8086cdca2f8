//! Answers already given to requests with an Idempotency-Key.

use sluicegate_contracts::config::SealedText;
use sluicegate_contracts::event::ConfigVersion;
use sluicegate_contracts::ids::OrganizationId;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// An answer given before.
#[derive(Debug, Clone)]
pub struct Given {
    /// Whose data key it is sealed with.
    pub organization: OrganizationId,
    /// What was asked.
    pub request_hash: Vec<u8>,
    /// The answer.
    pub response: SealedText,
    /// The configuration version it was given with.
    pub version: Option<ConfigVersion>,
}

/// Takes the lock on a requester's key to the end of the transaction; false when another request holds it.
///
/// # Errors
/// When Postgres refuses.
pub async fn try_lock(connection: &mut Connection, lock: i64) -> Result<bool> {
    Ok(
        sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "locked!""#, lock)
            .fetch_one(connection)
            .await?,
    )
}

/// The answer given to `requester` under this key since `since`.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    requester: Uuid,
    key: &str,
    since: OffsetDateTime,
) -> Result<Option<Given>> {
    let row = sqlx::query!(
        "select organization_id, request_hash, response, config_version from idempotency_keys
         where principal_id = $1 and key = $2 and created_at > $3",
        requester,
        key,
        since,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Given {
        organization: row.organization_id.into(),
        request_hash: row.request_hash,
        response: SealedText(row.response),
        version: row
            .config_version
            .map(|version| ConfigVersion(version.cast_unsigned())),
    }))
}

/// What is kept of an answer.
#[derive(Debug)]
pub struct Kept {
    /// Who asked.
    pub requester: Uuid,
    /// Their key.
    pub key: String,
    /// For which tenant.
    pub organization: OrganizationId,
    /// Method and path.
    pub operation: String,
    /// What was asked.
    pub request_hash: [u8; 32],
    /// The answer.
    pub response: SealedText,
    /// When.
    pub now: OffsetDateTime,
}

/// Keeps an answer and the configuration version it is given with; an outdated one under the same key gives way.
///
/// # Errors
/// When Postgres refuses.
pub async fn keep(connection: &mut Connection, kept: &Kept, version: Option<ConfigVersion>) -> Result<()> {
    sqlx::query!(
        "delete from idempotency_keys where principal_id = $1 and key = $2",
        kept.requester,
        kept.key
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into idempotency_keys
            (principal_id, key, organization_id, operation, request_hash, response, config_version, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        kept.requester,
        kept.key,
        kept.organization.as_uuid(),
        kept.operation,
        &kept.request_hash,
        kept.response.0,
        version.map(|version| version.0.cast_signed()),
        kept.now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
