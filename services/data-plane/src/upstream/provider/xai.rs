//! xAI: both of OpenAI's dialects at one address.

use sluicegate_contracts::config::ProviderId;

use super::Provider;
use super::compatible::{CHAT, COMPATIBLE};
use super::openai::RESPONSES;

pub(in crate::upstream) const XAI: Provider = Provider {
    id: ProviderId::Xai,
    chat: |_| &[CHAT, RESPONSES],
    ..COMPATIBLE
};
