//! Times as Google writes them (`2026-02-17T04:28:18.088960Z`) and Unix seconds.

/// Unix seconds of a time in UTC, and whether it has no fraction.
pub(super) fn parse(text: &str) -> Option<(u64, bool)> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, whole) = match clock.split_once('.') {
        Some((clock, _)) => (clock, false),
        None => (clock, true),
    };
    let mut date = date.splitn(3, '-').map(|n| n.parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut clock = clock.splitn(3, ':').map(|n| n.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let real = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !real {
        return None;
    }
    // Counting years from March puts the leap day last.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some((days * 86_400 + hour * 3600 + minute * 60 + second, whole))
}

/// The time of Unix seconds.
pub(super) fn write(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let era_day = days % 146_097;
    let year_of_era = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
    let day_of_year = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = days / 146_097 * 400 + year_of_era + u64::from(month < 3);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times() {
        assert_eq!(parse("2023-11-14T22:13:20Z"), Some((1_700_000_000, true)));
        assert_eq!(parse("2023-11-14T22:13:20.5Z"), Some((1_700_000_000, false)));
        assert_eq!(write(951_782_400), "2000-02-29T00:00:00Z");
        for text in [
            "",
            "2023-13-14T22:13:20Z",
            "2023-11-14 22:13:20",
            "0000-00-00T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn times_read_back(seconds in 0u64..253_402_300_800) {
            prop_assert_eq!(parse(&write(seconds)), Some((seconds, true)));
        }
    }
}
