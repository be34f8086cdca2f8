//! Inference keys: digests and what they allow. Revoked keys keep their row for the request log.

use sluicegate_contracts::config::{ApiKey as Published, ApiKeyStatus, KeyDigest, KeySecret};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, constraints};
use crate::domain::instant::millis;
use crate::domain::key_grants::KeyGrants;
use crate::error::{Error, Result};

/// The secret that is being rotated out.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// What a presented secret must hash to.
    pub digest: KeyDigest,
    /// End of its validity.
    pub valid_until: OffsetDateTime,
}

/// A key.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The project it calls for.
    pub project: ProjectId,
    /// Its name for people.
    pub name: String,
    /// Begin and end of the current secret.
    pub hint: String,
    /// What the current secret hashes to.
    pub digest: KeyDigest,
    /// The secret before it, while it overlaps.
    pub previous: Option<PreviousSecret>,
    /// Whether it is switched on.
    pub status: ApiKeyStatus,
    /// What it may do.
    pub grants: KeyGrants,
    /// The keys it derives from, nearest first.
    pub ancestors: Vec<ApiKeyId>,
    /// Whether one of those is switched off or revoked.
    pub is_held_back: bool,
    /// When the first of those stops working.
    pub ancestors_expire_at: Option<OffsetDateTime>,
    /// When it was last used, as far as usage has arrived.
    pub last_used_at: Option<OffsetDateTime>,
    /// Counts its changes.
    pub revision: i64,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

impl ApiKey {
    /// As workers need to know it.
    #[must_use]
    pub fn published(&self) -> Published {
        let mut secrets = vec![KeySecret {
            digest: self.digest,
            valid_until: None,
        }];
        secrets.extend(self.previous.as_ref().map(|previous| KeySecret {
            digest: previous.digest,
            valid_until: Some(millis(previous.valid_until)),
        }));
        Published {
            id: self.id,
            organization: self.organization,
            project: self.project,
            ancestors: self.ancestors.clone(),
            secrets,
            status: self.status,
            expires_at: self.grants.expires_at.map(millis),
            allowed_models: self.grants.allowed_models.clone(),
            constraints: self.grants.constraints.clone(),
        }
    }
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    project_id: Uuid,
    name: String,
    hint: String,
    digest: Vec<u8>,
    previous_digest: Option<Vec<u8>>,
    previous_valid_until: Option<OffsetDateTime>,
    status: String,
    allowed_models: Vec<String>,
    constraints: serde_json::Value,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    revision: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
    ancestors: Vec<Uuid>,
    is_held_back: bool,
    ancestors_expire_at: Option<OffsetDateTime>,
}

fn digest(bytes: &[u8]) -> Result<KeyDigest> {
    bytes.try_into().map(KeyDigest::new).map_err(Error::internal)
}

const fn status_text(status: ApiKeyStatus) -> &'static str {
    match status {
        ApiKeyStatus::Active => "active",
        ApiKeyStatus::Disabled => "disabled",
    }
}

pub(super) fn status_of(word: &str) -> ApiKeyStatus {
    if word == "active" {
        ApiKeyStatus::Active
    } else {
        ApiKeyStatus::Disabled
    }
}

