//! Servers that speak OpenAI's chat protocol and have no peculiarities of their own: the one a tenant names by address,
//! and hosted ones that differ by nothing but theirs. Other providers start from [`COMPATIBLE`] and say what differs.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::target::{ChatQuirks, OutputLimitField, ReasoningField};
use sluicegate_protocols::tool_ids::IdRule;

use super::{Ask, Listing, Provider, Spoken};
use crate::upstream::auth::KeyHeader;

/// Chat Completions, where OpenAI has them.
pub(super) const CHAT: Spoken = Spoken {
    dialect: Dialect::OpenAiChat,
    address: |ask| below(ask.base, "/chat/completions"),
    stream_type: "text/event-stream",
    headers: &[],
    tool_ids: IdRule::OPENAI,
    body: Some,
    counter: None,
};

/// Any server of the kind. It takes the spellings that all of them know: `max_tokens`, system messages.
pub(in crate::upstream) const COMPATIBLE: Provider = Provider {
    id: ProviderId::Compatible,
    chat: |_| &[CHAT],
    embeddings: Some(embeddings),
    vectors: None,
    rerank: Some(|ask| below(ask.base, "/rerank")),
    key: KeyHeader::Bearer,
    setting_headers: |_| Vec::new(),
    model: |_, model| model,
    aws_service: None,
    quirks: ChatQuirks {
        output_limit: OutputLimitField::MaxTokens,
        developer_role: false,
        reasoning: ReasoningField::Nowhere,
    },
    stream_usage: true,
    listing: Listing {
        address: |base, _| format!("{base}/models"),
        headers: &[],
        items: "data",
        name: "id",
        prefix: "",
    },
};

/// A path below a base URL.
#[expect(clippy::unnecessary_wraps, reason = "addresses that hold names may have none")]
pub(super) fn below(base: &str, path: &str) -> Option<String> {
    Some(format!("{base}{path}"))
}

/// Vectors, where OpenAI has them.
pub(super) fn embeddings(ask: &Ask<'_>) -> Option<String> {
    below(ask.base, "/embeddings")
}

/// Quirks of servers that differ by the place of reasoning alone.
pub(super) const fn reasoning_in(reasoning: ReasoningField) -> ChatQuirks {
    ChatQuirks {
        reasoning,
        ..COMPATIBLE.quirks
    }
}

/// A hosted server that differs by its address, and the place of reasoning.
const fn hosted(id: ProviderId, reasoning: ReasoningField) -> Provider {
    Provider {
        id,
        quirks: reasoning_in(reasoning),
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
