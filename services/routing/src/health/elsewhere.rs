//! What other workers told of an endpoint, and how much of it counts by now. Kept apart from what is seen here, so that it
//! is never told on.

use super::moment::Moment;
use super::pace::Delivery;
use super::peers::Told;
use super::summary::{Evidence, Times};

/// The calls of others, as they were when it was last heard of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elsewhere {
    evidence: Evidence,
    at: Moment,
    used: Option<Moment>,
}

impl Elsewhere {
    pub(crate) const fn of(now: Moment, told: &Told) -> Self {
        Self {
            evidence: told.evidence,
            at: now,
            used: told.used,
        }
    }

    fn age(&self, now: Moment) -> f32 {
        now.since(self.at) as f32
    }

    /// Times of such calls.
    pub(crate) fn times(&self, now: Moment, delivery: Delivery) -> Times {
        let times = match delivery {
            Delivery::Streamed => self.evidence.streamed,
            Delivery::Whole => self.evidence.whole,
        };
        if times.is_empty() {
            times
        } else {
            times.aged(self.age(now))
        }
    }

    /// Good and bad ends.
    pub(crate) fn ends(&self, now: Moment) -> (f64, f64) {
        let (good, bad) = self.evidence.ends_after(self.age(now));
        (f64::from(good), f64::from(bad))
    }

    /// Open calls.
    pub(crate) fn in_flight(&self, now: Moment) -> f64 {
        f64::from(self.evidence.in_flight_after(self.age(now)))
    }

    /// When one of them last sent a call.
    pub(crate) const fn used(&self) -> Option<Moment> {
        self.used
    }
}
