//! xAI.

use sluicegate_contracts::config::ProviderId;

use super::Provider;
use super::compatible::COMPATIBLE;

pub(in crate::upstream) const XAI: Provider = Provider {
    id: ProviderId::Xai,
    ..COMPATIBLE
};
