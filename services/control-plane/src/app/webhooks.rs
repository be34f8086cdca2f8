//! Webhooks: where an organization is told of events. The secret that messages are signed with is made here, shown once, and
//! stored sealed.

use secrecy::SecretString;
use serde_json::json;
use sluicegate_contracts::config::{SealedText, Status};
use sluicegate_contracts::ids::{OrganizationId, WebhookId};
use sluicegate_credentials::{Sealing, WebhookSecret};
use sluicegate_service_runtime::ids;
use time::Duration;

use super::{Tx, data_key};
use crate::codes::Code;
use crate::domain::base_url;
use crate::domain::identity::DisplayName;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, FieldError, Result};
use crate::store::Lock;
use crate::store::webhooks::{self, PreviousSecret, Webhook};

/// Most webhooks of an organization: each event goes to all of them.
const MAX_WEBHOOKS: i64 = 20;
const MAX_URL_BYTES: usize = 2_048;
const PURPOSE: &str = "webhook-secret";

/// What shall change; the rest stays as it is.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<String>,
    /// Where messages go.
    pub url: Option<String>,
    /// Whether it is told anything.
    pub status: Option<Status>,
}

/// The place of a webhook's secret.
pub(super) const fn place(organization: OrganizationId, webhook: WebhookId) -> Sealing {
    Sealing {
        organization,
        row: webhook.as_uuid(),
        purpose: PURPOSE,
    }
}

/// Checks an address as base URLs of connections are.
fn checked_url(tx: &Tx, text: &str) -> Result<String, FieldError> {
    if text.len() > MAX_URL_BYTES {
        return Err(FieldError::new("/url", "too_long", "Use at most 2048 bytes."));
    }
    let policy = &tx.state().settings.upstream.allow_private;
    base_url::parse(text, policy)
        .map(String::from)
        .map_err(|refused| FieldError::new("/url", "invalid", refused.to_string()))
}

fn checked(tx: &Tx, name: &str, url: &str) -> Result<(String, String)> {
    match (DisplayName::parse(name, "/name"), checked_url(tx, url)) {
        (Ok(name), Ok(url)) => Ok((name.as_str().to_owned(), url)),
        (name, url) => Err(Error::validation(
            name.err().into_iter().chain(url.err()).collect(),
        )),
    }
}

/// A new webhook and its secret.
///
/// # Errors
/// `validation_failed` with every finding; `conflict` when there are too many.
pub async fn create(tx: &mut Tx, name: &str, url: &str) -> Result<(Webhook, SecretString)> {
    let organization = tx.organization()?;
    if webhooks::count(tx.connection(), organization).await? >= MAX_WEBHOOKS {
        let detail = "An organization has at most 20 webhooks; delete one first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let (name, url) = checked(tx, name, url)?;
    let id: WebhookId = ids::fresh();
    let (secret, sealed) = new_secret(tx, organization, id).await?;
    let webhook = Webhook {
        id,
        organization,
        name,
        url,
        secret: sealed,
        previous: None,
        status: Status::Active,
        disabled_reason: None,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: tx.ctx().now,
    };
    webhooks::insert(tx.connection(), &webhook).await?;
    audit(tx, &webhook, "webhook.create");
    Ok((webhook, secret))
}

/// A fresh secret for a webhook, open and sealed.
async fn new_secret(
    tx: &mut Tx,
    organization: OrganizationId,
    id: WebhookId,
) -> Result<(SecretString, SealedText)> {
    let secret = WebhookSecret::generate(rand::random()).map_err(Error::internal)?;
    let key = data_key::of_tenant(tx).await?;
    let sealed = key.seal(&place(organization, id), secret.text(), rand::random());
    Ok((secret.text().clone(), sealed))
}

/// The address stays out of the audit trail: its path may be a secret of the receiver.
pub(super) fn audit(tx: &mut Tx, webhook: &Webhook, action: &str) {
    let reason = webhook.disabled_reason.map(|reason| reason.as_str());
    let detail = json!({ "name": webhook.name, "status": webhook.status, "disabled_reason": reason });
    tx.audit(action, webhook.id, &detail);
}

async fn locked(tx: &mut Tx, id: WebhookId, if_match: &IfMatch) -> Result<Webhook> {
    let organization = tx.organization()?;
    let found = webhooks::find(tx.connection(), organization, id, Lock::ForUpdate).await?;
    let webhook = found.ok_or_else(Error::not_found)?;
    if_match.check(webhook.revision)?;
    Ok(webhook)
}

/// Changes a webhook. Of what happened while it was off it is never told.
///
/// # Errors
/// `not_found`, `version_conflict`, `validation_failed` with every finding.
pub async fn update(tx: &mut Tx, id: WebhookId, changes: Changes, if_match: &IfMatch) -> Result<Webhook> {
    let mut webhook = locked(tx, id, if_match).await?;
    let name = changes.name.unwrap_or_else(|| webhook.name.clone());
    let url = changes.url.unwrap_or_else(|| webhook.url.clone());
    (webhook.name, webhook.url) = checked(tx, &name, &url)?;
    if let Some(status) = changes.status {
        webhook.status = status;
        webhook.disabled_reason = None;
    }
    webhooks::update(tx.connection(), &mut webhook).await?;
    audit(tx, &webhook, "webhook.update");
    Ok(webhook)
}

/// Gives a webhook a new secret. Messages are signed with the one before it as well for `overlap`; with one before that no
/// more.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn rotate(
    tx: &mut Tx,
    id: WebhookId,
    overlap: Duration,
    if_match: &IfMatch,
) -> Result<(Webhook, SecretString)> {
    let mut webhook = locked(tx, id, if_match).await?;
    let (secret, sealed) = new_secret(tx, webhook.organization, id).await?;
    let replaced = std::mem::replace(&mut webhook.secret, sealed);
    webhook.previous = (!overlap.is_zero()).then(|| PreviousSecret {
        secret: replaced,
        valid_until: tx.ctx().now + overlap,
    });
    webhooks::update(tx.connection(), &mut webhook).await?;
    let detail = json!({ "name": webhook.name, "overlap_seconds": overlap.whole_seconds() });
    tx.audit("webhook.rotate", id, &detail);
    Ok((webhook, secret))
}

/// Takes a webhook out of use.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn delete(tx: &mut Tx, id: WebhookId, if_match: &IfMatch) -> Result<()> {
    let webhook = locked(tx, id, if_match).await?;
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    webhooks::delete(tx.connection(), organization, id, now).await?;
    audit(tx, &webhook, "webhook.delete");
    Ok(())
}
