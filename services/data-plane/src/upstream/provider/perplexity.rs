//! Perplexity. It has no list of models; the list of the account's own asynchronous calls proves a key as well.

use sluicegate_contracts::config::{Operation, ProviderId};

use super::compatible::COMPATIBLE;
use super::{Listing, Provider, compatible};

pub(in crate::upstream) const PERPLEXITY: Provider = Provider {
    id: ProviderId::Perplexity,
    address: |ask| match ask.operation {
        Operation::ChatCompletions => compatible::address(ask),
        // Its vectors are quantized bytes, which no client of this operation reads.
        Operation::Embeddings => None,
    },
    listing: Listing {
        address: |base, _| format!("{base}/async/chat/completions"),
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
