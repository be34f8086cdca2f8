//! Anthropic.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;

use super::compatible::COMPATIBLE;
use super::{Listing, Provider};
use crate::upstream::auth::KeyHeader;

/// The version its documentation is written for; a caller of the same dialect may name another.
pub(super) const VERSION: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

pub(in crate::upstream) const ANTHROPIC: Provider = Provider {
    id: ProviderId::Anthropic,
    // Its chat completions door leaves out, without a word, what it does not know.
    dialects: |_| &[Dialect::AnthropicMessages],
    key: KeyHeader::Named("x-api-key"),
    headers: |_| VERSION,
    dialects: |_| &[Dialect::AnthropicMessages, Dialect::OpenAiChat],
    listing: Listing {
        address: |base, _| format!("{base}/models?limit=1000"),
        headers: VERSION,
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
