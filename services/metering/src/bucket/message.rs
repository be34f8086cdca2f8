//! What a worker and the store of a fleet's limits say to each other. What a worker holds is told whole each time, so a
//! lost message costs units that the refill brings back, and never gives any twice.

use sluicegate_contracts::config::{RateLimit, RateMetric};
use sluicegate_contracts::time::UnixMillis;

use super::Rate;

/// Most needs that one message carries.
pub const MAX_NEEDS: usize = 64;

/// How much a limit lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allowance {
    /// So much per time, with a burst.
    Rate(Rate),
    /// So many at once.
    AtOnce(u64),
}

impl Allowance {
    /// What a limit lets through.
    #[must_use]
    pub fn of(limit: &RateLimit) -> Self {
        match limit.metric {
            RateMetric::Requests | RateMetric::InputTokens | RateMetric::OutputTokens => {
                Self::Rate(Rate::nearest(limit.amount, limit.burst))
            }
            RateMetric::Concurrency => Self::AtOnce(limit.amount),
        }
    }

    /// Most that can ever be taken at once.
    #[must_use]
    pub const fn most(&self) -> u64 {
        match self {
            Self::Rate(rate) => rate.burst,
            Self::AtOnce(limit) => *limit,
        }
    }

    /// The part of one among `workers`, rounded up, so that everybody has something.
    #[must_use]
    pub fn split(&self, workers: u64) -> Self {
        let workers = workers.max(1);
        match self {
            Self::Rate(rate) => {
                let (amount, burst) = (rate.amount.div_ceil(workers), rate.burst.div_ceil(workers));
                // The part of a rate that can be counted can be counted too, unless its terms became much larger.
                Self::Rate(Rate::new(amount, rate.per_ms, burst).unwrap_or(*rate))
            }
            Self::AtOnce(limit) => Self::AtOnce(limit.div_ceil(workers)),
        }
    }
}

/// What a worker says about one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What the limit lets through, as far as this worker knows.
    pub allowance: Allowance,
    /// Grows with every message of this worker about this limit.
    pub op: u64,
    /// What it holds and can still take from; at once: what is in use as well.
    pub held: u64,
    /// What it took and did not use.
    pub back: u64,
    /// What it used and had not taken.
    pub owed: u64,
    /// What calls wait for, in order: each is taken whole or not at all. At most [`MAX_NEEDS`].
    pub needs: Vec<u64>,
    /// What it would like to hold for the calls to come.
    pub spare: u64,
    /// How long it may hold something without saying so again, in milliseconds.
    pub lease_ms: u64,
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For each need, whether it was taken (`None`) or how long it would have to wait if nobody else came.
    pub waits: Vec<Option<u64>>,
    /// What the worker holds beyond what it said.
    pub spare: u64,
    /// Whole units left for everybody.
    pub left: u64,
    /// The store's time.
    pub at: UnixMillis,
}
