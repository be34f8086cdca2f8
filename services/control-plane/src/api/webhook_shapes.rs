//! What webhooks and their deliveries look like in REST.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use sluicegate_contracts::ids::{UserId, WebhookDeliveryId, WebhookId};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::app::webhooks::Changes;
use crate::domain::webhook_retries::Disabled;
use crate::store::webhook_deliveries::Delivery;
use crate::store::webhooks as rows;

/// Whether a webhook is told anything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WebhookStatus {
    /// It is told of events.
    Active,
    /// It is told nothing, also later, of what happens meanwhile.
    Disabled,
}

impl From<config::Status> for WebhookStatus {
    fn from(status: config::Status) -> Self {
        match status {
            config::Status::Active => Self::Active,
            config::Status::Disabled => Self::Disabled,
        }
    }
}

impl From<WebhookStatus> for config::Status {
    fn from(status: WebhookStatus) -> Self {
        match status {
            WebhookStatus::Active => Self::Active,
            WebhookStatus::Disabled => Self::Disabled,
        }
    }
}

/// Why a webhook was switched off without anybody doing it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WebhookDisabled {
    /// Its receiver answered 410.
    Gone,
    /// An event failed at all of its attempts.
    GaveUp,
}

impl From<Disabled> for WebhookDisabled {
    fn from(reason: Disabled) -> Self {
        match reason {
            Disabled::Gone => Self::Gone,
            Disabled::GaveUp => Self::GaveUp,
        }
    }
}

/// Where an organization is told of events.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Webhook {
    /// Its id.
    #[schema(value_type = String, example = "whk_01jd0000000000000000000000")]
    id: WebhookId,
    /// Its name for people.
    #[schema(example = "On call")]
    name: String,
    /// Where messages are posted.
    #[schema(example = "https://hooks.example.com/sluicegate")]
    url: String,
    /// Whether it is told anything.
    status: WebhookStatus,
    /// Why it was switched off, when nobody did it.
    #[schema(required = true)]
    disabled_reason: Option<WebhookDisabled>,
    /// Until when messages are signed with the secret before the current one as well.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    previous_secret_valid_until: Option<OffsetDateTime>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who created it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
}

impl Webhook {
    pub(super) fn of(row: rows::Webhook, now: OffsetDateTime) -> Self {
        let previous = row.previous.map(|previous| previous.valid_until);
        Self {
            id: row.id,
            name: row.name,
            url: row.url,
            status: row.status.into(),
            disabled_reason: row.disabled_reason.map(WebhookDisabled::from),
            previous_secret_valid_until: previous.filter(|until| *until > now),
            created_at: row.created_at,
            created_by: row.created_by,
        }
    }
}

/// A webhook and the secret that its messages are signed with, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// The secret, in the form of Standard Webhooks.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwRdsjCFHqNWk=")]
    secret: String,
}

impl WebhookWithSecret {
    pub(super) fn of(row: rows::Webhook, secret: &SecretString, now: OffsetDateTime) -> Self {
        Self {
            webhook: Webhook::of(row, now),
            secret: secret.expose_secret().to_owned(),
        }
    }
}

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateWebhook {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100, example = "On call")]
    pub(super) name: String,
    /// Where messages are posted: https, at a public address, without query and fragment.
    #[schema(max_length = 2048, example = "https://hooks.example.com/sluicegate")]
    pub(super) url: String,
}

/// What shall change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateWebhook {
    /// Its name for people.
    name: Option<String>,
    /// Where messages are posted.
    url: Option<String>,
    /// Whether it is told anything.
    status: Option<WebhookStatus>,
}

impl From<UpdateWebhook> for Changes {
    fn from(body: UpdateWebhook) -> Self {
        Self {
            name: body.name,
            url: body.url,
            status: body.status.map(config::Status::from),
        }
    }
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    /// It is, or will be, tried.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It is not tried again.
    Failed,
}

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookDelivery {
    /// Its id.
    #[schema(value_type = String, example = "whd_01jd0000000000000000000000")]
    id: WebhookDeliveryId,
    /// Id of the event, in the header `webhook-id`: the same in every repeat.
    event: String,
    /// What kind of event.
    #[schema(example = "budget.threshold")]
    event_type: String,
    /// How far it has come.
    state: DeliveryState,
    /// Times it was tried.
    attempts: i32,
    /// The status that the receiver answered with at the last attempt.
    #[schema(required = true)]
    last_status: Option<i32>,
    /// Why there was no answer at the last attempt.
    #[schema(required = true)]
    last_error: Option<String>,
    /// When it was tried last.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    last_attempt_at: Option<OffsetDateTime>,
    /// When it is tried next.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    next_attempt_at: Option<OffsetDateTime>,
    /// When the receiver took it.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    delivered_at: Option<OffsetDateTime>,
    /// When the event happened.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<Delivery> for WebhookDelivery {
    fn from(row: Delivery) -> Self {
        let state = match (row.delivered_at, row.next_attempt_at) {
            (Some(_), _) => DeliveryState::Delivered,
            (None, Some(_)) => DeliveryState::Pending,
            (None, None) => DeliveryState::Failed,
        };
        Self {
            id: row.id,
            event: row.event_id,
            event_type: row.event_type,
            state,
            attempts: row.attempts,
            last_status: row.last_status,
            last_error: row.last_error,
            last_attempt_at: row.last_attempt_at,
            next_attempt_at: row.next_attempt_at,
            delivered_at: row.delivered_at,
            created_at: row.created_at,
        }
    }
}
