//! What routes look like in REST: shown, written, and as one of their versions.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use sluicegate_contracts::ids::{ConnectionId, RouteId, UserId};
use sluicegate_contracts::money::NanoUsd;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::money::{Money, WriteMoney};
use crate::domain::route_draft::TargetDraft;
use crate::error::{Error, FieldError, Result};
use crate::store::routes as rows;

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
    /// The strategy that is meant.
    ///
    /// # Errors
    /// `validation_failed` when its number cannot be meant.
    pub(super) fn checked(self) -> Result<config::Strategy> {
        let strategy = match self {
            Self::Ordered => config::Strategy::Ordered,
            Self::Weighted => config::Strategy::Weighted,
            Self::Fastest => config::Strategy::Fastest,
            Self::Cheapest => config::Strategy::Cheapest,
            Self::LeastLoaded => config::Strategy::LeastLoaded,
            Self::CheapestWithin { milliseconds } if !TARGET_MS.contains(&milliseconds) => {
                let detail = "Use 1 to 600000 milliseconds.";
                return Err(out_of_range("/strategy/cheapest_within/milliseconds", detail));
            }
            Self::CheapestWithin { milliseconds } => config::Strategy::CheapestWithin { milliseconds },
            Self::FastestUnder { cost } => config::Strategy::FastestUnder {
                cost: positive("/strategy/fastest_under/cost", &cost)?,
            },
            Self::Balanced { second } => config::Strategy::Balanced {
                second: positive("/strategy/balanced/second", &second)?,
            },
        };
        Ok(strategy)
    }
}

const TARGET_MS: std::ops::RangeInclusive<u32> = 1..=600_000;

fn positive(pointer: &str, written: &WriteMoney) -> Result<NanoUsd> {
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

/// Where a route sends requests.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteTarget {
    /// A model name as a caller could send it; never another route.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// Serve only through this connection; null means any that reaches the model.
    #[schema(value_type = Option<String>, required = true)]
    connection: Option<ConnectionId>,
    /// Share of traffic under `weighted`.
    weight: u32,
}

/// Retries before the first byte has reached the caller.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteRetry {
    /// Upper bound of attempts over all targets.
    #[schema(minimum = 1, maximum = 10)]
    max_attempts: u32,
    /// How long one attempt may take to its response headers, in milliseconds.
    #[schema(minimum = 1000, maximum = 600_000)]
    attempt_timeout_ms: u64,
}

impl From<RouteRetry> for config::RetryPolicy {
    fn from(retry: RouteRetry) -> Self {
        Self {
            max_attempts: retry.max_attempts,
            attempt_timeout_ms: retry.attempt_timeout_ms,
        }
    }
}

/// A route at its published version.
#[derive(Serialize, ToSchema)]
pub(super) struct Route {
    /// Its id.
    #[schema(value_type = String, example = "rt_01jd0000000000000000000000")]
    id: RouteId,
    /// Callers name it `route/<slug>`.
    #[schema(example = "support")]
    slug: String,
    /// Further model names that mean this route.
    aliases: Vec<String>,
    /// The published version; also the ETag.
    version: u32,
    /// How targets are ordered.
    strategy: RouteStrategy,
    /// Where requests go.
    targets: Vec<RouteTarget>,
    /// Retries.
    retry: RouteRetry,
    /// When the route was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When this version was published.
    #[serde(with = "time::serde::rfc3339")]
    published_at: OffsetDateTime,
}

impl Route {
    pub(super) fn of(route: config::Route, created_at: OffsetDateTime, published_at: OffsetDateTime) -> Self {
        let targets = route.targets.into_iter().map(|target| RouteTarget {
            model: target.model,
            connection: target.connection,
            weight: target.weight,
        });
        Self {
            id: route.id,
            slug: route.slug,
            aliases: route.aliases,
            version: route.version,
            strategy: route.strategy.into(),
            targets: targets.collect(),
            retry: RouteRetry {
                max_attempts: route.retry.max_attempts,
                attempt_timeout_ms: route.retry.attempt_timeout_ms,
            },
            created_at,
            published_at,
        }
    }
}

impl From<rows::LiveRoute> for Route {
    fn from(live: rows::LiveRoute) -> Self {
        Self::of(live.route, live.created_at, live.published_at)
    }
}

/// One version of a route, never changed.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteVersion {
    /// Its number, from 1.
    version: u32,
    /// The slug at that version.
    slug: String,
    /// Further model names.
    aliases: Vec<String>,
    /// How targets were ordered.
    strategy: RouteStrategy,
    /// Where requests went.
    targets: Vec<RouteTarget>,
    /// Retries.
    retry: RouteRetry,
    /// Id of the user who published it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
    /// When it was published.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<rows::RouteVersion> for RouteVersion {
    fn from(row: rows::RouteVersion) -> Self {
        let route = Route::of(row.route, row.created_at, row.created_at);
        Self {
            version: route.version,
            slug: route.slug,
            aliases: route.aliases,
            strategy: route.strategy,
            targets: route.targets,
            retry: route.retry,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// A target as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRouteTarget {
    /// A model name as a caller could send it; never another route.
    #[schema(example = "openai/gpt-4o-mini")]
    pub(super) model: String,
    /// Id or slug of the only connection that may serve it.
    pub(super) connection: Option<String>,
    /// Share of traffic under `weighted`; 1 when absent, 0 never serves.
    #[serde(default = "one")]
    pub(super) weight: u32,
}

pub(super) const fn one() -> u32 {
    1
}

impl From<WriteRouteTarget> for TargetDraft {
    fn from(target: WriteRouteTarget) -> Self {
        Self {
            model: target.model,
            connection: target.connection,
            weight: target.weight,
        }
    }
}

pub(super) fn drafts(targets: Vec<WriteRouteTarget>) -> Vec<TargetDraft> {
    targets.into_iter().map(TargetDraft::from).collect()
}

/// A new route.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRoute {
    /// Callers name it `route/<slug>`.
    #[schema(example = "support", min_length = 2, max_length = 63)]
    pub(super) slug: String,
    /// Further model names that mean this route.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// How targets are ordered.
    pub(super) strategy: WriteRouteStrategy,
    /// 1 to 20 targets.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) targets: Vec<WriteRouteTarget>,
    /// Retries; three attempts of up to two minutes when absent.
    pub(super) retry: Option<RouteRetry>,
}

/// What shall change; the rest stays as published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateRoute {
    /// Callers name it `route/<slug>`.
    pub(super) slug: Option<String>,
    /// Further model names that mean this route.
    pub(super) aliases: Option<Vec<String>>,
    /// How targets are ordered.
    pub(super) strategy: Option<WriteRouteStrategy>,
    /// All targets anew.
    pub(super) targets: Option<Vec<WriteRouteTarget>>,
    /// Retries.
    pub(super) retry: Option<RouteRetry>,
}
