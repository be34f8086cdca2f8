//! Accounts at providers. A credential is sealed for its connection before it is stored, and belongs to the address it
//! was given for: another address drops it, so that it cannot be sent somewhere its owner never meant.

use secrecy::SecretString;
use serde_json::json;
use sluicegate_contracts::config::{Entity, EntityKind, ProviderSettings, Resale, Status};
use sluicegate_contracts::ids::{ConnectionId, ProjectId};
use sluicegate_credentials::{ProviderCredential, Sealing};
use sluicegate_service_runtime::ids;
use url::Url;

use super::{Tx, data_key};
use crate::codes::Code;
use crate::domain::base_url;
use crate::domain::identity::Slug;
use crate::domain::precondition::IfMatch;
use crate::domain::provider_settings;
use crate::domain::providers::{self, Provider};
use crate::error::{Error, FieldError, Result};
use crate::store::connections::{self, Account, StoredCredential};
use crate::store::{Lock, routes};

/// What an account is made from.
#[derive(Debug)]
pub struct NewConnection {
    /// Its name within the project.
    pub slug: Slug,
    /// Provider id.
    pub provider: String,
    /// Base URL; the provider's own when absent.
    pub base_url: Option<String>,
    /// What the provider needs to know besides.
    pub settings: ProviderSettings,
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
    /// All settings, in place of those before.
    pub settings: Option<ProviderSettings>,
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

fn address(tx: &Tx, provider: &Provider, settings: &ProviderSettings, written: Option<&str>) -> Result<Url> {
    let own = provider.own_base_url(settings);
    let Some(text) = written.or(own.as_deref()) else {
        return Err(Error::field(
            "/base_url",
            "missing",
            "This provider needs a base URL.",
        ));
    };
    permitted(tx, text).map_err(|refused| {
        let finding = FieldError::new("/base_url", "base_url_forbidden", refused.to_string());
        Error::new(Code::BaseUrlForbidden, refused.to_string()).with_fields(vec![finding])
    })
}

fn permitted(tx: &Tx, text: &str) -> Result<Url, base_url::Refused> {
    base_url::parse(text, &tx.state().settings.upstream.allow_private)
}

fn check_settings(provider: &Provider, settings: &ProviderSettings) -> Result<()> {
    let findings = provider_settings::findings(provider, settings);
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Error::validation(findings))
    }
}

/// Reads a credential as the provider's and seals what was read.
async fn seal(
    tx: &mut Tx,
    id: ConnectionId,
    provider: &Provider,
    text: &SecretString,
) -> Result<StoredCredential> {
    let invalid = |detail: String| Error::field("/credential", "invalid_credential", detail);
    let credential = ProviderCredential::parse(text, provider.id.credentials())
        .map_err(|malformed| invalid(malformed.to_string()))?;
    // Workers call this address too.
    if let ProviderCredential::ServiceAccount(account) = &credential {
        permitted(tx, account.token_uri.as_str())
            .map_err(|refused| invalid(format!("The field `token_uri` cannot be used. {refused}")))?;
    }
    let place = Sealing::connection_credential(tx.organization()?, id);
    let key = data_key::of_tenant(tx).await?;
    Ok(StoredCredential {
        sealed: key.seal(&place, &credential.to_text(), rand::random()),
        hint: credential.hint(),
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
    check_settings(provider, &input.settings)?;
    let id = ids::fresh::<ConnectionId>();
    let base_url = address(tx, provider, &input.settings, input.base_url.as_deref())?;
    let credential = match &input.credential {
        Some(credential) => Some(seal(tx, id, provider, credential).await?),
        None => None,
    };
    let account = Account {
        id,
        organization: tx.organization()?,
        project,
        slug: input.slug.as_str().to_owned(),
        provider: input.provider,
        base_url,
        settings: input.settings,
        credential,
        status: Status::Active,
        priority: input.priority,
        resale: None,
        last_test: None,
        revision: 1,
        created_at: tx.ctx().now,
    };
    connections::insert(tx.connection(), &account).await?;
    tx.audit("connection.create", id, &facts(&account));
    tx.publish(&Entity::Connection(account.published()))?;
    Ok(account)
}

/// Whether the account is at an address of the provider's own.
fn is_own(provider: &Provider, account: &Account) -> bool {
    let own = provider.own_base_url(&account.settings);
    own.and_then(|own| own.parse::<Url>().ok())
        .is_some_and(|own| own == account.base_url)
}

fn facts(account: &Account) -> serde_json::Value {
    json!({
        "slug": account.slug,
        "provider": account.provider,
        "base_url": account.base_url,
        "settings": account.settings,
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

/// Changes an account. Another base URL drops the credential unless it is sent again; from one of the provider's own
/// addresses to another, as when its region changes, it stays.
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
    let provider = known_provider(&account.provider)?;
    let was_own = is_own(provider, &account);
    if let Some(settings) = changes.settings {
        check_settings(provider, &settings)?;
        account.last_test = account.last_test.filter(|_| settings == account.settings);
        account.settings = settings;
    }
    let written = match &changes.base_url {
        Some(written) => Some(written.as_deref()),
        None => was_own.then_some(None),
    };
    if let Some(written) = written {
        let base_url = address(tx, provider, &account.settings, written)?;
        let moved = base_url != account.base_url;
        account.base_url = base_url;
        if moved {
            account.last_test = None;
        }
        if moved && !(was_own && is_own(provider, &account)) {
            account.credential = None;
        }
    }
    match changes.credential {
        Some(Some(credential)) => account.credential = Some(seal(tx, id, provider, &credential).await?),
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

/// Lets every organization call through an account for prepaid credit, or no other any more.
///
/// # Errors
/// `not_found`.
pub async fn resell(
    tx: &mut Tx,
    project: ProjectId,
    id: ConnectionId,
    resale: Option<Resale>,
) -> Result<Account> {
    let found = connections::find(tx.connection(), project, id, Lock::ForUpdate).await?;
    let mut account = found.ok_or_else(Error::not_found)?;
    account.resale = resale;
    connections::resell(tx.connection(), &mut account).await?;
    let margin = resale.map(|resale| resale.margin.ppm());
    tx.audit("connection.resell", id, &json!({ "margin_ppm": margin }));
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
