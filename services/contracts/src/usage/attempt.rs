//! One upstream try of a request.

use serde::{Deserialize, Serialize};

use super::AttemptOutcome;
use crate::ids::{ConnectionId, EndpointId};
use crate::money::NanoUsd;
use crate::tokens::TokenUsage;

/// What an attempt's tokens and cost rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The provider answered before doing work, or was never reached: nothing is owed.
    NotBilled,
    /// The provider's own usage block.
    Reported,
    /// Counted by the gateway from what was streamed.
    Estimated,
    /// Sent, and its outcome is not known (time-out, crash): what the provider billed can only be bounded.
    Uncertain,
}

/// One upstream try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The account used; `None` for the built-in echo provider.
    pub connection: Option<ConnectionId>,
    /// The catalog row it was priced by, when there is one.
    pub endpoint: Option<EndpointId>,
    /// Provider id.
    pub provider: String,
    /// Model name sent to the provider.
    pub upstream_model: String,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The provider's HTTP status, when it answered.
    pub status: Option<u16>,
    /// Tokens, per [`AttemptRecord::evidence`].
    pub tokens: TokenUsage,
    /// What the tokens rest on.
    pub evidence: Evidence,
    /// Computed once from `tokens` and the price card; `None` when the price is unknown.
    pub cost: Option<NanoUsd>,
    /// Version of the price card used.
    pub price_version: Option<u32>,
    /// From receipt of the request to the start of this attempt, in microseconds.
    pub started_us: u64,
    /// From the start of this attempt to the provider's first body byte, in microseconds.
    pub first_byte_us: Option<u64>,
    /// Length of this attempt, in microseconds.
    pub duration_us: u64,
}
