//! Error answers, in OpenAI's envelope and with its codes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use sluicegate_protocols::DecodeError;
use sluicegate_protocols::openai_chat::error::ErrorBody;

use crate::state::State;

/// An error answer; counted, not billed.
pub(crate) fn refuse(
    state: &State,
    status: u16,
    retry_after_s: Option<u64>,
    body: &ErrorBody<'_>,
) -> HttpResponse {
    state.ledger.refused();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "application/json"));
    if let Some(seconds) = retry_after_s {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    response.body(body.to_json())
}

/// The answer of a scripted error status.
pub(crate) fn scripted(state: &State, status: u16, retry_after_s: Option<u64>) -> HttpResponse {
    let (message, kind, code) = match status {
        429 => (
            "Rate limit reached for requests",
            "requests",
            Some("rate_limit_exceeded"),
        ),
        401 => (
            "Incorrect API key provided.",
            "invalid_request_error",
            Some("invalid_api_key"),
        ),
        404 => (
            "The model does not exist.",
            "invalid_request_error",
            Some("model_not_found"),
        ),
        402 => (
            "You exceeded your current quota.",
            "insufficient_quota",
            Some("insufficient_quota"),
        ),
        400..=499 => (
            "The request was refused by script.",
            "invalid_request_error",
            None,
        ),
        503 => (
            "The engine is currently overloaded, please try again later",
            "server_error",
            Some("overloaded"),
        ),
        _ => (
            "The server had an error while processing your request.",
            "server_error",
            None,
        ),
    };
    refuse(
        state,
        status,
        retry_after_s,
        &ErrorBody {
            message,
            kind,
            param: None,
            code,
        },
    )
}

/// The answer to a prompt that is too long.
pub(crate) fn context_length(state: &State) -> HttpResponse {
    let message = "This model's maximum context length is 128000 tokens. However, your messages resulted in 131313 \
                   tokens. Please reduce the length of the messages.";
    let body = ErrorBody {
        message,
        kind: "invalid_request_error",
        param: Some("messages"),
        code: Some("context_length_exceeded"),
    };
    refuse(state, 400, None, &body)
}

/// The answer to a conversation that breaks a rule.
pub(crate) fn broken(state: &State, message: &str) -> HttpResponse {
    let body = ErrorBody {
        message,
        kind: "invalid_request_error",
        param: Some("messages"),
        code: None,
    };
    refuse(state, 400, None, &body)
}

/// The answer to a body that cannot be read.
pub(crate) fn malformed(state: &State, error: &DecodeError) -> HttpResponse {
    let (message, param) = (error.to_string(), error.param());
    let body = ErrorBody {
        message: &message,
        kind: "invalid_request_error",
        param: param.as_deref(),
        code: None,
    };
    refuse(state, 400, None, &body)
}

/// The answer to a missing or unknown key.
pub(crate) fn unauthorized(state: &State) -> HttpResponse {
    scripted(state, 401, None)
}

/// The answer to a model that does not exist.
pub(crate) fn unknown_model(state: &State) -> HttpResponse {
    scripted(state, 404, None)
}
