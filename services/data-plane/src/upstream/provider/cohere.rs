//! Cohere. Vectors come from its OpenAI-compatible door, to which connections from before it was spoken to natively lead.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;

use super::compatible::{CHAT, COMPATIBLE, below};
use super::{Listing, Provider, Spoken};

const COHERE_CHAT: Spoken = Spoken {
    dialect: Dialect::CohereChat,
    address: |ask| below(root(ask.base), "/v2/chat"),
    ..CHAT
};

pub(in crate::upstream) const COHERE: Provider = Provider {
    id: ProviderId::Cohere,
    chat: |_| &[COHERE_CHAT],
    embeddings: Some(|ask| below(root(ask.base), "/compatibility/v1/embeddings")),
    rerank: Some(|ask| below(root(ask.base), "/v2/rerank")),
    listing: Listing {
        address: |base, _| format!("{}/v1/models?page_size=1000", root(base)),
        items: "models",
        name: "name",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

/// The server, whatever door the base URL names.
fn root(base: &str) -> &str {
    let doors = ["/compatibility/v1", "/v2", "/v1"];
    doors
        .iter()
        .find_map(|door| base.strip_suffix(door))
        .unwrap_or(base)
}
