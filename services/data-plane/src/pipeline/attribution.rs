//! What a caller is told about its answer besides the answer: who served, why, and what it cost.

use std::time::Duration;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::Cause;

use crate::limits::Standings;

/// Facts for the answer's headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attribution {
    /// Canonical model.
    pub(crate) model: Option<String>,
    /// `provider/account`.
    pub(crate) served_by: Option<String>,
    /// `slug@version`.
    pub(crate) route: Option<String>,
    /// `experiment/arm`.
    pub(crate) experiment: Option<String>,
    /// Attempts made.
    pub(crate) attempts: usize,
    /// Why the last attempt was made.
    pub(crate) cause: Option<Cause>,
    /// What could not be translated, for a header.
    pub(crate) dropped: Option<String>,
    /// Tokens that the gateway limited every answer to.
    pub(crate) output_cap: Option<u64>,
    /// Sum over the attempts, once it is known.
    pub(crate) cost: Option<NanoUsd>,
    /// Time spent on attempts.
    pub(crate) upstream: Option<Duration>,
    /// Time since receipt.
    pub(crate) total: Duration,
    /// How the limits over the call stand.
    pub(crate) limits: Standings,
    /// When.
    pub(crate) told_at: UnixMillis,
}
