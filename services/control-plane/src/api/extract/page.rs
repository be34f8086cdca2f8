//! Cursor pagination: newest first, an opaque cursor, and the envelope of every list.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sluicegate_contracts::ids::{
    AlertId, ApiKeyId, BudgetAdjustmentId, BudgetId, ConnectionId, FactStatementId, InviteId,
    ManagementKeyId, MembershipId, OrganizationId, ProjectId, ProviderInvoiceId, RateLimitId, RouteId,
    TopUpId, WebhookDeliveryId, WebhookId,
};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::{Error, Result};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// The query of every list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at most; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A place in a list: everything older follows.
pub trait Cursor: Sized {
    /// As opaque bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// From opaque bytes.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Cursor for Uuid {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

impl Cursor for i64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// Ids are in the order in which their rows were made.
macro_rules! ids {
    ($($id:ident),* $(,)?) => {$(
        impl Cursor for $id {
            fn to_bytes(&self) -> Vec<u8> {
                self.as_uuid().to_bytes()
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                <Uuid as Cursor>::from_bytes(bytes).map(Self::from)
            }
        }
    )*};
}

ids!(
    AlertId,
    ApiKeyId,
    BudgetAdjustmentId,
    BudgetId,
    ConnectionId,
    FactStatementId,
    InviteId,
    ManagementKeyId,
    MembershipId,
    OrganizationId,
    ProjectId,
    ProviderInvoiceId,
    RateLimitId,
    RouteId,
    TopUpId,
    WebhookDeliveryId,
    WebhookId,
);

/// The text of a cursor.
#[must_use]
pub fn encode(cursor: &impl Cursor) -> String {
    URL_SAFE_NO_PAD.encode(cursor.to_bytes())
}

impl PageQuery {
    /// How many rows to show.
    ///
    /// # Errors
    /// When the caller asks for none or too many.
    pub fn limit(&self) -> Result<usize> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            Ok(usize::from(limit))
        } else {
            Err(Error::field("limit", "out_of_range", "Ask for 1 to 200."))
        }
    }

    /// How many rows to fetch: one more than shown tells whether there are more.
    ///
    /// # Errors
    /// As [`Self::limit`].
    pub fn fetch(&self) -> Result<i64> {
        Ok(i64::try_from(self.limit()?).unwrap_or(i64::MAX).saturating_add(1))
    }

    /// Where to go on.
    ///
    /// # Errors
    /// When the cursor was not given out by this list.
    pub fn before<C: Cursor>(&self) -> Result<Option<C>> {
        let refused = || Error::field("cursor", "invalid_cursor", "Use next_cursor of the page before.");
        let Some(text) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        C::from_bytes(&bytes).map(Some).ok_or_else(refused)
    }
}

impl FromRequest for PageQuery {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::<Self>::from_query(request.query_string());
        ready(
            query
                .map(web::Query::into_inner)
                .map_err(|_| Error::field("limit", "invalid", "Not a number.")),
        )
    }
}
