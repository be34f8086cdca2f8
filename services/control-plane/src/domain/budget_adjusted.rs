//! Limits of single windows: what adjustments add to the limit of a budget, window by window.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::Adjusted;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

/// Adjusted windows that are kept with a budget: more than the hours in which the fast store may still hold an account.
const WINDOWS: usize = 64;

/// The adjusted windows of a budget, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AdjustedWindows(Vec<AdjustedWindow>);

/// What adjustments add to the limit of one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct AdjustedWindow {
    /// When it began.
    start: UnixMillis,
    /// Their sum.
    by: NanoUsd,
}

impl AdjustedWindows {
    /// What is added to the limit of the window that began then.
    #[must_use]
    pub fn by(&self, start: UnixMillis) -> NanoUsd {
        let window = self.0.iter().find(|window| window.start == start);
        window.map_or(NanoUsd::ZERO, |window| window.by)
    }

    /// Most that may be spent in the window that began then. A limit that was lowered since leaves nothing, never less.
    #[must_use]
    pub fn limit(&self, limit: NanoUsd, start: UnixMillis) -> NanoUsd {
        let limit = limit.nanos().saturating_add(self.by(start).nanos());
        NanoUsd::from_nanos(limit.clamp(0, NanoUsd::MAX.nanos()))
    }

    /// The limit that the window that began then would have, by so much more; `None` unless that is an amount above zero.
    #[must_use]
    pub fn limit_with(&self, limit: NanoUsd, start: UnixMillis, more: NanoUsd) -> Option<NanoUsd> {
        let by = self.by(start).nanos().checked_add(more.nanos())?;
        let limit = limit.nanos().checked_add(by)?;
        (1..=NanoUsd::MAX.nanos())
            .contains(&limit)
            .then(|| NanoUsd::from_nanos(limit))
    }

    /// Adds to the limit of the window that began then, and forgets the oldest beyond those that are kept.
    pub fn add(&mut self, start: UnixMillis, more: NanoUsd) {
        match self.0.iter_mut().find(|window| window.start == start) {
            Some(window) => {
                window.by = NanoUsd::from_nanos(window.by.nanos().saturating_add(more.nanos()));
            }
            None => self.0.push(AdjustedWindow { start, by: more }),
        }
        self.0.sort_unstable_by_key(|window| window.start);
        let oldest = self.0.len().saturating_sub(WINDOWS);
        self.0.drain(..oldest);
    }

    /// As workers need to know them, under a budget with this limit.
    #[must_use]
    pub fn published(&self, limit: NanoUsd) -> Vec<Adjusted> {
        let periods = self.0.iter().map(|window| Adjusted {
            start: window.start,
            limit: self.limit(limit, window.start),
        });
        periods.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn usd(dollars: i64) -> NanoUsd {
        NanoUsd::from_nanos(dollars * 1_000_000_000)
    }

    const fn at(start: i64) -> UnixMillis {
        UnixMillis::new(start)
    }

    #[test]
    fn adjustments_of_a_window_add_up_and_leave_the_others_alone() {
        let mut windows = AdjustedWindows::default();
        windows.add(at(20), usd(5));
        windows.add(at(10), usd(-3));
        windows.add(at(20), usd(-1));
        let limit = |start| windows.limit(usd(10), at(start));
        assert_eq!([limit(10), limit(20), limit(30)], [usd(7), usd(14), usd(10)]);
        let published = windows.published(usd(10));
        let starts = published.iter().map(|one| (one.start.get(), one.limit));
        assert_eq!(starts.collect::<Vec<_>>(), [(10, usd(7)), (20, usd(14))]);
        assert_eq!(windows.limit(usd(2), at(10)), usd(0), "lowered since");
    }

    #[test]
    fn a_limit_stays_an_amount_above_zero() {
        let mut windows = AdjustedWindows::default();
        windows.add(at(1), usd(-4));
        let with = |more| windows.limit_with(usd(10), at(1), more);
        assert_eq!(with(usd(-5)), Some(usd(1)));
        assert_eq!(with(usd(-6)), None);
        assert_eq!(with(NanoUsd::MAX), None);
        assert_eq!(with(NanoUsd::from_nanos(i64::MAX)), None);
    }

    #[test]
    fn the_latest_windows_are_kept() {
        let mut windows = AdjustedWindows::default();
        for start in 0..100 {
            windows.add(at(start), usd(1));
        }
        assert_eq!(
            [windows.by(at(35)), windows.by(at(36)), windows.by(at(99))],
            [usd(0), usd(1), usd(1)]
        );
    }
}
