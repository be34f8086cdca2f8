//! A vLLM server: Chat Completions with reasoning under `reasoning_content`.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::ReasoningField;

use super::Provider;
use super::compatible::{COMPATIBLE, reasoning_in};

pub(in crate::upstream) const VLLM: Provider = Provider {
    id: ProviderId::Vllm,
    quirks: reasoning_in(ReasoningField::ReasoningContent),
    ..COMPATIBLE
};
