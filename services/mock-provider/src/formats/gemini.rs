//! Gemini: `generateContent` and its like under `/v1beta/models`. The model and what to do with it
//! stand in the path; keys stand in `x-goog-api-key` or in the address; waiting times stand in the
//! body, as `RetryInfo`.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::{Value, json};
use sluicegate_protocols::Dialect;
use sluicegate_protocols::embeddings::gemini::{EmbedMethod, from_openai, to_openai};
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::gemini::count::{TokenCount, decode_count_request};
use sluicegate_protocols::json::DEFAULT_DEPTH;

use super::{Format, Provider, Told, Wire, bearer, header};
use crate::asked::Broken;
use crate::exchange::{Incoming, unreadable};
use crate::frames::Shape;
use crate::state::State;
use crate::trouble::{Refusal, Trouble};
use crate::{embeddings, models};

const PROVIDER: Provider = Provider {
    key,
    refusal,
    id_header: None,
    takes_tokens: false,
};

const GENERATE: Format = Format {
    provider: &PROVIDER,
    endpoint: "generateContent",
    wire: Wire::Dialect(Dialect::Gemini),
    answer_prefix: "",
    // Calls are told by their order.
    call_prefix: None,
    breakdown: Failure {
        class: FailureClass::Unavailable,
        message: "The model is overloaded. Please try again later.",
        param: None,
        code: None,
        details: &[],
    },
    event: None,
    open: false,
    dress: Some(dress),
};

/// As Vertex serves it.
pub(super) const VERTEX: Format = Format {
    provider: &super::vertex::PROVIDER,
    dress: Some(count_all_along),
    ..GENERATE
};

/// The Gemini API does not tell the time.
fn dress(event: &str, document: &mut Value, told: &Told) {
    if let Some(members) = document.as_object_mut() {
        members.remove("createTime");
    }
    count_all_along(event, document, told);
}

/// Usage is told in every chunk, output as far as it has come.
fn count_all_along(_: &str, document: &mut Value, told: &Told) {
    if document.get("candidates").is_none() {
        return;
    }
    let Told { counts, sent } = told;
    let usage = &mut document["usageMetadata"];
    if usage.is_null() {
        *usage = json!({
            "promptTokenCount": counts.input, "candidatesTokenCount": sent,
            "totalTokenCount": counts.input + counts.reasoning + sent,
        });
        if counts.reasoning > 0 {
            usage["thoughtsTokenCount"] = counts.reasoning.into();
        }
        if counts.cached_input > 0 {
            usage["cachedContentTokenCount"] = counts.cached_input.into();
        }
    }
    usage["promptTokensDetails"] = json!([{"modality": "TEXT", "tokenCount": counts.input}]);
}

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    // The OpenAI-compatible door.
    routes.route("/v1beta/openai/embeddings", web::post().to(vectors));
    for version in ["v1beta", "v1alpha"] {
        routes
            .route(&format!("/{version}/models"), web::get().to(list))
            .route(&format!("/{version}/models/{{model}}"), web::get().to(one))
            .route(&format!("/{version}/models/{{target}}"), web::post().to(act));
    }
}

async fn vectors(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    embeddings::answer(state, &request, &body, &PROVIDER, |answer| Some(answer.openai())).await
}

async fn list(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    models::answer(&state, &request, &PROVIDER, models::gemini)
}

async fn one(state: web::Data<State>, request: HttpRequest, model: web::Path<String>) -> HttpResponse {
    models::answer(&state, &request, &PROVIDER, models::gemini_named(&model))
}

async fn act(
    state: web::Data<State>,
    request: HttpRequest,
    target: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    perform(Incoming::new(state, request, body), &target, &GENERATE).await
}

