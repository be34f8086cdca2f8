//! The reference composite that came with the scenarios: the yardstick the engine must not fall behind.
//!
//! Kept as it was written, constants and all, so that its numbers stay comparable. The engine lives in
//! `sluicegate-routing`; nothing here is used by it.

use std::collections::{BTreeMap, HashMap};

use crate::draws::Dice;
use crate::policy::{Choice, Failure, FirstToken, Policy, Told, View};
use crate::scenario::Scenario;

const FAST_S: f64 = 8.0;
const SLOW_S: f64 = 300.0;

/// The provider's buckets, as its headers last told: requests, tokens, when, and each per minute and at most.
#[derive(Debug, Clone, Copy)]
struct Mirror {
    left: (f64, f64),
    at: f64,
    per_minute: (f64, f64),
    most: (f64, f64),
}

#[derive(Debug, Clone)]
struct State {
    in_flight: u32,
    /// When each send left that still waits for its first token.
    waiting: BTreeMap<usize, f64>,
    weight: f64,
    mean: f64,
    squares: f64,
    busy: f64,
    slow_weight: f64,
    slow_mean: f64,
    decayed: f64,
    good: f64,
    bad: f64,
    time_to_fail: f64,
    blocked: f64,
    backoff: i32,
    trial: bool,
    consecutive: u32,
    limit: f64,
    headroom: (f64, f64),
    last: f64,
    mirror: Option<Mirror>,
    cut: f64,
}

impl State {
    fn new() -> Self {
        Self {
            in_flight: 0,
            waiting: BTreeMap::new(),
            weight: 0.0,
            mean: 0.0,
            squares: 0.0,
            busy: 0.0,
            slow_weight: 0.0,
            slow_mean: 0.0,
            decayed: 0.0,
            good: 2.0,
            bad: 0.02,
            time_to_fail: 0.5,
            blocked: 0.0,
            backoff: 0,
            trial: false,
            consecutive: 0,
            limit: 1e9,
            headroom: (1.0, 0.0),
            last: -1e9,
            mirror: None,
            cut: -1.0,
        }
    }

    fn failure_share(&self) -> f64 {
        self.bad / (self.good + self.bad)
    }

    fn mirror(&mut self, now: f64) -> Option<(f64, f64)> {
        let mirror = self.mirror.as_mut()?;
        let passed = now - mirror.at;
        mirror.at = now;
        let refill = |left: f64, rate: f64, most: f64| {
            if rate > 0.0 {
                most.min(left + rate * passed / 60.0)
            } else {
                1e18
            }
        };
        mirror.left = (
            refill(mirror.left.0, mirror.per_minute.0, mirror.most.0),
            refill(mirror.left.1, mirror.per_minute.1, mirror.most.1),
        );
        Some(mirror.left)
    }

    fn shrink(&mut self, now: f64, factor: f64, every: f64) {
        if now - self.cut > every {
            self.limit = (self.limit.min(f64::from(self.in_flight) + 1.0) * factor).max(6.0);
            self.cut = now;
        }
    }

    fn decay(&mut self, now: f64) {
        let passed = now - self.decayed;
        if passed < 0.05 {
            return;
        }
        let kept = |tau: f64| (-passed / tau).exp();
        let (fast, slow, outcome) = (kept(FAST_S), kept(SLOW_S), kept(20.0));
        self.decayed = now;
        self.weight *= fast;
        self.mean *= fast;
        self.squares *= fast;
        self.busy *= fast;
        self.slow_weight *= slow;
        self.slow_mean *= slow;
        self.good = 2.0 + (self.good - 2.0) * outcome;
        self.bad = 0.02 + (self.bad - 0.02) * outcome;
    }

    fn add(&mut self, seconds: f64, weight: f64) {
        let log = seconds.max(1e-3).ln();
        self.weight += weight;
        self.mean += weight * log;
        self.squares += weight * log * log;
        self.busy += weight * f64::from(self.in_flight);
        self.slow_weight += weight;
        self.slow_mean += weight * log;
    }

