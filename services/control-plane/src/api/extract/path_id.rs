//! An id in the path. A text that is no such id names nothing, so it is answered as not found.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use sluicegate_contracts::ids::{
    ApiKeyId, BudgetId, ConnectionId, FactStatementId, InviteId, ManagementKeyId, MembershipId,
    ProviderInvoiceId, RateLimitId, RequestId, RouteId, TopUpId, WebhookId,
};

use crate::error::{Error, Result};

/// An id that appears in paths.
pub trait InPath: FromStr + 'static {
    /// Name of its path segment.
    const SEGMENT: &'static str;
}

macro_rules! in_path {
    ($($name:ident = $segment:literal;)*) => {$(
        impl InPath for $name {
            const SEGMENT: &'static str = $segment;
        }
    )*};
}

in_path! {
    ApiKeyId = "key";
    BudgetId = "budget";
    ConnectionId = "connection";
    FactStatementId = "statement";
    InviteId = "invite";
    ManagementKeyId = "management_key";
    MembershipId = "member";
    ProviderInvoiceId = "invoice";
    RateLimitId = "limit";
    RequestId = "request";
    RouteId = "route";
    TopUpId = "top_up";
    WebhookId = "webhook";
}

/// The id in the path's segment of that kind.
#[derive(Debug)]
pub struct PathId<I>(pub I);

impl<I: InPath> FromRequest for PathId<I> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .match_info()
                .query(I::SEGMENT)
                .parse()
                .map(Self)
                .map_err(|_| Error::not_found()),
        )
    }
}
