//! Limits of single windows: what adjustments add to the limit of a budget, window by window, for everybody or for one share.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{Adjusted, AdjustedShare};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

/// Sums that are kept with a budget: of more windows than the hours in which the fast store may still hold an account,
/// unless somebody adjusts many shares in each.
const KEPT: usize = 256;

/// The adjusted windows of a budget, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AdjustedWindows(Vec<AdjustedWindow>);

/// What adjustments add to the limit of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AdjustedWindow {
    /// When it began.
    start: UnixMillis,
    /// Whose share; `None`: everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<String>,
    /// Their sum.
    by: NanoUsd,
}

impl AdjustedWindows {
    /// What is added to the limit of the window that began then, for this share.
    #[must_use]
    pub fn by(&self, start: UnixMillis, partition: Option<&str>) -> NanoUsd {
        let is_of = |window: &&AdjustedWindow| {
            window.start == start && (window.partition.is_none() || window.partition.as_deref() == partition)
        };
        self.0.iter().filter(is_of).map(|window| window.by).sum()
    }

    /// Most that may be spent in the window that began then, of this share. A limit that was lowered since leaves nothing,
    /// never less.
    #[must_use]
    pub fn limit(&self, limit: NanoUsd, start: UnixMillis, partition: Option<&str>) -> NanoUsd {
        let limit = limit.nanos().saturating_add(self.by(start, partition).nanos());
        NanoUsd::from_nanos(limit.clamp(0, NanoUsd::MAX.nanos()))
    }

    /// The largest limit that anybody has in the window that began then.
    #[must_use]
    pub fn largest(&self, limit: NanoUsd, start: UnixMillis) -> NanoUsd {
        let of_window = self.0.iter().filter(|window| window.start == start);
        let limits = of_window.map(|window| self.limit(limit, start, window.partition.as_deref()));
        limits.fold(self.limit(limit, start, None), NanoUsd::max)
    }

    /// The limit that the window that began then would have for this share, by so much more; `None` unless that is an
    /// amount above zero.
    #[must_use]
    pub fn limit_with(
        &self,
        limit: NanoUsd,
        start: UnixMillis,
        partition: Option<&str>,
        more: NanoUsd,
    ) -> Option<NanoUsd> {
        let by = self.by(start, partition).nanos().checked_add(more.nanos())?;
        let limit = limit.nanos().checked_add(by)?;
        (1..=NanoUsd::MAX.nanos())
            .contains(&limit)
            .then(|| NanoUsd::from_nanos(limit))
    }

    /// Adds to the limit of the window that began then, and forgets the oldest beyond those that are kept.
    pub fn add(&mut self, start: UnixMillis, partition: Option<&str>, more: NanoUsd) {
        let is_same =
            |window: &&mut AdjustedWindow| window.start == start && window.partition.as_deref() == partition;
        match self.0.iter_mut().find(is_same) {
            Some(window) => {
                window.by = NanoUsd::from_nanos(window.by.nanos().saturating_add(more.nanos()));
            }
            None => self.0.push(AdjustedWindow {
                start,
                partition: partition.map(str::to_owned),
                by: more,
            }),
        }
        self.0.sort_by_key(|window| window.start);
        let oldest = self.0.len().saturating_sub(KEPT);
        self.0.drain(..oldest);
    }

    /// The windows as workers need to know them, under a budget with this limit.
    #[must_use]
    pub fn published(&self, limit: NanoUsd) -> Vec<Adjusted> {
        let of_all = self.0.iter().filter(|window| window.partition.is_none());
        let periods = of_all.map(|window| Adjusted {
            start: window.start,
            limit: self.limit(limit, window.start, None),
        });
        periods.collect()
    }

    /// And the shares.
    #[must_use]
    pub fn published_shares(&self, limit: NanoUsd) -> Vec<AdjustedShare> {
        let shares = self.0.iter().filter_map(|window| {
            let partition = window.partition.clone()?;
            Some(AdjustedShare {
                start: window.start,
                limit: self.limit(limit, window.start, Some(&partition)),
                partition,
            })
        });
        shares.collect()
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
        windows.add(at(20), None, usd(5));
        windows.add(at(10), None, usd(-3));
        windows.add(at(20), None, usd(-1));
        let limit = |start| windows.limit(usd(10), at(start), None);
        assert_eq!([limit(10), limit(20), limit(30)], [usd(7), usd(14), usd(10)]);
        let published = windows.published(usd(10));
        let starts = published.iter().map(|one| (one.start.get(), one.limit));
        assert_eq!(starts.collect::<Vec<_>>(), [(10, usd(7)), (20, usd(14))]);
        assert_eq!(windows.limit(usd(2), at(10), None), usd(0), "lowered since");
    }

    #[test]
    fn a_limit_stays_an_amount_above_zero() {
        let mut windows = AdjustedWindows::default();
        windows.add(at(1), None, usd(-4));
        let with = |more| windows.limit_with(usd(10), at(1), None, more);
        assert_eq!(with(usd(-5)), Some(usd(1)));
        assert_eq!(with(usd(-6)), None);
        assert_eq!(with(NanoUsd::MAX), None);
        assert_eq!(with(NanoUsd::from_nanos(i64::MAX)), None);
    }

    #[test]
    fn the_latest_windows_are_kept() {
        let mut windows = AdjustedWindows::default();
        for start in 0..300 {
            windows.add(at(start), None, usd(1));
        }
        let by = |start| windows.by(at(start), None);
        assert_eq!([by(43), by(44), by(299)], [usd(0), usd(1), usd(1)]);
    }

    #[test]
    fn what_is_added_to_one_share_comes_on_top_of_what_all_get() {
        let mut windows = AdjustedWindows::default();
        windows.add(at(1), Some("ann"), usd(5));
        windows.add(at(1), None, usd(2));
        windows.add(at(1), Some("bob"), usd(-20));
        let limit = |share| windows.limit(usd(10), at(1), share);
        assert_eq!(limit(None), usd(12));
        assert_eq!(
            [limit(Some("ann")), limit(Some("bob")), limit(Some("eve"))],
            [usd(17), usd(0), usd(12)]
        );
        assert_eq!(windows.largest(usd(10), at(1)), usd(17));
        assert_eq!(windows.largest(usd(10), at(2)), usd(10));
        let published = windows.published(usd(10));
        assert_eq!((published.len(), published[0].limit), (1, usd(12)));
        let shares = windows.published_shares(usd(10)).into_iter();
        let shares: Vec<_> = shares.map(|share| (share.partition, share.limit)).collect();
        assert_eq!(shares, [("ann".to_owned(), usd(17)), ("bob".to_owned(), usd(0))]);
    }
}
