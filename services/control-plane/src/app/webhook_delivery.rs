//! Sends events to webhooks: signed, outside of any transaction, and at least once.

use futures_util::FutureExt;
use serde_json::json;
use sluicegate_contracts::config::Status;
use sluicegate_contracts::ids::{OrganizationId, WebhookDeliveryId, WebhookId};
use sluicegate_credentials::WebhookSecret;
use sluicegate_service_runtime::ids;
use time::{Duration, OffsetDateTime};

use super::{Ctx, Tx, data_key, webhooks};
use crate::domain::exchange_room::ExchangeRoom;
use crate::domain::webhook_event::{Event, EventKind};
use crate::domain::webhook_retries::{Disabled, Next, next};
use crate::error::{Error, Result};
use crate::outbound::{Message, Outbound};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::webhook_deliveries::{self, Delivery, Outcome, Taken};
use crate::store::{Lock, webhooks as rows};

/// For how long a sender has what it took: longer than an attempt can last.
const TAKEN_FOR: Duration = Duration::seconds(60);
const SENDER: &str = "webhook sender";

/// Takes events that are due, as many as there is room for.
///
/// # Errors
/// When Postgres refuses.
pub async fn take(state: &AppState, room: ExchangeRoom) -> Result<Vec<Taken>> {
    let now = state.now()?;
    state
        .within(Scope::System, move |connection| {
            async move { webhook_deliveries::take(connection, now, now + TAKEN_FOR, &room).await }.boxed()
        })
        .await
}

/// Sends one event and notes what came of it.
///
/// # Errors
/// When its secret cannot be opened, or Postgres refuses; it is then due again.
pub async fn send(state: &AppState, outbound: &Outbound, taken: Taken) -> Result<()> {
    let (answer, now) = attempt(state, outbound, &taken).await?;
    let next = next(usize::try_from(taken.attempts).unwrap_or(0), answer.status, now);
    settle(state, &taken, answer, next, now).await
}

/// What a receiver answered, or why there is no answer.
#[derive(Debug, Clone)]
struct Answered {
    status: Option<u16>,
    error: Option<String>,
}

async fn attempt(state: &AppState, outbound: &Outbound, taken: &Taken) -> Result<(Answered, OffsetDateTime)> {
    let at = state.now()?.unix_timestamp();
    let message = Message {
        id: &taken.event_id,
        at,
        signature: &signatures(state, taken, at).await?,
        body: &taken.body,
    };
    let answer = match outbound.post(&taken.url, message).await {
        Ok(status) => Answered {
            status: Some(status),
            error: None,
        },
        Err(unsent) => Answered {
            status: None,
            error: Some(unsent.to_string()),
        },
    };
    Ok((answer, state.now()?))
}

/// The signature with the secret in force and, while that is being rotated, the one with the secret before it: a space
/// between them, as Standard Webhooks have it.
async fn signatures(state: &AppState, taken: &Taken, at: i64) -> Result<String> {
    let key = data_key::of(state, taken.organization).await?;
    let place = webhooks::place(taken.organization, taken.webhook);
    let secrets = std::iter::once(&taken.secret).chain(&taken.previous_secret);
    let signed = secrets.map(|sealed| {
        let secret = key.open(&place, sealed).map_err(Error::internal)?;
        let secret = WebhookSecret::parse(&secret).map_err(Error::internal)?;
        Ok(secret.sign(&taken.event_id, at, &taken.body))
    });
    Ok(signed.collect::<Result<Vec<_>>>()?.join(" "))
}

async fn settle(
    state: &AppState,
    taken: &Taken,
    answer: Answered,
    next: Next,
    now: OffsetDateTime,
) -> Result<()> {
    let (organization, id, webhook) = (taken.organization, taken.id, taken.webhook);
    let (next_attempt_at, disabled) = match next {
        Next::Delivered => (None, None),
        Next::Retry(at) => (Some(at), None),
        Next::Disable(reason) => (None, Some(reason)),
    };
    let ctx = Ctx::system_for(SENDER, organization, now);
    let settled = state.write(ctx, move |tx| {
        async move {
            let outcome = Outcome {
                status: answer.status.map(i32::from),
                error: answer.error.as_deref(),
                is_delivered: next == Next::Delivered,
                next_attempt_at,
            };
            webhook_deliveries::record(tx.connection(), organization, id, outcome, now).await?;
            match disabled {
                Some(reason) => disable(tx, webhook, reason).await,
                None => Ok(()),
            }
        }
        .boxed()
    });
    settled.await.map(|_| ())
}

/// Switches a webhook off, unless somebody did.
async fn disable(tx: &mut Tx, id: WebhookId, reason: Disabled) -> Result<()> {
    let organization = tx.organization()?;
    let found = rows::find(tx.connection(), organization, id, Lock::ForUpdate).await?;
    let Some(mut webhook) = found.filter(|webhook| webhook.status == Status::Active) else {
        return Ok(());
    };
    webhook.status = Status::Disabled;
    webhook.disabled_reason = Some(reason);
    rows::update(tx.connection(), &mut webhook).await?;
    webhooks::audit(tx, &webhook, "webhook.disable");
    Ok(())
}

/// Puts a test event of a webhook on record, to be sent by [`send_test`] alone.
///
/// # Errors
/// `not_found`.
pub async fn begin_test(tx: &mut Tx, id: WebhookId) -> Result<Taken> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let found = rows::find(tx.connection(), organization, id, Lock::None).await?;
    let webhook = found.ok_or_else(Error::not_found)?;
    let event: WebhookDeliveryId = ids::fresh();
    let event = Event {
        id: format!("test_{event}"),
        organization,
        project: None,
        kind: EventKind::WebhookTest,
        data: json!({ "webhook": webhook.id, "webhook_name": webhook.name }),
    };
    let delivery = webhook_deliveries::insert(tx.connection(), id, &event, now).await?;
    webhooks::audit(tx, &webhook, "webhook.test");
    let taken = webhook_deliveries::take_one(tx.connection(), organization, delivery, now).await?;
    taken.ok_or_else(Error::not_found)
}

/// Sends a test event once, whatever the webhook's status, and says what came of it.
///
/// # Errors
/// When its secret cannot be opened, or Postgres refuses.
pub async fn send_test(state: &AppState, outbound: &Outbound, taken: Taken) -> Result<Delivery> {
    let (organization, id): (OrganizationId, WebhookDeliveryId) = (taken.organization, taken.id);
    let (answer, now) = attempt(state, outbound, &taken).await?;
    let is_delivered = next(1, answer.status, now) == Next::Delivered;
    state
        .within(Scope::System, move |connection| {
            async move {
                let outcome = Outcome {
                    status: answer.status.map(i32::from),
                    error: answer.error.as_deref(),
                    is_delivered,
                    next_attempt_at: None,
                };
                webhook_deliveries::record(connection, organization, id, outcome, now).await?;
                let found = webhook_deliveries::find(connection, organization, id).await?;
                found.ok_or_else(Error::not_found)
            }
            .boxed()
        })
        .await
}
