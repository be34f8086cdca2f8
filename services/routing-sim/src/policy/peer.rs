//! What the modelled peers share: in-flight counts, a window of outcomes, and cool-downs. A peer adds how it picks.

use std::collections::VecDeque;

use crate::draws::Dice;
use crate::policy::{Choice, Failure, FirstToken, Policy, View};

/// Seconds of outcomes that count for a cool-down.
const WINDOW_S: f64 = 60.0;

/// What every peer keeps.
#[derive(Debug)]
pub struct Shared {
    /// Its randomness.
    pub dice: Dice,
    /// Open sends by endpoint.
    pub in_flight: Vec<u32>,
    /// Moments of outcomes, and whether they were good, by endpoint.
    pub outcomes: Vec<VecDeque<(f64, bool)>>,
    until: Vec<f64>,
}

impl Shared {
    fn note(&mut self, now: f64, endpoint: usize, good: bool) {
        let outcomes = &mut self.outcomes[endpoint];
        outcomes.push_back((now, good));
        while outcomes.front().is_some_and(|(at, _)| *at < now - WINDOW_S) {
            outcomes.pop_front();
        }
    }

    /// Untried endpoints out of their cool-down; else untried ones; else all.
    fn candidates(&self, now: f64, tried: &[usize]) -> Vec<usize> {
        let all = 0..self.in_flight.len();
        let untried: Vec<usize> = all.clone().filter(|it| !tried.contains(it)).collect();
        let ready: Vec<usize> = untried
            .iter()
            .copied()
            .filter(|it| self.until[*it] <= now)
            .collect();
        match (ready.is_empty(), untried.is_empty()) {
            (false, _) => ready,
            (true, false) => untried,
            (true, true) => all.collect(),
        }
    }

    /// Those of `candidates` without a failure among the last five outcomes in 30 seconds; all, if none is.
    #[must_use]
    pub fn without_outage(&self, now: f64, candidates: &[usize]) -> Vec<usize> {
        let out = |it: &usize| {
            let recent = self.outcomes[*it].iter().rev().take(5);
            recent.into_iter().any(|(at, good)| !good && *at > now - 30.0)
        };
        let good: Vec<usize> = candidates.iter().copied().filter(|it| !out(it)).collect();
        if good.is_empty() {
            candidates.to_vec()
        } else {
            good
        }
    }
}

/// How a peer picks.
pub trait Rule {
    /// Seconds that an endpoint is left alone after a refusal, or after more failures than successes in a minute.
    const COOL_DOWN_S: Option<f64> = None;
    /// One of `candidates`.
    fn pick(&mut self, shared: &mut Shared, view: &mut View<'_>, candidates: &[usize]) -> usize;
    /// A first token came after `ttft`.
    fn observe(&mut self, _now: f64, _endpoint: usize, _ttft: f64) {}
    /// A send failed after `elapsed`.
    fn failed(&mut self, _now: f64, _endpoint: usize, _how: Failure, _elapsed: f64) {}
}

/// A policy made of a rule.
#[derive(Debug)]
pub struct Peer<R> {
    shared: Shared,
    rule: R,
}

impl<R: Rule> Peer<R> {
    /// For so many endpoints.
    #[must_use]
    pub fn new(endpoints: usize, dice: Dice, rule: R) -> Self {
        let shared = Shared {
            dice,
            in_flight: vec![0; endpoints],
            outcomes: vec![VecDeque::new(); endpoints],
            until: vec![0.0; endpoints],
        };
        Self { shared, rule }
    }
}

impl<R: Rule> Policy for Peer<R> {
    fn choose(&mut self, view: &mut View<'_>) -> Choice {
        let candidates = self.shared.candidates(view.now, &view.request.tried);
        Choice::Send(self.rule.pick(&mut self.shared, view, &candidates))
    }

    fn sent(&mut self, _view: &mut View<'_>, endpoint: usize, _attempt: usize) {
        self.shared.in_flight[endpoint] += 1;
    }

    fn first_token(&mut self, view: &mut View<'_>, seen: &FirstToken) {
        self.shared.note(view.now, seen.endpoint, true);
        self.rule.observe(view.now, seen.endpoint, seen.ttft);
    }

    fn finished(&mut self, _view: &mut View<'_>, endpoint: usize, _attempt: usize) {
        self.shared.in_flight[endpoint] -= 1;
    }

    fn cancelled(&mut self, _view: &mut View<'_>, endpoint: usize, _attempt: usize, _sent: f64) {
        self.shared.in_flight[endpoint] -= 1;
    }

    fn failed(
        &mut self,
        view: &mut View<'_>,
        endpoint: usize,
        _: usize,
        how: Failure,
        sent: f64,
        _retry_after: f64,
    ) {
        self.shared.in_flight[endpoint] -= 1;
        self.shared.note(view.now, endpoint, false);
        if let Some(cool_down) = R::COOL_DOWN_S {
            let outcomes = &self.shared.outcomes[endpoint];
            let good = outcomes.iter().filter(|(_, good)| *good).count();
            let mostly_bad = outcomes.len() >= 5 && good * 2 < outcomes.len();
            if how == Failure::RateLimited || mostly_bad {
                self.shared.until[endpoint] = view.now + cool_down;
            }
        }
        self.rule.failed(view.now, endpoint, how, view.now - sent);
    }
}
