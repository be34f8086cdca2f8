//! Accounts at providers; the credential is sealed.

use sluicegate_contracts::config::{
    Connection as Published, Margin, ProviderSettings, Resale, SealedText, Status,
};
use sluicegate_contracts::ids::{ConnectionId, OrganizationId, ProjectId};
use sqlx::types::Json;
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::constraint::on_constraint;
use super::{Connection, Lock, status};
use crate::codes::Code;
use crate::error::{Error, Result};

/// A credential as stored.
#[derive(Debug, Clone)]
pub struct StoredCredential {
    /// Opens only for this connection of this organization.
    pub sealed: SealedText,
    /// What a person may see of it.
    pub hint: String,
}

/// An account at a provider.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: ConnectionId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The project it serves.
    pub project: ProjectId,
    /// Its name within the project.
    pub slug: String,
    /// Provider id.
    pub provider: String,
    /// Base URL without a trailing slash.
    pub base_url: Url,
    /// What the provider needs to know besides.
    pub settings: ProviderSettings,
    /// Its credential.
    pub credential: Option<StoredCredential>,
    /// Whether it may be used.
    pub status: Status,
    /// Lower is tried first.
    pub priority: i32,
    /// Whether other organizations may call through it.
    pub resale: Option<Resale>,
    /// How the last test went, as shown.
    pub last_test: Option<serde_json::Value>,
    /// Counts its changes.
    pub revision: i64,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

impl Account {
    /// As workers need to know it.
    #[must_use]
    pub fn published(&self) -> Published {
        Published {
            id: self.id,
            organization: self.organization,
            project: Some(self.project),
            slug: self.slug.clone(),
            provider: self.provider.clone(),
            base_url: self.base_url.clone(),
            settings: self.settings.clone(),
            credential: self
                .credential
                .as_ref()
                .map(|credential| credential.sealed.clone()),
            status: self.status,
            priority: self.priority,
            resale: self.resale,
        }
    }
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    project_id: Uuid,
    slug: String,
    provider: String,
    base_url: String,
    settings: Json<ProviderSettings>,
    credential: Option<String>,
    credential_hint: Option<String>,
    status: String,
    priority: i32,
    resale_margin_ppm: Option<i32>,
    last_test: Option<serde_json::Value>,
    revision: i64,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Account {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            project: row.project_id.into(),
            slug: row.slug,
            provider: row.provider,
            base_url: row
                .base_url
                .parse()
                .map_err(|error: url::ParseError| Error::internal(error))?,
            settings: row.settings.0,
            credential: row.credential.map(|sealed| StoredCredential {
                sealed: SealedText(sealed),
                hint: row.credential_hint.unwrap_or_default(),
            }),
            status: status::of(&row.status),
            priority: row.priority,
            resale: row.resale_margin_ppm.map(|ppm| Resale {
                margin: Margin::from_ppm(ppm.unsigned_abs()),
            }),
            last_test: row.last_test,
            revision: row.revision,
            created_at: row.created_at,
        })
    }
}

/// Adds an account.
///
/// # Errors
/// `slug_taken`.
pub async fn insert(connection: &mut Connection, account: &Account) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into connections
            (id, organization_id, project_id, slug, provider, base_url, credential, credential_hint, status, priority,
             revision, created_at, settings)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        account.id.as_uuid(),
        account.organization.as_uuid(),
        account.project.as_uuid(),
        account.slug,
        account.provider,
        account.base_url.as_str(),
        account.credential.as_ref().map(|credential| &credential.sealed.0),
        account.credential.as_ref().map(|credential| &credential.hint),
        status::word(account.status),
        account.priority,
        account.revision,
        account.created_at,
        Json(&account.settings) as _,
    )
    .execute(connection)
    .await;
    on_constraint(inserted, "connections_slug", || {
        Error::new(
            Code::SlugTaken,
            "Another connection of the project has this slug.",
        )
    })?;
    Ok(())
}

