//! OpenRouter.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::{ChatQuirks, ReasoningField};

use super::anthropic::MESSAGES;
use super::compatible::{CHAT, COMPATIBLE, reasoning_in};
use super::openai::RESPONSES;
use super::{Listing, Provider, Spoken};

/// Without the counter that Anthropic has beside them.
const MESSAGES_ALONE: Spoken = Spoken {
    counter: None,
    ..MESSAGES
};

pub(in crate::upstream) const OPENROUTER: Provider = Provider {
    id: ProviderId::OpenRouter,
    chat: |_| &[CHAT, RESPONSES, MESSAGES_ALONE],
    quirks: ChatQuirks {
        developer_role: true,
        ..reasoning_in(ReasoningField::ReasoningDetails)
    },
    listing: Listing {
        // The plain list is open to everybody, so it would prove nothing.
        address: |base, _| format!("{base}/models/user"),
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
