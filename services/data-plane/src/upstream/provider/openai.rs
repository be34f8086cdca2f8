//! OpenAI.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, OutputLimitField};

use super::Provider;
use super::compatible::{CHAT, COMPATIBLE};

pub(in crate::upstream) const OPENAI: Provider = Provider {
    id: ProviderId::OpenAi,
    rerank: None,
    chat: |_| &[CHAT],
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
