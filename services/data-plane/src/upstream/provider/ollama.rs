//! Ollama, through its OpenAI-compatible door below `/v1`.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::ReasoningField;

use super::Provider;
use super::compatible::{COMPATIBLE, reasoning_in};

pub(in crate::upstream) const OLLAMA: Provider = Provider {
    id: ProviderId::Ollama,
    quirks: reasoning_in(ReasoningField::Reasoning),
    ..COMPATIBLE
};
