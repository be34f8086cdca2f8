//! The store of rate limits: what is left of each for the whole fleet, and what workers hold of it (decision 0015). The
//! protocol and its arithmetic are `sluicegate_metering::bucket`; here it is carried to a server, or kept within this
//! process.
//!
//! A store may be away or forget everything at any time. Nothing waits for it then: workers keep their part of each limit
//! by themselves and tell afterwards what they let through.

mod memory;
mod redis_store;

pub use crate::now::Now;
pub use sluicegate_metering::bucket::{Allowance, Answer, Ask, Standing};

use std::fmt;

use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::escrow::Epoch;

use crate::error::BackplaneError;
use crate::now;

/// The store. Clones share it.
#[derive(Clone)]
pub enum Rates {
    /// On a Redis server.
    Redis(redis_store::RedisRates),
    /// Within this process.
    Memory(memory::MemoryRates),
}

/// What a worker says about one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The tenant.
    pub organization: OrganizationId,
    /// Which limit, and whose share of it.
    pub bucket: BucketId,
    /// What it says.
    pub ask: Ask,
}

impl Rates {
    /// A store on a Redis server. Connects when first used. `prefix` starts every key, so that deployments and tests
    /// can share a server.
    ///
    /// # Errors
    /// [`BackplaneError::Address`] when `url` is not a Redis address.
    pub fn redis(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        redis_store::RedisRates::new(url, prefix).map(Self::Redis)
    }

    /// A store within this process, by the machine's clock.
    #[must_use]
    pub fn memory() -> Self {
        Self::memory_by(now::system())
    }

    /// A store within this process, by a clock of the caller's.
    #[must_use]
    pub fn memory_by(now: Now) -> Self {
        Self::Memory(memory::MemoryRates::new(now))
    }

    /// Says what a worker has to say about some limits, and gives the answers in the same order; `None` to a message that
    /// came after a newer one. An error means that nobody knows which of them were heard.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn exchange(
        &self,
        worker: Epoch,
        messages: &[Message],
    ) -> Result<Vec<Option<Answer>>, BackplaneError> {
        match self {
            Self::Redis(rates) => rates.exchange(worker, messages).await,
            Self::Memory(rates) => rates.exchange(worker, messages),
        }
    }

    /// Says that a worker is there; gives how many were there in the last seconds.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn roll_call(&self, worker: Epoch) -> Result<u64, BackplaneError> {
        match self {
            Self::Redis(rates) => rates.roll_call(worker).await,
            Self::Memory(rates) => rates.roll_call(worker),
        }
    }

    /// How limits stand for everybody together.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn look(
        &self,
        organization: OrganizationId,
        buckets: &[(BucketId, Allowance)],
    ) -> Result<Vec<Standing>, BackplaneError> {
        match self {
            Self::Redis(rates) => rates.look(organization, buckets).await,
            Self::Memory(rates) => rates.look(organization, buckets),
        }
    }

    /// Lets go of the connection; later calls answer [`BackplaneError::Closed`].
    pub async fn close(&self) {
        match self {
            Self::Redis(rates) => rates.close().await,
            Self::Memory(rates) => rates.close(),
        }
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis(_) => "Rates::Redis",
            Self::Memory(_) => "Rates::Memory",
        })
    }
}
