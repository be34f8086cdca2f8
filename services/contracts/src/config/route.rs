//! A named, versioned routing policy.

use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, OrganizationId, ProjectId, RouteId};
use crate::money::NanoUsd;

/// How the targets of a route are put in order. The first two order targets as their author wrote them; the others choose
/// among all ways to reach any of them by what is measured of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// As listed: the first that can serve, the others as fallbacks.
    Ordered,
    /// Drawn by weight without replacement; the rest of the draw are the fallbacks.
    Weighted,
    /// The soonest first token, or whole answer where it is not streamed.
    Fastest,
    /// The least money.
    Cheapest,
    /// The fewest open calls for what it can take.
    LeastLoaded,
    /// The least money at which 95 of 100 calls bring something within so many milliseconds, if any mix can.
    CheapestWithin {
        /// The target, in milliseconds.
        milliseconds: u32,
    },
    /// The fastest of what costs at most so much for a call; what costs more comes after.
    FastestUnder {
        /// The most a call should cost.
        cost: NanoUsd,
    },
    /// Time against money.
    Balanced {
        /// What a second less is worth.
        second: NanoUsd,
    },
}

/// What a route names: a model, optionally pinned to one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTarget {
    /// A model name as a caller could send it; never another route.
    pub model: String,
    /// Serve only through this connection; `None`: any that reaches the model.
    pub connection: Option<ConnectionId>,
    /// Share of traffic under [`Strategy::Weighted`]; 0 never serves.
    pub weight: u32,
}

/// When and how often to try again before the first byte has reached the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Upper bound of attempts over all targets, at least 1.
    pub max_attempts: u32,
    /// How long one attempt may take to its response headers, in milliseconds.
    pub attempt_timeout_ms: u64,
}

impl Default for RetryPolicy {
    /// Three attempts of up to two minutes: long enough for slow reasoning models, few enough not to multiply load.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            attempt_timeout_ms: 120_000,
        }
    }
}

/// A routing policy at one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Its id.
    pub id: RouteId,
    /// The tenant that owns its project.
    pub organization: OrganizationId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Callers name it `route/<slug>`.
    pub slug: String,
    /// Counts the published versions, from 1.
    pub version: u32,
    /// Further model names that mean this route.
    pub aliases: Vec<String>,
    /// How targets are ordered.
    pub strategy: Strategy,
    /// At least one.
    pub targets: Vec<RouteTarget>,
    /// Retries over the targets.
    pub retry: RetryPolicy,
}
