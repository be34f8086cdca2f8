//! What retries and hedges of routes look like in REST: shown, and as written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use utoipa::ToSchema;

use super::money::{Money, WriteMoney};
use super::route_strategy::positive;
use crate::error::Result;

/// When an attempt has brought nothing for so long that it is late.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RouteHedgeAfter {
    /// After so many milliseconds: 50 to 60000, and less than an attempt may take.
    Milliseconds(u32),
    /// When so many calls of a hundred (50 to 99) to the same endpoint have brought something, as measured lately; never
    /// before 200 milliseconds, and not as long as nothing is measured.
    Percentile(u8),
}

impl From<RouteHedgeAfter> for config::HedgeAfter {
    fn from(after: RouteHedgeAfter) -> Self {
        match after {
            RouteHedgeAfter::Milliseconds(milliseconds) => Self::Milliseconds(milliseconds),
            RouteHedgeAfter::Percentile(percent) => Self::Percentile(percent),
        }
    }
}

impl From<config::HedgeAfter> for RouteHedgeAfter {
    fn from(after: config::HedgeAfter) -> Self {
        match after {
            config::HedgeAfter::Milliseconds(milliseconds) => Self::Milliseconds(milliseconds),
            config::HedgeAfter::Percentile(percent) => Self::Percentile(percent),
        }
    }
}

/// Sending a request to the next target as well while an attempt is late: what first brings something is the answer.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteHedge {
    /// When an attempt is late.
    after: RouteHedgeAfter,
    /// Most requests of a hundred that are sent twice.
    max_percent: u8,
    /// The most that may be held for the second attempt; absent: as much as budgets allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_cost: Option<Money>,
}

impl From<config::Hedge> for RouteHedge {
    fn from(hedge: config::Hedge) -> Self {
        Self {
            after: hedge.after.into(),
            max_percent: hedge.max_percent,
            max_cost: hedge.max_cost.map(Money::from),
        }
    }
}

/// Retries before the first byte has reached the caller.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteRetry {
    /// Upper bound of attempts over all targets.
    #[schema(minimum = 1, maximum = 10)]
    max_attempts: u32,
    /// How long one attempt may take to its response headers, in milliseconds.
    #[schema(minimum = 1000, maximum = 600_000)]
    attempt_timeout_ms: u64,
    /// Whether another is sent while one is late; absent: only once one has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    hedge: Option<RouteHedge>,
}

impl From<config::RetryPolicy> for RouteRetry {
    fn from(retry: config::RetryPolicy) -> Self {
        Self {
            max_attempts: retry.max_attempts,
            attempt_timeout_ms: retry.attempt_timeout_ms,
            hedge: retry.hedge.map(RouteHedge::from),
        }
    }
}

/// Hedging, as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WriteRouteHedge {
    /// When an attempt is late.
    after: RouteHedgeAfter,
    /// Most requests of a hundred that are sent twice; 5 when absent.
    #[serde(default = "usual_percent")]
    #[schema(minimum = 1, maximum = 100)]
    max_percent: u8,
    /// The most that may be held for the second attempt, above zero; absent: as much as budgets allow.
    max_cost: Option<WriteMoney>,
}

const fn usual_percent() -> u8 {
    config::Hedge::USUAL_PERCENT
}

/// Retries before the first byte has reached the caller, as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRouteRetry {
    /// Upper bound of attempts over all targets, hedges included.
    #[schema(minimum = 1, maximum = 10)]
    max_attempts: u32,
    /// How long one attempt may take to its response headers, in milliseconds.
    #[schema(minimum = 1000, maximum = 600_000)]
    attempt_timeout_ms: u64,
    /// Whether another is sent while one is late; absent: only once one has failed.
    hedge: Option<WriteRouteHedge>,
}

impl WriteRouteRetry {
    /// The retries that are meant; `at` is where they stand in the body.
    ///
    /// # Errors
    /// `validation_failed` when the highest cost is none.
    pub(super) fn checked(self, at: &str) -> Result<config::RetryPolicy> {
        let hedge = match self.hedge {
            None => None,
            Some(hedge) => {
                let max_cost = hedge.max_cost.as_ref();
                let pointer = format!("{at}/hedge/max_cost");
                Some(config::Hedge {
                    after: hedge.after.into(),
                    max_percent: hedge.max_percent,
                    max_cost: max_cost.map(|it| positive(&pointer, it)).transpose()?,
                })
            }
        };
        Ok(config::RetryPolicy {
            max_attempts: self.max_attempts,
            attempt_timeout_ms: self.attempt_timeout_ms,
            hedge,
        })
    }
}
