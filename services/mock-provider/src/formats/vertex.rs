//! Vertex AI: Gemini, models that make vectors, and Claude under `/v1/projects/P/locations/L/publishers`. Keys are access tokens,
//! those of `POST /token` among them. Claude is Anthropic's format with the model in the path and
//! the version in the body; what is wrong with the account, Google says in both cases.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Format, Provider, anthropic, bearer, gemini};
use crate::exchange::Incoming;
use crate::state::State;
use crate::trouble::{Refusal, Trouble};
use crate::{embeddings, models};

pub(super) const PROVIDER: Provider = Provider {
    key: |request| Ok(bearer(request)),
    refusal,
    id_header: None,
    takes_tokens: true,
};

const CLAUDE_PROVIDER: Provider = Provider {
    refusal: claude_refusal,
    id_header: Some("request-id"),
    ..PROVIDER
};

const CLAUDE: Format = Format {
    provider: &CLAUDE_PROVIDER,
    answer_prefix: "msg_vrtx_",
    call_prefix: Some("toolu_vrtx_"),
    ..anthropic::MESSAGES
};

const VERSION: &str = "vertex-2023-10-16";

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    for version in ["v1", "v1beta1"] {
        let publishers = format!("/{version}/projects/{{project}}/locations/{{location}}/publishers");
        routes
            .route(
                &format!("{publishers}/google/models/{{target}}"),
                web::post().to(google),
            )
            .route(
                &format!("{publishers}/anthropic/models/{{target}}"),
                web::post().to(claude),
            )
            .route(
                &format!("/{version}/publishers/{{publisher}}/models"),
                web::get().to(list),
            );
    }
}

type Path = web::Path<(String, String, String)>;

async fn list(state: web::Data<State>, request: HttpRequest, publisher: web::Path<String>) -> HttpResponse {
    models::answer(&state, &request, &PROVIDER, models::vertex(&publisher))
}

async fn google(state: web::Data<State>, request: HttpRequest, path: Path, body: Bytes) -> HttpResponse {
    if let Some(model) = path.2.strip_suffix(":predict") {
        return predict(state, &request, model, &body).await;
    }
    gemini::perform(Incoming::new(state, request, body), &path.2, &gemini::VERTEX).await
}

/// Makes vectors.
async fn predict(state: web::Data<State>, request: &HttpRequest, model: &str, body: &[u8]) -> HttpResponse {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let instances = asked["instances"].as_array().into_iter().flatten();
    let texts: Vec<&str> = instances
        .filter_map(|instance| instance["content"].as_str())
        .collect();
    let letters: usize = texts.iter().map(|text| text.chars().count()).sum();
    let form = embeddings::form(model, &json!(texts), &asked["parameters"]["outputDimensionality"]);
    embeddings::answer(state, request, &form, &PROVIDER, |answer| {
        let count = answer.vectors.len() as u64;
        // What is not counted text by text, the first one bears.
        let (share, rest) = (answer.tokens.checked_div(count)?, answer.tokens.checked_rem(count)?);
        let predictions = answer.vectors.iter().enumerate().map(|(index, vector)| {
            let tokens = if index == 0 { share + rest } else { share };
            json!({"embeddings": {"statistics": {"truncated": false, "token_count": tokens}, "values": vector}})
        });
        let predictions: Vec<Value> = predictions.collect();
        let document = json!({"predictions": predictions, "metadata": {"billableCharacterCount": letters}});
        Some(document.to_string().into_bytes())
    })
    .await
}

async fn claude(state: web::Data<State>, request: HttpRequest, path: Path, body: Bytes) -> HttpResponse {
    let (model, action) = path.2.rsplit_once(':').unwrap_or((&path.2, ""));
    let mut call = Incoming::new(state, request, body);
    let stream = match action {
        "rawPredict" => false,
        "streamRawPredict" => true,
        _ => return CLAUDE_PROVIDER.refuse(&call.state, &Trouble::UnknownModel(model)),
    };
    // Counting has a name in the place of the model, which stands in the body.
    if model.starts_with("count-tokens") {
        return call.count(&CLAUDE_PROVIDER, anthropic::read, anthropic::counted);
    }
    let document: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    if document["anthropic_version"] != VERSION {
        let (message, param) = ("Field required", Some("anthropic_version"));
        return CLAUDE_PROVIDER.refuse(&call.state, &Trouble::Malformed { message, param });
    }
    call.model = Some(model.to_owned());
    call.stream = Some(stream || document["stream"] == true);
    call.answer(&CLAUDE).await
}

/// What Google says of tokens and quotas.
fn refusal(trouble: &Trouble<'_>) -> Refusal {
    match trouble {
        Trouble::Unauthorized => gemini::refusal(&Trouble::Status {
            code: 401,
            retry_after_s: None,
        }),
        Trouble::UnknownModel(_)
        | Trouble::Malformed { .. }
        | Trouble::Broken(_)
        | Trouble::ContextLength
        | Trouble::Status { .. } => gemini::refusal(trouble),
    }
}

/// What is wrong with the request, Claude says; what is wrong with the account, Google.
fn claude_refusal(trouble: &Trouble<'_>) -> Refusal {
    match trouble {
        Trouble::Unauthorized | Trouble::UnknownModel(_) => refusal(trouble),
        Trouble::Status {
            code: 401 | 403 | 404 | 429,
            ..
        } => refusal(trouble),
        Trouble::Malformed { .. } | Trouble::Broken(_) | Trouble::ContextLength | Trouble::Status { .. } => {
            anthropic::refusal(trouble)
        }
    }
}