    /// Log mean and log variance of the time to the first token, and the weight of what is known.
    fn estimate(&self, now: f64) -> (f64, f64, f64) {
        let slow = if self.slow_weight > 0.5 {
            self.slow_mean / self.slow_weight
        } else {
            0.3_f64.ln()
        };
        let weight = self.weight;
        let mean = if weight > 1e-6 { self.mean / weight } else { slow };
        let variance = if weight > 3.0 {
            (self.squares / weight - mean * mean).max(0.05)
        } else {
            0.25
        };
        let mut mu = (mean * weight + slow) / (weight + 1.0);
        let limit = (mu + 1.5 * variance.sqrt()).exp();
        let (mut age, mut count) = (0.0, 0.0);
        for sent in self.waiting.values() {
            if now - sent > limit {
                age += (now - sent).ln() + 0.4;
                count += 1.0;
            }
        }
        if count > 0.0 {
            mu = (mu * (weight + 1.0) + age * 2.0) / (weight + 1.0 + 2.0 * count);
        }
        (mu, variance, weight)
    }

    fn ttft(&self, now: f64) -> f64 {
        let (mu, variance, weight) = self.estimate(now);
        let base: f64 = if weight > 0.5 { self.busy / weight } else { 0.0 };
        let queue = (1.0 + f64::from(self.in_flight)) / (1.0 + base.max(2.0));
        (mu + variance.min(0.5) / 2.0).min(4.0).exp() * queue.max(1.0)
    }

    fn answers(&self, now: f64) -> bool {
        self.blocked <= now && !(self.trial && self.in_flight > 0)
    }

    fn usable(&self, now: f64) -> bool {
        self.answers(now) && f64::from(self.in_flight) < self.limit
    }
}

/// The composite.
#[derive(Debug)]
pub struct Reference {
    dice: Dice,
    states: Vec<State>,
    hedges: f64,
    retries: f64,
    homes: HashMap<u64, (usize, f64, f64)>,
    output: f64,
}

impl Reference {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, _: &Scenario) -> Box<dyn Policy> {
        Box::new(Self {
            dice,
            states: vec![State::new(); endpoints],
            hedges: 10.0,
            retries: 10.0,
            homes: HashMap::new(),
            output: 150.0,
        })
    }

    fn room(&mut self, view: &View<'_>, endpoint: usize) -> bool {
        let wanted = view.request.input + 1.3 * self.output;
        let left = self.states[endpoint].mirror(view.now);
        left.is_none_or(|(requests, tokens)| requests >= 1.0 && tokens >= wanted)
    }

    fn score(&self, view: &View<'_>, endpoint: usize) -> f64 {
        let state = &self.states[endpoint];
        let (request, loss) = (view.request, view.loss);
        let params = view.endpoints[endpoint].at(view.now);
        let mut time = state.ttft(view.now);
        let (mut cached, mut future) = (0.0, 0.0);
        if let Some(session) = request.session.filter(|_| params.cached_factor < 1.0) {
            if let Some((_, _, tokens)) = self
                .homes
                .get(&session)
                .filter(|(home, at, _)| *home == endpoint && view.now - at < params.cache_ttl_s)
            {
                cached = tokens.min(request.input);
                time *= 0.75;
            }
            future =
                0.5 * loss.cost_musd * request.input * params.price_in * (1.0 - params.cached_factor) / 1e3;
        }
        let headroom = (state.headroom.0 + (view.now - state.headroom.1) * 0.1).min(1.0);
        let scarce = if headroom < 0.35 {
            1.2 * (0.35 - headroom) / 0.35
        } else {
            0.0
        };
        loss.ttft_s * time.min(10.0) + loss.cost_musd * params.price(request.input, request.output, cached)
            - future
            + state.failure_share() * (loss.ttft_s * (state.time_to_fail + 0.4 * time) + 0.05)
            + scarce
    }

    fn candidates(&mut self, view: &View<'_>) -> Vec<usize> {
        let (now, tried) = (view.now, &view.request.tried);
        let roomy: Vec<usize> = (0..self.states.len()).filter(|it| self.room(view, *it)).collect();
        let usable: Vec<usize> = roomy
            .iter()
            .copied()
            .filter(|it| self.states[*it].usable(now))
            .collect();
        let untried: Vec<usize> = usable.iter().copied().filter(|it| !tried.contains(it)).collect();
        match (untried.is_empty(), usable.is_empty()) {
            (false, _) => untried,
            (true, false) => usable,
            (true, true) => {
                let answers = |it: &usize| !tried.contains(it) && self.states[*it].answers(now);
                roomy.into_iter().filter(answers).collect()
            }
        }
    }
}

