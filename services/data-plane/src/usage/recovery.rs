//! Seals the epochs of earlier processes: a request with an intent and no record becomes an interrupted record.
//!
//! Run at start-up, before the first request. Killing it at any byte and running it again leads to the same records:
//! what was already appended is seen as appended, and half a frame is cut off.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::Write;

use sluicegate_contracts::ids::{OrganizationId, RequestId};
use sluicegate_contracts::usage::Origin;

use super::SpoolError;
use super::directory::{Segment, SpoolDirectory};
use super::intent::{Intent, interrupted};
use super::segment::{Frame, Frames};

/// A sealed epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) epoch: u32,
    /// The last position given out in it; 0 when it has no record.
    pub(super) last_seq: u64,
    /// How many interrupted records this call has added.
    pub(super) interrupted: u64,
}

#[derive(Default)]
struct Contents {
    last_seq: u64,
    sealed: bool,
    recorded: HashSet<RequestId>,
    /// By request, so that the order of the added records does not depend on when recovery ran.
    intents: BTreeMap<RequestId, Vec<Vec<u8>>>,
}

/// Seals one epoch of an earlier process.
pub(super) fn seal(directory: &SpoolDirectory, epoch: u32) -> Result<Sealed, SpoolError> {
    let segments = directory.segments(epoch)?;
    let contents = read(&segments)?;
    let mut sealed = Sealed {
        epoch,
        last_seq: contents.last_seq,
        interrupted: 0,
    };
    let Some(last) = segments.last().filter(|_| !contents.sealed) else {
        return Ok(sealed);
    };
    let mut frames = Vec::new();
    for (request, bodies) in &contents.intents {
        let origin = Origin {
            worker: directory.worker(),
            epoch,
            seq: sealed.last_seq + 1,
        };
        let Some((organization, body)) = rebuilt(origin, bodies) else {
            tracing::error!(%request, epoch, "an intent cannot be read: its attempt is not accounted for");
            continue;
        };
        Frame::Record {
            seq: origin.seq,
            request: *request,
            organization,
            body: &body,
        }
        .encode(&mut frames)?;
        sealed.last_seq = origin.seq;
        sealed.interrupted += 1;
    }
    let mut file = OpenOptions::new().append(true).open(&last.path)?;
    file.write_all(&frames)?;
    // The seal says that everything before it is there, so everything before it must be durable first.
    file.sync_all()?;
    let mut seal = Vec::new();
    Frame::Seal {
        last_seq: sealed.last_seq,
    }
    .encode(&mut seal)?;
    file.write_all(&seal)?;
    file.sync_all()?;
    Ok(sealed)
}

fn read(segments: &[Segment]) -> Result<Contents, SpoolError> {
    let mut contents = Contents::default();
    for segment in segments {
        contents.last_seq = contents.last_seq.max(segment.first_seq.saturating_sub(1));
        let bytes = fs::read(&segment.path)?;
        let mut frames = Frames::new(&bytes);
        for frame in frames.by_ref() {
            contents.add(frame);
        }
        if frames.good() < bytes.len() {
            let file = OpenOptions::new().write(true).open(&segment.path)?;
            file.set_len(frames.good() as u64)?;
            file.sync_all()?;
        }
    }
    let Contents {
        recorded, intents, ..
    } = &mut contents;
    intents.retain(|request, _| !recorded.contains(request));
    Ok(contents)
}

impl Contents {
    fn add(&mut self, frame: Frame<'_>) {
        match frame {
            Frame::Intent { request, body } => {
                let bodies = self.intents.entry(request).or_default();
                // A carried-over intent is in the spool twice.
                if !bodies.iter().any(|known| known == body) {
                    bodies.push(body.to_vec());
                }
            }
            Frame::Record { seq, request, .. } => {
                self.last_seq = self.last_seq.max(seq);
                self.recorded.insert(request);
            }
            Frame::Seal { last_seq } => {
                self.last_seq = self.last_seq.max(last_seq);
                self.sealed = true;
            }
        }
    }
}

/// Of each attempt what was said of it last: more may have come to be held for a stream.
fn latest<'i>(read: impl Iterator<Item = Intent<'i>>) -> Vec<Intent<'i>> {
    let mut attempts: Vec<Intent<'i>> = Vec::new();
    for intent in read {
        let is_same = |known: &&mut Intent<'_>| known.attempt_started_us == intent.attempt_started_us;
        match attempts.iter_mut().find(is_same) {
            Some(known) => *known = intent,
            None => attempts.push(intent),
        }
    }
    attempts
}

fn rebuilt(origin: Origin, bodies: &[Vec<u8>]) -> Option<(OrganizationId, Vec<u8>)> {
    let read = bodies.iter().filter_map(|body| serde_json::from_slice(body).ok());
    let record = interrupted(origin, &latest(read))?;
    Some((record.organization, serde_json::to_vec(&record).ok()?))
}
