//! Events on their way to webhooks. Written in the transaction of the event; whoever sends one takes it for a while first, so
//! that it is sent again when the sender dies.

use sluicegate_contracts::config::SealedText;
use sluicegate_contracts::ids::{OrganizationId, WebhookDeliveryId, WebhookId};
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::domain::exchange_room::ExchangeRoom;
use crate::domain::webhook_event::Event;
use crate::error::Result;

/// An event on its way, and what became of it so far.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// The event's id.
    pub event_id: String,
    /// What kind of event.
    pub event_type: String,
    /// Times it was tried.
    pub attempts: i32,
    /// When it is tried again; `None` when there is nothing left to try.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// When it was tried last.
    pub last_attempt_at: Option<OffsetDateTime>,
    /// What the receiver answered then.
    pub last_status: Option<i32>,
    /// Why there was no answer then.
    pub last_error: Option<String>,
    /// When the receiver took it.
    pub delivered_at: Option<OffsetDateTime>,
    /// When the event happened.
    pub created_at: OffsetDateTime,
}

/// An event that this process is to send.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The delivery.
    pub id: WebhookDeliveryId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Where to.
    pub webhook: WebhookId,
    /// The webhook's address.
    pub url: String,
    /// What to sign with.
    pub secret: SealedText,
    /// What to sign with as well, while the secret is being rotated.
    pub previous_secret: Option<SealedText>,
    /// The event's id.
    pub event_id: String,
    /// What is sent.
    pub body: String,
    /// Times it was tried, with this one.
    pub attempts: i32,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// What the receiver answered.
    pub status: Option<i32>,
    /// Why there was no answer.
    pub error: Option<&'a str>,
    /// Whether it took the event.
    pub is_delivered: bool,
    /// When to try again.
    pub next_attempt_at: Option<OffsetDateTime>,
}

