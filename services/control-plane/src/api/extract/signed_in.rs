//! Proves that a request comes from somebody who is known: a person with an access token, or a program with a management
//! key. An inference key is neither.

use std::future::Future;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_credentials::{KeyKind, api_key};
use time::OffsetDateTime;

use super::{Caller, origin, state};
use crate::app::{Ctx, Origin};
use crate::codes::Code;
use crate::domain::principal::Principal;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::{Connection, management_keys};

/// Somebody who is known.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the process holds.
    pub state: AppState,
    /// Who.
    pub principal: Principal,
    /// When the request came.
    pub now: OffsetDateTime,
    /// From where.
    pub origin: Origin,
}

fn refused() -> Error {
    let detail = "Send a valid access token, or a management key, as a Bearer token.";
    Error::new(Code::Unauthenticated, detail)
}

/// The Bearer token of a request.
///
/// # Errors
/// `unauthenticated` without one.
fn bearer(request: &HttpRequest) -> Result<String> {
    let header = request.headers().get(header::AUTHORIZATION);
    let (scheme, token) = header
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .ok_or_else(refused)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim().to_owned())
    } else {
        Err(refused())
    }
}

async fn principal(state: &AppState, token: &str, now: OffsetDateTime) -> Result<Principal> {
    match api_key::parse(token) {
        Ok(KeyKind::Management) => {
            let digest = state.key_hasher.digest(token);
            let found = state
                .within(Scope::System, move |connection| {
                    management_keys::authenticate(connection, digest, now).boxed()
                })
                .await?;
            Ok(Principal::Key(found.ok_or_else(refused)?.id))
        }
        Ok(KeyKind::Inference) => {
            let detail =
                "An inference key (sk-sg-…) calls models. Send a management key (mk-sg-…), or sign in.";
            Err(Error::new(Code::WrongKeyKind, detail))
        }
        Err(_) => {
            let identity = state.access_tokens.check(token, now.unix_timestamp());
            Ok(Principal::Person(identity.ok_or_else(refused)?.user))
        }
    }
}

impl SignedIn {
    pub(super) fn of(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let (state, token, origin) = (state(request), bearer(request), origin::of(request));
        async move {
            let (state, token) = (state?, token?);
            let now = state.now()?;
            Ok(Self {
                principal: principal(&state, &token, now).await?,
                now,
                origin,
                state,
            })
        }
    }

    /// The same principal acting for `organization`. The caller of this has checked that they may.
    #[must_use]
    pub fn acting_for(self, organization: OrganizationId) -> Caller {
        Caller {
            ctx: Ctx {
                actor: self.principal.into(),
                organization: Some(organization),
                now: self.now,
                origin: self.origin,
            },
            state: self.state,
        }
    }

    /// Reads across tenants: for what belongs to the principal, and for authorization.
    ///
    /// # Errors
    /// What `work` returns, or why there is no transaction.
    pub async fn look_up<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        self.state.within(Scope::System, work).await
    }
}

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Self::of(request).boxed_local()
    }
}
