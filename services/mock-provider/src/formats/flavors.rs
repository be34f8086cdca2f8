//! Chat Completions as other servers than OpenAI speak them, each under `/NAME/v1`: where they put reasoning and usage,
//! how they word and shape what is wrong, and what they refuse. Taken from recorded traffic of each, and from its
//! reference where there is none (Fireworks, llama.cpp, errors of most).

mod dress;
mod words;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::Value;

use super::{Format, Provider, anthropic, bearer, openai};
use crate::exchange::Incoming;
use crate::state::State;
use crate::trouble::Trouble;

/// A server.
struct Flavor {
    name: &'static str,
    format: &'static Format,
    /// Finds what it refuses in a request: the message, and the member at fault.
    refuses: fn(&Value) -> Option<(&'static str, &'static str)>,
}

macro_rules! flavors {
    ($($name:literal: $dress:path, $words:path, $refuses:expr;)+) => {
        const FLAVORS: &[Flavor] = &[$(Flavor {
            name: $name,
            format: &Format {
                provider: &Provider {
                    key: |request| Ok(bearer(request)),
                    refusal: |trouble| words::refusal(&$words, trouble),
                    id_header: Some("x-request-id"),
                    takes_tokens: false,
                },
                open: true,
                dress: Some($dress),
                ..openai::CHAT
            },
            refuses: $refuses,
        },)+];
    };
}

flavors! {
    "groq": dress::groq, words::GROQ, |request| {
        sent_back(request, "reasoning_content").then_some((
            "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property \
             'reasoning_content' is unsupported)]",
            "messages",
        ))
    };
    "deepseek": dress::deepseek, words::DEEPSEEK, |request| {
        has_developer(request).then_some((
            "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, \
             expected one of `system`, `user`, `assistant`, `tool`",
            "messages",
        ))
    };
    "xai": dress::xai, words::XAI, |_| None;
    "together": dress::together, words::TOGETHER, |_| None;
    "fireworks": dress::fireworks, words::FIREWORKS, |request| {
        (!request["store"].is_null()).then_some(("Extra inputs are not permitted, field: 'store'", "store"))
    };
    "perplexity": dress::perplexity, words::PERPLEXITY, |request| {
        (!request["tools"].is_null()).then_some(("Tool calling is not supported for this model.", "tools"))
    };
    "openrouter": dress::openrouter, words::OPENROUTER, |_| None;
    "huggingface": dress::hugging_face, words::HUGGING_FACE, |_| None;
    "ollama": dress::ollama, words::OLLAMA, |_| None;
    "vllm": dress::vllm, words::VLLM, |_| None;
    "llama-cpp": dress::llama_cpp, words::LLAMA_CPP, |_| None;
}

/// Whether a turn of the model comes back with this member.
fn sent_back(request: &Value, member: &str) -> bool {
    let messages = request["messages"].as_array();
    messages.is_some_and(|all| all.iter().any(|message| !message[member].is_null()))
}

fn has_developer(request: &Value) -> bool {
    let messages = request["messages"].as_array();
    messages.is_some_and(|all| all.iter().any(|message| message["role"] == "developer"))
}

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/{flavor}/v1/chat/completions", web::post().to(chat));
    // Two of them speak more of the dialects natively.
    for flavor in ["xai", "openrouter"] {
        let path = format!("/{flavor}/v1/responses");
        routes.route(&path, web::post().to(openai::responses));
    }
    routes.route("/openrouter/v1/messages", web::post().to(anthropic::messages));
}

async fn chat(
    state: web::Data<State>,
    request: HttpRequest,
    flavor: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    let Some(flavor) = FLAVORS.iter().find(|it| it.name == flavor.as_str()) else {
        return HttpResponse::NotFound().finish();
    };
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some((message, member)) = (flavor.refuses)(&document) {
        let param = Some(member);
        return flavor
            .format
            .provider
            .refuse(&state, &Trouble::Malformed { message, param });
    }
    Incoming::new(state, request, body).answer(flavor.format).await
}
