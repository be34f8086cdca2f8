//! Anthropic: Messages and counting of tokens under `/v1/messages`. Keys stand in `x-api-key` or are
//! bearer tokens; a version has to be named; an overload has a status of its own.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::json;
use sluicegate_protocols::anthropic_messages::error::ErrorBody;
use sluicegate_protocols::canonical::Request;
use sluicegate_protocols::dialect::decode_request;
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::{DecodeError, Dialect};

use super::{Format, Provider, Wire, bearer, header};
use crate::asked::Broken;
use crate::exchange::Incoming;
use crate::state::State;
use crate::trouble::{Refusal, Trouble};

pub(crate) const PROVIDER: Provider = Provider {
    key,
    refusal,
    id_header: Some("request-id"),
    takes_tokens: false,
};

pub(crate) const MESSAGES: Format = Format {
    provider: &PROVIDER,
    endpoint: "messages",
    wire: Wire::Dialect(Dialect::AnthropicMessages),
    answer_prefix: "msg_",
    call_prefix: Some("toolu_"),
    breakdown: Failure {
        class: FailureClass::Overloaded,
        message: "Overloaded",
        param: None,
        code: None,
        details: &[],
    },
    event: Some("content_block_delta"),
    open: false,
    dress: None,
};

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/v1/messages", web::post().to(messages))
        .route("/v1/messages/count_tokens", web::post().to(count));
}

pub(super) async fn messages(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).answer(&MESSAGES).await
}

async fn count(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).count(&PROVIDER, read, counted)
}

pub(super) fn read(body: &[u8]) -> Result<Request<'_>, DecodeError> {
    decode_request(Dialect::AnthropicMessages, body, DEFAULT_DEPTH)
}

pub(super) fn counted(tokens: u64) -> Vec<u8> {
    json!({ "input_tokens": tokens }).to_string().into_bytes()
}

/// The key, of a caller who names a version.
pub(super) fn key(request: &HttpRequest) -> Result<Option<String>, Trouble<'static>> {
    if header(request, "anthropic-version").is_none() {
        return Err(Trouble::Malformed {
            message: "anthropic-version: header is required",
            param: None,
        });
    }
    Ok(header(request, "x-api-key")
        .map(str::to_owned)
        .or_else(|| bearer(request)))
}

/// What Anthropic says.
pub(super) fn refusal(trouble: &Trouble<'_>) -> Refusal {
    let named;
    let (status, kind, message) = match *trouble {
        Trouble::Unauthorized => (401, "authentication_error", "invalid x-api-key"),
        Trouble::UnknownModel(model) => {
            named = format!("model: {model}");
            (404, "not_found_error", named.as_str())
        }
        Trouble::Malformed { message, param: None } => (400, "invalid_request_error", message),
        Trouble::Malformed {
            message,
            param: Some(param),
        } => {
            named = format!("{param}: {message}");
            (400, "invalid_request_error", named.as_str())
        }
        Trouble::Broken(broken) => (400, "invalid_request_error", rule(broken)),
        Trouble::ContextLength => (
            400,
            "invalid_request_error",
            "prompt is too long: 3333404 tokens > 200000 maximum",
        ),
        Trouble::Status { code, .. } => {
            let (kind, message) = words(code);
            (code, kind, message)
        }
    };
    let body = ErrorBody {
        message,
        kind,
        details: &[],
        request_id: Some("req_mock"),
    };
    // Clients of this provider try again by this word before they look at the status.
    let again = matches!(status, 408 | 409 | 429 | 500..);
    Refusal::new(status, body.to_json())
        .with("request-id", Some("req_mock".to_owned()))
        .with("x-should-retry", Some(again.to_string()))
        .with("retry-after", trouble.retry_after())
}

fn rule(broken: Broken) -> &'static str {
    match broken {
        Broken::OrphanResult => {
            "messages: unexpected `tool_use_id` found in `tool_result` blocks. Each `tool_result` block must have a \
             corresponding `tool_use` block in the previous message."
        }
        Broken::UnansweredCall => {
            "messages: `tool_use` ids were found without `tool_result` blocks immediately after. Each `tool_use` \
             block must have a corresponding `tool_result` block in the next message."
        }
        Broken::ChangedSignature | Broken::MissingSignature => {
            "messages.1.content.0: Invalid `signature` in `thinking` block"
        }
    }
}

/// Type and message of an error status.
fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => (
            "billing_error",
            "Your credit balance is too low to access the Anthropic API.",
        ),
        403 => (
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
        ),
        404 => ("not_found_error", "model: no-such-model"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => (
            "rate_limit_error",
            "This request would exceed your organization's rate limit. Please try again later.",
        ),
        400..=499 => ("invalid_request_error", "The request was refused by script."),
        504 => ("timeout_error", "Request timed out"),
        529 | 503 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    }
}