impl Policy for Reference {
    fn choose(&mut self, view: &mut View<'_>) -> Choice {
        let now = view.now;
        let fresh = view.request.tried.is_empty();
        if fresh {
            self.hedges = (self.hedges + 0.05).min(25.0);
            self.retries = (self.retries + 0.2).min(25.0);
        }
        let candidates = self.candidates(view);
        if candidates.is_empty() {
            let back = self
                .states
                .iter()
                .map(|it| if it.blocked > now { it.blocked } else { now + 0.1 });
            return Choice::Hold((back.fold(f64::INFINITY, f64::min) - now).min(1.0));
        }
        for it in &candidates {
            self.states[*it].decay(now);
        }
        let mut scored: Vec<(f64, usize)> =
            candidates.iter().map(|it| (self.score(view, *it), *it)).collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if fresh && scored.len() > 1 {
            let warm = view
                .request
                .session
                .is_some_and(|it| self.homes.contains_key(&it));
            let stale =
                |it: &usize| now - self.states[*it].last > 20.0 && self.states[*it].in_flight == 0 && !warm;
            let stale: Vec<usize> = scored.iter().map(|it| it.1).filter(stale).collect();
            if !stale.is_empty() && self.dice.uniform() < 0.02 {
                let picked = stale[self.dice.below(stale.len())];
                self.states[picked].last = now;
                return Choice::Send(picked);
            }
        }
        let best = scored[0].0;
        let temperature = (0.03 * (best.abs() + 0.05)).max(1e-9);
        scored.retain(|it| it.0 < best + 3.0 * temperature);
        let weights: Vec<f64> = scored
            .iter()
            .map(|it| (-(it.0 - best) / temperature).exp())
            .collect();
        let mut ticket = self.dice.uniform() * weights.iter().sum::<f64>();
        let winner = weights.iter().position(|weight| {
            ticket -= weight;
            ticket <= 0.0
        });
        let picked = scored[winner.unwrap_or(scored.len() - 1)].1;
        self.states[picked].last = now;
        Choice::Send(picked)
    }

    fn sent(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize) {
        let output = self.output;
        let state = &mut self.states[endpoint];
        state.in_flight += 1;
        state.waiting.insert(attempt, view.now);
        state.mirror(view.now);
        if let Some(mirror) = &mut state.mirror {
            mirror.left.0 -= 1.0;
            mirror.left.1 -= view.request.input + output;
        }
    }

    fn first_token(&mut self, view: &mut View<'_>, seen: &FirstToken) {
        let now = view.now;
        self.output += 0.02 * (view.request.output - self.output);
        let state = &mut self.states[seen.endpoint];
        let mut headroom = 1.0_f64;
        if let Some(Told {
            left,
            per_minute,
            most,
        }) = seen.limits
        {
            state.mirror = Some(Mirror {
                left,
                at: now,
                per_minute,
                most,
            });
            for (left, most) in [(left.0, most.0), (left.1, most.1)] {
                headroom = headroom.min(if most > 0.0 { left / most } else { 1.0 });
            }
        }
        state.waiting.remove(&seen.attempt);
        state.decay(now);
        state.add(seen.ttft, 1.0);
        state.good += 1.0;
        state.consecutive = 0;
        state.headroom = (headroom, now);
        if state.trial {
            state.trial = false;
            state.blocked = 0.0;
            state.limit = 1e9;
        }
        if state.good > 8.0 {
            state.backoff = 0;
        }
        let known = state.in_flight >= 8 && state.weight > 8.0 && state.slow_weight > 20.0;
        if known && state.mean / state.weight > state.slow_mean / state.slow_weight + 0.35 {
            state.shrink(now, 0.88, 4.0);
        } else if state.limit < 1e9 {
            state.limit += 0.5;
        }
        if let Some(session) = view.request.session {
            let tokens = view.request.input + view.request.output;
            self.homes.insert(session, (seen.endpoint, now, tokens));
        }
    }

