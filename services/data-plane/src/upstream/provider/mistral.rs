//! Mistral AI.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, ReasoningField};
use sluicegate_protocols::tool_ids::IdRule;

use super::compatible::COMPATIBLE;
use super::{Provider, Takes};

pub(in crate::upstream) const MISTRAL: Provider = Provider {
    id: ProviderId::Mistral,
    takes: Takes {
        chat: ChatQuirks {
            reasoning: ReasoningField::Thinking,
            ..COMPATIBLE.takes.chat
        },
        tool_ids: IdRule::MISTRAL,
        // It reports usage at the end of every stream unasked, and does not document the question.
        stream_usage: false,
    },
    ..COMPATIBLE
};
