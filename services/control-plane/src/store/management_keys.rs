//! Management keys: digests, and the role they act in. Revoked keys keep their row for the audit trail.

use sluicegate_contracts::config::KeyDigest;
use sluicegate_contracts::ids::{ManagementKeyId, OrganizationId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::domain::role::Role;
use crate::error::{Error, Result};

/// A key.
#[derive(Debug, Clone)]
pub struct ManagementKey {
    /// Its id.
    pub id: ManagementKeyId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Its name for people.
    pub name: String,
    /// Begin and end of the secret.
    pub hint: String,
    /// As what it acts.
    pub role: Role,
    /// When it stops working.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// Counts its changes.
    pub revision: i64,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    hint: String,
    role: String,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    revision: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for ManagementKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            name: row.name,
            hint: row.hint,
            role: row.role.parse().map_err(Error::internal)?,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revision: row.revision,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        })
    }
}

/// Adds a key.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, key: &ManagementKey, digest: KeyDigest) -> Result<()> {
    sqlx::query!(
        "insert into management_keys
            (id, organization_id, name, hint, digest, role, expires_at, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        key.id.as_uuid(),
        key.organization.as_uuid(),
        key.name,
        key.hint,
        digest.as_bytes(),
        key.role.as_str(),
        key.expires_at,
        key.created_by.map(UserId::as_uuid),
        key.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The keys of `organization` that are not revoked, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<ManagementKeyId>,
    limit: i64,
) -> Result<Vec<ManagementKey>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, name, hint, role, expires_at, last_used_at, revision, created_by, created_at
         from management_keys
         where organization_id = $1 and revoked_at is null and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        organization.as_uuid(),
        before.map(ManagementKeyId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(ManagementKey::try_from)
    .collect()
}

/// The key with this id in `organization`, unless revoked.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: ManagementKeyId,
) -> Result<Option<ManagementKey>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, name, hint, role, expires_at, last_used_at, revision, created_by, created_at
         from management_keys where organization_id = $1 and id = $2 and revoked_at is null",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(ManagementKey::try_from)
    .transpose()
}

/// How many keys `organization` has that are not revoked.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, organization: OrganizationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from management_keys where organization_id = $1 and revoked_at is null"#,
        organization.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// The key whose secret has this digest, if it works at `now`; notes that it was used, once a minute. System scope: this
/// is how a program says who it is.
///
/// # Errors
/// When Postgres refuses.
pub async fn authenticate(
    connection: &mut Connection,
    digest: KeyDigest,
    now: OffsetDateTime,
) -> Result<Option<ManagementKey>> {
    let found = sqlx::query_as!(
        Row,
        "select key.id, key.organization_id, key.name, key.hint, key.role, key.expires_at, key.last_used_at,
            key.revision, key.created_by, key.created_at
         from management_keys key join organizations on organizations.id = key.organization_id
         where key.digest = $1 and key.revoked_at is null and (key.expires_at is null or key.expires_at > $2)
            and organizations.status = 'active'",
        digest.as_bytes(),
        now,
    )
    .fetch_optional(&mut *connection)
    .await?
    .map(ManagementKey::try_from)
    .transpose()?;
    if let Some(key) = &found {
        sqlx::query!(
            "update management_keys set last_used_at = $2
             where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')",
            key.id.as_uuid(),
            now,
        )
        .execute(connection)
        .await?;
    }
    Ok(found)
}

/// Ends a key for good.
///
/// # Errors
/// When Postgres refuses.
pub async fn revoke(connection: &mut Connection, id: ManagementKeyId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update management_keys set revoked_at = $2, revision = revision + 1 where id = $1",
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
