//! Perplexity. It has no list of models; the list of the account's own asynchronous calls proves a key as well.

use sluicegate_contracts::config::ProviderId;

use super::compatible::COMPATIBLE;
use super::{Listing, Provider};

pub(in crate::upstream) const PERPLEXITY: Provider = Provider {
    id: ProviderId::Perplexity,
    listing: Listing {
        address: |base, _| format!("{base}/async/chat/completions"),
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
