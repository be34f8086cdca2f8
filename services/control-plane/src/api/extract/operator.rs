//! Proves that the caller operates the deployment: they hold the token that the operator set.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sluicegate_contracts::ids::OrganizationId;
use time::OffsetDateTime;

use super::{Caller, origin, state};
use crate::app::{Actor, Ctx, Origin};
use crate::codes::Code;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::organizations;

/// The operator in the audit trail.
const ACTOR: &str = "operator";
/// Whatever is sent as a token is compared up to this length.
const LONGEST: usize = 512;

/// The operator.
#[derive(Debug, Clone)]
pub struct Operator {
    /// What the process holds.
    pub state: AppState,
    /// When the request came.
    pub now: OffsetDateTime,
    /// From where.
    origin: Origin,
}

/// The operator, acting for the organization of the path (`{org}`, its id).
#[derive(Debug, Clone)]
pub struct OperatorFor {
    /// The doors to the tenant's rows.
    pub caller: Caller,
    /// The tenant.
    pub organization: OrganizationId,
}

impl Operator {
    fn of(request: &HttpRequest) -> Result<Self> {
        let state = state(request)?;
        let Some(expected) = &state.operator.token else {
            return Err(Error::new(
                Code::NotConfigured,
                "The operator has set no `operator_token`, so nobody is the operator.",
            ));
        };
        let presented = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .filter(|token| token.len() <= LONGEST);
        if !presented.is_some_and(|token| expected.verify(token)) {
            return Err(Error::new(
                Code::Unauthenticated,
                "Send the operator's token as a Bearer token.",
            ));
        }
        Ok(Self {
            now: state.now()?,
            origin: origin::of(request),
            state,
        })
    }
}

impl Operator {
    /// The operator, acting for `organization`.
    #[must_use]
    pub fn acting_for(self, organization: OrganizationId) -> Caller {
        let ctx = Ctx {
            actor: Actor::System(ACTOR),
            organization: Some(organization),
            now: self.now,
            origin: self.origin,
        };
        Caller {
            state: self.state,
            ctx,
        }
    }
}

impl FromRequest for Operator {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

impl FromRequest for OperatorFor {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let operator = Operator::of(request);
        let named = request.match_info().query("org").to_owned();
        async move {
            let operator = operator?;
            let organization: OrganizationId = named.parse().map_err(|_| Error::not_found())?;
            let found = operator.state.within(Scope::System, move |connection| {
                organizations::find(connection, organization).boxed()
            });
            found.await?.ok_or_else(Error::not_found)?;
            Ok(Self {
                caller: operator.acting_for(organization),
                organization,
            })
        }
        .boxed_local()
    }
}
