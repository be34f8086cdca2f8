//! Mistral AI.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::ReasoningField;
use sluicegate_protocols::tool_ids::IdRule;

use super::compatible::{CHAT, COMPATIBLE, reasoning_in};
use super::{Provider, Spoken};

const MISTRAL_CHAT: Spoken = Spoken {
    tool_ids: IdRule::MISTRAL,
    ..CHAT
};

pub(in crate::upstream) const MISTRAL: Provider = Provider {
    id: ProviderId::Mistral,
    chat: |_| &[MISTRAL_CHAT],
    quirks: reasoning_in(ReasoningField::Thinking),
    // It answers the question for usage with 422, and tells it at the end of every stream unasked.
    stream_usage: false,
    ..COMPATIBLE
};
