//! DeepSeek: Chat Completions with reasoning under `reasoning_content`, which has to come back.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::ReasoningField;

use super::Provider;
use super::compatible::{COMPATIBLE, reasoning_in};

pub(in crate::upstream) const DEEPSEEK: Provider = Provider {
    id: ProviderId::DeepSeek,
    // It refuses a tool loop in which its own reasoning does not come back.
    quirks: reasoning_in(ReasoningField::ReasoningContent),
    ..COMPATIBLE
};
