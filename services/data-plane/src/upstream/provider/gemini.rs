//! Gemini API of Google AI Studio. Connections from before it was spoken to natively lead to its OpenAI-compatible door,
//! one segment further down.

use sluicegate_contracts::config::ProviderId;

use super::compatible::COMPATIBLE;
use super::{Ask, Listing, Provider, compatible};
use crate::upstream::auth::KeyHeader;

pub(in crate::upstream) const GEMINI: Provider = Provider {
    id: ProviderId::Google,
    address,
    key: KeyHeader::Named("x-goog-api-key"),
    listing: Listing {
        address: |base, _| format!("{}/models?pageSize=1000", root(base)),
        items: "models",
        name: "name",
        prefix: "models/",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

fn root(base: &str) -> &str {
    base.strip_suffix("/openai").unwrap_or(base)
}

fn address(ask: &Ask<'_>) -> Option<String> {
    let base = &format!("{}/openai", root(ask.base));
    compatible::address(&Ask { base, ..*ask })
}
