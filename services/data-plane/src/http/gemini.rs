//! Gemini's paths, which name the model and the method in one: `models/{model}:{method}`. A model's name may hold slashes
//! and colons; the method is what follows the last one.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use sluicegate_protocols::Dialect;

use super::{Arrival, count_tokens, inference, paths, render_error};
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::Api;

/// `POST …/models/{model}:{method}`.
pub(super) async fn call(request: HttpRequest, call: Path<String>, payload: Payload) -> HttpResponse {
    let Some((model, api)) = read(&call, request.query_string()) else {
        let message = "There is no such method here. There are generateContent, streamGenerateContent, countTokens, \
                       embedContent and batchEmbedContents, each after the model's name and a colon.";
        let error = GatewayError::new(ErrorKind::UnknownPath, message);
        let mut response = render_error::response(&error, Dialect::Gemini);
        paths::annotate(response.headers_mut(), &request, Dialect::Gemini);
        return response;
    };
    let arrived = Arrival::of(&request, api).map(|(gateway, mut arrival)| {
        arrival.model = model;
        (gateway, arrival)
    });
    match api {
        Api::CountTokens | Api::CountMessageTokens => {
            count_tokens::answer(&request, payload, api, arrived).await
        }
        Api::GenerateContent
        | Api::StreamGenerateContent
        | Api::StreamGenerateContentArray
        | Api::EmbedContent
        | Api::BatchEmbedContents
        | Api::ChatCompletions
        | Api::OpenRouterChat
        | Api::CursorChat
        | Api::ResponsesAsChat { .. }
        | Api::Completions
        | Api::Embeddings
        | Api::Responses
        | Api::Rerank
        | Api::Messages => inference::answer(&request, payload, api, arrived).await,
    }
}

/// Which model, and what is asked of it.
fn read(call: &str, query: &str) -> Option<(String, Api)> {
    let (model, method) = call.rsplit_once(':')?;
    let as_events =
        || url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "alt" && value == "sse");
    let api = match method {
        "generateContent" => Api::GenerateContent,
        "streamGenerateContent" if as_events() => Api::StreamGenerateContent,
        "streamGenerateContent" => Api::StreamGenerateContentArray,
        "countTokens" => Api::CountTokens,
        "embedContent" => Api::EmbedContent,
        "batchEmbedContents" => Api::BatchEmbedContents,
        _ => return None,
    };
    Some((model.to_owned(), api))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_is_what_follows_the_last_colon() {
        let cases = [
            (
                "sluicegate/echo:429:generateContent",
                "",
                Some(("sluicegate/echo:429", Api::GenerateContent)),
            ),
            (
                "m:streamGenerateContent",
                "key=x&alt=sse",
                Some(("m", Api::StreamGenerateContent)),
            ),
            (
                "m:streamGenerateContent",
                "alt=json",
                Some(("m", Api::StreamGenerateContentArray)),
            ),
            ("m:predict", "", None),
            ("m", "", None),
        ];
        for (call, query, expected) in cases {
            let read = read(call, query);
            assert_eq!(
                read.as_ref().map(|(model, api)| (model.as_str(), *api)),
                expected,
                "{call}"
            );
        }
    }
}
