//! What workers could tell each other of an endpoint: sums, so that putting two together is adding them.
//!
//! Kept apart from what a worker saw itself: a worker decides well without it, and better with it.

use serde::{Deserialize, Serialize};

use super::latency::Estimate;

/// Seconds after which two thirds of what was told no longer count.
const MEMORY: f32 = 8.0;

/// Recent calls to one endpoint, as sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// First tokens, decayed.
    pub weight: f32,
    /// Sum of the logarithms of their seconds.
    pub sum: f32,
    /// Sum of the squares of those.
    pub squares: f32,
    /// Good ends, decayed.
    pub good: f32,
    /// Bad ends, decayed.
    pub bad: f32,
    /// Open calls.
    pub in_flight: u32,
}

impl Summary {
    /// Both together. The order of a fleet's summaries does not matter.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
            good: self.good + other.good,
            bad: self.bad + other.bad,
            in_flight: self.in_flight.saturating_add(other.in_flight),
        }
    }

    /// What is left of it after so many seconds. The open calls of a worker that fell silent fade with it.
    #[must_use]
    pub fn decayed(self, seconds: f32) -> Self {
        let kept = (-seconds.max(0.0) / MEMORY).exp();
        Self {
            weight: self.weight * kept,
            sum: self.sum * kept,
            squares: self.squares * kept,
            good: self.good * kept,
            bad: self.bad * kept,
            in_flight: (self.in_flight as f32 * kept) as u32,
        }
    }

    /// Whether it can be counted: it came from another process.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let counts = [self.weight, self.squares, self.good, self.bad];
        counts.iter().all(|it| it.is_finite() && *it >= 0.0) && self.sum.is_finite()
    }

    /// The time to the first token it speaks of; `None`: of too few calls.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        let (weight, sum, squares) = (
            f64::from(self.weight),
            f64::from(self.sum),
            f64::from(self.squares),
        );
        (self.is_sane() && weight > 3.0).then(|| {
            let mu = sum / weight;
            Estimate {
                mu,
                variance: (squares / weight - mu * mu).max(0.05),
                weight,
                busy: f64::from(self.in_flight),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::{Delivery, Health, Moment};

    /// A worker whose calls all got their first token at the same moment.
    fn told(seconds: &[f64]) -> Summary {
        let (start, end) = (Moment::default(), Moment::default().after(1.0));
        let mut health = Health::default();
        for it in seconds {
            let mut call = health.sent(start.after(1.0 - it), Delivery::Streamed, 0.0);
            health.first_token(end, &mut call);
            health.finished(end, call, 0);
        }
        health.summary(end)
    }

    proptest! {
        #[test]
        fn two_workers_know_what_one_would(times in prop::collection::vec(0.1_f64..0.9, 8..60), cut in 0_usize..60) {
            let cut = cut.min(times.len());
            let merged = told(&times[..cut]).merge(told(&times[cut..]));
            let mean = times.iter().map(|it| it.ln()).sum::<f64>() / times.len() as f64;
            let mu = merged.estimate().unwrap().mu;
            prop_assert!((mu - mean).abs() < 1e-3, "{} {}", mu, mean);
            prop_assert_eq!(merged, told(&times[cut..]).merge(told(&times[..cut])));
        }

        #[test]
        fn what_was_told_fades(times in prop::collection::vec(0.1_f64..0.9, 8..60), after in 0_f32..100.0) {
            let summary = told(&times);
            let later = summary.decayed(after);
            prop_assert!(later.weight <= summary.weight && later.is_sane());
            prop_assert!(summary.decayed(200.0).estimate().is_none());
        }
    }

    #[test]
    fn nonsense_from_another_process_says_nothing() {
        for broken in [f32::NAN, f32::INFINITY, -1.0] {
            let summary = Summary {
                weight: broken,
                ..told(&[0.2; 20])
            };
            assert!(summary.estimate().is_none());
        }
    }
}
