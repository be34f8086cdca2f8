//! xAI.

use sluicegate_contracts::config::ProviderId;

use super::Provider;
use super::compatible::{CHAT, COMPATIBLE};
use super::openai::RESPONSES;

pub(in crate::upstream) const XAI: Provider = Provider {
    id: ProviderId::Xai,
    chat: |_| &[CHAT, RESPONSES],
    ..COMPATIBLE
};
