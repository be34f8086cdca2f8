//! Which usage may be asked for at once: range, grain and grouping, checked before the store is asked. Pure.

use time::{Duration, OffsetDateTime, Time};

use crate::error::Error;
use crate::error::{FieldError, Result};

/// Length of one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
}

impl Grain {
    /// The name in queries and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The longest range, in points: enough for a month of hours and two years of days.
    const fn max_points(self) -> i64 {
        match self {
            Self::Hour => 31 * 24,
            Self::Day => 731,
        }
    }

    const fn length(self) -> Duration {
        match self {
            Self::Hour => Duration::HOUR,
            Self::Day => Duration::DAY,
        }
    }

    /// Start of the point that holds `at`.
    #[must_use]
    pub fn floor(self, at: OffsetDateTime) -> OffsetDateTime {
        let at = at.to_offset(time::UtcOffset::UTC);
        let hour = match self {
            Self::Hour => at.hour(),
            Self::Day => 0,
        };
        at.replace_time(Time::from_hms(hour, 0, 0).unwrap_or(Time::MIDNIGHT))
    }
}

/// What makes a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// One series of everything.
    #[default]
    None,
    /// One per model that served.
    Model,
    /// One per key.
    Key,
}

/// A checked question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageQuery {
    /// Start of the first point.
    pub from: OffsetDateTime,
    /// End of the last point.
    pub to: OffsetDateTime,
    /// Length of a point.
    pub grain: Grain,
    /// What makes a series.
    pub group_by: GroupBy,
}

impl UsageQuery {
    /// Rounds the range outwards to whole points; absent ends mean the last day in hours, the last 30 days in days.
    ///
    /// # Errors
    /// When the range is empty or holds too many points.
    pub fn new(
        from: Option<OffsetDateTime>,
        to: Option<OffsetDateTime>,
        grain: Grain,
        group_by: GroupBy,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let to = to.unwrap_or(now);
        let end = grain.floor(to);
        let out_of_range = || Error::field("to", "out_of_range", "This time is outside of the calendar.");
        let to = if end == to {
            end
        } else {
            end.checked_add(grain.length()).ok_or_else(out_of_range)?
        };
        let usual = match grain {
            Grain::Hour => Duration::DAY,
            Grain::Day => Duration::days(30),
        };
        let from = from
            .map_or_else(|| to.checked_sub(usual), Some)
            .map(|from| grain.floor(from));
        let from = from.ok_or_else(out_of_range)?;
        if from >= to {
            return Err(Error::field(
                "from",
                "empty_range",
                "`from` must lie before `to`.",
            ));
        }
        if (to - from).whole_seconds() / grain.length().whole_seconds() > grain.max_points() {
            let detail = format!(
                "Ask for at most {} points of one {}.",
                grain.max_points(),
                grain.as_str()
            );
            return Err(Error::validation(vec![FieldError::new(
                "from",
                "range_too_long",
                detail,
            )]));
        }
        Ok(Self {
            from,
            to,
            grain,
            group_by,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-04 05:06:07 UTC);

    #[test]
    fn ranges_are_rounded_outwards() {
        let query = UsageQuery::new(None, None, Grain::Hour, GroupBy::None, NOW).unwrap();
        assert_eq!(
            (query.from, query.to),
            (datetime!(2026-03-03 06:00 UTC), datetime!(2026-03-04 06:00 UTC))
        );
        let from = datetime!(2026-03-01 23:30 -02:00);
        let query = UsageQuery::new(Some(from), Some(NOW), Grain::Day, GroupBy::Key, NOW).unwrap();
        assert_eq!(
            (query.from, query.to),
            (datetime!(2026-03-02 00:00 UTC), datetime!(2026-03-05 00:00 UTC))
        );
    }

    #[test]
    fn empty_and_endless_ranges_are_refused() {
        let ask = |from, to, grain| UsageQuery::new(Some(from), Some(to), grain, GroupBy::None, NOW);
        assert!(ask(NOW, datetime!(2026-03-04 05:00 UTC), Grain::Hour).is_err());
        assert!(ask(datetime!(2026-01-01 00:00 UTC), NOW, Grain::Hour).is_err());
        assert!(ask(datetime!(2020-01-01 00:00 UTC), NOW, Grain::Day).is_err());
        assert!(ask(NOW, datetime!(9999-12-31 23:59 UTC), Grain::Day).is_err());
    }
}
