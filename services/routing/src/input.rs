//! What a decision is made from. Built by the data plane from one frozen snapshot; borrows from it, owns nothing.

use std::fmt;
use std::time::Duration;

use sluicegate_contracts::config::{Connection, Endpoint, Operation, StatedFacts, Strategy};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use crate::capabilities::Needs;
use crate::constraints::Demand;
use crate::experiment::Turn;
use crate::health::{Assessment, Delivery, Moment, Speed};
use crate::preferences::Preferences;
use crate::seed::Seed;
use crate::site::Site;

/// Everything a plan depends on.
#[derive(Debug, Clone)]
pub struct RoutingInput<'a> {
    /// How the caller's model name led to the targets.
    pub selection: Selection,
    /// What the route (or the model name itself) names, in listed order.
    pub targets: &'a [Target<'a>],
    /// What is asked.
    pub features: RequestFeatures,
    /// What every candidate must satisfy: all of these.
    pub demands: &'a [Demand<'a>],
    /// What the request may cost at most, where its caller says.
    pub ceiling: Option<Ceiling<'a>>,
    /// How the caller would have the candidates tried.
    pub preferences: &'a Preferences,
    /// The moment of the decision.
    pub now: UnixMillis,
    /// What is known at that moment of the endpoints.
    pub live: &'a dyn Live,
    /// How long the request was held already, as earlier plans wanted.
    pub held: Duration,
    /// Source of every random choice in the plan.
    pub seed: Seed,
}

impl<'a> RoutingInput<'a> {
    /// The candidate at these positions.
    pub(crate) fn candidate(&self, (target, candidate): (usize, usize)) -> &'a Candidate<'a> {
        &self.targets[target].candidates[candidate]
    }
}

/// The most that a request may cost, and what it can cost where.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling<'a> {
    /// The most.
    pub most: NanoUsd,
    /// What it can cost.
    pub bounds: &'a dyn Bounds,
}

/// What one request can cost. Asked only where a [`Ceiling`] is set.
pub trait Bounds: fmt::Debug {
    /// At most, at this candidate; `None` when no price is known or nothing limits the answer.
    fn bound(&self, candidate: &Candidate<'_>) -> Option<NanoUsd>;
}

/// What is known of endpoints at one moment. Asked only for those that may serve, and only where there is a choice.
pub trait Live: fmt::Debug {
    /// The moment.
    fn moment(&self) -> Moment;
    /// How the endpoint behind a candidate stands for a call of so many tokens; `None` when nothing was ever sent there.
    fn assess(&self, candidate: &Candidate<'_>, delivery: Delivery, tokens: f64) -> Option<Assessment>;
    /// Tokens that an answer brings each second; `None`: not known. Asked only for callers who mind.
    fn speed(&self, candidate: &Candidate<'_>, delivery: Delivery) -> Option<Speed>;
    /// Input tokens of this call that the endpoint has in its prompt cache.
    fn warm_tokens(&self, candidate: &Candidate<'_>) -> u32;
}

/// Nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Unknown;

impl Live for Unknown {
    fn moment(&self) -> Moment {
        Moment::default()
    }

    fn assess(&self, _: &Candidate<'_>, _: Delivery, _: f64) -> Option<Assessment> {
        None
    }

    fn speed(&self, _: &Candidate<'_>, _: Delivery) -> Option<Speed> {
        None
    }

    fn warm_tokens(&self, _: &Candidate<'_>) -> u32 {
        0
    }
}

/// How the caller's model name led to the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// It named a model.
    Direct,
    /// It named a route, by `route/<slug>` or by one of its aliases.
    Route {
        /// How the route orders its targets.
        strategy: Strategy,
        /// Whether the name was an alias.
        by_alias: bool,
    },
}

/// One target of a route with every way to reach it.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The model name that leads to it, as a caller could send it.
    pub model: &'a str,
    /// Share of traffic under a weighted strategy; 0 never serves.
    pub weight: u32,
    /// The arm of the route's experiment that it serves.
    pub arm: Option<&'a str>,
    /// When it is its turn, by the arm of the request.
    pub turn: Turn,
    /// Ways to reach the model, best first.
    pub candidates: Vec<Candidate<'a>>,
}

/// One way to reach a model: an account at a provider and the name the provider uses.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// Provider id; `sluicegate` for the built-in echo.
    pub provider: &'a str,
    /// The model name to send.
    pub upstream_model: &'a str,
    /// The account; `None` for the built-in echo.
    pub connection: Option<&'a Connection>,
    /// Whether the account's credential is at hand.
    pub credential: Credential,
    /// The catalog row, when the model is in the catalog.
    pub endpoint: Option<&'a Endpoint>,
    /// What the owner of the account states of accounts and models, the most particular first.
    pub stated: &'a [StatedFacts],
    /// What kind of place the account is at.
    pub site: Site,
}

impl<'a> Candidate<'a> {
    /// The model, as the catalog names it where it lists it.
    pub(crate) fn model(&self) -> &'a str {
        self.endpoint.map_or(self.upstream_model, |it| it.model.as_str())
    }
}

/// State of a candidate's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Unsealed and ready.
    Ready,
    /// The provider needs none.
    NotNeeded,
    /// Saved, but it could not be unsealed here.
    Missing,
}

/// What is asked, as far as routing cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestFeatures {
    /// The operation.
    pub operation: Operation,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The caller's cap on generated tokens.
    pub max_output_tokens: Option<u64>,
    /// Prompt tokens, estimated.
    pub input_tokens: u32,
    /// Whether the call belongs to a session, so that another with the same beginning may follow.
    pub conversation: bool,
    /// What the model has to be able to do.
    pub needs: Needs,
}

impl RequestFeatures {
    /// How the answer comes.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        if self.stream {
            Delivery::Streamed
        } else {
            Delivery::Whole
        }
    }
}
