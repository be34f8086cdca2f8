//! Where organizations are told of events. Deleted ones keep their row, for the log of what they were told.

use sluicegate_contracts::config::{SealedText, Status};
use sluicegate_contracts::ids::{OrganizationId, UserId, WebhookId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Lock, status};
use crate::domain::webhook_retries::Disabled;
use crate::error::{Error, Result};

/// The secret that is being rotated out.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// What messages are signed with as well, sealed.
    pub secret: SealedText,
    /// Until then.
    pub valid_until: OffsetDateTime,
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The tenant.
    pub organization: OrganizationId,
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// What they are signed with, sealed.
    pub secret: SealedText,
    /// The secret before that.
    pub previous: Option<PreviousSecret>,
    /// Whether it is told anything.
    pub status: Status,
    /// Why the product switched it off.
    pub disabled_reason: Option<Disabled>,
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
    url: String,
    secret: String,
    previous_secret: Option<String>,
    previous_secret_valid_until: Option<OffsetDateTime>,
    status: String,
    disabled_reason: Option<String>,
    revision: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Webhook {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let unknown = || Error::internal("a webhook with an unknown reason to be switched off");
        let reason = row.disabled_reason.as_deref();
        let previous = row.previous_secret.zip(row.previous_secret_valid_until);
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            name: row.name,
            url: row.url,
            secret: SealedText(row.secret),
            previous: previous.map(|(secret, valid_until)| PreviousSecret {
                secret: SealedText(secret),
                valid_until,
            }),
            status: status::of(&row.status),
            disabled_reason: reason
                .map(|text| Disabled::parse(text).ok_or_else(unknown))
                .transpose()?,
            revision: row.revision,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        })
    }
}

/// Adds a webhook.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, webhook: &Webhook) -> Result<()> {
    sqlx::query!(
        "insert into webhooks (id, organization_id, name, url, secret, status, revision, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        webhook.id.as_uuid(),
        webhook.organization.as_uuid(),
        webhook.name,
        webhook.url,
        webhook.secret.0,
        status::word(webhook.status),
        webhook.revision,
        webhook.created_by.map(UserId::as_uuid),
        webhook.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many webhooks the organization has.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, organization: OrganizationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhooks where organization_id = $1 and deleted_at is null"#,
        organization.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// Writes everything that can change, and counts the change.
///
/// # Errors
/// When Postgres refuses.
pub async fn update(connection: &mut Connection, webhook: &mut Webhook) -> Result<()> {
    webhook.revision = sqlx::query_scalar!(
        "update webhooks set name = $3, url = $4, status = $5, disabled_reason = $6, secret = $7, previous_secret = $8,
            previous_secret_valid_until = $9, revision = revision + 1
         where organization_id = $1 and id = $2 returning revision",
        webhook.organization.as_uuid(),
        webhook.id.as_uuid(),
        webhook.name,
        webhook.url,
        status::word(webhook.status),
        webhook.disabled_reason.map(Disabled::as_str),
        webhook.secret.0,
        webhook.previous.as_ref().map(|previous| &*previous.secret.0),
        webhook.previous.as_ref().map(|previous| previous.valid_until),
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Takes a webhook out of use; its row stays.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(
    connection: &mut Connection,
    organization: OrganizationId,
    id: WebhookId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update webhooks set deleted_at = $3, revision = revision + 1 where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The tenant's webhooks, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<WebhookId>,
    limit: i64,
) -> Result<Vec<Webhook>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, name, url, secret, previous_secret, previous_secret_valid_until, status,
            disabled_reason, revision, created_by, created_at
         from webhooks
         where organization_id = $1 and deleted_at is null and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        organization.as_uuid(),
        before.map(WebhookId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Webhook::try_from)
    .collect()
}

/// The webhook with this id; `lock` keeps other writers away to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: WebhookId,
    lock: Lock,
) -> Result<Option<Webhook>> {
    if lock == Lock::ForUpdate {
        sqlx::query!(
            "select id from webhooks where organization_id = $1 and id = $2 for update",
            organization.as_uuid(),
            id.as_uuid(),
        )
        .fetch_optional(&mut *connection)
        .await?;
    }
    sqlx::query_as!(
        Row,
        "select id, organization_id, name, url, secret, previous_secret, previous_secret_valid_until, status,
            disabled_reason, revision, created_by, created_at
         from webhooks where organization_id = $1 and id = $2 and deleted_at is null",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Webhook::try_from)
    .transpose()
}
