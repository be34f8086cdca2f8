//! Peers that measure the time to the first token, each by another statistic.

use std::collections::VecDeque;

use crate::draws::Dice;
use crate::policy::peer::{Peer, Rule, Shared};
use crate::policy::{Failure, Policy, View};
use crate::scenario::Scenario;

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// OpenRouter sorted by latency: lowest median of five minutes, without outages.
#[derive(Debug)]
pub struct RollingMedian(Vec<VecDeque<(f64, f64)>>);

impl RollingMedian {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self(vec![VecDeque::new(); endpoints])))
    }
}

impl Rule for RollingMedian {
    fn observe(&mut self, now: f64, endpoint: usize, ttft: f64) {
        let seen = &mut self.0[endpoint];
        seen.push_back((now, ttft));
        if seen.len() > 400 {
            seen.pop_front();
        }
    }

    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let good = shared.without_outage(view.now, candidates);
        let medians = good.into_iter().map(|it| {
            let seen = &mut self.0[it];
            while seen.front().is_some_and(|(at, _)| *at < view.now - 300.0) {
                seen.pop_front();
            }
            (middle(seen.iter().map(|it| it.1).collect()), it)
        });
        medians.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |it| it.1)
    }
}

/// LiteLLM's latency-based routing: mean of the last ten, unknown is 0, a time-out counts as 1,000 s.
#[derive(Debug)]
pub struct LastTen(Vec<VecDeque<f64>>);

impl LastTen {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self(vec![VecDeque::new(); endpoints])))
    }
}

impl Rule for LastTen {
    const COOL_DOWN_S: Option<f64> = Some(5.0);

    fn observe(&mut self, _now: f64, endpoint: usize, ttft: f64) {
        let seen = &mut self.0[endpoint];
        seen.push_back(ttft);
        if seen.len() > 10 {
            seen.pop_front();
        }
    }

    fn failed(&mut self, now: f64, endpoint: usize, how: Failure, _elapsed: f64) {
        if how == Failure::TimedOut {
            self.observe(now, endpoint, 1_000.0);
        }
    }

    fn pick(&mut self, shared: &mut Shared, _view: &mut View<'_>, candidates: &[usize]) -> usize {
        let mean = |it: usize| self.0[it].iter().sum::<f64>() / self.0[it].len().max(1) as f64;
        let best = candidates
            .iter()
            .map(|it| mean(*it))
            .fold(f64::INFINITY, f64::min);
        let ties: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|it| mean(*it) <= best)
            .collect();
        ties[shared.dice.below(ties.len())]
    }
}

/// Finagle's and linkerd's: two choices, a peak-sensitive average of latency times open sends.
#[derive(Debug)]
pub struct PeakEwma(Vec<(f64, f64)>);

impl PeakEwma {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Peer::new(endpoints, dice, Self(vec![(0.0, 0.0); endpoints])))
    }

    fn value(&self, shared: &Shared, now: f64, endpoint: usize) -> f64 {
        let (cost, at) = self.0[endpoint];
        let cost = cost * (-(now - at) / 10.0).exp();
        let open = f64::from(shared.in_flight[endpoint]);
        if cost <= 0.0 && open > 0.0 {
            1e9 + open
        } else {
            cost * (open + 1.0)
        }
    }
}

impl Rule for PeakEwma {
    fn observe(&mut self, now: f64, endpoint: usize, ttft: f64) {
        let (cost, at) = &mut self.0[endpoint];
        let kept = (-(now - *at) / 10.0).exp();
        *cost = if ttft > *cost {
            ttft
        } else {
            *cost * kept + ttft * (1.0 - kept)
        };
        *at = now;
    }

    fn failed(&mut self, now: f64, endpoint: usize, _how: Failure, elapsed: f64) {
        let cost = self.0[endpoint].0;
        self.observe(
            now,
            endpoint,
            elapsed.max(if cost > 0.0 { 2.0 * cost } else { 1.0 }),
        );
    }

    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let [only] = candidates else {
            let first = candidates[shared.dice.below(candidates.len())];
            let mut second = first;
            while second == first {
                second = candidates[shared.dice.below(candidates.len())];
            }
            let (a, b) = (
                self.value(shared, view.now, first),
                self.value(shared, view.now, second),
            );
            return if a <= b { first } else { second };
        };
        *only
    }
}

/// Prequal's hot-cold rule on passive signals: of three drawn, those with few open sends by median latency.
#[derive(Debug)]
pub struct Prequal {
    latencies: Vec<VecDeque<(f64, f64)>>,
    open: VecDeque<u32>,
}

