//! Sources of signals: addresses that values are fetched from, on a schedule, as if somebody pushed them.

use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sluicegate_contracts::config::SignalValue;
use sluicegate_contracts::ids::{OrganizationId, ProjectId, SignalSourceId};
use sluicegate_credentials::Sealing;
use sluicegate_routing::rules::is_signal_name;
use sluicegate_service_runtime::ids;

use super::signals::{self, Push};
use super::{Ctx, Tx, data_key};
use crate::codes::Code;
use crate::domain::base_url;
use crate::domain::exchange_room::ExchangeRoom;
use crate::domain::signal_source::{Terms, value_at};
use crate::error::{Error, FieldError, Result};
use crate::outbound::Outbound;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::signal_sources::{self, SignalSource};

/// Most sources of a project.
const MAX_SOURCES: i64 = 20;
const MAX_URL_BYTES: usize = 2_048;
const PURPOSE: &str = "signal-authorization";
const FETCHER: &str = "signal fetcher";

/// A source as it is written.
#[derive(Debug)]
pub struct Draft {
    /// Name of the signal.
    pub name: String,
    /// What is fetched.
    pub url: String,
    /// What is sent as the header `authorization`.
    pub authorization: Option<SecretString>,
    /// How often, and where in the answer.
    pub terms: Terms,
}

impl Draft {
    fn findings(&self, tx: &Tx) -> Vec<FieldError> {
        let authorization = self.authorization.as_ref().map(SecretString::expose_secret);
        let mut findings = self.terms.findings(authorization);
        if !is_signal_name(&self.name) {
            let detail = "A signal's name has 1 to 64 letters, digits, dots, dashes and underscores.";
            findings.push(FieldError::new("signal", "invalid", detail));
        }
        if self.url.len() > MAX_URL_BYTES {
            findings.push(FieldError::new("/url", "too_long", "Use at most 2048 bytes."));
        } else if let Err(refused) =
            base_url::parse_whole(&self.url, &tx.state().settings.upstream.allow_private)
        {
            findings.push(FieldError::new("/url", "invalid", refused.to_string()));
        }
        findings
    }
}

const fn place(organization: OrganizationId, source: SignalSourceId) -> Sealing {
    Sealing {
        organization,
        row: source.as_uuid(),
        purpose: PURPOSE,
    }
}

/// Sets the source of a signal, in the place of the one it had. Its first fetch is due at once.
///
/// # Errors
/// `validation_failed` with every finding, also when the project has as many sources as it may have.
pub async fn set(tx: &mut Tx, project: ProjectId, draft: Draft) -> Result<SignalSource> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let findings = draft.findings(tx);
    if !findings.is_empty() {
        return Err(Error::validation(findings));
    }
    let known = signal_sources::find(tx.connection(), organization, project, &draft.name).await?;
    if known.is_none() && signal_sources::count(tx.connection(), organization, project).await? >= MAX_SOURCES
    {
        let detail = "A project has at most 20 signals that are fetched. Delete the source of one, or push its values.";
        return Err(Error::field("signal", "too_many", detail));
    }
    let id: SignalSourceId = ids::fresh();
    let authorization = match &draft.authorization {
        Some(secret) => {
            let key = data_key::of_tenant(tx).await?;
            Some(key.seal(&place(organization, id), secret, rand::random()))
        }
        None => None,
    };
    let source = SignalSource {
        id,
        organization,
        project,
        name: draft.name,
        url: draft.url,
        authorization,
        terms: draft.terms,
        next_fetch_at: now,
        last_fetch_at: None,
        last_error: None,
        created_by: tx.ctx().user(),
        created_at: now,
    };
    signal_sources::set(tx.connection(), &source).await?;
    // The address stays out of the audit trail: its query may hold a secret.
    tx.audit("signal_source.set", id, &json!({ "signal": source.name }));
    Ok(source)
}

/// Forgets the source of a signal. The last value counts until it is stale.
///
/// # Errors
/// `not_found`.
pub async fn delete(tx: &mut Tx, project: ProjectId, name: &str) -> Result<()> {
    let organization = tx.organization()?;
    let id = signal_sources::delete(tx.connection(), organization, project, name).await?;
    let id = id.ok_or_else(Error::not_found)?;
    tx.audit("signal_source.delete", id, &json!({ "signal": name }));
    Ok(())
}

/// Takes sources whose turn it is, as many as there is room for.
///
/// # Errors
/// When Postgres refuses.
pub async fn take(state: &AppState, room: ExchangeRoom) -> Result<Vec<SignalSource>> {
    let now = state.now()?;
    state
        .within(Scope::System, move |connection| {
            async move { signal_sources::take(connection, now, &room).await }.boxed()
        })
        .await
}

/// Fetches a value and pushes it. What a source gets wrong is noted with it, and its signal becomes stale in its time.
///
/// # Errors
/// When its secret cannot be opened, or Postgres refuses.
pub async fn fetch(state: &AppState, outbound: &Outbound, source: SignalSource) -> Result<()> {
    let fetched = value(state, outbound, &source).await?;
    let ctx = Ctx::system_for(FETCHER, source.organization, state.now()?);
    let noted = state.write(ctx, move |tx| {
        async move {
            let error = fetched.as_ref().err().map(String::as_str);
            let now = tx.ctx().now;
            let (organization, id) = (source.organization, source.id);
            let is_there = signal_sources::note(tx.connection(), organization, id, error, now).await?;
            match fetched {
                // Of a source that was replaced meanwhile nobody wants to know.
                Ok(value) if is_there => {
                    let ttl_seconds = source.terms.ttl_seconds();
                    let push = Push {
                        name: source.name,
                        value,
                        ttl_seconds,
                    };
                    match signals::push(tx, source.project, push).await {
                        Err(error) if error.code() == Code::ValidationFailed => {
                            let full = Some("the project has as many signals as it may have");
                            signal_sources::note(tx.connection(), organization, id, full, now)
                                .await
                                .map(drop)
                        }
                        pushed => pushed.map(drop),
                    }
                }
                Ok(_) | Err(_) => Ok(()),
            }
        }
        .boxed()
    });
    noted.await.map(|_| ())
}

/// What a source says, or why it says nothing.
async fn value(
    state: &AppState,
    outbound: &Outbound,
    source: &SignalSource,
) -> Result<Result<SignalValue, String>> {
    let authorization = match &source.authorization {
        Some(sealed) => {
            let key = data_key::of(state, source.organization).await?;
            let place = place(source.organization, source.id);
            Some(key.open(&place, sealed).map_err(Error::internal)?)
        }
        None => None,
    };
    Ok(match outbound.get(&source.url, authorization.as_ref()).await {
        Ok(answer) => value_at(&answer, &source.terms.pointer).map_err(|unread| unread.to_string()),
        Err(unsent) => Err(unsent.to_string()),
    })
}
