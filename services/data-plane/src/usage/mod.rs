//! The usage spool: every request leaves one record on local disk before its answer ends, and the record stays there
//! until the control plane has it in Postgres.
//!
//! ```text
//! request path ── Recorder ── journal ──► segment files ──► shipper ──► usage queue ──► ingester
//!                                              ▲                                            │
//!                                              └────────── deleted below the watermark ─────┘
//! ```
//! - Positions are contiguous within an epoch (one life of a process), so a hole downstream is a detected loss.
//! - The files are the only buffer: the shipper reads them from a cursor and memory stays bounded however long the
//!   queue is away.
//! - An intent is written before each attempt. A process that dies leaves it behind, and the next start makes it an
//!   interrupted record in the dead process's epoch ([`recovery`]).
//! - Repeats are harmless downstream, so everything here is sent again whenever in doubt.

mod backlog;
mod directory;
#[cfg(test)]
mod fixtures;
mod intent;
mod journal;
mod recovery;
mod segment;
mod shipper;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sluicegate_contracts::ids::{RequestId, WorkerId};
use sluicegate_contracts::usage::{Origin, UsageRecord};
use tokio_util::sync::CancellationToken;

pub use intent::Intent;
pub use shipper::Shipper;

use backlog::Backlog;
use directory::SpoolDirectory;
use journal::Journal;

/// How often what was written is made durable against a power cut.
const SYNC_EVERY: Duration = Duration::from_millis(20);

/// Sizes of the spool.
#[derive(Debug, Clone, Copy)]
pub struct SpoolLimits {
    /// At this many bytes new attempts are refused.
    pub max_bytes: u64,
    /// A segment is closed once it has this many bytes.
    pub segment_bytes: u64,
}

impl Default for SpoolLimits {
    /// 1 GiB, about a million requests, in segments of 8 MiB.
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            segment_bytes: 8 << 20,
        }
    }
}

/// Why the spool did not take something.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The spool has reached its limit: usage could not be accounted for, so nothing may be sent upstream.
    #[error("the usage spool is full")]
    Full,
    /// The spool was sealed for the end of the process.
    #[error("the usage spool is closed")]
    Sealed,
    /// The entry is larger than a frame may be.
    #[error("the usage entry is too large")]
    TooLarge,
    /// The entry could not be encoded.
    #[error("the usage entry cannot be encoded")]
    Encoding,
    /// Another process uses the directory.
    #[error("{} is in use by another worker", .0.display())]
    InUse(PathBuf),
    /// A file that identifies the worker cannot be read. Repair or remove it by hand.
    #[error("the file {0} in the spool is damaged")]
    Damaged(&'static str),
    /// The file system refused.
    #[error("the usage spool cannot be used: {0}")]
    Io(#[from] io::Error),
}

impl From<segment::TooLarge> for SpoolError {
    fn from(segment::TooLarge: segment::TooLarge) -> Self {
        Self::TooLarge
    }
}

/// The opened spool. Its parts go to the request path ([`Recorder`]) and to background tasks.
#[derive(Debug)]
pub struct Spool {
    directory: Arc<SpoolDirectory>,
    journal: Arc<Journal>,
    sealed: Vec<recovery::Sealed>,
}

/// Where the request path writes intents and records. Cheap to clone, never waits for a disk or a network.
#[derive(Debug, Clone)]
pub struct Recorder {
    directory: Arc<SpoolDirectory>,
    journal: Arc<Journal>,
}

/// How much of what was written down is in Postgres.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Of epochs below this one every record is.
    pub epochs_below: u32,
    /// Of this process's epoch every record up to this position is.
    pub watermark: u64,
}

/// Proof that an attempt is on file. Sending an attempt upstream takes one, so that none can be sent without.
#[derive(Debug)]
pub struct IntentGuard {
    request: RequestId,
}

impl IntentGuard {
    /// The request the attempt belongs to.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }
}