/// Does to a model what the path says: `MODEL:ACTION`.
pub(super) async fn perform(mut call: Incoming, target: &str, format: &'static Format) -> HttpResponse {
    let (model, action) = target.rsplit_once(':').unwrap_or((target, ""));
    call.model = Some(model.to_owned());
    match action {
        "generateContent" | "streamGenerateContent" => {
            let streams = action == "streamGenerateContent";
            call.stream = Some(streams);
            if streams && query(&call.request, "alt") != Some("sse") {
                call.shape = Shape::Array;
            }
            call.answer(format).await
        }
        "countTokens" => call.count(
            format.provider,
            |body| decode_count_request(body, DEFAULT_DEPTH),
            |total| TokenCount { total, cached: 0 }.to_json(),
        ),
        "embedContent" => embed(call, model, EmbedMethod::One, format).await,
        "batchEmbedContents" => embed(call, model, EmbedMethod::Batch, format).await,
        _ => format
            .provider
            .refuse(&call.state, &Trouble::UnknownModel(target)),
    }
}

async fn embed(call: Incoming, model: &str, method: EmbedMethod, format: &'static Format) -> HttpResponse {
    let provider = format.provider;
    let Incoming {
        state, request, body, ..
    } = call;
    match to_openai(&body, DEFAULT_DEPTH, method, model) {
        Ok(encoded) => {
            embeddings::answer(state, &request, &encoded.body, provider, |answer| {
                from_openai(&answer.openai(), method).ok()
            })
            .await
        }
        Err(error) => unreadable(provider, &error).answer(&state),
    }
}

/// A parameter of the address.
fn query<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let pairs = request
        .query_string()
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn key(request: &HttpRequest) -> Result<Option<String>, Trouble<'static>> {
    let shown = header(request, "x-goog-api-key").or_else(|| query(request, "key"));
    Ok(shown.map(str::to_owned).or_else(|| bearer(request)))
}

/// What Google says.
pub(super) fn refusal(trouble: &Trouble<'_>) -> Refusal {
    let named;
    let (code, status, message) = match *trouble {
        Trouble::Unauthorized => (
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
        ),
        Trouble::UnknownModel(model) => {
            named = format!(
                "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call \
                 ListModels to see the list of available models and their supported methods."
            );
            (404, "NOT_FOUND", named.as_str())
        }
        Trouble::Malformed { message, .. } => (400, "INVALID_ARGUMENT", message),
        Trouble::Broken(broken) => (400, "INVALID_ARGUMENT", rule(broken)),
        Trouble::ContextLength => (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1313131) exceeds the maximum number of tokens allowed (1048576).",
        ),
        Trouble::Status { code, .. } => {
            let (status, message) = words(code);
            (code, status, message)
        }
    };
    let mut error = json!({"code": code, "message": message, "status": status});
    let details = details(trouble);
    if !details.is_empty() {
        error["details"] = details.into();
    }
    Refusal::new(code, json!({ "error": error }).to_string())
}

fn details(trouble: &Trouble<'_>) -> Vec<Value> {
    let kind = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let mut details = Vec::new();
    if *trouble == Trouble::Unauthorized {
        details.push(json!({
            "@type": kind("ErrorInfo"), "reason": "API_KEY_INVALID", "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        }));
    }
    if matches!(trouble, Trouble::Status { code: 429, .. }) {
        let violation = json!({"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"});
        details.push(json!({"@type": kind("QuotaFailure"), "violations": [violation]}));
    }
    if let Some(seconds) = trouble.retry_after_s() {
        details.push(json!({"@type": kind("RetryInfo"), "retryDelay": format!("{seconds}s")}));
    }
    details
}

fn rule(broken: Broken) -> &'static str {
    match broken {
        Broken::OrphanResult | Broken::UnansweredCall => {
            "Please ensure that the number of function response parts is equal to the number of function call parts \
             of the function call turn."
        }
        Broken::ChangedSignature => "Thought signature is not valid.",
        Broken::MissingSignature => {
            "Function call is missing a thought_signature in functionCall parts. This is required for tools to work \
             correctly, and missing thought_signature may lead to degraded model performance."
        }
    }
}

/// Canonical status and message of an error status.
fn words(code: u16) -> (&'static str, &'static str) {
    match code {
        401 => (
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
             valid authentication credential.",
        ),
        403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => ("NOT_FOUND", "Requested entity was not found."),
        429 => (
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        400..=499 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        503 => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        504 => ("DEADLINE_EXCEEDED", "The request timed out. Please try again."),
        _ => ("INTERNAL", "An internal error has occurred. Please retry."),
    }
}
