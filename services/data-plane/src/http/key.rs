//! What a caller may know of its own key.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sluicegate_contracts::config::ApiKey;
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_protocols::Dialect;

use super::{Arrival, render_error};
use crate::pipeline::{Api, known_caller};

#[derive(Serialize)]
struct OwnKey {
    object: &'static str,
    id: ApiKeyId,
    organization: OrganizationId,
    project: ProjectId,
    /// Milliseconds since the Unix epoch.
    expires_at: Option<UnixMillis>,
    /// Empty means every model of the project.
    allowed_models: Vec<String>,
}

impl From<&ApiKey> for OwnKey {
    fn from(key: &ApiKey) -> Self {
        Self {
            object: "key",
            id: key.id,
            organization: key.organization,
            project: key.project,
            expires_at: key.expires_at,
            allowed_models: key.allowed_models.clone(),
        }
    }
}

/// `GET /v1/key`.
pub(super) async fn own(request: HttpRequest) -> HttpResponse {
    let found = Arrival::of(&request, Api::ChatCompletions).and_then(|(gateway, arrival)| {
        known_caller(&gateway, Api::ChatCompletions, &arrival, |_, _, key| {
            OwnKey::from(key)
        })
    });
    match found {
        Ok(key) => HttpResponse::Ok().json(key),
        Err(error) => render_error::response(&error, Dialect::OpenAiChat),
    }
}
