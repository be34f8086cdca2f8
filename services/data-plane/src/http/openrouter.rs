//! OpenAI's APIs at OpenRouter's address, where OpenRouter's own clients are: they check every answer against its schema,
//! in which the code of an error is its status, and members that others leave out are there.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{Handler, HttpRequest, HttpResponse};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sluicegate_protocols::json::{Cursor, MAX_DEPTH};
use sluicegate_protocols::models_list::{Page, openrouter_list};

use super::models::{document, unwritable};
use super::{inference, paths};
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::Api;

/// What OpenRouter's answers have and others leave out, at the value that says nothing.
const FINGERPRINT: &str = "system_fingerprint";

/// Whether an API at this prefix answers in OpenRouter's words.
pub(super) fn has(prefix: &str, api: Api) -> bool {
    prefix == paths::OPENROUTER && matches!(api, Api::OpenRouterChat | Api::Embeddings | Api::Rerank)
}

/// The handler of such an API.
pub(super) fn calls(api: Api) -> impl Handler<(HttpRequest, Payload), Output = HttpResponse> {
    move |request: HttpRequest, payload: Payload| async move {
        let response = inference::infer(&request, payload, api).await;
        reworded(response, |document| {
            (api == Api::OpenRouterChat)
                .then(|| completed(document))
                .flatten()
        })
    }
}

/// `GET /api/v1/models`.
pub(super) async fn models(request: HttpRequest) -> HttpResponse {
    let response = document(&request, Api::OpenRouterChat, |models| {
        openrouter_list(&models, page(request.query_string())?).map_err(|_| unwritable())
    });
    reworded(response, |_| None)
}

/// The page that a query asks for. Clients ask for page after page until one is empty.
fn page(query: &str) -> Result<Page, GatewayError> {
    let mut page = Page::WHOLE;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let (member, at, least) = match &*name {
            "offset" => (&mut page.offset, "offset", 0),
            "limit" => (&mut page.limit, "limit", 1),
            _ => continue,
        };
        let number = value.parse().ok().filter(|number| *number >= least);
        *member = number.ok_or_else(|| {
            let message = format!("{at} is a whole number of at least {least}.");
            GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
        })?;
    }
    Ok(page)
}

/// The answer in OpenRouter's words; `complete` adds to a whole one what is missing. A stream is in them already: it was
/// written by us.
fn reworded(response: HttpResponse, complete: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> HttpResponse {
    let (response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(document) => {
            let status = response.status();
            let told = if status.is_success() {
                complete(&document)
            } else {
                error(&document, status)
            };
            BoxBody::new(told.map_or(document, Bytes::from))
        }
        Err(stream) => stream,
    };
    response.set_body(body)
}

/// An error with its status for a code; what it had for one goes to its details. `None` when it is no such document.
fn error(document: &[u8], status: StatusCode) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(document).ok()?;
    let told = document.get_mut("error")?.as_object_mut()?;
    let message = told.remove("message").filter(Value::is_string)?;
    let mut metadata = match told.remove("metadata") {
        Some(Value::Object(metadata)) => metadata,
        Some(_) | None => Map::new(),
    };
    for (name, value) in std::mem::take(told) {
        if !value.is_null() {
            metadata.entry(name).or_insert(value);
        }
    }
    let told = json!({ "error": { "code": status.as_u16(), "message": message, "metadata": metadata } });
    serde_json::to_vec(&told).ok()
}

/// A whole answer with the member that must be there. `None` when nothing is missing.
fn completed(document: &[u8]) -> Option<Vec<u8>> {
    let mut is_there = false;
    let mut cursor = Cursor::new(document, MAX_DEPTH).ok()?;
    let span = cursor.object(|_, key| {
        is_there |= key.decode() == FINGERPRINT;
        Ok(())
    });
    let (head, brace) = document.split_at_checked(span.ok()?.end.checked_sub(1)?)?;
    (!is_there).then(|| [head, b",\"system_fingerprint\":null", brace].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_its_status_for_a_code_and_loses_nothing() {
        let document = br#"{"error":{"message":"No.","type":"t","param":null,"code":"model_not_found","metadata":{"a":1}}}"#;
        let told: Value = serde_json::from_slice(&error(document, StatusCode::NOT_FOUND).unwrap()).unwrap();
        let metadata = json!({ "a": 1, "type": "t", "code": "model_not_found" });
        assert_eq!(
            told,
            json!({ "error": { "code": 404, "message": "No.", "metadata": metadata } })
        );
        for other in ["", "[]", "{}", r#"{"error":"x"}"#, r#"{"error":{"message":1}}"#] {
            assert_eq!(error(other.as_bytes(), StatusCode::BAD_GATEWAY), None, "{other}");
        }
    }

    #[test]
    fn an_answer_gets_what_is_missing_and_nothing_else() {
        let spliced = completed(br#"{"a":1.10,"b":{"system_fingerprint":"x"}}"#).unwrap();
        assert_eq!(
            String::from_utf8(spliced).unwrap(),
            r#"{"a":1.10,"b":{"system_fingerprint":"x"},"system_fingerprint":null}"#
        );
        assert_eq!(completed(br#"{"system_fingerprint":"fp"}"#), None);
        assert_eq!(completed(b"not json"), None);
    }
}
