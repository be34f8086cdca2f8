//! Servers that speak OpenAI's chat protocol and have no peculiarities of their own: the one a tenant names by address,
//! and hosted ones that differ by nothing but theirs. Other providers start from [`COMPATIBLE`] and say what differs.

use sluicegate_contracts::config::{Operation, ProviderId};
use sluicegate_protocols::Dialect;
use sluicegate_protocols::target::{ChatQuirks, OutputLimitField, ReasoningField};
use sluicegate_protocols::tool_ids::IdRule;

use super::{Ask, Listing, Provider, Takes};
use crate::upstream::auth::KeyHeader;

/// Any server of the kind. It takes the spellings that all of them know: `max_tokens`, system messages.
pub(in crate::upstream) const COMPATIBLE: Provider = Provider {
    id: ProviderId::Compatible,
    dialects: |_| &[Dialect::OpenAiChat],
    address,
    key: KeyHeader::Bearer,
    headers: |_| &[],
    setting_headers: |_| Vec::new(),
    model: |_, model| model,
    body: |_, body| Some(body),
    takes: Takes {
        chat: ChatQuirks {
            output_limit: OutputLimitField::MaxTokens,
            developer_role: false,
            reasoning: ReasoningField::Nowhere,
        },
        tool_ids: IdRule::OPENAI,
        stream_usage: true,
    },
    aws_service: None,
    listing: Listing {
        address: |base, _| format!("{base}/models"),
        headers: &[],
        items: "data",
        name: "id",
        prefix: "",
    },
};

/// OpenAI's paths.
pub(super) fn address(ask: &Ask<'_>) -> Option<String> {
    let path = match ask.operation {
        Operation::ChatCompletions => match ask.dialect {
            Dialect::OpenAiChat => "/chat/completions",
            Dialect::AnthropicMessages => "/messages",
            Dialect::Gemini | Dialect::BedrockConverse => return None,
        },
        Operation::Embeddings => "/embeddings",
    };
    Some(format!("{}{path}", ask.base))
}

/// A hosted server that differs by its address alone.
const fn hosted(id: ProviderId, reasoning: ReasoningField) -> Provider {
    let takes = Takes {
        chat: ChatQuirks {
            reasoning,
            ..COMPATIBLE.takes.chat
        },
        ..COMPATIBLE.takes
    };
    Provider {
        id,
        takes,
        ..COMPATIBLE
    }
}

pub(in crate::upstream) const ALIBABA: Provider =
    hosted(ProviderId::Alibaba, ReasoningField::ReasoningContent);
pub(in crate::upstream) const BASETEN: Provider =
    hosted(ProviderId::Baseten, ReasoningField::ReasoningContent);
pub(in crate::upstream) const CEREBRAS: Provider = hosted(ProviderId::Cerebras, ReasoningField::Reasoning);
pub(in crate::upstream) const DEEPINFRA: Provider =
    hosted(ProviderId::DeepInfra, ReasoningField::ReasoningContent);
pub(in crate::upstream) const MOONSHOT_AI: Provider =
    hosted(ProviderId::MoonshotAi, ReasoningField::ReasoningContent);
pub(in crate::upstream) const NEBIUS: Provider = hosted(ProviderId::Nebius, ReasoningField::ReasoningContent);
pub(in crate::upstream) const NVIDIA: Provider = hosted(ProviderId::Nvidia, ReasoningField::ReasoningContent);
pub(in crate::upstream) const UPSTAGE: Provider = hosted(ProviderId::Upstage, ReasoningField::Nowhere);
pub(in crate::upstream) const ZAI: Provider = hosted(ProviderId::Zai, ReasoningField::ReasoningContent);
