//! Where everything is: the paths of each API under every prefix that clients are known to put before them, and which
//! dialect a path belongs to when nothing answers there. Nothing is ever redirected: clients drop the key on the way.

use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::http::header::{HeaderName, HeaderValue};
use sluicegate_protocols::Dialect;
use sluicegate_service_runtime::http_span::RequestContext;

use crate::pipeline::Api;

/// Before OpenAI's paths: as the SDK has them, behind a vendor's name, for Cursor, as OpenRouter's clients have them, and
/// with a prefix that is there twice because a base URL had it already.
pub(super) const OPENAI: [&str; 5] = ["/v1", "/openai/v1", CURSOR, OPENROUTER, "/v1/v1"];
/// OpenRouter's. Its clients check every answer against its schema.
pub(super) const OPENROUTER: &str = "/api/v1";
/// Cursor sends requests of Responses to the path of Chat Completions and reads the answer as chat.
const CURSOR: &str = "/cursor/v1";
/// Before Anthropic's.
pub(super) const ANTHROPIC: [&str; 4] = ["/v1", "/anthropic/v1", "/api/v1", "/v1/v1"];
/// Before the list of models, which clients of both read; OpenRouter's has a form of its own.
pub(super) const LISTS: [&str; 5] = ["/v1", "/openai/v1", "/anthropic/v1", CURSOR, "/v1/v1"];

/// Before the caller's own key in our shape.
pub(super) const OWN_KEY: [&str; 5] = ["/v1", "/openai/v1", "/anthropic/v1", CURSOR, "/v1/v1"];
/// Before the account API, which is in the shape of OpenRouter.
pub(super) const ACCOUNT: &str = OPENROUTER;

/// Before Gemini's. Its stable version shares a prefix with OpenAI's paths.
pub(super) const GEMINI: [&str; 3] = ["/v1beta", "/gemini/v1beta", "/v1"];
/// Before Gemini's list of models.
pub(super) const GEMINI_LISTS: [&str; 2] = ["/v1beta", "/gemini/v1beta"];

/// OpenAI's APIs.
pub(super) const OPENAI_APIS: [(&str, Api); 5] = [
    ("/chat/completions", Api::ChatCompletions),
    ("/completions", Api::Completions),
    ("/embeddings", Api::Embeddings),
    ("/responses", Api::Responses),
    ("/rerank", Api::Rerank),
];

/// What is called at a path of OpenAI's behind this prefix.
pub(super) fn behind(prefix: &str, api: Api) -> Api {
    match (prefix, api) {
        (CURSOR, Api::ChatCompletions) => Api::CursorChat,
        (OPENROUTER, Api::ChatCompletions) => Api::OpenRouterChat,
        (_, api) => api,
    }
}

const HINT: HeaderName = HeaderName::from_static("x-sluicegate-hint");
/// The name Anthropic's clients look for.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The dialect in which an error is told where there is no API.
pub(super) fn dialect_of(path: &str) -> Dialect {
    if path.starts_with("/anthropic/") || path.contains("/v1/messages") {
        Dialect::AnthropicMessages
    } else if path.contains("/v1/responses") {
        Dialect::OpenAiResponses
    } else if path.starts_with("/gemini/") || path.starts_with("/v1beta") {
        Dialect::Gemini
    } else {
        Dialect::OpenAiChat
    }
}

/// Adds what an answer tells a caller about the way it came: a better path, and the name of the request where clients of
/// the dialect look for it.
pub(super) fn annotate(headers: &mut HeaderMap, request: &HttpRequest, dialect: Dialect) {
    if request.path().starts_with("/v1/v1/") {
        headers.insert(HINT, HeaderValue::from_static("drop one /v1 from your base URL"));
    }
    let named = match dialect {
        Dialect::AnthropicMessages => true,
        Dialect::OpenAiChat
        | Dialect::OpenAiResponses
        | Dialect::Gemini
        | Dialect::BedrockConverse
        | Dialect::CohereChat => false,
    };
    if named
        && let Some(context) = request.extensions().get::<RequestContext>()
        && let Ok(name) = HeaderValue::from_str(&context.name)
    {
        headers.insert(REQUEST_ID, name);
    }
}
