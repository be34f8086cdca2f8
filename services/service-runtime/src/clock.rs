//! The only reader of the system clock. Code that needs time takes a [`Clock`], so that tests own the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the time comes from. Cheap to clone; clones of a manual clock share one time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clocks.
    System(SystemClock),
    /// A clock that moves only when told, for tests.
    Manual(ManualClock),
}

/// The machine's wall clock, and its monotonic clock counted from the creation of this value.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

/// A clock that moves only by [`ManualClock::advance`].
#[derive(Debug, Clone)]
pub struct ManualClock {
    start_micros: i64,
    now_micros: Arc<AtomicI64>,
}

impl ManualClock {
    /// Moves both the wall time and the monotonic time.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.now_micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::System(SystemClock {
            started: Instant::now(),
        })
    }

    /// A manual clock that starts at `unix_millis`, and the handle that moves it.
    #[must_use]
    pub fn manual(unix_millis: i64) -> (Self, ManualClock) {
        let start_micros = unix_millis.saturating_mul(1000);
        let clock = ManualClock {
            start_micros,
            now_micros: Arc::new(AtomicI64::new(start_micros)),
        };
        (Self::Manual(clock.clone()), clock)
    }

    /// Wall time in milliseconds since the Unix epoch. May jump; never used to measure a length of time.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        match self {
            Self::System(_) => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Self::Manual(clock) => clock.now_micros.load(Ordering::SeqCst) / 1000,
        }
    }

    /// Time since an arbitrary fixed point; never goes back. Subtract two readings to measure.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match self {
            Self::System(clock) => clock.started.elapsed(),
            Self::Manual(clock) => {
                let passed = clock.now_micros.load(Ordering::SeqCst) - clock.start_micros;
                Duration::from_micros(u64::try_from(passed).unwrap_or(0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told_and_for_all_its_clones() {
        let (clock, hand) = Clock::manual(1_000);
        let copy = clock.clone();
        assert_eq!((copy.now_millis(), copy.monotonic()), (1_000, Duration::ZERO));
        hand.advance(Duration::from_millis(250));
        assert_eq!(
            (copy.now_millis(), clock.monotonic()),
            (1_250, Duration::from_millis(250))
        );
    }

    #[test]
    fn the_system_clock_is_past_2024() {
        assert!(Clock::system().now_millis() > 1_704_067_200_000);
    }
}