impl Spool {
    /// Opens the spool under `data`, seals what earlier processes left, and begins a new epoch. `fresh` names a worker
    /// whose data directory is new.
    ///
    /// # Errors
    /// [`SpoolError`] when the directory is in use, damaged or not writable.
    pub fn open(
        data: &Path,
        limits: SpoolLimits,
        fresh: impl FnOnce() -> WorkerId,
    ) -> Result<Self, SpoolError> {
        let directory = Arc::new(SpoolDirectory::open(data, fresh)?);
        let mut sealed = Vec::new();
        let mut bytes = 0;
        for epoch in directory.older_epochs()? {
            let outcome = recovery::seal(&directory, epoch)?;
            if outcome.interrupted > 0 {
                tracing::warn!(
                    epoch,
                    requests = outcome.interrupted,
                    "requests that were in flight when the worker died are recorded as interrupted"
                );
            }
            if outcome.last_seq == 0 {
                directory.remove_epoch(epoch)?;
                continue;
            }
            bytes += directory
                .segments(epoch)?
                .iter()
                .map(|segment| segment.length)
                .sum::<u64>();
            sealed.push(outcome);
        }
        let journal = Arc::new(Journal::begin(Arc::clone(&directory), limits, bytes)?);
        Ok(Self {
            directory,
            journal,
            sealed,
        })
    }

    /// The worker this data directory belongs to.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.directory.worker()
    }

    /// The epoch of this process.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.directory.epoch()
    }

    /// How many requests of earlier processes this start has recorded as interrupted.
    #[must_use]
    pub fn interrupted(&self) -> u64 {
        self.sealed.iter().map(|sealed| sealed.interrupted).sum()
    }

    /// The writing end.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder {
            directory: Arc::clone(&self.directory),
            journal: Arc::clone(&self.journal),
        }
    }

    /// The reading end, from the oldest record that is still here.
    fn backlog(&self) -> io::Result<Backlog> {
        Backlog::new(
            Arc::clone(&self.directory),
            Arc::clone(&self.journal),
            &self.sealed,
        )
    }
}

impl Recorder {
    /// Writes down an attempt that is about to be sent.
    ///
    /// # Errors
    /// [`SpoolError::Full`] and everything else: the attempt must not be sent; the caller gets 503.
    pub fn begin_attempt(&self, intent: &Intent<'_>) -> Result<IntentGuard, SpoolError> {
        self.journal.intent(intent)?;
        Ok(IntentGuard {
            request: intent.request,
        })
    }

    /// Writes down that an attempt under way may cost more than its intent said; the last word counts.
    ///
    /// # Errors
    /// The attempt must not cost more.
    pub fn renew_attempt(&self, intent: &Intent<'_>) -> Result<(), SpoolError> {
        self.journal.renewed_intent(intent)
    }

    /// Writes the record of a request, made with the position it was given, and closes the request's intents. Called
    /// once per request, also for one that was refused or abandoned.
    ///
    /// # Errors
    /// The record is not on file. Intents of the request then become an interrupted record at the next start.
    pub fn finish(&self, make: impl FnOnce(Origin) -> UsageRecord) -> Result<(), SpoolError> {
        self.journal.record(make)
    }

    /// Whether new attempts would be refused.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.journal.is_full()
    }

    /// The worker this data directory belongs to.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.directory.worker()
    }

    /// Makes what was written durable every 20 ms until `stop` is cancelled, and once more then.
    pub async fn keep_durable(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(SYNC_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            let stopping = tokio::select! {
                _ = ticks.tick() => false,
                () = stop.cancelled() => true,
            };
            let journal = Arc::clone(&self.journal);
            let outcome = tokio::task::spawn_blocking(move || journal.sync()).await;
            let failed = !matches!(outcome, Ok(Ok(())));
            if failed && !failing {
                tracing::error!(
                    ?outcome,
                    "the usage spool cannot be made durable; it is tried again"
                );
            }
            failing = failed;
            if stopping {
                return;
            }
        }
    }

    /// Ends the epoch after the last request: seals it, unless requests are still open, and makes it durable.
    ///
    /// # Errors
    /// When the seal cannot be written; the next start then seals the epoch.
    pub async fn close(&self) -> Result<(), SpoolError> {
        let journal = Arc::clone(&self.journal);
        let closed = tokio::task::spawn_blocking(move || {
            let open = journal.seal()?;
            journal.sync()?;
            Ok::<_, SpoolError>(open)
        });
        let open = closed.await.map_err(io::Error::other)??;
        if open > 0 {
            tracing::warn!(
                requests = open,
                "requests were still open: the next start records them as interrupted"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