impl Prequal {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        let rule = Self {
            latencies: vec![VecDeque::new(); endpoints],
            open: VecDeque::new(),
        };
        Box::new(Peer::new(endpoints, dice, rule))
    }

    fn latency(&self, now: f64, endpoint: usize) -> f64 {
        let recent = self.latencies[endpoint].iter().filter(|(at, _)| now - at < 30.0);
        middle(recent.map(|it| it.1).collect())
    }
}

impl Rule for Prequal {
    fn observe(&mut self, now: f64, endpoint: usize, ttft: f64) {
        let seen = &mut self.latencies[endpoint];
        seen.push_back((now, ttft));
        if seen.len() > 16 {
            seen.pop_front();
        }
    }

    fn failed(&mut self, now: f64, endpoint: usize, _how: Failure, elapsed: f64) {
        self.observe(now, endpoint, elapsed.max(10.0));
    }

    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let mut drawn = candidates.to_vec();
        while drawn.len() > 3 {
            let out = shared.dice.below(drawn.len());
            drawn.remove(out);
        }
        let mut known: Vec<u32> = self.open.iter().copied().collect();
        known.sort_unstable();
        let hot = known
            .get((0.84 * known.len() as f64) as usize)
            .copied()
            .unwrap_or(u32::MAX);
        for it in &drawn {
            self.open.push_back(shared.in_flight[*it]);
            if self.open.len() > 128 {
                self.open.pop_front();
            }
        }
        let cold = drawn.iter().copied().filter(|it| shared.in_flight[*it] <= hot);
        let coldest = cold.min_by(|a, b| self.latency(view.now, *a).total_cmp(&self.latency(view.now, *b)));
        let idlest = || drawn.iter().copied().min_by_key(|it| shared.in_flight[*it]);
        coldest.or_else(idlest).unwrap_or(0)
    }
}

/// Discounted Thompson sampling: a normal posterior of log latency, a beta of success, forgotten over 30 s.
#[derive(Debug)]
pub struct Thompson(Vec<Belief>);

#[derive(Debug, Clone, Copy)]
struct Belief {
    weight: f64,
    sum: f64,
    squares: f64,
    good: f64,
    bad: f64,
    at: f64,
}

impl Belief {
    fn forget(&mut self, now: f64) {
        let kept = (-(now - self.at) / 30.0).exp();
        self.weight *= kept;
        self.sum *= kept;
        self.squares *= kept;
        self.good = 1.0 + (self.good - 1.0) * kept;
        self.bad = 0.1 + (self.bad - 0.1) * kept;
        self.at = now;
    }

    fn variance(&self) -> f64 {
        let weight = self.weight.max(0.5);
        let known = if self.weight > 1.0 {
            self.squares / weight - (self.sum / weight).powi(2)
        } else {
            0.5
        };
        known.max(0.05)
    }
}

impl Thompson {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        let nothing = Belief {
            weight: 0.0,
            sum: 0.0,
            squares: 0.0,
            good: 1.0,
            bad: 0.1,
            at: 0.0,
        };
        Box::new(Peer::new(endpoints, dice, Self(vec![nothing; endpoints])))
    }
}

impl Rule for Thompson {
    fn observe(&mut self, now: f64, endpoint: usize, ttft: f64) {
        let belief = &mut self.0[endpoint];
        belief.forget(now);
        let log = ttft.max(1e-3).ln();
        belief.weight += 1.0;
        belief.sum += log;
        belief.squares += log * log;
        belief.good += 1.0;
    }

    fn failed(&mut self, now: f64, endpoint: usize, how: Failure, elapsed: f64) {
        self.0[endpoint].forget(now);
        self.0[endpoint].bad += 1.0;
        if how == Failure::TimedOut {
            self.observe(now, endpoint, elapsed);
            self.0[endpoint].good -= 1.0;
        }
    }

    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize {
        let mut best: Option<(f64, usize)> = None;
        for it in candidates.iter().copied() {
            let belief = &mut self.0[it];
            belief.forget(view.now);
            let weight = belief.weight + 0.5;
            let mean = (belief.sum + 0.5 * 0.3_f64.ln()) / weight;
            let variance = belief.variance();
            let sampled = mean + (variance / weight).sqrt() * shared.dice.normal() + variance / 2.0;
            let (good, bad) = (belief.good, belief.bad);
            let share = good / (good + bad);
            let spread = (good * bad / ((good + bad).powi(2) * (good + bad + 1.0))).sqrt();
            let success = (share + spread * shared.dice.normal()).clamp(1e-4, 0.9999);
            let loss = view.loss.ttft_s * sampled.min(5.0).exp().min(10.0)
                + view.loss.cost_musd * view.price(it, 0.0)
                + (1.0 - success) * 3.0;
            if best.is_none_or(|(least, _)| loss < least) {
                best = Some((loss, it));
            }
        }
        best.map_or(0, |it| it.1)
    }
}
