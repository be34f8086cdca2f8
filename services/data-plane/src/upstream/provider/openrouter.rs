//! OpenRouter.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::target::{ChatQuirks, ReasoningField};

use super::compatible::COMPATIBLE;
use super::{Listing, Provider, Takes};

pub(in crate::upstream) const OPENROUTER: Provider = Provider {
    id: ProviderId::OpenRouter,
    dialects: |_| &[Dialect::OpenAiChat, Dialect::AnthropicMessages],
    takes: Takes {
        chat: ChatQuirks {
            developer_role: true,
            reasoning: ReasoningField::ReasoningDetails,
            ..COMPATIBLE.takes.chat
        },
        ..COMPATIBLE.takes
    },
    listing: Listing {
        // The plain list is open to everybody, so it would prove nothing.
        address: |base, _| format!("{base}/models/user"),
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
