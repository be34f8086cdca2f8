//! What a policy sees and decides, and the list of policies.

pub mod clairvoyant;
pub mod engine;
pub mod latency;
pub mod peer;
pub mod reference;
pub mod simple;

use crate::draws::Dice;
use crate::scenario::{Loss, Scenario};
use crate::world::{Endpoint, Request};

/// What is at hand when a policy is asked. Only the oracle looks inside the endpoints; the others read their prices.
pub struct View<'a> {
    /// The moment.
    pub now: f64,
    /// What it is about.
    pub request: &'a Request,
    /// The objective.
    pub loss: &'a Loss,
    /// Most tries of a request.
    pub max_tries: u32,
    /// Seed of the world's draws.
    pub seed: u64,
    /// The world.
    pub endpoints: &'a mut [Endpoint],
}

impl View<'_> {
    /// What the request costs at an endpoint with `cached` input tokens.
    #[must_use]
    pub fn price(&self, endpoint: usize, cached: f64) -> f64 {
        let params = self.endpoints[endpoint].at(self.now);
        params.price(self.request.input, self.request.output, cached)
    }
}

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// Send it there.
    Send(usize),
    /// Ask again in so many seconds.
    Hold(f64),
}

/// How a send failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Refused for its rate.
    RateLimited,
    /// A server error.
    ServerError,
    /// No first token in time.
    TimedOut,
}

/// What headers tell of rate limits: requests and tokens; 0 a minute is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// What is left.
    pub left: (f64, f64),
    /// What comes back a minute.
    pub per_minute: (f64, f64),
    /// What there is at most.
    pub most: (f64, f64),
}

/// A first token, and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct FirstToken {
    /// Where it came from.
    pub endpoint: usize,
    /// The send it answers.
    pub attempt: usize,
    /// Since that send.
    pub ttft: f64,
    /// Its rate limits, where the provider tells.
    pub limits: Option<Told>,
}

/// Chooses endpoints, and hears what becomes of its choices.
pub trait Policy {
    /// Where to send a request that has no send open.
    fn choose(&mut self, view: &mut View<'_>) -> Choice;
    /// It was sent.
    fn sent(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize);
    /// The first token came.
    fn first_token(&mut self, view: &mut View<'_>, seen: &FirstToken);
    /// The last token came.
    fn finished(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize);
    /// Another send of the same request was quicker.
    fn cancelled(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize, sent: f64);
    /// It failed.
    fn failed(
        &mut self,
        view: &mut View<'_>,
        endpoint: usize,
        attempt: usize,
        how: Failure,
        sent: f64,
        retry_after: f64,
    );
    /// Whether a failed request may be tried again.
    fn may_retry(&mut self, _view: &mut View<'_>, _how: Failure) -> bool {
        true
    }
    /// How long to wait for a first token before the request is sent a second time.
    fn hedge_after(&mut self, _view: &mut View<'_>, _endpoint: usize) -> Option<f64> {
        None
    }
    /// Where to.
    fn hedge_target(&mut self, _view: &mut View<'_>) -> Option<usize> {
        None
    }
}

/// Makes a policy for so many endpoints.
pub type MakePolicy = fn(usize, Dice, &Scenario) -> Box<dyn Policy>;

/// Our engine's name in tables.
pub const ENGINE: &str = "sluicegate";
/// Knows what nobody can know; what the others are measured against.
pub const ORACLE: &str = "oracle";

/// Every policy by name: the engine, what it is compared with, the oracle.
pub const ALL: [(&str, MakePolicy); 14] = [
    (ENGINE, engine::Engine::make),
    ("sluicegate_ref", reference::Reference::make),
    ("thompson", latency::Thompson::make),
    ("prequal_like", latency::Prequal::make),
    ("p2c_peak_ewma", latency::PeakEwma::make),
    ("least_busy", simple::LeastBusy::make),
    ("litellm_latency", latency::LastTen::make),
    ("openrouter_latency", latency::RollingMedian::make),
    ("openrouter_price", simple::InversePrice::make),
    ("litellm_usage", simple::LeastUsed::make),
    ("sticky_hash", simple::SessionHash::make),
    ("round_robin", simple::RoundRobin::make),
    ("random", simple::Uniform::make),
    (ORACLE, clairvoyant::Oracle::make),
];
