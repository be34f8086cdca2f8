//! The one limit that the account API shows of a key: the oldest hard budget over exactly this key whose periods it has
//! a word for.

use sluicegate_contracts::config::{BudgetScope, Enforcement, Status};
use sluicegate_contracts::ids::ApiKeyId;
use sluicegate_metering::period::Interval;
use time::{Date, Duration, OffsetDateTime, Time};

use super::budget_draft::Terms;

/// Beginnings of the current day, week and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// Of the day.
    pub day: OffsetDateTime,
    /// Of the week.
    pub week: OffsetDateTime,
    /// Of the month.
    pub month: OffsetDateTime,
}

/// When a limit starts afresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitReset {
    /// At midnight.
    Daily,
    /// On Mondays.
    Weekly,
    /// On the first.
    Monthly,
}

impl LimitReset {
    /// The length of a budget's periods; a limit that never starts afresh is for a lifetime.
    #[must_use]
    pub const fn interval(reset: Option<Self>) -> Interval {
        match reset {
            Some(Self::Daily) => Interval::Day,
            Some(Self::Weekly) => Interval::Week,
            Some(Self::Monthly) => Interval::Month,
            None => Interval::Lifetime,
        }
    }

    /// The word for periods of this length. Of an hour there is none.
    #[must_use]
    pub const fn of(interval: Interval) -> Option<Self> {
        match interval {
            Interval::Day => Some(Self::Daily),
            Interval::Week => Some(Self::Weekly),
            Interval::Month => Some(Self::Monthly),
            Interval::Hour | Interval::Lifetime => None,
        }
    }
}

/// Whether a budget can be shown as the cap of `key`.
#[must_use]
pub fn is_cap(key: ApiKeyId, scope: &BudgetScope, terms: &Terms, status: Status) -> bool {
    let exactly = BudgetScope {
        project: scope.project,
        api_key: Some(key),
        ..BudgetScope::default()
    };
    *scope == exactly
        && status == Status::Active
        && terms.enforcement == Enforcement::Hard
        && terms.schedule.interval != Interval::Hour
}

/// When the UTC day, week (from Monday) and month began that hold `now`.
#[must_use]
pub fn current(now: OffsetDateTime) -> Since {
    let today = now.to_offset(time::UtcOffset::UTC).date();
    let midnight = |date: Date| date.with_time(Time::MIDNIGHT).assume_utc();
    let monday = Duration::days(i64::from(today.weekday().number_days_from_monday()));
    Since {
        day: midnight(today),
        week: midnight(today.checked_sub(monday).unwrap_or(today)),
        month: midnight(today.replace_day(1).unwrap_or(today)),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let since = current(datetime!(2026-03-01 01:30 +02:00));
        assert_eq!(since.day, datetime!(2026-02-28 00:00 UTC));
        assert_eq!(since.week, datetime!(2026-02-23 00:00 UTC));
        assert_eq!(since.month, datetime!(2026-02-01 00:00 UTC));
    }

    #[test]
    fn every_word_has_its_interval_and_back() {
        for reset in [LimitReset::Daily, LimitReset::Weekly, LimitReset::Monthly] {
            assert_eq!(LimitReset::of(LimitReset::interval(Some(reset))), Some(reset));
        }
        assert_eq!(LimitReset::of(LimitReset::interval(None)), None);
    }
}
