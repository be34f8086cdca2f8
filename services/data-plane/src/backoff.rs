//! Jittered exponential back-off for background loops. Randomness is an argument.

use std::time::Duration;

/// Doubles from `first` to `longest`; each wait is drawn between half of that and all of it, so that workers that lost
/// the same service do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    current: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            current: first,
        }
    }

    /// The next wait. `draw` is uniform in 0..1.
    pub(crate) fn next(&mut self, draw: f64) -> Duration {
        let wait = self.current.mul_f64(0.5 + 0.5 * draw.clamp(0.0, 1.0));
        self.current = self.current.saturating_mul(2).min(self.longest);
        wait
    }

    /// Something succeeded: begin anew.
    pub(crate) fn reset(&mut self) {
        self.current = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(300));
        let waits = [
            backoff.next(1.0),
            backoff.next(0.0),
            backoff.next(1.0),
            backoff.next(1.0),
        ];
        assert_eq!(waits.map(|wait| wait.as_millis()), [100, 100, 300, 300]);
        backoff.reset();
        assert_eq!(backoff.next(1.0).as_millis(), 100);
    }
}
