//! What a call has taken of limits. Dropped, everything goes back; [`Taken::used`] puts what was used in its place.

use std::fmt;
use std::sync::Arc;

use sluicegate_contracts::config::RateMetric;
use sluicegate_contracts::time::UnixMillis;

use super::counter::Counter;
use super::index::Limit;
use super::{RateLimits, Standings, shown};

/// See the module.
#[derive(Debug)]
pub(crate) struct Taken {
    claims: Vec<(Arc<Limit>, Claim)>,
}

/// What a call has used, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Used {
    /// So many tokens.
    Tokens {
        /// Of the prompt.
        input: u64,
        /// Of the answer.
        output: u64,
    },
    /// Nobody knows: at least so many, and what was taken counts as used.
    AtLeast {
        /// Of the prompt.
        input: u64,
        /// Of the answer.
        output: u64,
    },
}

/// Units of one bucket.
pub(super) struct Claim {
    limits: RateLimits,
    counter: Arc<Counter>,
    units: u64,
    used: u64,
}

impl Taken {
    pub(crate) const fn nothing() -> Self {
        Self { claims: Vec::new() }
    }

    pub(super) fn add(&mut self, limit: Arc<Limit>, claim: Claim) {
        self.claims.push((limit, claim));
    }

    /// Notes how the limits stand now.
    pub(super) fn tell(&self, now: UnixMillis, standings: &mut Standings) {
        for (limit, claim) in &self.claims {
            standings.note(limit.rule.metric, shown(limit, claim.counter.standing(now)));
        }
    }

    /// The call is over.
    pub(crate) fn used(mut self, used: Used) {
        for (limit, claim) in &mut self.claims {
            let tokens = |of: fn(u64, u64) -> u64| match used {
                Used::Tokens { input, output } => of(input, output),
                Used::AtLeast { input, output } => of(input, output).max(claim.units),
            };
            claim.used = match limit.rule.metric {
                RateMetric::InputTokens => tokens(|input, _| input),
                RateMetric::OutputTokens => tokens(|_, output| output),
                RateMetric::Requests | RateMetric::Concurrency => claim.units,
            };
        }
    }
}

impl Claim {
    pub(super) const fn new(limits: RateLimits, counter: Arc<Counter>, units: u64) -> Self {
        Self {
            limits,
            counter,
            units,
            used: 0,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.counter.state().share.settle(self.units, self.used);
        self.limits.watch(&self.counter);
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({} of {:?})", self.units, self.counter)
    }
}
