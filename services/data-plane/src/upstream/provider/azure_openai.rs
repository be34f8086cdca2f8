//! Azure OpenAI, and the models of others beside it. A model is called by the name of its deployment. Without an API version the paths are those of OpenAI
//! below `/openai/v1`; with a dated one they name the deployment.

use sluicegate_contracts::config::{Operation, ProviderId, ProviderSettings};
use sluicegate_protocols::Dialect;

use super::compatible::COMPATIBLE;
use super::openai::OPENAI;
use super::{Ask, Listing, Provider, anthropic, compatible};
use crate::upstream::address::segment;
use crate::upstream::auth::KeyHeader;

pub(in crate::upstream) const AZURE_OPENAI: Provider = Provider {
    id: ProviderId::Azure,
    dialects,
    address,
    key: KeyHeader::Named("api-key"),
    headers: |dialect| match dialect {
        Dialect::AnthropicMessages => anthropic::VERSION,
        Dialect::OpenAiChat | Dialect::Gemini | Dialect::BedrockConverse => &[],
    },
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

/// The address of the resource: people paste it with and without the path behind it.
fn resource(base: &str) -> &str {
    let base = base.strip_suffix("/v1").unwrap_or(base);
    base.strip_suffix("/openai").unwrap_or(base)
}

fn dialects(model: &str) -> &'static [Dialect] {
    if model.starts_with("claude") {
        &[Dialect::AnthropicMessages]
    } else {
        (OPENAI.dialects)(model)
    }
}

fn dated(settings: &ProviderSettings) -> Option<String> {
    let version = settings.api_version.as_deref()?;
    (version != "v1").then(|| segment(version))?
}

fn address(ask: &Ask<'_>) -> Option<String> {
    let base = resource(ask.base);
    if ask.dialect == Dialect::AnthropicMessages {
        return Some(format!("{base}/anthropic/v1/messages"));
    }
    let Some(version) = dated(ask.settings) else {
        let base = &format!("{base}/openai/v1");
        return compatible::address(&Ask { base, ..*ask });
    };
    let path = match (ask.operation, ask.dialect) {
        (Operation::ChatCompletions, Dialect::OpenAiChat) => {
            format!("deployments/{}/chat/completions", segment(ask.model)?)
        }
        (
            Operation::ChatCompletions,
            Dialect::AnthropicMessages | Dialect::Gemini | Dialect::BedrockConverse,
        ) => return None,
        (Operation::Embeddings, _) => format!("deployments/{}/embeddings", segment(ask.model)?),
    };
    Some(format!("{base}/openai/{path}?api-version={version}"))
}
