//! OpenAI: chat completions, Responses, text completions, embeddings and models under `/v1`. Keys are
//! bearer tokens; waiting times stand in `retry-after`.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::json;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::Request;
use sluicegate_protocols::dialect::decode_request;
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::openai_chat::error::ErrorBody;

use super::{Format, Provider, Wire, bearer, header};
use crate::asked::Broken;
use crate::exchange::Incoming;
use crate::state::State;
use crate::trouble::{Refusal, Trouble};
use crate::{embeddings, models, openai_chat};

pub(crate) const PROVIDER: Provider = Provider {
    key: |request| Ok(bearer(request)),
    refusal,
    id_header: Some("x-request-id"),
    takes_tokens: false,
};

const RESPONSES_PROVIDER: Provider = Provider {
    refusal: responses_refusal,
    ..PROVIDER
};

const BREAKDOWN: Failure<'static> = Failure {
    class: FailureClass::Upstream,
    message: "The server had an error while processing your request. Sorry about that!",
    param: None,
    code: Some("server_error"),
    details: &[],
};

pub(crate) const CHAT: Format = Format {
    provider: &PROVIDER,
    endpoint: "chat.completions",
    wire: Wire::Dialect(Dialect::OpenAiChat),
    answer_prefix: "chatcmpl-",
    call_prefix: Some("call_"),
    breakdown: BREAKDOWN,
    event: None,
    open: false,
    dress: None,
};

pub(crate) const RESPONSES: Format = Format {
    provider: &RESPONSES_PROVIDER,
    endpoint: "responses",
    wire: Wire::Dialect(Dialect::OpenAiResponses),
    answer_prefix: "resp_",
    event: Some("response.output_text.delta"),
    ..CHAT
};

pub(crate) const COMPLETIONS: Format = Format {
    endpoint: "completions",
    wire: Wire::Completions,
    answer_prefix: "cmpl-",
    ..CHAT
};

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/v1/chat/completions", web::post().to(openai_chat::handle))
        .route("/v1/responses", web::post().to(responses))
        .route("/v1/responses/input_tokens", web::post().to(count))
        .route("/v1/completions", web::post().to(completions))
        .route("/v1/embeddings", web::post().to(embed))
        .route("/v1/models", web::get().to(list));
}

pub(super) async fn responses(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).answer(&RESPONSES).await
}

async fn completions(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).answer(&COMPLETIONS).await
}

async fn count(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).count(&PROVIDER, read, |tokens| {
        let document = json!({"object": "response.input_tokens", "input_tokens": tokens});
        document.to_string().into_bytes()
    })
}

fn read(body: &[u8]) -> Result<Request<'_>, sluicegate_protocols::DecodeError> {
    decode_request(Dialect::OpenAiResponses, body, DEFAULT_DEPTH)
}

async fn embed(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    embeddings::answer(state, &request, &body, &PROVIDER, |answer| Some(answer.openai())).await
}

/// The list that OpenAI's clients and Anthropic's find at the same path; keys in either way.
async fn list(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let provider = if header(&request, "anthropic-version").is_some() {
        &super::anthropic::PROVIDER
    } else {
        &PROVIDER
    };
    models::answer(&state, &request, provider, models::openai)
}

/// The error that ends a stream of chat chunks.
pub(crate) fn stream_error() -> Vec<u8> {
    ErrorBody {
        message: BREAKDOWN.message,
        kind: "server_error",
        param: None,
        code: BREAKDOWN.code,
        details: &[],
    }
    .to_stream_frame()
}

/// What OpenAI says.
fn refusal(trouble: &Trouble<'_>) -> Refusal {
    let named;
    let invalid = "invalid_request_error";
    let (status, message, kind, param, code) = match *trouble {
        Trouble::Unauthorized => (
            401,
            "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
            invalid,
            None,
            Some("invalid_api_key"),
        ),
        Trouble::UnknownModel(model) => {
            named = format!("The model `{model}` does not exist or you do not have access to it.");
            (404, named.as_str(), invalid, None, Some("model_not_found"))
        }
        Trouble::Malformed { message, param } => (400, message, invalid, param, None),
        Trouble::Broken(broken) => (400, rule(broken), invalid, Some("messages"), None),
        Trouble::ContextLength => (
            400,
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 131313 tokens. \
             Please reduce the length of the messages.",
            invalid,
            Some("messages"),
            Some("context_length_exceeded"),
        ),
        Trouble::Status { code, .. } => {
            let (message, kind, word) = words(code);
            (code, message, kind, None, word)
        }
    };
    let body = ErrorBody {
        message,
        kind,
        param,
        code,
        details: &[],
    };
    Refusal::new(status, body.to_json()).with("retry-after", trouble.retry_after())
}

fn rule(broken: Broken) -> &'static str {
    match broken {
        Broken::OrphanResult => {
            "Messages with role 'tool' must answer a 'tool_calls' id of the assistant message before them."
        }
        Broken::UnansweredCall => {
            "An assistant message with 'tool_calls' must be followed by a tool message for each 'tool_call_id'."
        }
        Broken::ChangedSignature | Broken::MissingSignature => "Reasoning has no place here.",
    }
}

/// What the Responses API says otherwise.
pub(super) fn responses_refusal(trouble: &Trouble<'_>) -> Refusal {
    let (message, param, code) = match trouble {
        Trouble::ContextLength => (
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            Some("input"),
            Some("context_length_exceeded"),
        ),
        Trouble::Broken(Broken::OrphanResult) => (
            "No tool call found for function call output with that call_id.",
            Some("input"),
            None,
        ),
        Trouble::Broken(Broken::UnansweredCall) => {
            ("No tool output found for function call.", Some("input"), None)
        }
        Trouble::Broken(Broken::ChangedSignature | Broken::MissingSignature) => (
            "The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
            None,
            Some("invalid_encrypted_content"),
        ),
        Trouble::Unauthorized
        | Trouble::UnknownModel(_)
        | Trouble::Malformed { .. }
        | Trouble::Status { .. } => return refusal(trouble),
    };
    let body = ErrorBody {
        message,
        kind: "invalid_request_error",
        param,
        code,
        details: &[],
    };
    Refusal::new(400, body.to_json())
}

/// Message, type and code of an error status.
fn words(status: u16) -> (&'static str, &'static str, Option<&'static str>) {
    match status {
        401 => (
            "Incorrect API key provided.",
            "invalid_request_error",
            Some("invalid_api_key"),
        ),
        402 => (
            "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota",
            Some("insufficient_quota"),
        ),
        403 => (
            "You do not have access to this resource.",
            "invalid_request_error",
            Some("permission_denied"),
        ),
        404 => (
            "The model does not exist.",
            "invalid_request_error",
            Some("model_not_found"),
        ),
        429 => (
            "Rate limit reached for requests",
            "requests",
            Some("rate_limit_exceeded"),
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
    }
}
