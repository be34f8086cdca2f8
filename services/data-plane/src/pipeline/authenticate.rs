//! Who calls: the key from the request's head, its digest, its grant in the frozen snapshot. No look-up leaves memory.

use std::time::Duration;

use sluicegate_contracts::event::ConfigVersion;
use sluicegate_credentials::{KeyHasher, KeyKind, api_key};

use super::stage::{Authenticated, Received};
use crate::error::{ErrorKind, GatewayError};
use crate::http::Presented;
use crate::snapshot::{Blocked, Snapshot};

const NOT_READY_RETRY: Duration = Duration::from_secs(1);

/// Finds the caller.
///
/// # Errors
/// 401 that says what was received, never the key itself.
pub(super) fn authenticate<'s>(
    received: Received<'s>,
    hasher: &KeyHasher,
) -> Result<Authenticated<'s>, GatewayError> {
    let key = match &received.arrival.presented {
        Presented::Nothing => {
            return Err(refused(
                "No API key was received. Send it as \"Authorization: Bearer sk-sg-…\" or as \"x-api-key: sk-sg-…\".",
            ));
        }
        Presented::OtherScheme => {
            return Err(refused(
                "The Authorization header is not of the form \"Bearer sk-sg-…\".",
            ));
        }
        Presented::Key(key) => key.as_str(),
    };
    match api_key::parse(key) {
        Ok(KeyKind::Inference) => {}
        Ok(KeyKind::Management) => {
            let message =
                "A management key was received (mk-sg-…). Calling models takes an inference key (sk-sg-…).";
            return Err(refused(message));
        }
        Err(malformed) => {
            // OpenAI's words: some clients tell a bad key from a bad request by them.
            let message = format!(
                "Incorrect API key provided: what was received ({}) is no key of this gateway: {malformed}.",
                looks_like(key)
            );
            return Err(GatewayError::new(ErrorKind::InvalidApiKey, message));
        }
    }
    let snapshot: &'s Snapshot = received.snapshot;
    let grant = snapshot
        .grant(&hasher.digest(key))
        .ok_or_else(|| unknown(snapshot))?;
    grant.check(received.now()).map_err(|blocked| {
        refused(match blocked {
            Blocked::Key => "The key is disabled.",
            Blocked::Ancestor => "A key that the key derives from is disabled or revoked.",
            Blocked::NoModel => "The keys that the key derives from allow none of its models.",
            Blocked::Project => "The key's project is disabled.",
            Blocked::Organization => "The key's organization is suspended.",
            Blocked::Expired => "The key has expired.",
        })
    })?;
    let project = snapshot
        .project(grant.key.project)
        .ok_or_else(|| refused("The key's project is not known here."))?;
    Ok(Authenticated {
        received,
        key: &grant.key,
        constraints: &grant.constraints,
        project,
    })
}

/// Before the first configuration nobody is known, which says nothing about the caller.
fn unknown(snapshot: &Snapshot) -> GatewayError {
    if snapshot.head().version == ConfigVersion::default() {
        let message = "This worker has not received its configuration yet.";
        return GatewayError::new(ErrorKind::NotReady, message).after(NOT_READY_RETRY);
    }
    refused(
        "Incorrect API key provided: it is well-formed but not known here. It may have been revoked, or belong to \
         another deployment.",
    )
}

fn refused(message: &'static str) -> GatewayError {
    GatewayError::new(ErrorKind::InvalidApiKey, message)
}

/// Tells a caller apart what it sent without repeating it: a vendor prefix and a length are no secret.
fn looks_like(key: &str) -> String {
    let vendor = [
        "sk-sg-", "sk-ant-", "sk-or-", "sk-proj-", "sk-", "AIza", "gsk_", "eyJ",
    ]
    .into_iter()
    .find(|prefix| key.starts_with(prefix));
    match vendor {
        Some(prefix) => format!("{} characters that start with {prefix}", key.chars().count()),
        None => format!("{} characters", key.chars().count()),
    }
}
