//! OpenAI. Some of its models are served by Responses alone.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::target::{ChatQuirks, OutputLimitField};

use super::compatible::{CHAT, COMPATIBLE, below};
use super::{Provider, Spoken};

/// Responses, where OpenAI has them.
pub(super) const RESPONSES: Spoken = Spoken {
    dialect: Dialect::OpenAiResponses,
    address: |ask| below(ask.base, "/responses"),
    ..CHAT
};

pub(in crate::upstream) const OPENAI: Provider = Provider {
    id: ProviderId::OpenAi,
    chat: |model| {
        if needs_responses(model) {
            &[RESPONSES]
        } else {
            &[CHAT, RESPONSES]
        }
    },
    rerank: None,
    setting_headers: |settings| {
        let organization = settings
            .organization
            .as_deref()
            .map(|it| ("openai-organization", it));
        let project = settings.project.as_deref().map(|it| ("openai-project", it));
        organization.into_iter().chain(project).collect()
    },
    // Reasoning models insist on the new name of the limit, and want instructions from a developer.
    quirks: ChatQuirks {
        output_limit: OutputLimitField::MaxCompletionTokens,
        developer_role: true,
        ..COMPATIBLE.quirks
    },
    ..COMPATIBLE
};

/// Whether a model is not served by Chat Completions: those made for agents, and those that think longest. They are the
/// models for which LiteLLM's public price list names `/v1/responses` alone, or the mode `responses`;
/// OpenAI's error for them is "This model is only supported in v1/responses and not in v1/chat/completions".
pub(super) fn needs_responses(model: &str) -> bool {
    let is_or_dated = |name: &str| {
        model
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || is_date(rest))
    };
    let agents = model.contains("-codex") || model.starts_with("codex-") || model.contains("-deep-research");
    agents
        || model.starts_with("computer-use")
        || ["o1-pro", "o3-pro"].into_iter().any(is_or_dated)
        || is_gpt_pro(model)
}

/// `gpt-5-pro`, `gpt-5.2-pro-2025-12-11`, but not `gpt-5-prototype`.
fn is_gpt_pro(model: &str) -> bool {
    let rest = model
        .strip_prefix("gpt-")
        .and_then(|rest| rest.split_once("-pro"));
    rest.is_some_and(|(_, rest)| rest.is_empty() || is_date(rest))
}

fn is_date(rest: &str) -> bool {
    rest.starts_with("-2") && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}