/// The accounts of `project`, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    project: ProjectId,
    before: Option<ConnectionId>,
    limit: i64,
) -> Result<Vec<Account>> {
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, slug, provider, base_url,
            settings as "settings: Json<ProviderSettings>", credential, credential_hint, status, priority,
            resale_margin_ppm, last_test, revision, created_at
         from connections
         where project_id = $1 and deleted_at is null and ($2::uuid is null or id < $2)
         order by id desc limit $3"#,
        project.as_uuid(),
        before.map(ConnectionId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Account::try_from)
    .collect()
}

/// The account with this id in `project`.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    project: ProjectId,
    id: ConnectionId,
    lock: Lock,
) -> Result<Option<Account>> {
    if lock == Lock::ForUpdate {
        sqlx::query!(
            "select id from connections where id = $1 for update",
            id.as_uuid()
        )
        .fetch_optional(&mut *connection)
        .await?;
    }
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, slug, provider, base_url,
            settings as "settings: Json<ProviderSettings>", credential, credential_hint, status, priority,
            resale_margin_ppm, last_test, revision, created_at
         from connections where project_id = $1 and id = $2 and deleted_at is null"#,
        project.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// Ids and slugs of the accounts of `project`, kept from being deleted to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn names(connection: &mut Connection, project: ProjectId) -> Result<Vec<(ConnectionId, String)>> {
    let rows = sqlx::query!(
        "select id, slug from connections where project_id = $1 and deleted_at is null order by id for share",
        project.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.slug)).collect())
}

/// Writes everything that can change and counts the change.
///
/// # Errors
/// When Postgres refuses.
pub async fn update(connection: &mut Connection, account: &mut Account) -> Result<()> {
    account.revision = sqlx::query_scalar!(
        "update connections set base_url = $2, credential = $3, credential_hint = $4, status = $5, priority = $6,
            last_test = $7, settings = $8, revision = revision + 1
         where id = $1 returning revision",
        account.id.as_uuid(),
        account.base_url.as_str(),
        account.credential.as_ref().map(|credential| &credential.sealed.0),
        account.credential.as_ref().map(|credential| &credential.hint),
        status::word(account.status),
        account.priority,
        account.last_test,
        Json(&account.settings) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Takes an account out of use and forgets its credential.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: ConnectionId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update connections set deleted_at = $2, credential = null, revision = revision + 1 where id = $1",
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes every account of `project` out of use and forgets their credentials; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_all(
    connection: &mut Connection,
    project: ProjectId,
    now: OffsetDateTime,
) -> Result<Vec<ConnectionId>> {
    let ids = sqlx::query_scalar!(
        "update connections set deleted_at = $2, credential = null, revision = revision + 1
         where project_id = $1 and deleted_at is null returning id",
        project.as_uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ConnectionId::from).collect())
}

/// Where an account is. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn place(
    connection: &mut Connection,
    id: ConnectionId,
) -> Result<Option<(OrganizationId, ProjectId)>> {
    let row = sqlx::query!(
        "select organization_id, project_id from connections where id = $1 and deleted_at is null",
        id.as_uuid(),
    );
    let row = row.fetch_optional(connection).await?;
    Ok(row.map(|row| (row.organization_id.into(), row.project_id.into())))
}

/// Every account that other organizations may call through, oldest first. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn resold(connection: &mut Connection) -> Result<Vec<Account>> {
    sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, slug, provider, base_url,
            settings as "settings: Json<ProviderSettings>", credential, credential_hint, status, priority,
            resale_margin_ppm, last_test, revision, created_at
         from connections where resale_margin_ppm is not null and deleted_at is null order by id"#
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Account::try_from)
    .collect()
}

/// Says whether other organizations may call through an account, and counts the change.
///
/// # Errors
/// When Postgres refuses.
pub async fn resell(connection: &mut Connection, account: &mut Account) -> Result<()> {
    let ppm = account
        .resale
        .map(|resale| i32::try_from(resale.margin.ppm()).map_err(Error::internal));
    account.revision = sqlx::query_scalar!(
        "update connections set resale_margin_ppm = $2, revision = revision + 1 where id = $1 returning revision",
        account.id.as_uuid(),
        ppm.transpose()?,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
