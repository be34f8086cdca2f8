//! Reads and writes a whole state as lines of JSON: a header, then one event per live entity. The control plane serves
//! these lines and [`super::disk`] keeps them, so there is one reader. Pure.

use std::sync::Arc;

use sluicegate_contracts::event::ConfigEvent;
use sluicegate_contracts::snapshot::SnapshotHeader;

/// Largest whole state, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A whole state as it travels.
pub(super) type Lines = (SnapshotHeader, Vec<ConfigEvent>);

/// The lines cannot be read; nothing of them is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the snapshot is {problem}")]
pub(super) struct UnreadableLine {
    line: usize,
    problem: &'static str,
}

/// Reads header and events. Whether they fit together is checked when they are applied.
pub(super) fn decode(bytes: &[u8]) -> Result<Lines, UnreadableLine> {
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .zip(1..);
    let (header, _) = lines.next().ok_or(UnreadableLine {
        line: 1,
        problem: "missing",
    })?;
    let header = serde_json::from_slice(header).map_err(|_| UnreadableLine {
        line: 1,
        problem: "not a header",
    })?;
    let events = lines.map(|(text, line)| {
        serde_json::from_slice(text).map_err(|_| UnreadableLine {
            line,
            problem: "not an event",
        })
    });
    Ok((header, events.collect::<Result<_, _>>()?))
}

/// Writes header and events.
pub(super) fn encode(header: &SnapshotHeader, events: &[Arc<ConfigEvent>]) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(header)?;
    bytes.push(b'\n');
    for event in events {
        serde_json::to_writer(&mut bytes, event)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
