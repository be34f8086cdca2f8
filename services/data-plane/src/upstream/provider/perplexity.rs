//! Perplexity. It has no list of models; the list of the account's own asynchronous calls proves a key as well. Its
//! vectors are quantized bytes, which no client of that operation reads.

use sluicegate_contracts::config::ProviderId;

use super::compatible::COMPATIBLE;
use super::{Listing, Provider};

pub(in crate::upstream) const PERPLEXITY: Provider = Provider {
    id: ProviderId::Perplexity,
    embeddings: None,
    rerank: None,
    listing: Listing {
        address: |base, _| format!("{base}/async/chat/completions"),
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
