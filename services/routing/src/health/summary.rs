//! What a worker tells others of an endpoint: what it saw itself, and nothing that it was told. Sums of decayed evidence, so
//! that putting two together is adding them. It comes from another process, so [`Summary::is_sane`] is asked before anything.

use serde::{Deserialize, Serialize};

use super::quota::Limits;

/// Seconds after which two thirds no longer count, of what is forgotten soon and of what is kept for minutes.
const FAST: f32 = 8.0;
const SLOW: f32 = 300.0;
/// The same of how calls ended.
const OUTCOMES: f32 = 20.0;
/// Fewer calls than this are none.
const LEAST: f64 = 0.01;
/// More than any worker sees or would claim: beyond these a number is a mistake, or meant to harm.
const MOST_CALLS: f32 = 1e6;
const LARGEST_LOG: f32 = 25.0;
/// The longest that a provider keeps us away, and that a breaker stays open, in seconds.
const LONGEST: f32 = 3_600.0;
const LONGEST_OPEN: f32 = 12.0;
/// Seconds after which nobody needs to hear what a rate limit had left: most are counted by the minute.
const OLD: f32 = 60.0;

/// Measurements, as sums of their logarithms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// How many there are, decayed.
    pub weight: f32,
    /// Sum of them.
    pub sum: f32,
    /// Sum of their squares.
    pub squares: f32,
}

impl Sums {
    /// `None` of what hardly counts any more: what is left of it is rounding.
    pub(super) fn of(weight: f64, sum: f64, squares: f64) -> Option<Self> {
        (weight > LEAST).then_some(Self {
            weight: weight as f32,
            sum: sum as f32,
            squares: squares as f32,
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    fn times(self, share: f32) -> Self {
        Self {
            weight: self.weight * share,
            sum: self.sum * share,
            squares: self.squares * share,
        }
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weight <= 0.0
    }

    fn is_sane(&self) -> bool {
        let most = self.weight * LARGEST_LOG;
        is_count(self.weight)
            && self.sum.is_finite()
            && self.sum.abs() <= most
            && (0.0..=most * LARGEST_LOG).contains(&self.squares)
    }
}

/// How calls of one kind fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// Seconds until something came, lately.
    #[serde(skip_serializing_if = "Sums::is_empty")]
    pub first: Sums,
    /// The same over minutes.
    #[serde(skip_serializing_if = "Sums::is_empty")]
    pub usual: Sums,
    /// Open calls when those of `first` were measured, weighted alike.
    pub busy: f32,
    /// Tokens a second.
    #[serde(skip_serializing_if = "Sums::is_empty")]
    pub speed: Sums,
}

impl Times {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty() && self.usual.is_empty() && self.speed.is_empty()
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            first: self.first.plus(other.first),
            usual: self.usual.plus(other.usual),
            busy: self.busy + other.busy,
            speed: self.speed.plus(other.speed),
        }
    }

    pub(super) fn aged(self, seconds: f32) -> Self {
        let (fast, slow) = (kept(seconds, FAST), kept(seconds, SLOW));
        Self {
            first: self.first.times(fast),
            usual: self.usual.times(slow),
            busy: self.busy * fast,
            speed: self.speed.times(slow),
        }
    }

    /// As much of it as weighs at most so many calls.
    pub(super) fn at_most(self, calls: f32) -> Self {
        let first = share(self.first.weight, calls);
        Self {
            first: self.first.times(first),
            usual: self.usual.times(share(self.usual.weight, calls)),
            busy: self.busy * first,
            speed: self.speed.times(share(self.speed.weight, calls)),
        }
    }

    fn is_sane(&self) -> bool {
        let sums = [self.first, self.usual, self.speed];
        sums.iter().all(Sums::is_sane) && (0.0..=self.first.weight * MOST_CALLS).contains(&self.busy)
    }
}

/// What one worker saw of one endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Calls that stream.
    #[serde(skip_serializing_if = "Times::is_empty")]
    pub streamed: Times,
    /// Calls whose answer comes whole.
    #[serde(skip_serializing_if = "Times::is_empty")]
    pub whole: Times,
    /// Good ends, decayed.
    pub good: f32,
    /// Bad ends, decayed.
    pub bad: f32,
    /// Open calls.
    pub in_flight: u32,
    /// Seconds until the provider, which refused a call for its rate, wants to be called again.
    pub cooling: f32,
    /// Seconds for which its breaker stays open.
    pub broken: f32,
    /// Seconds since a call was last sent to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<f32>,
    /// What its rate limits had left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsTold>,
}

