//! Groq: Chat Completions with the new name of the output limit, and reasoning under `reasoning`.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, OutputLimitField, ReasoningField};

use super::Provider;
use super::compatible::{COMPATIBLE, reasoning_in};

pub(in crate::upstream) const GROQ: Provider = Provider {
    id: ProviderId::Groq,
    quirks: ChatQuirks {
        output_limit: OutputLimitField::MaxCompletionTokens,
        ..reasoning_in(ReasoningField::Reasoning)
    },
    ..COMPATIBLE
};
