//! Why a request is refused; each format has its own envelope and its own words for it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use sluicegate_protocols::DecodeError;

use crate::asked::Broken;
use crate::format::Format;
use crate::state::State;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The script or the prompt orders this status.
    Scripted { status: u16, retry_after_s: Option<u64> },
    /// The key is missing or unknown.
    Unauthorized,
    /// There is no such model.
    UnknownModel,
    /// The prompt is too long for the model.
    ContextLength,
    /// The body cannot be read.
    Malformed(DecodeError),
    /// The conversation breaks a rule.
    Broken(Broken),
}

impl Refusal {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Scripted { status, .. } => *status,
            Self::Unauthorized => 401,
            Self::UnknownModel => 404,
            Self::ContextLength | Self::Malformed(_) | Self::Broken(_) => 400,
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Scripted { retry_after_s, .. } => *retry_after_s,
            Self::Unauthorized
            | Self::UnknownModel
            | Self::ContextLength
            | Self::Malformed(_)
            | Self::Broken(_) => None,
        }
    }
}

/// An error answer; counted, not billed.
pub(crate) fn refuse(state: &State, format: &dyn Format, refusal: &Refusal) -> HttpResponse {
    state.ledger.refused();
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "application/json"));
    if let Some(seconds) = refusal.retry_after_s() {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    response.body(format.error(refusal))
}
