//! The time until a call brings something, and how fast it writes. The first token of a stream and a whole answer differ
//! by the length of the answer, so each has a memory of its own.

use super::latency::{Estimate, Latency};
use super::moment::Moment;
use super::summary::{Sums, Times};
use super::waiting::Waiting;

/// Seconds after which two thirds of the measured speeds are forgotten, and how much must be left to speak of one.
const MEMORY: f64 = 300.0;
const KNOWN: f64 = 0.1;

/// How an answer comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Token by token.
    #[default]
    Streamed,
    /// All at once.
    Whole,
}

/// The times of one kind of calls, ended and still running.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    latency: Latency,
    waiting: Waiting,
    weight: f64,
    sum: f64,
    squares: f64,
    at: Moment,
}

/// Tokens per second, as a lognormal spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    mu: f64,
    variance: f64,
}

impl Speed {
    /// Tokens per second that all calls reach but those more than so many `deviations` below the middle.
    #[must_use]
    pub fn reached(&self, deviations: f64) -> f64 {
        (self.mu - deviations * self.variance.sqrt()).exp()
    }
}

/// Both kinds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paces {
    streamed: Pace,
    whole: Pace,
}

impl Paces {
    pub(crate) const fn of(&self, delivery: Delivery) -> &Pace {
        match delivery {
            Delivery::Streamed => &self.streamed,
            Delivery::Whole => &self.whole,
        }
    }

    pub(crate) const fn of_mut(&mut self, delivery: Delivery) -> &mut Pace {
        match delivery {
            Delivery::Streamed => &mut self.streamed,
            Delivery::Whole => &mut self.whole,
        }
    }

    /// Calls that brought nothing yet.
    pub(crate) const fn waiting(&self) -> u32 {
        self.streamed
            .waiting
            .total()
            .saturating_add(self.whole.waiting.total())
    }
}

impl Pace {
    pub(crate) fn sent(&mut self, now: Moment) {
        self.waiting.add(now);
    }

    /// A call that left at `sent` waits no more.
    pub(crate) fn came(&mut self, sent: Moment) {
        self.waiting.remove(sent);
    }

    pub(crate) fn record(&mut self, now: Moment, seconds: f64, weight: f64, in_flight: u32) {
        self.latency.record(now, seconds, weight, in_flight);
    }

    pub(crate) fn estimate(&self, now: Moment, told: &Times) -> Estimate {
        self.latency.estimate(now, &self.waiting, told)
    }

    pub(crate) fn is_measured(&self, now: Moment) -> bool {
        self.latency.is_measured(now)
    }

    /// An answer ended that took so many seconds for each token.
    pub(crate) fn wrote(&mut self, now: Moment, seconds: f64) {
        let kept = self.kept(now);
        let log = -seconds.clamp(1e-6, 1e3).ln();
        self.weight = self.weight * kept + 1.0;
        self.sum = self.sum * kept + log;
        self.squares = self.squares * kept + log * log;
        self.at = self.at.max(now);
    }

    fn kept(&self, now: Moment) -> f64 {
        (-now.since(self.at) / MEMORY).exp()
    }

    pub(crate) fn speed(&self, now: Moment, told: &Times) -> Option<Speed> {
        let (kept, told) = (self.kept(now), &told.speed);
        let weight = self.weight * kept + f64::from(told.weight);
        (weight > KNOWN).then(|| {
            let mu = (self.sum * kept + f64::from(told.sum)) / weight;
            let squares = (self.squares * kept + f64::from(told.squares)) / weight;
            Speed {
                mu,
                variance: (squares - mu * mu).max(0.0),
            }
        })
    }

    /// What others can be told of its own calls.
    pub(crate) fn summary(&self, now: Moment) -> Times {
        let kept = self.kept(now);
        let speed = Sums::of(self.weight * kept, self.sum * kept, self.squares * kept);
        Times {
            speed: speed.unwrap_or_default(),
            ..self.latency.summary(now)
        }
    }
}
