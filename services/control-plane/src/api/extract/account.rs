//! Proves whose call of the account API a worker hands on: the worker by its token, the caller by the digest of a key.

use std::future::Future;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sluicegate_contracts::config::KeyDigest;
use time::OffsetDateTime;

use super::worker::Worker;
use super::{Caller, origin};
use crate::app::{Actor, Ctx, Origin};
use crate::codes::Code;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::account_keys;
use crate::store::api_keys::ApiKey;
use crate::store::database::Scope;
use crate::store::management_keys::{self, ManagementKey};

/// Where a worker puts the digest.
const KEY_DIGEST: &str = "x-sluicegate-key-digest";

/// The key a call was made with.
#[derive(Debug, Clone)]
pub enum Presented {
    /// A management key.
    Management(ManagementKey),
    /// An inference key that works.
    Inference(Box<ApiKey>),
}

/// A call that a worker hands on.
#[derive(Debug, Clone)]
pub struct Account {
    /// The key it was made with.
    pub key: Presented,
    state: AppState,
    now: OffsetDateTime,
    origin: Origin,
}

fn refused() -> Error {
    let detail = "The key is not known, switched off, expired or revoked.";
    Error::new(Code::Unauthenticated, detail)
}

async fn presented(state: &AppState, digest: KeyDigest, now: OffsetDateTime) -> Result<Presented> {
    state
        .within(Scope::System, move |connection| {
            async move {
                if let Some(key) = management_keys::authenticate(connection, digest, now).await? {
                    return Ok(Presented::Management(key));
                }
                let key = account_keys::authenticate(connection, digest, now).await?;
                Ok(Presented::Inference(Box::new(key.ok_or_else(refused)?)))
            }
            .boxed()
        })
        .await
}

impl Account {
    fn of(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let worker = Worker::of(request);
        let header = request.headers().get(KEY_DIGEST);
        let digest = header.and_then(|value| value.to_str().ok()?.parse::<KeyDigest>().ok());
        let origin = Origin {
            // The worker's address says nothing about the caller's.
            address: None,
            ..origin::of(request)
        };
        async move {
            let state = worker?.state;
            let now = state.now()?;
            let key = presented(&state, digest.ok_or_else(refused)?, now).await?;
            Ok(Self {
                key,
                state,
                now,
                origin,
            })
        }
    }

    fn acting(&self) -> Ctx {
        let (actor, organization) = match &self.key {
            Presented::Management(key) => (Actor::ManagementKey(key.id), key.organization),
            Presented::Inference(key) => (Actor::ApiKey(key.id), key.organization),
        };
        Ctx {
            actor,
            organization: Some(organization),
            now: self.now,
            origin: self.origin.clone(),
        }
    }

    /// The doors to the rows of the key's tenant.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller {
            ctx: self.acting(),
            state: self.state.clone(),
        }
    }

    /// The management key, if it acts in at least this role.
    ///
    /// # Errors
    /// `wrong_key_kind` for an inference key, `forbidden` for a smaller role.
    pub fn manager(&self, role: Role) -> Result<&ManagementKey> {
        match &self.key {
            Presented::Management(key) if key.role >= role => Ok(key),
            Presented::Management(key) => {
                let detail = format!(
                    "The key acts as {}; this needs {}.",
                    key.role.as_str(),
                    role.as_str()
                );
                Err(Error::new(Code::Forbidden, detail))
            }
            Presented::Inference(_) => {
                let detail = "This takes a management key (mk-sg-…), not an inference key.";
                Err(Error::new(Code::WrongKeyKind, detail))
            }
        }
    }
}

impl FromRequest for Account {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Self::of(request).boxed_local()
    }
}