/// Sets an event on its way to every webhook in force of its organization.
///
/// # Errors
/// When Postgres refuses.
pub async fn announce(connection: &mut Connection, event: &Event, now: OffsetDateTime) -> Result<()> {
    let webhooks = sqlx::query_scalar!(
        "select id from webhooks where organization_id = $1 and status = 'active' and deleted_at is null order by id",
        event.organization.as_uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    for webhook in webhooks {
        insert(connection, webhook.into(), event, now).await?;
    }
    Ok(())
}

/// Sets an event on its way to one webhook, once.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(
    connection: &mut Connection,
    webhook: WebhookId,
    event: &Event,
    now: OffsetDateTime,
) -> Result<WebhookDeliveryId> {
    let id: WebhookDeliveryId = ids::fresh();
    sqlx::query!(
        "insert into webhook_deliveries
            (id, organization_id, webhook_id, event_id, event_type, body, next_attempt_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)
         on conflict (webhook_id, event_id) do nothing",
        id.as_uuid(),
        event.organization.as_uuid(),
        webhook.as_uuid(),
        event.id,
        event.kind.as_str(),
        event.body(now)?,
        now,
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Takes events that are due, as many as there is room for and at most one of each webhook, and counts the attempt. They are
/// due again at `until`. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn take(
    connection: &mut Connection,
    now: OffsetDateTime,
    until: OffsetDateTime,
    room: &ExchangeRoom,
) -> Result<Vec<Taken>> {
    let rows = sqlx::query!(
        "update webhook_deliveries delivery
         set attempts = delivery.attempts + 1, next_attempt_at = $2, last_attempt_at = $1
         from webhooks webhook
         where webhook.id = delivery.webhook_id and delivery.id in (
            select due.id from webhook_deliveries due
            join (
                select first.id, row_number() over (partition by first.organization_id order by first.next_attempt_at) as place
                from (
                    select distinct on (waiting.webhook_id) waiting.id, waiting.organization_id, waiting.next_attempt_at
                    from webhook_deliveries waiting
                    join webhooks target on target.id = waiting.webhook_id
                    where waiting.next_attempt_at <= $1 and target.status = 'active' and target.deleted_at is null
                        and waiting.webhook_id <> all($4)
                    order by waiting.webhook_id, waiting.next_attempt_at, waiting.id
                ) first
            ) turn on turn.id = due.id
            where due.next_attempt_at <= $1 and turn.place
                + (select count(*) from unnest($5::uuid[]) busy where busy = due.organization_id) <= $6
            order by due.next_attempt_at limit $3
            for update of due skip locked
         )
         returning delivery.id, delivery.organization_id, delivery.webhook_id, webhook.url, webhook.secret,
            case when webhook.previous_secret_valid_until > $1 then webhook.previous_secret end as previous_secret,
            delivery.event_id, delivery.body, delivery.attempts",
        now,
        until,
        room.count,
        &room.targets,
        &room.organizations,
        room.share,
    )
    .fetch_all(connection)
    .await?;
    let taken = rows.into_iter().map(|row| Taken {
        id: row.id.into(),
        organization: row.organization_id.into(),
        webhook: row.webhook_id.into(),
        url: row.url,
        secret: SealedText(row.secret),
        previous_secret: row.previous_secret.map(SealedText),
        event_id: row.event_id,
        body: row.body,
        attempts: row.attempts,
    });
    Ok(taken.collect())
}

/// Takes one event at once, whenever it is due.
///
/// # Errors
/// When Postgres refuses.
pub async fn take_one(
    connection: &mut Connection,
    organization: OrganizationId,
    id: WebhookDeliveryId,
    now: OffsetDateTime,
) -> Result<Option<Taken>> {
    let row = sqlx::query!(
        "update webhook_deliveries delivery
         set attempts = delivery.attempts + 1, next_attempt_at = null, last_attempt_at = $3
         from webhooks webhook
         where webhook.id = delivery.webhook_id and delivery.organization_id = $1 and delivery.id = $2
         returning delivery.webhook_id, webhook.url, webhook.secret,
            case when webhook.previous_secret_valid_until > $3 then webhook.previous_secret end as previous_secret,
            delivery.event_id, delivery.body, delivery.attempts",
        organization.as_uuid(),
        id.as_uuid(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Taken {
        id,
        organization,
        webhook: row.webhook_id.into(),
        url: row.url,
        secret: SealedText(row.secret),
        previous_secret: row.previous_secret.map(SealedText),
        event_id: row.event_id,
        body: row.body,
        attempts: row.attempts,
    }))
}

/// Notes what came of an attempt.
///
/// # Errors
/// When Postgres refuses.
pub async fn record(
    connection: &mut Connection,
    organization: OrganizationId,
    id: WebhookDeliveryId,
    outcome: Outcome<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update webhook_deliveries set last_status = $3, last_error = $4, next_attempt_at = $5,
            delivered_at = case when $6 then $7::timestamptz end
         where organization_id = $1 and id = $2 and delivered_at is null",
        organization.as_uuid(),
        id.as_uuid(),
        outcome.status,
        outcome.error,
        outcome.next_attempt_at,
        outcome.is_delivered,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a webhook was told and is to be told, newest first, of events before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    webhook: WebhookId,
    before: Option<WebhookDeliveryId>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, event_id, event_type, attempts, next_attempt_at, last_attempt_at, last_status, last_error,
            delivered_at, created_at
         from webhook_deliveries
         where organization_id = $1 and webhook_id = $2 and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        organization.as_uuid(),
        webhook.as_uuid(),
        before.map(WebhookDeliveryId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Delivery::from).collect())
}

struct Row {
    id: Uuid,
    event_id: String,
    event_type: String,
    attempts: i32,
    next_attempt_at: Option<OffsetDateTime>,
    last_attempt_at: Option<OffsetDateTime>,
    last_status: Option<i32>,
    last_error: Option<String>,
    delivered_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            event_id: row.event_id,
            event_type: row.event_type,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_attempt_at: row.last_attempt_at,
            last_status: row.last_status,
            last_error: row.last_error,
            delivered_at: row.delivered_at,
            created_at: row.created_at,
        }
    }
}

/// One delivery.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: WebhookDeliveryId,
) -> Result<Option<Delivery>> {
    let row = sqlx::query_as!(
        Row,
        "select id, event_id, event_type, attempts, next_attempt_at, last_attempt_at, last_status, last_error,
            delivered_at, created_at
         from webhook_deliveries where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Delivery::from))
}

/// Forgets events from before `before`, sent or not. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn prune(connection: &mut Connection, before: OffsetDateTime) -> Result<()> {
    sqlx::query!("delete from webhook_deliveries where created_at < $1", before)
        .execute(connection)
        .await?;
    Ok(())
}
