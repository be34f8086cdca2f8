//! At most once: the answer is kept in the transaction that did the work, so either both are there or neither. Answers
//! may hold a secret that is shown once, so they are sealed with the organization's data key.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_credentials::Sealing;
use time::Duration;
use uuid::Uuid;

use super::extract::body::Once;
use super::reply::Reply;
use crate::app::{Ctx, Tx, data_key};
use crate::codes::Code;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::idempotency::{self, Given, Kept};

/// For how long an answer is kept.
const KEPT_FOR: Duration = Duration::hours(24);
const PURPOSE: &str = "idempotent answer";

/// Identifies a requester's key: names the advisory lock and binds the sealed answer.
fn fingerprint(requester: Uuid, key: &str) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(requester.as_bytes());
    hasher.update(key.as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize()[..16]);
    first
}

fn lock_id(fingerprint: [u8; 16]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&fingerprint[..8]);
    i64::from_be_bytes(first)
}

enum Outcome {
    Fresh(Reply),
    Given(Given),
}

/// Runs `work` in one transaction, at most once for the caller's key, and answers.
///
/// # Errors
/// What `work` returns; `in_flight`, `idempotency_mismatch`.
pub(super) async fn create<F>(state: AppState, ctx: Ctx, once: Once, work: F) -> Result<Reply>
where
    F: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<Reply>> + Send + 'static,
{
    let (Some(key), Some(requester)) = (once.key.clone(), ctx.requester()) else {
        return state.write(ctx, work).await.map(Reply::from);
    };
    let print = fingerprint(requester, &key);
    let request_hash = once.request_hash;
    let committed = state
        .write(ctx, move |tx| {
            async move {
                if !idempotency::try_lock(tx.connection(), lock_id(print)).await? {
                    return Err(Error::new(
                        Code::InFlight,
                        "Wait for the answer to the first request.",
                    ));
                }
                let since = tx.ctx().now - KEPT_FOR;
                if let Some(given) = idempotency::find(tx.connection(), requester, &key, since).await? {
                    return Ok(Outcome::Given(given));
                }
                let reply = work(tx).await?;
                keep(tx, requester, key, once, &reply).await?;
                Ok(Outcome::Fresh(reply))
            }
            .boxed()
        })
        .await?;
    match committed.value {
        Outcome::Fresh(reply) => Ok(reply.at_version(committed.version)),
        Outcome::Given(given) => replay(&state, print, request_hash, given).await,
    }
}

fn place(organization: OrganizationId, print: [u8; 16]) -> Sealing {
    Sealing {
        organization,
        row: Uuid::from_bytes(print),
        purpose: PURPOSE,
    }
}

async fn keep(tx: &mut Tx, requester: Uuid, key: String, once: Once, reply: &Reply) -> Result<()> {
    let organization = tx.organization()?;
    let data_key = data_key::of_tenant(tx).await?;
    let text = SecretString::from(serde_json::to_string(reply).map_err(Error::internal)?);
    let response = data_key.seal(
        &place(organization, fingerprint(requester, &key)),
        &text,
        rand::random(),
    );
    let now = tx.ctx().now;
    tx.keep_answer(Kept {
        requester,
        key,
        organization,
        operation: once.operation,
        request_hash: once.request_hash,
        response,
        now,
    });
    Ok(())
}

async fn replay(state: &AppState, print: [u8; 16], request_hash: [u8; 32], given: Given) -> Result<Reply> {
    if given.request_hash != request_hash {
        let detail = "Use a new Idempotency-Key for a request with other content.";
        return Err(Error::new(Code::IdempotencyMismatch, detail));
    }
    // The answer may belong to another tenant of the requester than the one this request acts for.
    let organization = given.organization;
    let data_key = data_key::of(state, organization).await?;
    let text = data_key
        .open(&place(organization, print), &given.response)
        .map_err(Error::internal)?;
    let reply: Reply = serde_json::from_str(text.expose_secret()).map_err(Error::internal)?;
    Ok(reply.at_version(given.version).replayed())
}
