//! Between calendar times, in which rows and REST speak, and the milliseconds that workers and accounts are named by.

use sluicegate_contracts::time::UnixMillis;
use time::OffsetDateTime;

/// The instant as milliseconds, rounded down.
#[must_use]
pub fn millis(at: OffsetDateTime) -> UnixMillis {
    UnixMillis::new(i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX))
}

/// The calendar time; `None` for milliseconds that stand for "never", or lie beyond the calendar.
#[must_use]
pub fn calendar(at: UnixMillis) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.get()) * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_go_there_and_back_and_never_is_none() {
        let at = datetime!(2026-11-27 03:00:00.25 UTC);
        assert_eq!(calendar(millis(at)), Some(at));
        assert_eq!(millis(datetime!(1969-12-31 23:59:59.9995 UTC)).get(), -1);
        assert_eq!(calendar(UnixMillis::new(i64::MAX)), None);
    }
}
