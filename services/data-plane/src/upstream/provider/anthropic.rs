//! Anthropic.

use sluicegate_contracts::config::ProviderId;

use super::compatible::COMPATIBLE;
use super::{Listing, Provider};
use crate::upstream::auth::KeyHeader;

/// The version its documentation is written for; a caller of the same dialect may name another.
pub(super) const VERSION: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

pub(in crate::upstream) const ANTHROPIC: Provider = Provider {
    id: ProviderId::Anthropic,
    key: KeyHeader::Named("x-api-key"),
    headers: |_| VERSION,
    listing: Listing {
        address: |base, _| format!("{base}/models?limit=1000"),
        headers: VERSION,
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
