//! Accounts at providers. A credential is sealed for its connection before it is stored, and belongs to the address it
//! was given for: another address drops it, so that it cannot be sent somewhere its owner never meant.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sluicegate_contracts::config::{Entity, EntityKind, Status};
use sluicegate_contracts::ids::{ConnectionId, ProjectId};
use sluicegate_credentials::Sealing;
use sluicegate_service_runtime::ids;
use url::Url;

use super::{Tx, data_key};
use crate::codes::Code;
use crate::domain::base_url;
use crate::domain::identity::Slug;
use crate::domain::precondition::IfMatch;
use crate::domain::providers::{self, Provider};
use crate::error::{Error, FieldError, Result};
use crate::store::connections::{self, Account, StoredCredential};
use crate::store::{Lock, routes};

/// What a sealed credential is bound to, besides organization and row.
const PURPOSE: &str = "connection-credential";
const MAX_CREDENTIAL: usize = 4096;

/// What an account is made from.
#[derive(Debug)]
pub struct NewConnection {
    /// Its name within the project.
    pub slug: Slug,
    /// Provider id.
    pub provider: String,
    /// Base URL; the provider's own when absent.
    pub base_url: Option<String>,
    /// The credential.
    pub credential: Option<SecretString>,
    /// Lower is tried first.
    pub priority: i32,
}

/// What shall change.
#[derive(Debug, Default)]
pub struct Changes {
    /// The base URL; `Some(None)` goes back to the provider's own.
    pub base_url: Option<Option<String>>,
    /// The credential; `Some(None)` forgets it.
    pub credential: Option<Option<SecretString>>,
    /// Whether it may be used.
    pub status: Option<Status>,
    /// Lower is tried first.
    pub priority: Option<i32>,
}

fn known_provider(id: &str) -> Result<&'static Provider> {
    providers::find(id)
        .ok_or_else(|| Error::field("/provider", "unknown_provider", "See the list of providers."))
}

fn address(tx: &Tx, provider: &Provider, written: Option<&str>) -> Result<Url> {
    let Some(text) = written.or(provider.base_url) else {
        return Err(Error::field(
            "/base_url",
            "missing",
            "This provider needs a base URL.",
        ));
    };
    base_url::parse(text, &tx.state().settings.upstream.allow_private).map_err(|refused| {
        let finding = FieldError::new("/base_url", "base_url_forbidden", refused.to_string());
        Error::new(Code::BaseUrlForbidden, refused.to_string()).with_fields(vec![finding])
    })
}

/// What a person may see of a credential: its end, if that gives nothing away.
fn hint(credential: &str) -> String {
    let last: Vec<char> = credential.chars().rev().take(4).collect();
    if credential.chars().count() < 12 {
        "…".to_owned()
    } else {
        format!("…{}", last.iter().rev().collect::<String>())
    }
}

async fn seal(tx: &mut Tx, id: ConnectionId, credential: &SecretString) -> Result<StoredCredential> {
    let text = credential.expose_secret().trim();
    if !(1..=MAX_CREDENTIAL).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = "Use 1 to 4096 visible ASCII characters without spaces.";
        return Err(Error::field("/credential", "invalid_credential", detail));
    }
    let place = Sealing {
        organization: tx.organization()?,
        row: id.as_uuid(),
        purpose: PURPOSE,
    };
    let key = data_key::of_tenant(tx).await?;
    Ok(StoredCredential {
        sealed: key.seal(&place, &SecretString::from(text), rand::random()),
        hint: hint(text),
    })
}

/// A new account.
///
/// # Errors
/// `validation_failed`, `base_url_forbidden`, `slug_taken`.
pub async fn create(tx: &mut Tx, project: ProjectId, input: NewConnection) -> Result<Account> {
    let provider = known_provider(&input.provider)?;
    if provider.needs_credential && input.credential.is_none() {
        return Err(Error::field(
            "/credential",
            "missing",
            "This provider needs a credential.",
        ));
    }
    let id = ids::fresh::<ConnectionId>();
    let base_url = address(tx, provider, input.base_url.as_deref())?;
    let credential = match &input.credential {
        Some(credential) => Some(seal(tx, id, credential).await?),
        None => None,
    };
    let account = Account {
        id,
        organization: tx.organization()?,
        project,
        slug: input.slug.as_str().to_owned(),
        provider: input.provider,
        base_url,
        credential,
        status: Status::Active,
        priority: input.priority,
        last_test: None,
        revision: 1,
        created_at: tx.ctx().now,
    };
    connections::insert(tx.connection(), &account).await?;
    tx.audit("connection.create", id, &facts(&account));
    tx.publish(&Entity::Connection(account.published()))?;
    Ok(account)
}

fn facts(account: &Account) -> serde_json::Value {
    json!({
        "slug": account.slug,
        "provider": account.provider,
        "base_url": account.base_url,
        "has_credential": account.credential.is_some(),
        "status": account.status,
    })
}

async fn locked(tx: &mut Tx, project: ProjectId, id: ConnectionId, if_match: &IfMatch) -> Result<Account> {
    let found = connections::find(tx.connection(), project, id, Lock::ForUpdate).await?;
    let account = found.ok_or_else(Error::not_found)?;
    if_match.check(account.revision)?;
    Ok(account)
}

/// Changes an account. Another base URL drops the credential unless it is sent again.
///
/// # Errors
/// `not_found`, `validation_failed`, `base_url_forbidden`, `version_conflict`.
pub async fn update(
    tx: &mut Tx,
    project: ProjectId,
    id: ConnectionId,
    changes: Changes,
    if_match: &IfMatch,
) -> Result<Account> {
    let mut account = locked(tx, project, id, if_match).await?;
    if let Some(written) = changes.base_url {
        let base_url = address(tx, known_provider(&account.provider)?, written.as_deref())?;
        if base_url != account.base_url {
            account.credential = None;
            account.last_test = None;
        }
        account.base_url = base_url;
    }
    match changes.credential {
        Some(Some(credential)) => account.credential = Some(seal(tx, id, &credential).await?),
        Some(None) => account.credential = None,
        None => {}
    }
    account.status = changes.status.unwrap_or(account.status);
    account.priority = changes.priority.unwrap_or(account.priority);
    connections::update(tx.connection(), &mut account).await?;
    tx.audit("connection.update", id, &facts(&account));
    tx.publish(&Entity::Connection(account.published()))?;
    Ok(account)
}

/// Takes an account out of use, unless a route is pinned to it.
///
/// # Errors
/// `not_found`, `in_use`, `version_conflict`.
pub async fn delete(tx: &mut Tx, project: ProjectId, id: ConnectionId, if_match: &IfMatch) -> Result<()> {
    let account = locked(tx, project, id, if_match).await?;
    let pinned = routes::pinned_to(tx.connection(), project, id).await?;
    if !pinned.is_empty() {
        return Err(Error::new(
            Code::InUse,
            format!("Routes are pinned to it: {}.", pinned.join(", ")),
        ));
    }
    let now = tx.ctx().now;
    connections::delete(tx.connection(), id, now).await?;
    tx.audit("connection.delete", id, &json!({ "slug": account.slug }));
    tx.retract(EntityKind::Connection, id.as_uuid());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_gives_short_credentials_away_not_at_all() {
        assert_eq!(hint("sk-abcdefghijklwxyz"), "…wxyz");
        assert_eq!(hint("short"), "…");
    }
}
