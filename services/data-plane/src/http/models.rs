//! Which models this key can call, in the list forms that clients read: one for OpenAI's and Anthropic's together, one
//! for Gemini's, and for Codex, which asks with its version, one more inside the first.

use std::sync::Arc;

use actix_web::http::header::{ContentType, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use sluicegate_contracts::config::{ApiKey, Endpoint, Operation};
use sluicegate_contracts::money::PicoUsd;
use sluicegate_protocols::models_list::{self, ListedModel, ModelEntry};

use super::{Arrival, paths, render_error};
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::{Api, callable_names, known_caller, supported_parameters};
use crate::snapshot::{ProjectView, Snapshot};

/// `GET /v1/models`.
pub(super) async fn list(request: HttpRequest) -> HttpResponse {
    let mut query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let codex = query.any(|(name, _)| name == "client_version");
    document(&request, Api::ChatCompletions, |models| {
        let entries: Vec<ModelEntry> = models.into_iter().map(|model| model.entry).collect();
        let list = if codex {
            models_list::list_for_codex(&entries)
        } else {
            models_list::list(&entries)
        };
        list.map_err(|_| unwritable())
    })
}

/// `GET /v1/models/{id}`; ids hold slashes.
pub(super) async fn one(request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    document(&request, Api::ChatCompletions, |models| {
        let model = find(&models, &id)?;
        models_list::one(&model.entry).map_err(|_| unwritable())
    })
}

/// `GET /v1beta/models`.
pub(super) async fn gemini_list(request: HttpRequest) -> HttpResponse {
    document(&request, Api::GenerateContent, |models| {
        models_list::gemini_list(&models).map_err(|_| unwritable())
    })
}

/// `GET /v1beta/models/{id}`.
pub(super) async fn gemini_one(request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    document(&request, Api::GenerateContent, |models| {
        models_list::gemini_one(find(&models, &id)?).map_err(|_| unwritable())
    })
}

fn find<'m>(models: &'m [ListedModel], id: &str) -> Result<&'m ListedModel, GatewayError> {
    models.iter().find(|model| model.entry.id == id).ok_or_else(|| {
        let message = format!("There is no model named {id:?} for this key.");
        GatewayError::new(ErrorKind::ModelNotFound, message).at("model")
    })
}

/// What this key can call, as `write` writes it.
pub(super) fn document(
    request: &HttpRequest,
    api: Api,
    write: impl FnOnce(Vec<ListedModel>) -> Result<Vec<u8>, GatewayError>,
) -> HttpResponse {
    let written = Arrival::of(request, api)
        .and_then(|(gateway, arrival)| known_caller(&gateway, api, &arrival, models))
        .and_then(write);
    let mut response = match written {
        Ok(body) => tagged(request, body),
        Err(error) => render_error::response(&error, api.dialect()),
    };
    paths::annotate(response.headers_mut(), request, api.dialect());
    response
}

/// The document with a tag of its content, or no more than the tag for a caller that has it already.
fn tagged(request: &HttpRequest, body: Vec<u8>) -> HttpResponse {
    let tag = format!("\"{:08x}-{:x}\"", crc32fast::hash(&body), body.len());
    let known = request.headers().get(IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
    if is_known {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .content_type(ContentType::json())
        .body(body)
}

fn models(snapshot: &Snapshot, project: &ProjectView, key: &ApiKey) -> Vec<ListedModel> {
    callable_names(project, snapshot.catalog())
        .into_iter()
        .filter(|name| key.allows_model(name))
        .map(|name| {
            let endpoints = snapshot.catalog().by_model(name);
            let offers = |operation| endpoints.iter().any(|it| it.operations.contains(&operation));
            ListedModel {
                entry: ModelEntry {
                    id: name.to_owned(),
                    owned_by: name.split('/').next().unwrap_or_default().to_owned(),
                    display_name: None,
                    created: 0,
                    context_length: endpoints.iter().filter_map(|it| it.context_window).max(),
                    max_output_tokens: endpoints.iter().filter_map(|it| it.max_output_tokens).max(),
                },
                // What is not in the catalog may do either.
                generates: endpoints.is_empty() || offers(Operation::ChatCompletions),
                embeds: endpoints.is_empty() || offers(Operation::Embeddings),
                price: endpoints.iter().filter_map(price).min(),
                parameters: supported_parameters(name, project, snapshot.catalog()),
            }
        })
        .collect()
}

/// What an endpoint charges at first, in pico-dollars for a token of the prompt and of the answer.
fn price(endpoint: &Arc<Endpoint>) -> Option<(u64, u64)> {
    let card = endpoint.prices().first()?;
    let picos = |price: PicoUsd| u64::try_from(price.picos()).ok();
    Some((picos(card.rates.input)?, picos(card.rates.output)?))
}

pub(super) fn unwritable() -> GatewayError {
    GatewayError::new(ErrorKind::Internal, "The list could not be written.")
}
