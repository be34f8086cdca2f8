//! The record of one request: who asked, what served, how long it took and what it cost.
//!
//! One record per request with its attempts inside; each attempt is priced once, by the worker, from the price card
//! of the snapshot the request was served from. No prompt and no completion is ever part of it.

mod attempt;
mod decision;
mod labels;
mod outcome;

pub use attempt::{AttemptRecord, CreditUse, Evidence};
pub use decision::{
    DecidedCandidate, DecidedExperiment, DecidedFacts, DecidedHedge, DecidedReading, DecidedScore, Decision,
    MAX_CANDIDATES, RequestShape,
};
pub use labels::{Labels, MAX_TAGS};
pub use outcome::{AttemptOutcome, Outcome};

use serde::{Deserialize, Serialize};

use crate::config::Operation;
use crate::ids::{ApiKeyId, OrganizationId, ProjectId, RequestId, RouteId, WorkerId};
use crate::money::NanoUsd;
use crate::time::UnixMillis;
use crate::tokens::TokenUsage;

/// Where a record comes from. `seq` counts from 1 without gaps within (worker, epoch), so a hole is a detected loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The worker that wrote it.
    pub worker: WorkerId,
    /// Start counter of the worker's data directory.
    pub epoch: u32,
    /// Position within the epoch.
    pub seq: u64,
}

/// The route version that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRef {
    /// Its id.
    pub id: RouteId,
    /// Its slug then.
    pub slug: String,
    /// Its version then.
    pub version: u32,
}

/// One request, refused or served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema: u16,
    /// Identity for life: a record counts once however often it arrives.
    pub request: RequestId,
    /// Where it comes from.
    pub origin: Origin,
    /// Tenant.
    pub organization: OrganizationId,
    /// Project of the key.
    pub project: ProjectId,
    /// The key that called.
    pub api_key: ApiKeyId,
    /// What the caller said about itself.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What was asked.
    pub operation: Operation,
    /// The dialect the caller spoke; records of older workers do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// What of the request or of its answer could not be said in the other dialect, in the words of the header that names
    /// it to the caller; of a streamed answer, this is where all of it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<String>,
    /// Model name as the caller sent it (at most 256 bytes).
    pub model_requested: String,
    /// Canonical model that served, when one did.
    pub model_served: Option<String>,
    /// The route that decided, when one did.
    pub route: Option<RouteRef>,
    /// Why it went where it went; of a request that a budget sent to another route, the last decision. Records of older
    /// workers do not say, nor do those of requests that were refused before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status the caller received.
    pub status: u16,
    /// Error code the caller received.
    pub error_code: Option<String>,
    /// Upstream tries in the order in which they ended, so that the last is what the caller got; empty for a request that
    /// was refused.
    pub attempts: Vec<AttemptRecord>,
    /// Sum over the attempts.
    pub tokens: TokenUsage,
    /// Sum over the priced attempts; `None` when none was priced although one was sent.
    pub cost: Option<NanoUsd>,
    /// When the gateway received it.
    pub started_at: UnixMillis,
    /// From receipt to the last byte, in microseconds.
    pub duration_us: u64,
    /// From receipt to the first byte of the answer, in microseconds.
    pub first_byte_us: Option<u64>,
    /// The gateway's own share before the first attempt was sent, in microseconds.
    pub overhead_us: u64,
    /// W3C trace id, when the caller sent one.
    pub trace_id: Option<String>,
}
