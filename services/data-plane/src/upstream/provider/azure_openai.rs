//! Azure OpenAI, and the models of others beside it. A model is called by the name of its deployment. Without an API
//! version the paths are those of OpenAI below `/openai/v1`; with a dated one they name the deployment.

use sluicegate_contracts::config::{ProviderId, ProviderSettings};

use super::anthropic::{COUNTER, MESSAGES};
use super::compatible::{CHAT, COMPATIBLE, below};
use super::openai::{OPENAI, RESPONSES, needs_responses};
use super::{Ask, Counter, Listing, Provider, Spoken};
use crate::upstream::address::segment;
use crate::upstream::auth::KeyHeader;

const DEPLOYED: Spoken = Spoken {
    address: |ask| deployment(ask, "chat/completions"),
    ..CHAT
};
const RESPONDING: Spoken = Spoken {
    // The model is in the body, whatever the version.
    address: |ask| {
        let base = resource(ask.base);
        Some(match dated(ask.settings) {
            None => format!("{base}/openai/v1/responses"),
            Some(version) => format!("{base}/openai/responses?api-version={version}"),
        })
    },
    ..RESPONSES
};
/// Messages below `/anthropic`, with a key in `api-key` or `x-api-key`, and the counter beside them; lists of models and
/// batches are left out. See platform.claude.com, "Claude in Microsoft Foundry"; Anthropic's own client for it calls the
/// same paths.
const CLAUDE: Spoken = Spoken {
    address: |ask| below(resource(ask.base), "/anthropic/v1/messages"),
    counter: Some(Counter {
        address: |ask| below(resource(ask.base), "/anthropic/v1/messages/count_tokens"),
        ..COUNTER
    }),
    ..MESSAGES
};

pub(in crate::upstream) const AZURE_OPENAI: Provider = Provider {
    id: ProviderId::Azure,
    chat,
    embeddings: Some(|ask| deployment(ask, "embeddings")),
    rerank: None,
    key: KeyHeader::Named("api-key"),
    setting_headers: |_| Vec::new(),
    model: |settings, model| settings.deployments.get(model).map_or(model, String::as_str),
    listing: Listing {
        address: |base, settings| match dated(settings) {
            Some(version) => format!("{}/openai/models?api-version={version}", resource(base)),
            None => format!("{}/openai/v1/models", resource(base)),
        },
        ..COMPATIBLE.listing
    },
    ..OPENAI
};

/// By the catalog's name: a deployment's own says nothing.
fn chat(model: &str) -> &'static [Spoken] {
    if model.starts_with("claude") {
        &[CLAUDE]
    } else if needs_responses(model) {
        &[RESPONDING]
    } else {
        &[DEPLOYED, RESPONDING]
    }
}

/// The address of the resource: people paste it with and without the path behind it.
fn resource(base: &str) -> &str {
    let base = base.strip_suffix("/v1").unwrap_or(base);
    base.strip_suffix("/openai").unwrap_or(base)
}

fn dated(settings: &ProviderSettings) -> Option<String> {
    segment(settings.api_version.as_deref()?)
}

fn deployment(ask: &Ask<'_>, operation: &str) -> Option<String> {
    let base = resource(ask.base);
    Some(match dated(ask.settings) {
        None => format!("{base}/openai/v1/{operation}"),
        Some(version) => {
            let name = segment(ask.model)?;
            format!("{base}/openai/deployments/{name}/{operation}?api-version={version}")
        }
    })
}
