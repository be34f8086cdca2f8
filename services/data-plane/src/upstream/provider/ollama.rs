//! Ollama, through its OpenAI-compatible door below `/v1`.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, ReasoningField};

use super::compatible::COMPATIBLE;
use super::{Provider, Takes};

pub(in crate::upstream) const OLLAMA: Provider = Provider {
    id: ProviderId::Ollama,
    takes: Takes {
        chat: ChatQuirks {
            reasoning: ReasoningField::Reasoning,
            ..COMPATIBLE.takes.chat
        },
        ..COMPATIBLE.takes
    },
    ..COMPATIBLE
};
