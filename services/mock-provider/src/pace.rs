//! How long a model takes and how many calls it lets through: times drawn anew for each call, and a bucket that refills.

use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::text::mix;

/// Other uses of a call's number than the draw of its fault.
const SPREAD: [u64; 2] = [0x7370_7265_6164, 0x7370_7265_6165];

/// A lognormal wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Half of the calls wait less.
    pub median_ms: u64,
    /// Standard deviation of the logarithm, in hundredths.
    #[serde(default)]
    pub spread_percent: u32,
}

impl Latency {
    /// The wait of call number `call`.
    pub fn of(&self, seed: u64, call: u64) -> Duration {
        let unit = |label| ((mix(mix(seed, label), call) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let [one, two] = SPREAD.map(unit);
        let normal = (-2.0 * one.ln()).sqrt() * (TAU * two).cos();
        let factor = (f64::from(self.spread_percent) / 100.0 * normal).exp();
        Duration::from_millis(self.median_ms).mul_f64(factor)
    }
}

/// Calls that are let through; the rest is refused with 429 and told when to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// What comes back each minute.
    pub requests_per_minute: u32,
    /// What the full bucket holds.
    pub burst: u32,
}

/// The bucket of a limit.
#[derive(Debug)]
pub(crate) struct Bucket {
    left: f64,
    at: Instant,
}

/// What an answer tells of the limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) most: u32,
    pub(crate) left: u32,
    /// Until the bucket is full.
    pub(crate) full_in: Duration,
    /// Set: the call is refused, and may come again after this.
    pub(crate) refused_for: Option<Duration>,
}

impl Bucket {
    /// Full.
    pub(crate) fn new(limit: RateLimit, now: Instant) -> Self {
        Self {
            left: f64::from(limit.burst),
            at: now,
        }
    }

    /// Takes a call in, or refuses it.
    pub(crate) fn take(&mut self, limit: RateLimit, now: Instant) -> Allowance {
        let (most, per_second) = (
            f64::from(limit.burst),
            f64::from(limit.requests_per_minute) / 60.0,
        );
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * per_second).min(most);
        let wait = |missing: f64| Duration::from_secs_f64((missing / per_second.max(1e-3)).min(3_600.0));
        let refused_for = (self.left < 1.0).then(|| wait(1.0 - self.left));
        if refused_for.is_none() {
            self.left -= 1.0;
        }
        Allowance {
            most: limit.burst,
            left: self.left as u32,
            full_in: wait(most - self.left),
            refused_for,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_calls_wait_less_than_the_median_and_the_spread_is_as_told() {
        let latency = Latency {
            median_ms: 400,
            spread_percent: 50,
        };
        let logs: Vec<f64> = (0..10_000)
            .map(|call| latency.of(7, call).as_secs_f64().ln())
            .collect();
        let mean = logs.iter().sum::<f64>() / 10_000.0;
        let deviation = (logs.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 10_000.0).sqrt();
        assert!((mean - 0.4_f64.ln()).abs() < 0.02, "{mean}");
        assert!((deviation - 0.5).abs() < 0.02, "{deviation}");
        assert_eq!(latency.of(7, 3), latency.of(7, 3));
    }

    #[test]
    fn a_bucket_lets_through_what_comes_back_and_says_when() {
        let limit = RateLimit {
            requests_per_minute: 60,
            burst: 2,
        };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs_f64(seconds);
        let mut bucket = Bucket::new(limit, start);
        assert!((0..2).all(|_| bucket.take(limit, start).refused_for.is_none()));
        let refused = bucket.take(limit, at(0.25));
        assert_eq!(refused.refused_for, Some(Duration::from_millis(750)));
        assert_eq!((refused.most, refused.left), (2, 0));
        assert!(bucket.take(limit, at(1.0)).refused_for.is_none());
    }
}
