//! The whole configuration state as a stream of lines: a header, then one event per live entity.
//!
//! The same lines are served by the control plane and kept on a worker's disk, so that there is one reader.

use serde::{Deserialize, Serialize};

use crate::event::{ConfigEvent, ConfigHead};

/// First line of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHeader {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema: u16,
    /// Version and hash of the state that follows.
    pub head: ConfigHead,
    /// How many entity lines follow; a shorter file was cut.
    pub entities: u64,
}

/// Answer to "what came after version n": the missing events in order, or the advice to take a snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Deltas {
    /// Every event after the asked version, oldest first, and the head they lead to (or lead towards, when cut short).
    Events {
        /// Where the control plane stands.
        head: ConfigHead,
        /// Contiguous events.
        events: Vec<ConfigEvent>,
    },
    /// Too far behind: the log no longer reaches back.
    SnapshotNeeded {
        /// Where the control plane stands.
        head: ConfigHead,
    },
}
