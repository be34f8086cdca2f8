//! What strategies of routes look like in REST: shown, and as written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use sluicegate_contracts::money::NanoUsd;
use utoipa::ToSchema;

use super::money::{Money, WriteMoney};
use crate::error::{Error, FieldError, Result};

/// How the targets of a route are put in order. `ordered` and `weighted` take them as they are listed; the others choose
/// among all ways to reach any of them, by what is measured of each.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RouteStrategy {
    /// As listed: the first that can serve, the others as fallbacks.
    Ordered,
    /// Drawn by weight; the rest of the draw are the fallbacks.
    Weighted,
    /// The soonest first token, or whole answer where it is not streamed.
    Fastest,
    /// The least money.
    Cheapest,
    /// The fewest open calls for what it can take.
    LeastLoaded,
    /// The least money at which 95 of 100 calls bring something in time, if any mix can.
    CheapestWithin {
        /// The time, in milliseconds.
        milliseconds: u32,
    },
    /// The fastest of what costs at most so much for a call; what costs more comes after.
    FastestUnder {
        /// The most a call should cost.
        cost: Money,
    },
    /// Time against money.
    Balanced {
        /// What a second less is worth.
        second: Money,
    },
}

impl From<config::Strategy> for RouteStrategy {
    fn from(strategy: config::Strategy) -> Self {
        match strategy {
            config::Strategy::Ordered => Self::Ordered,
            config::Strategy::Weighted => Self::Weighted,
            config::Strategy::Fastest => Self::Fastest,
            config::Strategy::Cheapest => Self::Cheapest,
            config::Strategy::LeastLoaded => Self::LeastLoaded,
            config::Strategy::CheapestWithin { milliseconds } => Self::CheapestWithin { milliseconds },
            config::Strategy::FastestUnder { cost } => Self::FastestUnder { cost: cost.into() },
            config::Strategy::Balanced { second } => Self::Balanced {
                second: second.into(),
            },
        }
    }
}

/// How the targets of a route are put in order, as written.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WriteRouteStrategy {
    /// As listed: the first that can serve, the others as fallbacks.
    Ordered,
    /// Drawn by weight; the rest of the draw are the fallbacks.
    Weighted,
    /// The soonest first token, or whole answer where it is not streamed.
    Fastest,
    /// The least money.
    Cheapest,
    /// The fewest open calls for what it can take.
    LeastLoaded,
    /// The least money at which 95 of 100 calls bring something in time, if any mix can.
    CheapestWithin {
        /// The time, in milliseconds.
        #[schema(minimum = 1, maximum = 600_000)]
        milliseconds: u32,
    },
    /// The fastest of what costs at most so much for a call; what costs more comes after.
    FastestUnder {
        /// The most a call should cost, above zero.
        cost: WriteMoney,
    },
    /// Time against money.
    Balanced {
        /// What a second less is worth, above zero.
        second: WriteMoney,
    },
}

impl WriteRouteStrategy {
    /// The strategy that is meant; `at` is where it stands in the body.
    ///
    /// # Errors
    /// `validation_failed` when its number cannot be meant.
    pub(super) fn checked(self, at: &str) -> Result<config::Strategy> {
        let strategy = match self {
            Self::Ordered => config::Strategy::Ordered,
            Self::Weighted => config::Strategy::Weighted,
            Self::Fastest => config::Strategy::Fastest,
            Self::Cheapest => config::Strategy::Cheapest,
            Self::LeastLoaded => config::Strategy::LeastLoaded,
            Self::CheapestWithin { milliseconds } if !TARGET_MS.contains(&milliseconds) => {
                let detail = "Use 1 to 600000 milliseconds.";
                return Err(out_of_range(
                    &format!("{at}/cheapest_within/milliseconds"),
                    detail,
                ));
            }
            Self::CheapestWithin { milliseconds } => config::Strategy::CheapestWithin { milliseconds },
            Self::FastestUnder { cost } => config::Strategy::FastestUnder {
                cost: positive(&format!("{at}/fastest_under/cost"), &cost)?,
            },
            Self::Balanced { second } => config::Strategy::Balanced {
                second: positive(&format!("{at}/balanced/second"), &second)?,
            },
        };
        Ok(strategy)
    }
}

const TARGET_MS: std::ops::RangeInclusive<u32> = 1..=600_000;

/// An amount above zero; `pointer` is where it stands in the body.
///
/// # Errors
/// `validation_failed` when it is none.
pub(super) fn positive(pointer: &str, written: &WriteMoney) -> Result<NanoUsd> {
    let amount = written.amount.parse().ok();
    amount
        .filter(|it| (NanoUsd::ZERO..=NanoUsd::MAX).contains(it) && *it > NanoUsd::ZERO)
        .ok_or_else(|| {
            let detail = "An amount of US dollars above 0, with at most nine decimals.";
            out_of_range(&format!("{pointer}/amount"), detail)
        })
}

fn out_of_range(pointer: &str, detail: &str) -> Error {
    Error::validation(vec![FieldError::new(pointer, "out_of_range", detail)])
}