/// Rate limits as headers told them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LimitsTold {
    /// How many seconds ago.
    pub age: f32,
    /// What they said.
    pub limits: Limits,
}

impl LimitsTold {
    /// Whether the provider's word is from lately enough to matter.
    pub(super) fn counts(&self) -> bool {
        self.age < OLD
    }
}

impl Summary {
    /// Whether it can be counted: everything is a number, and one that a worker could have seen.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let counts = [self.good, self.bad, self.in_flight as f32];
        let limits = |told: &LimitsTold| (0.0..=LONGEST).contains(&told.age);
        self.streamed.is_sane()
            && self.whole.is_sane()
            && counts.into_iter().all(is_count)
            && (0.0..=LONGEST).contains(&self.cooling)
            && (0.0..=LONGEST_OPEN).contains(&self.broken)
            && self.idle.is_none_or(is_count)
            && self.limits.as_ref().is_none_or(limits)
    }

    /// Whether it says anything.
    #[must_use]
    pub fn says_something(&self) -> bool {
        let evidence = self.good + self.bad + self.streamed.first.weight + self.whole.first.weight;
        evidence > 0.05 || self.in_flight > 0 || self.is_kept_away_from()
    }

    /// Whether the endpoint is left alone for a time.
    #[must_use]
    pub fn is_kept_away_from(&self) -> bool {
        self.cooling > 0.0 || self.broken > 0.0
    }
}

/// Evidence of calls that others sent, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    pub(super) streamed: Times,
    pub(super) whole: Times,
    pub(super) good: f32,
    pub(super) bad: f32,
    pub(super) in_flight: f32,
}

impl Evidence {
    pub(super) const fn of(summary: &Summary) -> Self {
        Self {
            streamed: summary.streamed,
            whole: summary.whole,
            good: summary.good,
            bad: summary.bad,
            in_flight: summary.in_flight as f32,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            streamed: self.streamed.plus(other.streamed),
            whole: self.whole.plus(other.whole),
            good: self.good + other.good,
            bad: self.bad + other.bad,
            in_flight: self.in_flight + other.in_flight,
        }
    }

    /// What is left of it after so many seconds. The open calls of a worker that fell silent fade with the rest.
    pub(super) fn aged(self, seconds: f32) -> Self {
        let (good, bad) = self.ends_after(seconds);
        Self {
            streamed: self.streamed.aged(seconds),
            whole: self.whole.aged(seconds),
            good,
            bad,
            in_flight: self.in_flight_after(seconds),
        }
    }

    /// Good and bad ends that still count after so many seconds.
    pub(super) fn ends_after(&self, seconds: f32) -> (f32, f32) {
        if self.good + self.bad <= 0.0 {
            return (0.0, 0.0);
        }
        let kept = kept(seconds, OUTCOMES);
        (self.good * kept, self.bad * kept)
    }

    /// Open calls that still count after so many seconds.
    pub(super) fn in_flight_after(&self, seconds: f32) -> f32 {
        if self.in_flight <= 0.0 {
            return 0.0;
        }
        self.in_flight * kept(seconds, FAST)
    }

    /// As much of it as weighs at most so many calls, of each kind.
    pub(super) fn at_most(self, calls: f32) -> Self {
        let ends = share(self.good + self.bad, calls);
        Self {
            streamed: self.streamed.at_most(calls),
            whole: self.whole.at_most(calls),
            good: self.good * ends,
            bad: self.bad * ends,
            in_flight: self.in_flight,
        }
    }

    /// How many calls it rests on, of each kind: streamed, whole, ended.
    #[must_use]
    pub fn weights(&self) -> [f32; 3] {
        [
            self.streamed.first.weight,
            self.whole.first.weight,
            self.good + self.bad,
        ]
    }
}

fn is_count(number: f32) -> bool {
    (0.0..=MOST_CALLS).contains(&number)
}

fn kept(seconds: f32, memory: f32) -> f32 {
    (-seconds.max(0.0) / memory).exp()
}

fn share(weight: f32, most: f32) -> f32 {
    if weight > most { most / weight } else { 1.0 }
}
