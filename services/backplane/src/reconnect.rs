//! How long to wait before the next connection attempt: doubling from 100 ms to 10 s, jittered so that a fleet does
//! not return as one herd. Used by all real backplanes; the clock and the randomness are arguments.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
/// What most connections wait at most.
pub(crate) const LONGEST: Duration = Duration::from_secs(10);

/// Consecutive failures, and the delay they ask for.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST)
    }
}

impl Backoff {
    /// No failures yet; delays grow up to `longest`.
    pub(crate) fn up_to(longest: Duration) -> Self {
        Self { failures: 0, longest }
    }

    /// Notes a failure and tells how long to wait; `random` is uniform in `0.0..1.0`. The delay lies in the upper
    /// half of the current step, so that it neither bunches up nor falls to nothing.
    pub(crate) fn after_failure(&mut self, random: f64) -> Duration {
        let step = FIRST.saturating_mul(1 << self.failures.min(16)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        step.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// Forgets the failures.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Keeps an on-demand connection from being tried again before its delay has passed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    backoff: Backoff,
    not_before: Option<Instant>,
}

/// A connection attempt came before its time.
#[derive(Debug, thiserror::Error)]
#[error("waiting before the next connection attempt")]
pub(crate) struct TooEarly;

impl Gate {
    /// Open; later delays grow up to `longest`.
    pub(crate) fn new(longest: Duration) -> Self {
        Self {
            backoff: Backoff::up_to(longest),
            not_before: None,
        }
    }

    /// Whether a connection may be tried at `now`.
    pub(crate) fn pass(&self, now: Instant) -> Result<(), TooEarly> {
        match self.not_before {
            Some(not_before) if now < not_before => Err(TooEarly),
            Some(_) | None => Ok(()),
        }
    }

    /// Notes that the attempt at `now` failed.
    pub(crate) fn failed(&mut self, now: Instant, random: f64) {
        self.not_before = now.checked_add(self.backoff.after_failure(random));
    }

    /// Notes that the attempt succeeded.
    pub(crate) fn succeeded(&mut self) {
        self.backoff.reset();
        self.not_before = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_start_over() {
        let mut backoff = Backoff::default();
        let longest: Vec<_> = (0..9).map(|_| backoff.after_failure(1.0).as_millis()).collect();
        assert_eq!(longest, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.after_failure(0.0), Duration::from_millis(50));
    }

    #[test]
    fn a_long_outage_never_overflows() {
        let longest = Duration::from_secs(1);
        let mut backoff = Backoff {
            failures: u32::MAX,
            longest,
        };
        assert_eq!(backoff.after_failure(1.0), longest);
    }

    #[test]
    fn a_gate_holds_back_until_the_delay_has_passed() {
        let (mut gate, start) = (Gate::new(LONGEST), Instant::now());
        assert!(gate.pass(start).is_ok());
        gate.failed(start, 1.0);
        assert!(gate.pass(start + Duration::from_millis(99)).is_err());
        assert!(gate.pass(start + Duration::from_millis(100)).is_ok());
        gate.failed(start, 1.0);
        gate.succeeded();
        assert!(gate.pass(start).is_ok());
    }
}
