//! Amazon Bedrock: requests are signed with AWS keys, or carry one of Bedrock's own keys.

use sluicegate_contracts::config::{Operation, ProviderId};
use sluicegate_protocols::Dialect;

use super::compatible::COMPATIBLE;
use super::{Ask, Listing, Provider, compatible};

pub(in crate::upstream) const BEDROCK: Provider = Provider {
    id: ProviderId::Bedrock,
    address,
    // Inference profiles, by the id the catalog has.
    model: |settings, model| settings.deployments.get(model).map_or(model, String::as_str),
    aws_service: Some("bedrock"),
    listing: Listing {
        address: |base, _| format!("{}/foundation-models", control(base)),
        items: "modelSummaries",
        name: "modelId",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

/// Models are listed by the host beside the one that runs them. Only Amazon's own names have such a neighbor; behind a
/// private endpoint both are one.
fn control(base: &str) -> String {
    match base.strip_prefix("https://bedrock-runtime.") {
        Some(rest) if rest.ends_with(".amazonaws.com") || rest.ends_with(".amazonaws.com.cn") => {
            format!("https://bedrock.{rest}")
        }
        Some(_) | None => base.to_owned(),
    }
}

fn address(ask: &Ask<'_>) -> Option<String> {
    match (ask.operation, ask.dialect) {
        (Operation::ChatCompletions, Dialect::OpenAiChat) => {
            let base = &format!("{}/openai/v1", ask.base);
            compatible::address(&Ask { base, ..*ask })
        }
        (
            Operation::ChatCompletions,
            Dialect::AnthropicMessages | Dialect::Gemini | Dialect::BedrockConverse,
        )
        | (Operation::Embeddings, _) => None,
    }
}
