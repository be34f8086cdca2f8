//! What workers saw of endpoints lately, for each other: one text per tenant and worker, of which the newest takes the place
//! of the one before. It is kept for a minute, filed under the tenant whose accounts it speaks of, and carried as it is:
//! `data-plane/src/live` writes and reads it.
//!
//! Nothing waits for this store and nothing needs it. What it holds may be lost, or be anybody's: what is too large or
//! cannot be read is counted and left out.

mod memory;
mod redis_store;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::escrow::Epoch;

use crate::error::BackplaneError;
use crate::now::{self, Now};

/// Largest text, in bytes. What is larger is neither sent nor read.
pub const MAX_BODY: usize = 64 << 10;
/// How long a text is kept that is not said again.
pub const KEPT: Duration = Duration::from_secs(60);
/// Most texts that one look brings; the next goes on behind them.
const PAGE: usize = 512;

/// The store. Clones share it.
#[derive(Clone)]
pub enum Sightings {
    /// On a Redis server.
    Redis(redis_store::RedisSightings),
    /// Within this process.
    Memory(memory::MemorySightings),
}

/// What a worker has to say about the accounts of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The tenant.
    pub organization: OrganizationId,
    /// The text.
    pub body: Bytes,
}

/// What another worker said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The tenant.
    pub organization: OrganizationId,
    /// Who says it.
    pub worker: Epoch,
    /// How long ago, by the store's clock alone: those of workers may differ.
    pub age: Duration,
    /// The text, as it was found.
    pub body: Bytes,
}

/// Up to where a worker has read. The default is the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    millis: u64,
    number: u64,
}

/// What one look brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What others said since, each worker's latest word about a tenant once.
    pub sightings: Vec<Sighting>,
    /// How much was there that nobody can have said.
    pub malformed: u64,
    /// Where to go on.
    pub next: Cursor,
}

impl Cursor {
    /// The one behind it.
    const fn following(self) -> Self {
        Self {
            number: self.number.saturating_add(1),
            ..self
        }
    }
}

impl Sightings {
    /// A store on a Redis server. Connects when first used. `prefix` starts every key, so that deployments and tests
    /// can share a server.
    ///
    /// # Errors
    /// [`BackplaneError::Address`] when `url` is not a Redis address.
    pub fn redis(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        redis_store::RedisSightings::new(url, prefix).map(Self::Redis)
    }

    /// A store within this process, by the machine's clock.
    #[must_use]
    pub fn memory() -> Self {
        Self::memory_by(now::system())
    }

    /// A store within this process, by a clock of the caller's.
    #[must_use]
    pub fn memory_by(now: Now) -> Self {
        Self::Memory(memory::MemorySightings::new(now))
    }

    /// Says something about some tenants. What is larger than [`MAX_BODY`] is left out.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn post(&self, worker: Epoch, postings: &[Posting]) -> Result<(), BackplaneError> {
        let fit = || postings.iter().filter(|it| it.body.len() <= MAX_BODY);
        match self {
            Self::Redis(store) => store.post(worker, fit()).await,
            Self::Memory(store) => store.post(worker, fit()),
        }
    }

    /// What others said since. Everything that is kept, for who begins.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn read(&self, reader: Epoch, since: Cursor) -> Result<Reading, BackplaneError> {
        match self {
            Self::Redis(store) => store.read(reader, since).await,
            Self::Memory(store) => store.read(reader, since),
        }
    }

    /// Lets go of the connection; later calls answer [`BackplaneError::Closed`].
    pub async fn close(&self) {
        match self {
            Self::Redis(store) => store.close().await,
            Self::Memory(store) => store.close(),
        }
    }
}

impl fmt::Debug for Sightings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis(_) => "Sightings::Redis",
            Self::Memory(_) => "Sightings::Memory",
        })
    }
}
