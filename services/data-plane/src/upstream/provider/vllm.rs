//! vLLM.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, ReasoningField};

use super::compatible::COMPATIBLE;
use super::{Provider, Takes};

pub(in crate::upstream) const VLLM: Provider = Provider {
    id: ProviderId::Vllm,
    takes: Takes {
        chat: ChatQuirks {
            reasoning: ReasoningField::ReasoningContent,
            ..COMPATIBLE.takes.chat
        },
        ..COMPATIBLE.takes
    },
    ..COMPATIBLE
};
