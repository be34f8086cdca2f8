//! Keys as they derive from each other. Locks are taken from the oldest key down, so that deriving and revoking meet.

use sluicegate_contracts::config::ApiKeyStatus;
use sluicegate_contracts::ids::{ApiKeyId, ProjectId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::api_keys::status_of;
use super::{Connection, constraints};
use crate::domain::key_grants::KeyGrants;
use crate::error::Result;

/// A key that others derive from.
#[derive(Debug, Clone)]
pub struct Above {
    /// Whether it is switched on.
    pub status: ApiKeyStatus,
    /// What it may do.
    pub grants: KeyGrants,
}

/// Those of `keys` that are not revoked. They stay so to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn hold(connection: &mut Connection, project: ProjectId, keys: &[ApiKeyId]) -> Result<Vec<Above>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Uuid> = keys.iter().map(|key| key.as_uuid()).collect();
    let rows = sqlx::query!(
        "select status, expires_at, allowed_models, constraints from api_keys
         where project_id = $1 and id = any($2) and revoked_at is null order by id for share",
        project.as_uuid(),
        &keys,
    )
    .fetch_all(connection)
    .await?;
    let above = rows.into_iter().map(|row| {
        Ok(Above {
            status: status_of(&row.status),
            grants: KeyGrants {
                expires_at: row.expires_at,
                allowed_models: row.allowed_models,
                constraints: constraints::read(row.constraints)?,
            },
        })
    });
    above.collect()
}

/// How many keys that are not revoked derive from `key`, directly or through others.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, key: ApiKeyId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_keys where ancestors @> array[$1::uuid] and revoked_at is null"#,
        key.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// Ends every key that derives from `key`; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn revoke(
    connection: &mut Connection,
    key: ApiKeyId,
    now: OffsetDateTime,
) -> Result<Vec<ApiKeyId>> {
    let ids = sqlx::query_scalar!(
        "update api_keys set revoked_at = $2, revision = revision + 1
         where ancestors @> array[$1::uuid] and revoked_at is null returning id",
        key.as_uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ApiKeyId::from).collect())
}
