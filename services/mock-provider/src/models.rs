//! `GET /v1/models`: the models of the configuration and of the script.

use std::collections::BTreeSet;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use sluicegate_protocols::models_list::{ModelEntry, list};

use crate::openai_chat::OpenAiChat;
use crate::refusal::refuse;
use crate::server;
use crate::state::State;

pub(crate) async fn handle(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    if let Err(refusal) = server::admit(&state, &request) {
        return refuse(&state, &OpenAiChat, &refusal);
    }
    let mut names: BTreeSet<String> = state.config.models.iter().cloned().collect();
    if names.is_empty() {
        names.extend(state.script().models.into_keys());
        names.insert("mock-model".to_owned());
    }
    let entries: Vec<ModelEntry> = names
        .into_iter()
        .map(|id| ModelEntry {
            id,
            owned_by: "mock".to_owned(),
            display_name: None,
            created: 1_700_000_000,
            context_length: Some(128_000),
            max_output_tokens: None,
        })
        .collect();
    match list(&entries) {
        Ok(document) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(document),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
