//! What every request of a worker shares. Built once by start-up; server threads add connections of
//! their own ([`crate::pipeline::Gateway`]).

use sluicegate_credentials::{KeyHasher, WorkerToken};
use sluicegate_service_runtime::clock::Clock;
use tokio_util::sync::CancellationToken;

use crate::account::AccountRelay;
use crate::budgets::Budgets;
use crate::limits::RateLimits;
use crate::live::Endpoints;
use crate::metrics::Metrics;
use crate::pipeline::Limits;
use crate::snapshot::SnapshotHandle;
use crate::upstream::ClientFactory;
use crate::usage::Recorder;

/// The shared state of a worker.
pub struct WorkerState {
    /// The configuration in force; a request loads it once.
    pub snapshots: SnapshotHandle,
    /// Where intents and usage records go.
    pub recorder: Recorder,
    /// The money calls may start from; server threads ask for it over connections of their own.
    pub budgets: Budgets,
    /// What calls may take of rate limits.
    pub rate_limits: RateLimits,
    /// How the endpoints fare.
    pub endpoints: Endpoints,
    /// The only source of time.
    pub clock: Clock,
    /// Turns a presented key into what the snapshot knows it by.
    pub key_hasher: KeyHasher,
    /// Hands calls of the account API on.
    pub account: AccountRelay,
    /// What the control plane presents on internal paths.
    pub worker_token: WorkerToken,
    /// How large and how slow requests and answers may be.
    pub limits: Limits,
    /// What the request path counts.
    pub metrics: Metrics,
    /// Cancelled when the worker takes no new requests.
    pub drain: CancellationToken,
    /// Makes the client of each server thread.
    pub clients: ClientFactory,
}