impl TryFrom<Row> for ApiKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let previous = match (row.previous_digest, row.previous_valid_until) {
            (Some(bytes), Some(valid_until)) => Some(PreviousSecret {
                digest: digest(&bytes)?,
                valid_until,
            }),
            (_, _) => None,
        };
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            project: row.project_id.into(),
            name: row.name,
            hint: row.hint,
            digest: digest(&row.digest)?,
            previous,
            status: status_of(&row.status),
            grants: KeyGrants {
                expires_at: row.expires_at,
                allowed_models: row.allowed_models,
                constraints: constraints::read(row.constraints)?,
            },
            ancestors: row.ancestors.into_iter().map(ApiKeyId::from).collect(),
            is_held_back: row.is_held_back,
            ancestors_expire_at: row.ancestors_expire_at,
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
pub async fn insert(connection: &mut Connection, key: &ApiKey) -> Result<()> {
    sqlx::query!(
        "insert into api_keys
            (id, organization_id, project_id, name, hint, digest, status, allowed_models, expires_at, revision,
             created_by, created_at, ancestors, constraints)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        key.id.as_uuid(),
        key.organization.as_uuid(),
        key.project.as_uuid(),
        key.name,
        key.hint,
        key.digest.as_bytes(),
        status_text(key.status),
        &key.grants.allowed_models,
        key.grants.expires_at,
        key.revision,
        key.created_by.map(UserId::as_uuid),
        key.created_at,
        &key.ancestors.iter().map(|key| key.as_uuid()).collect::<Vec<_>>(),
        constraints::stored(&key.grants.constraints)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which keys to list.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Only those created before this one.
    pub before: Option<ApiKeyId>,
    /// Also those that are switched off.
    pub with_disabled: bool,
    /// So many are passed over.
    pub offset: i64,
    /// At most so many.
    pub limit: i64,
}

/// The keys of `project` that are not revoked, newest first.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(connection: &mut Connection, project: ProjectId, listing: Listing) -> Result<Vec<ApiKey>> {
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, name, hint, digest, previous_digest, previous_valid_until, status,
            allowed_models, constraints, expires_at, last_used_at, revision, created_by, created_at, ancestors,
            held_back as "is_held_back!", ancestors_expire_at
         from api_keys cross join lateral (
            select count(*) filter (where revoked_at is null and status = 'active') < cardinality(api_keys.ancestors)
                as held_back, min(expires_at) as ancestors_expire_at
            from api_keys above where above.id = any(api_keys.ancestors)
         ) above
         where project_id = $1 and revoked_at is null and ($2::uuid is null or id < $2)
            and ($4 or status = 'active')
         order by id desc limit $3 offset $5"#,
        project.as_uuid(),
        listing.before.map(ApiKeyId::as_uuid),
        listing.limit,
        listing.with_disabled,
        listing.offset,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(ApiKey::try_from)
    .collect()
}

/// The key with this id in `project`, unless revoked; `lock` keeps other writers away to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    project: ProjectId,
    id: ApiKeyId,
    lock: super::Lock,
) -> Result<Option<ApiKey>> {
    if lock == super::Lock::ForUpdate {
        sqlx::query!("select id from api_keys where id = $1 for update", id.as_uuid())
            .fetch_optional(&mut *connection)
            .await?;
    }
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, name, hint, digest, previous_digest, previous_valid_until, status,
            allowed_models, constraints, expires_at, last_used_at, revision, created_by, created_at, ancestors,
            held_back as "is_held_back!", ancestors_expire_at
         from api_keys cross join lateral (
            select count(*) filter (where revoked_at is null and status = 'active') < cardinality(api_keys.ancestors)
                as held_back, min(expires_at) as ancestors_expire_at
            from api_keys above where above.id = any(api_keys.ancestors)
         ) above
         where project_id = $1 and id = $2 and revoked_at is null"#,
        project.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(ApiKey::try_from)
    .transpose()
}

/// Writes everything that can change and counts the change.
///
/// # Errors
/// When Postgres refuses.
pub async fn update(connection: &mut Connection, key: &mut ApiKey) -> Result<()> {
    key.revision = sqlx::query_scalar!(
        "update api_keys set name = $2, hint = $3, digest = $4, previous_digest = $5, previous_valid_until = $6,
            status = $7, allowed_models = $8, expires_at = $9, constraints = $10, revision = revision + 1
         where id = $1 returning revision",
        key.id.as_uuid(),
        key.name,
        key.hint,
        key.digest.as_bytes(),
        key.previous.as_ref().map(|previous| previous.digest.as_bytes().as_slice()),
        key.previous.as_ref().map(|previous| previous.valid_until),
        status_text(key.status),
        &key.grants.allowed_models,
        key.grants.expires_at,
        constraints::stored(&key.grants.constraints)?,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Ends a key for good.
///
/// # Errors
/// When Postgres refuses.
pub async fn revoke(connection: &mut Connection, id: ApiKeyId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update api_keys set revoked_at = $2, revision = revision + 1 where id = $1",
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every key of `project`; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn revoke_all(
    connection: &mut Connection,
    project: ProjectId,
    now: OffsetDateTime,
) -> Result<Vec<ApiKeyId>> {
    let ids = sqlx::query_scalar!(
        "update api_keys set revoked_at = $2, revision = revision + 1
         where project_id = $1 and revoked_at is null returning id",
        project.as_uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ApiKeyId::from).collect())
}
