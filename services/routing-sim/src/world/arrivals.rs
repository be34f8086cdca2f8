//! Who asks for what, when: drawn from the seed alone, so every policy meets the same requests.

use std::collections::HashMap;

use crate::draws::{ARRIVALS, Key, mix};
use crate::scenario::Scenario;

/// A request on its way through the simulation.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its number.
    pub number: u64,
    /// When it came.
    pub at: f64,
    /// Input tokens.
    pub input: f64,
    /// Output tokens of its answer.
    pub output: f64,
    /// Its conversation.
    pub session: Option<u64>,
    /// The gateway replica it came to.
    pub router: usize,
    /// Endpoints it was sent to, in order.
    pub tried: Vec<usize>,
    /// Sends that counted as tries.
    pub tries: u32,
    /// Sends that are still open.
    pub live: u32,
    /// Whether it was sent a second time beside the first.
    pub hedged: bool,
    /// Both sends of a hedged request.
    pub twins: Vec<usize>,
    /// Whether its first token came, or it failed.
    pub done: bool,
    /// Whether it failed.
    pub failed: bool,
    /// From its arrival to its first token, or its failure.
    pub ttft: f64,
    /// Thousandths of a dollar, all sends together.
    pub cost: f64,
}

/// The first `count` requests of a scenario.
#[must_use]
pub fn arrivals(scenario: &Scenario, seed: u64, count: u64) -> Vec<Request> {
    let workload = &scenario.workload;
    let mut history: HashMap<u64, u64> = HashMap::new();
    let mut at = 0.0;
    (0..count)
        .map(|number| {
            let key = Key {
                seed,
                request: number,
                endpoint: ARRIVALS,
                attempt: 0,
            };
            let surges = workload.phases.iter().filter(|it| it.from <= at && at < it.to);
            let rate = surges.fold(workload.rps, |rate, surge| rate * surge.mul);
            at += -key.uniform(1).ln() / rate;
            let size = |median: f64, sigma: f64, stream| (median * (sigma * key.normal(stream)).exp()) as u64;
            let mut input = size(workload.in_tokens, workload.in_sigma, 2).max(8);
            let output = size(workload.out_tokens, workload.out_sigma, 4).max(4);
            let session = (workload.sessions > 0).then(|| {
                let generation = (at / workload.session_life_s) as u64;
                (key.uniform(6) * workload.sessions as f64) as u64 + generation * workload.sessions
            });
            if let Some(session) = session {
                let before = history.get(&session).copied().unwrap_or(workload.system_tokens);
                input = (before + input).min(workload.max_in);
                history.insert(session, input + output);
            }
            let router = mix(seed.wrapping_mul(7_919).wrapping_add(number)) % scenario.routers.max(1);
            Request {
                number,
                at,
                input: input as f64,
                output: output as f64,
                session,
                router: router as usize,
                ..Request::default()
            }
        })
        .collect()
}
