//! Proves that a person is signed in.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::BoxFuture;
use sluicegate_contracts::ids::{OrganizationId, UserId};
use time::OffsetDateTime;

use super::{Caller, origin, state};
use crate::app::{Actor, Ctx, Origin};
use crate::codes::Code;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::Connection;
use crate::store::database::Scope;

/// A signed-in person.
#[derive(Debug, Clone)]
pub struct Session {
    /// What the process holds.
    pub state: AppState,
    /// Who.
    pub user: UserId,
    /// When the request came.
    pub now: OffsetDateTime,
    /// From where.
    pub origin: Origin,
}

impl Session {
    pub(super) fn of(request: &HttpRequest) -> Result<Self> {
        let state = state(request)?;
        let now = state.now()?;
        let refused = || {
            Error::new(
                Code::Unauthenticated,
                "Send a valid access token as a Bearer token.",
            )
        };
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(refused)?;
        let identity = state
            .access_tokens
            .check(token, now.unix_timestamp())
            .ok_or_else(refused)?;
        Ok(Self {
            user: identity.user,
            now,
            origin: origin::of(request),
            state,
        })
    }

    /// The same person acting for `organization`. The caller of this has checked that they may.
    #[must_use]
    pub fn acting_for(self, organization: OrganizationId) -> Caller {
        Caller {
            ctx: Ctx {
                actor: Actor::User(self.user),
                organization: Some(organization),
                now: self.now,
                origin: self.origin,
            },
            state: self.state,
        }
    }

    /// Reads across tenants: for what belongs to the person, and for authorization.
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

impl FromRequest for Session {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
