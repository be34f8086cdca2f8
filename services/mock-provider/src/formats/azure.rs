//! Azure OpenAI: OpenAI's formats under `/openai/v1`, and under `/openai/deployments/D`, where the
//! deployment stands for the model and a version has to be named; Claude is served in Anthropic's format
//! under `/anthropic`. Keys stand in `api-key` or are bearer tokens; waiting times are told twice.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Format, Provider, Told, anthropic, bearer, header, openai};
use crate::exchange::Incoming;
use crate::state::State;
use crate::trouble::{Refusal, Trouble};
use crate::{embeddings, models};

const PROVIDER: Provider = Provider {
    key: |request| {
        Ok(header(request, "api-key")
            .map(str::to_owned)
            .or_else(|| bearer(request)))
    },
    refusal,
    id_header: Some("apim-request-id"),
    takes_tokens: false,
};

const RESPONSES_PROVIDER: Provider = Provider {
    refusal: responses_refusal,
    ..PROVIDER
};

const CLAUDE_PROVIDER: Provider = Provider {
    key: |request| {
        let named = header(request, "api-key").map(str::to_owned);
        Ok(anthropic::key(request)?.or(named))
    },
    refusal: claude_refusal,
    id_header: Some("request-id"),
    ..PROVIDER
};

const CHAT: Format = Format {
    provider: &PROVIDER,
    dress: Some(dress),
    ..openai::CHAT
};

/// Filters say what they found, which is nothing.
fn dress(_: &str, document: &mut Value, _: &Told) {
    document["system_fingerprint"] = "fp_mock".into();
    if document["object"] != "chat.completion" {
        return;
    }
    let safe = json!({"filtered": false, "severity": "safe"});
    let results = json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe});
    document["prompt_filter_results"] = json!([{"prompt_index": 0, "content_filter_results": results}]);
    for choice in document["choices"].as_array_mut().into_iter().flatten() {
        choice["content_filter_results"] = results.clone();
    }
}
const RESPONSES: Format = Format {
    provider: &RESPONSES_PROVIDER,
    ..openai::RESPONSES
};
const COMPLETIONS: Format = Format {
    provider: &PROVIDER,
    ..openai::COMPLETIONS
};
const CLAUDE: Format = Format {
    provider: &CLAUDE_PROVIDER,
    ..anthropic::MESSAGES
};

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/openai/v1/models", web::get().to(list))
        .route("/openai/v1/{operation:.*}", web::post().to(current))
        .route(
            "/openai/deployments/{deployment}/{operation:.*}",
            web::post().to(deployed),
        )
        .route("/anthropic/v1/messages", web::post().to(claude))
        .route("/anthropic/v1/messages/count_tokens", web::post().to(count));
}

async fn list(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    models::answer(&state, &request, &PROVIDER, models::openai)
}

async fn current(
    state: web::Data<State>,
    request: HttpRequest,
    operation: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    perform(Incoming::new(state, request, body), &operation).await
}

async fn deployed(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: Bytes,
) -> HttpResponse {
    let (deployment, operation) = path.into_inner();
    if !request
        .query_string()
        .split('&')
        .any(|it| it.starts_with("api-version="))
    {
        return no_resource().answer(&state);
    }
    let mut call = Incoming::new(state, request, body);
    call.model = Some(deployment);
    perform(call, &operation).await
}

async fn claude(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).answer(&CLAUDE).await
}

async fn count(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let call = Incoming::new(state, request, body);
    call.count(&CLAUDE_PROVIDER, anthropic::read, anthropic::counted)
}

async fn perform(mut call: Incoming, operation: &str) -> HttpResponse {
    match operation {
        "chat/completions" => call.answer(&CHAT).await,
        "responses" => call.answer(&RESPONSES).await,
        "completions" => call.answer(&COMPLETIONS).await,
        "embeddings" => {
            if let Some(model) = call.model.take() {
                let mut document: Value = serde_json::from_slice(&call.body).unwrap_or_default();
                document["model"] = model.into();
                call.body = document.to_string().into();
            }
            let Incoming {
                state, request, body, ..
            } = call;
            embeddings::answer(state, &request, &body, &PROVIDER, |answer| Some(answer.openai())).await
        }
        _ => no_resource().answer(&call.state),
    }
}

fn no_resource() -> Refusal {
    let body = json!({"error": {"code": "404", "message": "Resource not found"}});
    Refusal::new(404, body.to_string())
}

fn refusal(trouble: &Trouble<'_>) -> Refusal {
    gated(trouble, openai::PROVIDER.refusal)
}

fn responses_refusal(trouble: &Trouble<'_>) -> Refusal {
    gated(trouble, openai::responses_refusal)
}

fn claude_refusal(trouble: &Trouble<'_>) -> Refusal {
    gated(trouble, anthropic::refusal)
}

/// What Azure's own gate says; the rest is OpenAI's.
fn gated(trouble: &Trouble<'_>, rest: fn(&Trouble<'_>) -> Refusal) -> Refusal {
    let error = match trouble {
        Trouble::Unauthorized | Trouble::Status { code: 401, .. } => {
            let message = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
                           valid key for an active subscription and use a correct regional API endpoint for your \
                           resource.";
            Some((401, json!({"code": "401", "message": message})))
        }
        Trouble::UnknownModel(_) | Trouble::Status { code: 404, .. } => {
            let message = "The API deployment for this resource does not exist. If you created the deployment within \
                           the last 5 minutes, please wait a moment and try again.";
            Some((404, json!({"code": "DeploymentNotFound", "message": message})))
        }
        Trouble::Status { code: 429, .. } => {
            let message =
                "Your requests to mock-model for mock-model in westeurope have exceeded rate limit.";
            Some((
                429,
                json!({"code": "RateLimitReached", "message": message, "details": message}),
            ))
        }
        Trouble::Malformed { .. } | Trouble::Broken(_) | Trouble::ContextLength | Trouble::Status { .. } => {
            None
        }
    };
    let millis = trouble
        .retry_after_s()
        .map(|seconds| (seconds * 1000).to_string());
    let refusal = match error {
        Some((status, error)) => Refusal::new(status, json!({ "error": error }).to_string())
            .with("retry-after", trouble.retry_after()),
        None => rest(trouble),
    };
    refusal.with("retry-after-ms", millis)
}
