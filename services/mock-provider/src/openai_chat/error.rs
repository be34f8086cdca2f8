//! OpenAI's envelope of errors, with its types and codes.

use sluicegate_protocols::openai_chat::error::ErrorBody;

use crate::refusal::Refusal;

/// The document of an error answer.
pub(super) fn body(refusal: &Refusal) -> Vec<u8> {
    match refusal {
        Refusal::Scripted { status, .. } => by_status(*status).to_json(),
        Refusal::Unauthorized => by_status(401).to_json(),
        Refusal::UnknownModel => by_status(404).to_json(),
        Refusal::ContextLength => ErrorBody {
            message: "This model's maximum context length is 128000 tokens. However, your messages resulted in \
                      131313 tokens. Please reduce the length of the messages.",
            kind: "invalid_request_error",
            param: Some("messages"),
            code: Some("context_length_exceeded"),
        }
        .to_json(),
        Refusal::Malformed(error) => invalid(&error.to_string(), error.param().as_deref()),
        Refusal::Broken(broken) => invalid(broken.0, Some("messages")),
    }
}

fn invalid(message: &str, param: Option<&str>) -> Vec<u8> {
    ErrorBody {
        message,
        kind: "invalid_request_error",
        param,
        code: None,
    }
    .to_json()
}

/// The frame that ends a stream that began well.
pub(super) fn frame() -> Vec<u8> {
    by_status(500).to_stream_frame()
}

fn by_status(status: u16) -> ErrorBody<'static> {
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
    ErrorBody {
        message,
        kind,
        param: None,
        code,
    }
}
