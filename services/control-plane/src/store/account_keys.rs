//! What the account API finds keys by: the digest of a secret, and the project that stands in when none is named.

use sluicegate_contracts::config::{ApiKeyStatus, KeyDigest};
use sluicegate_contracts::ids::{OrganizationId, ProjectId};
use time::OffsetDateTime;

use super::api_keys::{self, ApiKey};
use super::{Connection, Lock};
use crate::error::Result;

/// The inference key that has a secret with this digest, if it works at `now`. System scope: this is how a caller says who
/// it is.
///
/// # Errors
/// When Postgres refuses.
pub async fn authenticate(
    connection: &mut Connection,
    digest: KeyDigest,
    now: OffsetDateTime,
) -> Result<Option<ApiKey>> {
    let place = sqlx::query!(
        "select key.id, key.project_id from api_keys key
         join projects on projects.id = key.project_id
         join organizations on organizations.id = key.organization_id
         where (key.digest = $1 or (key.previous_digest = $1 and key.previous_valid_until > $2))
            and projects.deleted_at is null and projects.status = 'active' and organizations.status = 'active'",
        digest.as_bytes(),
        now,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(place) = place else {
        return Ok(None);
    };
    let key = api_keys::find(connection, place.project_id.into(), place.id.into(), Lock::None).await?;
    Ok(key.filter(|key| {
        let mut ends = key.grants.expires_at.into_iter().chain(key.ancestors_expire_at);
        key.status == ApiKeyStatus::Active && !key.is_held_back && ends.all(|at| at > now)
    }))
}

/// The oldest project of an organization.
///
/// # Errors
/// When Postgres refuses.
pub async fn first_project(
    connection: &mut Connection,
    organization: OrganizationId,
) -> Result<Option<ProjectId>> {
    let id = sqlx::query_scalar!(
        "select id from projects where organization_id = $1 and deleted_at is null order by id limit 1",
        organization.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(ProjectId::from))
}
