//! Which models this key can call, in the list form that OpenAI's and Anthropic's clients both read.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use sluicegate_contracts::config::ApiKey;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::models_list::{self, ModelEntry};

use super::{Arrival, render_error};
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::{Api, callable_names, known_caller};
use crate::snapshot::{ProjectView, Snapshot};

/// `GET /v1/models`.
pub(super) async fn list(request: HttpRequest) -> HttpResponse {
    document(&request, |entries| {
        models_list::list(&entries).map_err(|_| unwritable())
    })
}

/// `GET /v1/models/{id}`; ids hold slashes.
pub(super) async fn one(request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    document(&request, |entries| {
        let entry = entries.iter().find(|entry| entry.id == *id).ok_or_else(|| {
            let message = format!("There is no model named {:?} for this key.", id.as_str());
            GatewayError::new(ErrorKind::ModelNotFound, message).at("model")
        })?;
        models_list::one(entry).map_err(|_| unwritable())
    })
}

fn document(
    request: &HttpRequest,
    write: impl FnOnce(Vec<ModelEntry>) -> Result<Vec<u8>, GatewayError>,
) -> HttpResponse {
    let written = Arrival::of(request, Api::ChatCompletions)
        .and_then(|(gateway, arrival)| known_caller(&gateway, &arrival, entries))
        .and_then(write);
    match written {
        Ok(body) => HttpResponse::Ok().content_type(ContentType::json()).body(body),
        Err(error) => render_error::response(&error, Dialect::OpenAiChat),
    }
}

fn entries(snapshot: &Snapshot, project: &ProjectView, key: &ApiKey) -> Vec<ModelEntry> {
    callable_names(project, snapshot.catalog())
        .into_iter()
        .filter(|name| key.allows_model(name))
        .map(|name| {
            let endpoints = snapshot.catalog().by_model(name);
            ModelEntry {
                id: name.to_owned(),
                owned_by: name.split('/').next().unwrap_or_default().to_owned(),
                display_name: None,
                created: 0,
                context_length: endpoints.iter().filter_map(|it| it.context_window).max(),
                max_output_tokens: endpoints.iter().filter_map(|it| it.max_output_tokens).max(),
            }
        })
        .collect()
}

fn unwritable() -> GatewayError {
    GatewayError::new(ErrorKind::Internal, "The list could not be written.")
}
