//! The endpoints that count tokens and call nothing.

use actix_web::http::header::{ContentType, HeaderName, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use sluicegate_protocols::Dialect;

use super::{Arrival, paths, render_error};
use crate::error::GatewayError;
use crate::pipeline::{Api, Gateway, count_tokens};
use crate::tokens::Count;

/// Whether the number is exact, an estimate, or an upper bound.
const SURENESS: HeaderName = HeaderName::from_static("x-sluicegate-token-count");

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
        Ok(count) => HttpResponse::Ok()
            .insert_header((SURENESS, HeaderValue::from_static(count.sureness.as_str())))
            .content_type(ContentType::json())
            .body(document(api, &count)),
        Err(error) => render_error::response(&error, api.dialect()),
    };
    paths::annotate(response.headers_mut(), request, api.dialect());
    response
}

fn document(api: Api, count: &Count) -> String {
    let member = match api.dialect() {
        Dialect::Gemini => "totalTokens",
        Dialect::OpenAiChat
        | Dialect::OpenAiResponses
        | Dialect::AnthropicMessages
        | Dialect::BedrockConverse
        | Dialect::CohereChat => "input_tokens",
    };
    format!(r#"{{"{member}":{}}}"#, count.tokens)
}
