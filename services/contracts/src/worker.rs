//! What a worker reports to the control plane, and what it can be asked.

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::event::{ConfigHead, ConfigVersion};
use crate::ids::{ConnectionId, WorkerId};

/// Sent by every worker each second, and at once after a new version was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Who.
    pub worker: WorkerId,
    /// Start counter of this worker's data directory.
    pub epoch: u32,
    /// Release of the worker.
    pub release: String,
    /// What it serves from.
    pub applied: ConfigHead,
    /// Entities it refused, newest last, at most 20.
    pub refused: Vec<Refusal>,
    /// Where its internal endpoint listens, for connection tests.
    pub internal_url: Url,
    /// True once it stops taking new requests.
    pub draining: bool,
    /// Of epochs below this one every record is in Postgres: they spend no more, and are known to the last attempt.
    /// Above `epoch` once a worker that stops has nothing left to ship.
    #[serde(default)]
    pub settled_below: u32,
}

/// An entity a worker could not take over; it goes on with the one it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Wire name of the kind.
    pub kind: String,
    /// Id within the kind.
    pub id: Uuid,
    /// Version of the refused event.
    pub version: ConfigVersion,
    /// Why, without quoting its content.
    pub reason: String,
}

/// Asks a worker to try a connection with one cheap call (a model list).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTest {
    /// Which one.
    pub connection: ConnectionId,
    /// Wait until this version is applied, so that a connection just saved is tested as saved.
    pub at_version: ConfigVersion,
}

/// How a connection answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// Whether the provider accepted the credential.
    pub ok: bool,
    /// Time to the whole answer, in milliseconds.
    pub latency_ms: u64,
    /// The provider's HTTP status; `None` when it could not be reached.
    pub status: Option<u16>,
    /// One sentence for a person; quotes the provider's message, never the credential.
    pub message: String,
    /// Model names the provider lists, at most 1,000.
    pub models: Vec<String>,
}
