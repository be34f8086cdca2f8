//! The oracle: greedy, but it sees every endpoint's true state and this request's own draws.
//!
//! It does not look at what its choice does to later requests, so under rate limits, caches and overload it is no bound.

use crate::draws::{Dice, Key};
use crate::policy::{Choice, Failure, FirstToken, Policy, View};
use crate::scenario::Scenario;

/// Knows what nobody can know.
#[derive(Debug)]
pub struct Oracle;

impl Oracle {
    /// The policy.
    #[must_use]
    pub fn make(_: usize, _: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Self)
    }
}

impl Policy for Oracle {
    fn choose(&mut self, view: &mut View<'_>) -> Choice {
        let (now, request, loss) = (view.now, view.request, view.loss);
        let mut best: Option<(f64, usize)> = None;
        for (number, endpoint) in view.endpoints.iter_mut().enumerate() {
            let params = endpoint.at(now);
            let key = Key {
                seed: view.seed,
                request: request.number,
                endpoint: number as u64,
                attempt: request.tried.iter().filter(|it| **it == number).count() as u64,
            };
            let (requests, tokens) = endpoint.refill(now, &params);
            let refused = (params.rpm > 0.0 && requests < 1.0)
                || (params.tpm > 0.0 && tokens < request.input + request.output);
            if refused || key.uniform(10) < params.err {
                continue;
            }
            let capacity = params.capacity();
            let busy = f64::from(endpoint.busy);
            let wait = if busy < capacity {
                0.0
            } else {
                let ahead = (endpoint.queue.len() as f64 + 1.0) / capacity.max(1.0);
                ahead * (request.output * params.tpot_ms / 1_000.0 * 2.5 + params.ttft_ms / 1_000.0)
            };
            let service = endpoint.service(now, &params, request, &key, (busy + 1.0).min(params.slots));
            let time = (now - request.at + wait + service.ttft).min(loss.cap_s);
            let cost = params.price(request.input, request.output, service.cached);
            let total = loss.ttft_s * time + loss.cost_musd * cost;
            if best.is_none_or(|(least, _)| total < least) {
                best = Some((total, number));
            }
        }
        best.map_or(Choice::Hold(0.1), |it| Choice::Send(it.1))
    }

    fn sent(&mut self, _: &mut View<'_>, _: usize, _: usize) {}
    fn first_token(&mut self, _: &mut View<'_>, _: &FirstToken) {}
    fn finished(&mut self, _: &mut View<'_>, _: usize, _: usize) {}
    fn cancelled(&mut self, _: &mut View<'_>, _: usize, _: usize, _: f64) {}
    fn failed(&mut self, _: &mut View<'_>, _: usize, _: usize, _: Failure, _: f64, _: f64) {}
}
