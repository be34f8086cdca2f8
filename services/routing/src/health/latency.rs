//! The time to the first token: how long it takes now, how much it varies, and what it was over the last minutes.
//!
//! Times are kept as logarithms, because they are spread like that. Two memories: a fast one that sees a change within
//! seconds, and a slow one that the fast one falls back to when little happened lately.

use super::moment::Moment;
use super::summary::{Sums, Times};
use super::waiting::Waiting;

/// Seconds after which the fast memory has forgotten two thirds.
const FAST: f64 = 8.0;
/// The same of the slow one.
const SLOW: f64 = 300.0;
/// Assumed of an endpoint nothing is known of: good enough to be tried.
const UNKNOWN: f64 = -1.2;
/// Quantile, in standard deviations, past which a call that still waits counts now.
const OVERDUE: f64 = 1.5;
/// How much longer, in the logarithm, an overdue call will have taken when it ends.
const YET_TO_COME: f64 = 0.8;
/// Weight of an overdue call: it says more than one that ended.
const OVERDUE_WEIGHT: f64 = 3.0;
/// Calls, weighted by age, below which a time counts as not known.
const MEASURED: f64 = 2.0;
/// Decays over less time than this are put off.
const PATIENCE: f64 = 0.05;

/// What is known of the time to the first token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latency {
    weight: f64,
    sum: f64,
    squares: f64,
    /// Calls in flight when it was measured, weighted alike.
    busy: f64,
    slow_weight: f64,
    slow_sum: f64,
    at: Moment,
}

/// A lognormal guess at the time to the first token of a call that would leave now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Mean of the logarithm of seconds.
    pub mu: f64,
    /// Its variance.
    pub variance: f64,
    /// How many recent calls it rests on.
    pub weight: f64,
    /// Calls in flight when they were measured.
    pub busy: f64,
}

impl Estimate {
    /// Expected seconds. The spread counts, but not all of it: its own estimate is rough.
    #[must_use]
    pub fn mean(&self) -> f64 {
        (self.mu + self.variance.min(0.5) / 2.0).min(4.0).exp()
    }

    /// Seconds that are exceeded by what lies `deviations` above the middle.
    #[must_use]
    pub fn quantile(&self, deviations: f64) -> f64 {
        (self.mu + deviations * self.variance.sqrt()).min(6.0).exp()
    }
}

impl Latency {
    fn decay(&mut self, now: Moment) {
        let passed = now.since(self.at);
        if passed < PATIENCE {
            return;
        }
        let (fast, slow) = ((-passed / FAST).exp(), (-passed / SLOW).exp());
        self.at = now;
        self.weight *= fast;
        self.sum *= fast;
        self.squares *= fast;
        self.busy *= fast;
        self.slow_weight *= slow;
        self.slow_sum *= slow;
    }

    /// A first token came after `seconds`, with `in_flight` calls open.
    pub(crate) fn record(&mut self, now: Moment, seconds: f64, weight: f64, in_flight: u32) {
        self.decay(now);
        let log = seconds.max(1e-3).ln();
        self.weight += weight;
        self.sum += weight * log;
        self.squares += weight * log * log;
        self.busy += weight * f64::from(in_flight);
        self.slow_weight += weight;
        self.slow_sum += weight * log;
    }

    /// Whether it rests on calls of the last minutes.
    pub(crate) fn is_measured(&self, now: Moment) -> bool {
        self.slow_weight * (-now.since(self.at) / SLOW).exp() > MEASURED
    }

    /// How it stands now, with what is overdue and what others `told` of their calls.
    pub(crate) fn estimate(&self, now: Moment, waiting: &Waiting, told: &Times) -> Estimate {
        let passed = now.since(self.at);
        let kept = if passed < PATIENCE {
            1.0
        } else {
            (-passed / FAST).exp()
        };
        let weight = self.weight * kept + f64::from(told.first.weight);
        let slow_weight = self.slow_weight + f64::from(told.usual.weight);
        let slow = if slow_weight > 0.5 {
            (self.slow_sum + f64::from(told.usual.sum)) / slow_weight
        } else {
            UNKNOWN
        };
        let (recent, squares) = self.recent(kept, &told.first).unwrap_or((slow, 0.0));
        let variance = if weight > 3.0 {
            (squares - recent * recent).max(0.05)
        } else {
            0.25
        };
        let mut mu = (recent * weight + slow) / (weight + 1.0);
        if waiting.total() > 0 {
            let (count, logs) = waiting.overdue(now, (mu + OVERDUE * variance.sqrt()).exp());
            let added = OVERDUE_WEIGHT * count;
            mu = (mu * (weight + 1.0) + OVERDUE_WEIGHT * (logs + YET_TO_COME * count))
                / (weight + 1.0 + added);
        }
        Estimate {
            mu,
            variance,
            weight,
            busy: if weight > 0.5 {
                (self.busy * kept + f64::from(told.busy)) / weight
            } else {
                0.0
            },
        }
    }

    /// Means of the logarithms and of their squares; `None`: nothing was measured lately.
    fn recent(&self, kept: f64, told: &Sums) -> Option<(f64, f64)> {
        let mean = |own: f64, others: f32| {
            if told.is_empty() {
                // The share that is kept falls out, and with it the question whether anything is.
                own / self.weight
            } else {
                (own * kept + f64::from(others)) / (self.weight * kept + f64::from(told.weight))
            }
        };
        let is_known = self.weight > 1e-6 || !told.is_empty();
        is_known.then(|| (mean(self.sum, told.sum), mean(self.squares, told.squares)))
    }

    /// What others can be told: of the last seconds, of the last minutes, and the open calls of the former.
    pub(crate) fn summary(&self, now: Moment) -> Times {
        let passed = now.since(self.at);
        let (fast, slow) = ((-passed / FAST).exp(), (-passed / SLOW).exp());
        let first = Sums::of(self.weight * fast, self.sum * fast, self.squares * fast);
        let usual = Sums::of(self.slow_weight * slow, self.slow_sum * slow, 0.0);
        Times {
            busy: first.map_or(0.0, |_| self.busy * fast) as f32,
            first: first.unwrap_or_default(),
            usual: usual.unwrap_or_default(),
            speed: Sums::default(),
        }
    }
}
