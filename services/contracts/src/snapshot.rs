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
/// Externally tagged for the same reason as [`crate::event::ConfigMessage`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_read_back() {
        let text = r#"{"events":{"head":{"version":2,"state_hash":5},"events":[
            {"schema":1,"version":2,"kind":"route","id":"00000000-0000-0000-0000-000000000009","body":{"a":1}}]}}"#;
        let Deltas::Events { head, events } = serde_json::from_str(text).unwrap() else {
            panic!("events stay events");
        };
        assert_eq!(events[0].version, head.version);
        let text = serde_json::to_string(&Deltas::SnapshotNeeded { head }).unwrap();
        assert_eq!(
            text,
            r#"{"snapshot_needed":{"head":{"version":2,"state_hash":5}}}"#
        );
    }
}
