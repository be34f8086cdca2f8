//! Vertex AI. Project and location stand in every path; a service account's token is the credential. Claude is spoken to
//! in Anthropic's dialect with a version in the body and no model; open models, whose names have a publisher in front,
//! through an OpenAI-compatible door.

use sluicegate_contracts::config::{Operation, ProviderId, ProviderSettings};
use sluicegate_protocols::Dialect;

use super::compatible::COMPATIBLE;
use super::{Ask, Listing, Provider};
use crate::upstream::address::segment;
use crate::upstream::members;

pub(in crate::upstream) const VERTEX: Provider = Provider {
    id: ProviderId::Vertex,
    dialects,
    address,
    body: |ask, body| match ask.dialect {
        Dialect::AnthropicMessages => {
            members::with_member(&body, "anthropic_version", CLAUDE_VERSION, &["model"])
        }
        Dialect::OpenAiChat => Some(body),
    },
    listing: Listing {
        // The list of models in general: it proves that a token is given and taken, not that the project may be used.
        address: |base, _| format!("{}/v1beta1/publishers/google/models?pageSize=300", root(base)),
        items: "publisherModels",
        name: "name",
        prefix: "publishers/google/models/",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

/// The version of Anthropic's dialect that Vertex AI documents.
const CLAUDE_VERSION: &str = "vertex-2023-10-16";

fn dialects(model: &str) -> &'static [Dialect] {
    if model.starts_with("claude") {
        &[Dialect::AnthropicMessages]
    } else {
        &[Dialect::OpenAiChat]
    }
}

fn root(base: &str) -> &str {
    base.strip_suffix("/v1").unwrap_or(base)
}

/// Everything of the account's, up to what is asked.
fn account(base: &str, settings: &ProviderSettings) -> Option<String> {
    let project = segment(settings.project.as_deref()?)?;
    let location = segment(settings.region.as_deref()?)?;
    Some(format!(
        "{}/v1/projects/{project}/locations/{location}",
        root(base)
    ))
}

fn address(ask: &Ask<'_>) -> Option<String> {
    let account = account(ask.base, ask.settings)?;
    let path = match (ask.operation, ask.dialect) {
        (Operation::ChatCompletions, Dialect::OpenAiChat) => "endpoints/openapi/chat/completions".to_owned(),
        (Operation::ChatCompletions, Dialect::AnthropicMessages) => {
            let method = if ask.stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            };
            format!("publishers/anthropic/models/{}:{method}", segment(ask.model)?)
        }
        (Operation::ChatCompletions, Dialect::Gemini | Dialect::BedrockConverse)
        | (Operation::Embeddings, _) => return None,
    };
    Some(format!("{account}/{path}"))
}
