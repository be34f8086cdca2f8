//! DeepSeek.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, ReasoningField};

use super::compatible::COMPATIBLE;
use super::{Provider, Takes};

pub(in crate::upstream) const DEEPSEEK: Provider = Provider {
    id: ProviderId::DeepSeek,
    takes: Takes {
        chat: ChatQuirks {
            // It refuses a tool loop in which its own reasoning does not come back.
            reasoning: ReasoningField::ReasoningContent,
            ..COMPATIBLE.takes.chat
        },
        ..COMPATIBLE.takes
    },
    ..COMPATIBLE
};
