//! Windows of a budget: its periods as people see them, past ones included, although its schedule may have changed.

use sluicegate_contracts::config::Period;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::period::{OutOfRange, Schedule};

/// A period in which something was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentPeriod {
    /// When it began.
    pub start: UnixMillis,
    /// What was spent.
    pub settled: NanoUsd,
}

/// A schedule and since when it is, or was, in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Start of its first period.
    pub at: UnixMillis,
    /// When its periods begin.
    pub schedule: Schedule,
}

/// The window that began at `start`, by the schedule of that time: it ends early where the next schedule opened.
/// `None` when no schedule was in force then. `history` is ascending.
///
/// # Errors
/// [`OutOfRange`] when it leaves the calendar.
pub fn window(history: &[Opened], start: UnixMillis) -> Result<Option<Period>, OutOfRange> {
    let after = history.partition_point(|opened| opened.at <= start);
    let Some(opened) = after.checked_sub(1).and_then(|index| history.get(index)) else {
        return Ok(None);
    };
    let periods = opened.schedule.periods(opened.at, start, 1)?;
    let closed = history.get(after).map(|next| next.at);
    Ok(periods.first().map(|period| Period {
        start,
        end: closed.map_or(period.end, |closed| closed.min(period.end)),
    }))
}

/// The window that holds `at`; `None` before the first.
///
/// # Errors
/// [`OutOfRange`] when it leaves the calendar.
pub fn holding(history: &[Opened], at: UnixMillis) -> Result<Option<Period>, OutOfRange> {
    let after = history.partition_point(|opened| opened.at <= at);
    let Some(opened) = after.checked_sub(1).and_then(|index| history.get(index)) else {
        return Ok(None);
    };
    let periods = opened.schedule.periods(opened.at, at, 1)?;
    match periods.first() {
        Some(period) => window(history, period.start),
        None => Ok(None),
    }
}

/// The windows in which something was spent (newest first, all before `before`), headed by the `current` one unless the
/// page begins further back. Spending by an account that no schedule ever opened is left out.
///
/// # Errors
/// [`OutOfRange`] when one leaves the calendar.
pub fn listed(
    history: &[Opened],
    spent: &[SpentPeriod],
    current: Period,
    before: Option<UnixMillis>,
) -> Result<Vec<(Period, NanoUsd)>, OutOfRange> {
    let mut windows = Vec::with_capacity(spent.len() + 1);
    let has_current = spent.iter().any(|one| one.start == current.start);
    if before.is_none() && !has_current {
        windows.push((current, NanoUsd::ZERO));
    }
    for one in spent {
        if let Some(period) = window(history, one.start)? {
            windows.push((period, one.settled));
        }
    }
    // A worker whose clock is ahead may have spent on the next one.
    windows.sort_by_key(|(period, _)| std::cmp::Reverse(period.start));
    Ok(windows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_metering::period::{Anchor, Interval, Zone};

    const HOUR: i64 = 3_600_000;

    fn opened(at: i64, interval: Interval) -> Opened {
        Opened {
            at: UnixMillis::new(at),
            schedule: Schedule {
                interval,
                zone: Zone::named("UTC").unwrap(),
                anchor: Anchor::START,
            },
        }
    }

    #[test]
    fn a_window_ends_with_its_period_or_with_its_schedule() {
        let history = [
            opened(5 * HOUR, Interval::Day),
            opened(30 * HOUR, Interval::Lifetime),
        ];
        let end = |start| {
            let window = window(&history, UnixMillis::new(start)).unwrap();
            window.map(|window| window.end.get())
        };
        assert_eq!(end(4 * HOUR), None);
        assert_eq!(end(5 * HOUR), Some(24 * HOUR));
        assert_eq!(end(24 * HOUR), Some(30 * HOUR));
        assert_eq!(end(30 * HOUR), Some(i64::MAX));
    }
}
