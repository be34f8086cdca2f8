//! The endpoints that count tokens and run no model.

use actix_web::http::header::{ContentType, HeaderName, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use sluicegate_protocols::Dialect;

use super::{Arrival, paths, render_error, reply};
use crate::error::GatewayError;
use crate::pipeline::{Api, Counted, Gateway, count_tokens};

/// Whether the number is the provider's own, exact, an estimate, or an upper bound.
const SURENESS: HeaderName = HeaderName::from_static("x-sluicegate-token-count");
/// Why it is not the provider's own, where the provider counts.
const FALLBACK: HeaderName = HeaderName::from_static("x-sluicegate-token-count-fallback");
const PROVIDER: HeaderValue = HeaderValue::from_static("provider");

/// Answers a call of `api`.
pub(super) async fn count(request: &HttpRequest, payload: Payload, api: Api) -> HttpResponse {
    let arrived = Arrival::of(request, api);
    answer(request, payload, api, arrived).await
}

/// Answers a call whose head has been read.
pub(super) async fn answer(
    request: &HttpRequest,
    payload: Payload,
    api: Api,
    arrived: Result<(Gateway, Arrival), GatewayError>,
) -> HttpResponse {
    let counted = match arrived {
        Ok((gateway, arrival)) => count_tokens(&gateway, api, &arrival, payload).await,
        Err(error) => Err(error),
    };
    let mut response = match counted {
        Ok(Counted::Here { count, instead }) => {
            let mut response = told(HeaderValue::from_static(count.sureness.as_str()));
            if let Some(outcome) = instead {
                response.insert_header((FALLBACK, HeaderValue::from_static(outcome.as_str())));
            }
            response.body(document(api, count.tokens))
        }
        Ok(Counted::There {
            tokens,
            document: None,
        }) => told(PROVIDER).body(document(api, tokens)),
        Ok(Counted::There {
            tokens: _,
            document: Some(theirs),
        }) => told(PROVIDER).body(theirs),
        Ok(Counted::Refused(refused)) => reply::refusal(refused),
        Err(error) => render_error::response(&error, api.dialect()),
    };
    paths::annotate(response.headers_mut(), request, api.dialect());
    response
}

fn told(sureness: HeaderValue) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((SURENESS, sureness))
        .content_type(ContentType::json());
    response
}

fn document(api: Api, tokens: u64) -> String {
    let member = match api.dialect() {
        Dialect::Gemini => "totalTokens",
        Dialect::OpenAiChat
        | Dialect::OpenAiResponses
        | Dialect::AnthropicMessages
        | Dialect::BedrockConverse
        | Dialect::CohereChat => "input_tokens",
    };
    format!(r#"{{"{member}":{tokens}}}"#)
}
