//! Groq.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, OutputLimitField, ReasoningField};

use super::compatible::COMPATIBLE;
use super::{Provider, Takes};

pub(in crate::upstream) const GROQ: Provider = Provider {
    id: ProviderId::Groq,
    takes: Takes {
        chat: ChatQuirks {
            output_limit: OutputLimitField::MaxCompletionTokens,
            reasoning: ReasoningField::Reasoning,
            ..COMPATIBLE.takes.chat
        },
        ..COMPATIBLE.takes
    },
    ..COMPATIBLE
};
