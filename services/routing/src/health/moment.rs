//! Points on a clock that only goes forward. The clock is the caller's; where it starts does not matter.

use std::time::Duration;

/// Microseconds since some start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Wraps microseconds since the start of the clock.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// This moment, `seconds` later; what is no number, or passes the end of the clock, stays within it.
    #[must_use]
    pub fn after(self, seconds: f64) -> Self {
        Self(self.0.saturating_add((seconds * 1e6) as u64))
    }

    /// This moment, `seconds` earlier; not before the start of the clock.
    #[must_use]
    pub fn before(self, seconds: f64) -> Self {
        Self(self.0.saturating_sub((seconds * 1e6) as u64))
    }

    /// Seconds since `earlier`; 0 when that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }

    /// How long until this moment; zero when it is past.
    #[must_use]
    pub const fn wait(self, now: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(now.0))
    }

    /// Microseconds since the start.
    pub(crate) const fn micros(self) -> u64 {
        self.0
    }
}
