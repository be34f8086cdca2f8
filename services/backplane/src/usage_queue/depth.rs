//! How much lies in a usage queue, for metrics and alerts.

use std::time::Duration;

/// What a queue holds at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Entries not yet acknowledged.
    pub entries: u64,
    /// Of those, how many were handed out.
    pub pending: u64,
    /// Age of the oldest entry; `None` when the queue is empty. Clocks of two machines may make it zero.
    pub oldest: Option<Duration>,
}

/// Age at `now_millis` of a stream entry, whose id starts with its Unix time in milliseconds.
pub(super) fn entry_age(id: &str, now_millis: u64) -> Option<Duration> {
    let written: u64 = id.split_once('-')?.0.parse().ok()?;
    Some(Duration::from_millis(now_millis.saturating_sub(written)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_comes_from_the_time_in_the_id() {
        assert_eq!(entry_age("1000-7", 1_250), Some(Duration::from_millis(250)));
        assert_eq!(entry_age("1000-7", 900), Some(Duration::ZERO));
        assert_eq!(entry_age("later", 900), None);
    }
}
