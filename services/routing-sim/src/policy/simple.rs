//! Peers that do not measure latency: random, round robin, by price, least busy, least used, by session.

use crate::draws::{Dice, mix};
use crate::policy::peer::{Peer, Rule, Shared};
use crate::policy::{Policy, View};
use crate::scenario::Scenario;

/// The least by `value`, ties drawn.
fn least<T: PartialOrd + Copy>(
    shared: &mut Shared,
    candidates: &[usize],
    value: impl Fn(usize) -> T,
) -> usize {
    let mut ties: Vec<usize> = Vec::new();
    for it in candidates.iter().copied() {
        match ties.first().map(|best| value(*best)) {
            Some(best) if value(it) > best => {}
            Some(best) if value(it) < best => ties = vec![it],
            Some(_) | None => ties.push(it),
        }
    }
    ties[shared.dice.below(ties.len())]
}

/// Any.
#[derive(Debug)]
pub struct Uniform;

impl Uniform {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self))
    }
}

impl Rule for Uniform {
    fn pick(&mut self, shared: &mut Shared, _view: &mut View<'_>, candidates: &[usize]) -> usize {
        candidates[shared.dice.below(candidates.len())]
    }
}

/// One after the other.
#[derive(Debug)]
pub struct RoundRobin(usize);

impl RoundRobin {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, mut dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        let start = dice.below(endpoints);
        Box::new(Peer::new(endpoints, dice, Self(start)))
    }
}

impl Rule for RoundRobin {
    fn pick(&mut self, _shared: &mut Shared, _view: &mut View<'_>, candidates: &[usize]) -> usize {
        self.0 += 1;
        candidates[self.0 % candidates.len()]
    }
}

/// OpenRouter's documented default until 2026: no provider with an outage in the last 30 s, then by 1/price².
#[derive(Debug)]
pub struct InversePrice;

impl InversePrice {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self))
    }
}

impl Rule for InversePrice {
    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let good = shared.without_outage(view.now, candidates);
        let weights: Vec<f64> = good
            .iter()
            .map(|it| (1.0 / view.price(*it, 0.0).max(1e-9)).powi(2))
            .collect();
        let mut ticket = shared.dice.uniform() * weights.iter().sum::<f64>();
        let winner = weights.iter().position(|weight| {
            ticket -= weight;
            ticket <= 0.0
        });
        good[winner.unwrap_or(good.len() - 1)]
    }
}

/// Fewest open sends.
#[derive(Debug)]
pub struct LeastBusy;

impl LeastBusy {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self))
    }
}

impl Rule for LeastBusy {
    const COOL_DOWN_S: Option<f64> = Some(5.0);

    fn pick(&mut self, shared: &mut Shared, _view: &mut View<'_>, candidates: &[usize]) -> usize {
        let in_flight = shared.in_flight.clone();
        least(shared, candidates, |it| in_flight[it])
    }
}

/// LiteLLM's usage-based routing, version 2: fewest tokens in the current minute.
#[derive(Debug)]
pub struct LeastUsed {
    minute: Option<u64>,
    used: Vec<f64>,
}

impl LeastUsed {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        let rule = Self {
            minute: None,
            used: vec![0.0; endpoints],
        };
        Box::new(Peer::new(endpoints, dice, rule))
    }
}

impl Rule for LeastUsed {
    const COOL_DOWN_S: Option<f64> = Some(5.0);

    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let minute = Some((view.now / 60.0) as u64);
        if minute != self.minute {
            self.minute = minute;
            self.used.fill(0.0);
        }
        let picked = least(shared, candidates, |it| self.used[it]);
        self.used[picked] += view.request.input + view.request.output;
        picked
    }
}

/// The usual switch for session affinity: a rendezvous hash of the session, with a cool-down.
#[derive(Debug)]
pub struct SessionHash;

impl SessionHash {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self))
    }
}

impl Rule for SessionHash {
    const COOL_DOWN_S: Option<f64> = Some(5.0);

    fn pick(&mut self, _shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let session = view.request.session.unwrap_or(view.request.number);
        let score = |it: &&usize| mix(mix(session.wrapping_add(77)) ^ **it as u64);
        candidates.iter().max_by_key(score).copied().unwrap_or(0)
    }
}
