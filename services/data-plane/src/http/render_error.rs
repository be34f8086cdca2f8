//! [`GatewayError`] as the caller's clients read it: the error document of its dialect, and the headers that say whether
//! to try again.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use sluicegate_protocols::dialect::encode_failure;
use sluicegate_protocols::relay::failure_frame;
use sluicegate_protocols::{Dialect, gemini};

use crate::error::{ErrorKind, GatewayError};

/// Whether the same request may be sent again; the clients of OpenAI and Anthropic heed it before the status.
pub(super) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// `gateway` or `upstream`.
pub(super) const ERROR_SOURCE: HeaderName = HeaderName::from_static("x-sluicegate-error-source");
/// More exact than `Retry-After`; the clients of OpenAI and Anthropic look for it first.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-sluicegate-error-code");

/// The error as an answer.
pub(super) fn response(error: &GatewayError, dialect: Dialect) -> HttpResponse {
    let status = StatusCode::from_u16(error.kind.status_for(dialect));
    let source = if error.kind.is_upstream() {
        "upstream"
    } else {
        "gateway"
    };
    let mut response = HttpResponseBuilder::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .insert_header((SHOULD_RETRY, flag(error.kind.should_retry())))
        .insert_header((ERROR_SOURCE, HeaderValue::from_static(source)))
        .insert_header((ERROR_CODE, HeaderValue::from_static(error.kind.code())));
    if let Some(wait) = error.retry_after {
        response.insert_header((RETRY_AFTER, HeaderValue::from(whole_seconds(wait))));
        response.insert_header((RETRY_AFTER_MS, HeaderValue::from(whole_millis(wait))));
    }
    match error.kind {
        ErrorKind::InvalidApiKey => {
            response.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        // The rest of a body that was not read would be taken for the next request.
        ErrorKind::Draining
        | ErrorKind::RequestTooLarge
        | ErrorKind::RequestTimeout
        | ErrorKind::HeadersTooLarge => {
            response.force_close();
        }
        ErrorKind::NotAllowed
        | ErrorKind::ModelNotFound
        | ErrorKind::UnknownPath
        | ErrorKind::MethodNotAllowed
        | ErrorKind::InvalidRequest
        | ErrorKind::ContextLengthExceeded
        | ErrorKind::UnsupportedMediaType
        | ErrorKind::NoRoute
        | ErrorKind::ConstraintFiltered
        | ErrorKind::NotReady
        | ErrorKind::UpstreamFailed(_)
        | ErrorKind::Deadline
        | ErrorKind::UsageUnavailable
        | ErrorKind::BudgetExceeded
        | ErrorKind::QuotaExceeded
        | ErrorKind::BudgetThrottled
        | ErrorKind::BudgetUnavailable
        | ErrorKind::PriceUnknown
        | ErrorKind::RateLimited
        | ErrorKind::BeyondRateLimit
        | ErrorKind::Internal => {}
    }
    response.body(document(error, dialect))
}

/// The error as a document. Only Google's has a place for the wait, and its clients look for it there.
fn document(error: &GatewayError, dialect: Dialect) -> Vec<u8> {
    let failure = error.failure();
    match (dialect, error.retry_after) {
        (Dialect::Gemini, Some(wait)) => {
            let mut body = gemini::error::ErrorBody::from(&failure);
            body.retry_after = Some(wait);
            body.to_json()
        }
        (_, _) => encode_failure(dialect, &failure),
    }
}

/// The error as the last event of a stream.
pub(super) fn event(error: &GatewayError, dialect: Dialect) -> Bytes {
    failure_frame(dialect, &error.failure())
}

pub(super) fn flag(value: bool) -> HeaderValue {
    HeaderValue::from_static(if value { "true" } else { "false" })
}

/// Rounded up, as below.
fn whole_millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Rounded up: coming back early is worse than late.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
