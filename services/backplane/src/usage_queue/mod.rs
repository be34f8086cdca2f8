//! Carries usage records from the shippers of the workers to the ingester of the control plane, at least once. It is
//! transport, not storage: a worker keeps each record on its own disk until the watermark has passed it.

mod depth;
mod memory;
mod redis_streams;

pub use depth::Depth;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::ids::{OrganizationId, WorkerId};
use sluicegate_contracts::usage::Origin;

use crate::error::BackplaneError;

/// Entries a queue may hold by default, some hundreds of megabytes of records.
pub const DEFAULT_DEPTH_CAP: u64 = 200_000;

/// The queue. Clones share their connections.
#[derive(Clone)]
pub enum UsageQueue {
    /// A Redis stream with one consumer group.
    Redis(redis_streams::RedisQueue),
    /// A queue within this process.
    Memory(memory::MemoryQueue),
}

/// One record on its way. The queue does not read `body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageEntry {
    /// Where it comes from; outside the body, so that an unreadable body still counts towards the watermark.
    pub origin: Origin,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The encoded record.
    pub body: Bytes,
}

/// Names an entry within the queue, for [`UsageQueue::ack`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntryId(String);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The envelope of an entry cannot be read, so nobody knows whose it is: something else writes to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` is missing or unreadable")]
pub struct MalformedEntry {
    /// The field.
    pub field: &'static str,
}

/// An entry handed to a consumer, which owes an [`UsageQueue::ack`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What to acknowledge.
    pub id: EntryId,
    /// How often it has been handed out, this time included.
    pub deliveries: u64,
    /// The entry.
    pub entry: Result<UsageEntry, MalformedEntry>,
}

/// Every record of (worker, epoch) up to `seq` is stored for good, so the worker may forget it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark {
    /// The worker.
    pub worker: WorkerId,
    /// Start counter of the worker's data directory.
    pub epoch: u32,
    /// Highest contiguous position.
    pub seq: u64,
}

impl UsageQueue {
    /// A queue over Redis. Connects when first used. `prefix` starts every key, so that deployments and tests can
    /// share a server; `cap` bounds how many entries [`UsageQueue::append`] lets pile up.
    ///
    /// # Errors
    /// [`BackplaneError::Address`] when `url` is not a Redis address.
    pub fn redis(url: &str, prefix: &str, cap: u64) -> Result<Self, BackplaneError> {
        redis_streams::RedisQueue::new(url, prefix, cap).map(Self::Redis)
    }

    /// A queue within this process that holds at most `cap` entries.
    #[must_use]
    pub fn memory(cap: u64) -> Self {
        Self::Memory(memory::MemoryQueue::new(cap))
    }

    /// Appends entries in order.
    ///
    /// # Errors
    /// [`BackplaneError::Backpressure`] when they would pass the cap: nothing was appended.
    /// [`BackplaneError::Unavailable`]: any part of them may have been appended; append all of them again.
    pub async fn append(&self, entries: &[UsageEntry]) -> Result<(), BackplaneError> {
        match self {
            Self::Redis(queue) => queue.append(entries).await,
            Self::Memory(queue) => queue.append(entries),
        }
    }

    /// Hands out up to `max` entries that nobody was given yet, oldest first; waits up to `block` for the first.
    /// Await it to the end: entries of a read that was dropped come back only through [`UsageQueue::reclaim`].
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`], [`BackplaneError::Closed`].
    pub async fn read(
        &self,
        consumer: &str,
        max: usize,
        block: Duration,
    ) -> Result<Vec<Delivery>, BackplaneError> {
        match self {
            Self::Redis(queue) => queue.read(consumer, max, block).await,
            Self::Memory(queue) => queue.read(max, block).await,
        }
    }

    /// Takes over up to `max` entries that were handed out at least `min_idle` ago and never acknowledged.
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`], [`BackplaneError::Closed`].
    pub async fn reclaim(
        &self,
        consumer: &str,
        max: usize,
        min_idle: Duration,
    ) -> Result<Vec<Delivery>, BackplaneError> {
        match self {
            Self::Redis(queue) => queue.reclaim(consumer, max, min_idle).await,
            Self::Memory(queue) => queue.reclaim(max, min_idle),
        }
    }

    /// Removes entries that are dealt with. Unknown ids are ignored.
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`]: the entries may be handed out once more. [`BackplaneError::Closed`].
    pub async fn ack(&self, ids: &[EntryId]) -> Result<(), BackplaneError> {
        match self {
            Self::Redis(queue) => queue.ack(ids).await,
            Self::Memory(queue) => queue.ack(ids),
        }
    }

    /// How much lies in the queue.
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`], [`BackplaneError::Closed`].
    pub async fn depth(&self) -> Result<Depth, BackplaneError> {
        match self {
            Self::Redis(queue) => queue.depth().await,
            Self::Memory(queue) => queue.depth(),
        }
    }

    /// Tells workers what they may forget. A watermark never falls, whatever order calls arrive in.
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`], [`BackplaneError::Closed`].
    pub async fn publish_watermarks(&self, watermarks: &[Watermark]) -> Result<(), BackplaneError> {
        match self {
            Self::Redis(queue) => queue.publish_watermarks(watermarks).await,
            Self::Memory(queue) => queue.publish_watermarks(watermarks),
        }
    }

    /// The watermarks of one worker, by epoch. An epoch that is missing has none yet, or the service lost it: the
    /// worker then appends again from the last watermark it saw, and the ingester publishes anew.
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`], [`BackplaneError::Closed`].
    pub async fn watermarks(&self, worker: WorkerId) -> Result<Vec<Watermark>, BackplaneError> {
        match self {
            Self::Redis(queue) => queue.watermarks(worker).await,
            Self::Memory(queue) => queue.watermarks(worker),
        }
    }

    /// Lets go of the connections; later calls answer [`BackplaneError::Closed`].
    pub async fn close(&self) {
        match self {
            Self::Redis(queue) => queue.close().await,
            Self::Memory(queue) => queue.close(),
        }
    }
}

impl fmt::Debug for UsageQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis(_) => "UsageQueue::Redis",
            Self::Memory(_) => "UsageQueue::Memory",
        })
    }
}