    fn finished(&mut self, _view: &mut View<'_>, endpoint: usize, attempt: usize) {
        self.states[endpoint].in_flight -= 1;
        self.states[endpoint].waiting.remove(&attempt);
    }

    fn cancelled(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize, sent: f64) {
        let state = &mut self.states[endpoint];
        let elapsed = view.now - sent;
        state.in_flight -= 1;
        state.waiting.remove(&attempt);
        state.decay(view.now);
        if (elapsed + 1e-3).ln() > state.estimate(view.now).0 {
            state.add(elapsed * 1.5, 0.5);
        }
    }

    fn failed(
        &mut self,
        view: &mut View<'_>,
        endpoint: usize,
        attempt: usize,
        how: Failure,
        sent: f64,
        after: f64,
    ) {
        let now = view.now;
        let state = &mut self.states[endpoint];
        state.in_flight -= 1;
        state.waiting.remove(&attempt);
        state.decay(now);
        if how == Failure::RateLimited {
            state.blocked = state.blocked.max(now + after.clamp(0.05, 10.0));
            state.headroom = (0.0, now);
            return;
        }
        state.bad += 1.0;
        state.consecutive += 1;
        state.time_to_fail += 0.3 * (now - sent - state.time_to_fail);
        if how == Failure::TimedOut {
            state.add(now - sent, 1.0);
        }
        if how == Failure::ServerError && state.in_flight >= 6 && state.failure_share() < 0.25 {
            state.shrink(now, 0.85, 1.0);
            state.consecutive = 0;
            return;
        }
        if state.trial || state.consecutive >= 4 || (state.bad > 4.0 && state.failure_share() > 0.6) {
            state.backoff = (state.backoff + 1).min(5);
            let wait = (0.5 * 2.0_f64.powi(state.backoff)).min(10.0);
            state.blocked = now + wait * (0.8 + 0.4 * self.dice.uniform());
            state.trial = true;
            state.consecutive = 0;
        }
    }

    fn may_retry(&mut self, view: &mut View<'_>, how: Failure) -> bool {
        let healthy = |it: &State| it.usable(view.now) && it.failure_share() < 0.3;
        if how == Failure::RateLimited || self.states.iter().any(healthy) {
            return true;
        }
        let allowed = self.retries >= 1.0;
        self.retries -= f64::from(u8::from(allowed));
        allowed
    }

    fn hedge_after(&mut self, view: &mut View<'_>, endpoint: usize) -> Option<f64> {
        let (mu, variance, _) = self.states[endpoint].estimate(view.now);
        let delay = (mu + 1.9 * variance.sqrt()).exp().max(0.2);
        let prompt = view.request.input * view.endpoints[endpoint].at(view.now).price_in / 1e3;
        let worth = view.loss.ttft_s * delay > view.loss.cost_musd * prompt;
        (self.states.len() >= 2 && worth).then_some(delay)
    }

    fn hedge_target(&mut self, view: &mut View<'_>) -> Option<usize> {
        if self.hedges < 1.0 {
            return None;
        }
        let free = |it: &usize| {
            let state = &self.states[*it];
            !view.request.tried.contains(it) && state.usable(view.now) && !state.trial
        };
        let free = (0..self.states.len()).filter(free);
        let target = free.min_by(|a, b| self.score(view, *a).total_cmp(&self.score(view, *b)))?;
        self.hedges -= 1.0;
        self.states[target].last = view.now;
        Some(target)
    }
}
