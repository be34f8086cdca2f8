//! One endpoint of the world: slots, a queue, buckets for its rate limits, and a cache of conversations.

use std::collections::{HashMap, VecDeque};

use crate::draws::Key;
use crate::scenario::{EndpointSpec, Phase};
use crate::world::{Params, Request};

/// Conversations that a cache holds.
const CACHE: usize = 4_000;

/// An endpoint and what happens at it.
#[derive(Debug)]
pub struct Endpoint {
    base: Params,
    phases: Vec<Phase>,
    /// Requests in its slots.
    pub busy: u32,
    /// Sends that wait for a slot.
    pub queue: VecDeque<usize>,
    buckets: Option<(f64, f64)>,
    refilled: f64,
    cache: HashMap<u64, (f64, f64)>,
}

/// How long a request takes.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// To its first token.
    pub ttft: f64,
    /// From there to its end.
    pub decode: f64,
    /// Input tokens that came from the cache.
    pub cached: f64,
}

impl Endpoint {
    /// An idle endpoint.
    #[must_use]
    pub fn new(spec: &EndpointSpec) -> Self {
        let mut phases = spec.phases.clone();
        phases.sort_by(|a, b| a.from.total_cmp(&b.from));
        Self {
            base: Params::base(spec),
            phases,
            busy: 0,
            queue: VecDeque::new(),
            buckets: None,
            refilled: 0.0,
            cache: HashMap::new(),
        }
    }

    /// What it is like at a moment.
    #[must_use]
    pub fn at(&self, now: f64) -> Params {
        self.base.at(&self.phases, now)
    }

    /// Requests and tokens its buckets hold now.
    pub fn refill(&mut self, now: f64, params: &Params) -> (f64, f64) {
        let full = params.buckets();
        let (mut requests, mut tokens) = self.buckets.unwrap_or(full);
        let passed = now - self.refilled;
        self.refilled = now;
        if params.rpm > 0.0 {
            requests = full.0.min(requests + params.rpm * passed / 60.0);
        }
        if params.tpm > 0.0 {
            tokens = full.1.min(tokens + params.tpm * passed / 60.0);
        }
        self.buckets = Some((requests, tokens));
        (requests, tokens)
    }

    /// Takes a request from the buckets, or says how long until they have enough.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn admit(&mut self, now: f64, params: &Params, request: &Request) -> Result<(), f64> {
        let (requests, tokens) = self.refill(now, params);
        let wanted = request.input + request.output;
        if (params.rpm > 0.0 && requests < 1.0) || (params.tpm > 0.0 && tokens < wanted) {
            let wait = |limit: f64, missing: f64| if limit > 0.0 { missing * 60.0 / limit } else { 0.0 };
            return Err(wait(params.rpm, 1.0 - requests).max(wait(params.tpm, wanted - tokens)));
        }
        let left = |limit: f64, held: f64, taken: f64| if limit > 0.0 { held - taken } else { held };
        self.buckets = Some((left(params.rpm, requests, 1.0), left(params.tpm, tokens, wanted)));
        Ok(())
    }

    /// Input tokens of the request that its cache holds.
    #[must_use]
    pub fn cached(&self, now: f64, params: &Params, request: &Request) -> f64 {
        let entry = request.session.and_then(|session| self.cache.get(&session));
        match entry {
            Some((tokens, at)) if params.cached_factor < 1.0 && now - at < params.cache_ttl_s => {
                tokens.min(request.input)
            }
            Some(_) | None => 0.0,
        }
    }

    /// Keeps the conversation of an answered request.
    pub fn remember(&mut self, now: f64, params: &Params, request: &Request) {
        let Some(session) = request.session else { return };
        if params.cached_factor >= 1.0 {
            return;
        }
        self.cache.insert(session, (request.input + request.output, now));
        if self.cache.len() > CACHE {
            let oldest = self
                .cache
                .iter()
                .min_by(|a, b| a.1.1.total_cmp(&b.1.1))
                .map(|it| *it.0);
            oldest.and_then(|session| self.cache.remove(&session));
        }
    }

    /// How long a request takes that is the `busy`-th in the slots. Beyond a load of 60 % everything takes longer.
    #[must_use]
    pub fn service(&self, now: f64, params: &Params, request: &Request, key: &Key, busy: f64) -> Service {
        let used = busy / params.slots + params.bg_load;
        let load = 1.0 + 1.5 * (used.min(1.0) - 0.6).max(0.0) / 0.4;
        let cached = self.cached(now, params, request);
        let stalls = params.tail_p > 0.0 && key.uniform(12) < params.tail_p;
        let tail = if stalls { params.tail_x } else { 1.0 };
        let first = params.ttft_ms * (params.sigma * key.normal(13)).exp();
        let prefill = params.prefill_us * (request.input - cached) / 1_000.0;
        Service {
            ttft: (first + prefill) / 1_000.0 * load * tail,
            decode: request.output * params.tpot_ms / 1_000.0 * (0.2 * key.normal(15)).exp() * load,
            cached,
        }
    }
}
