//! When a webhook is told again, and when no more.

use time::{Duration, OffsetDateTime};

/// Pauses after failed attempts: an outage of a day is survived, and one that is over within seconds hardly noticed.
const PAUSES: [Duration; 7] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(10),
];
const GONE: u16 = 410;

/// Why the product switched a webhook off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// Its receiver answered that it is gone.
    Gone,
    /// An event failed as often as it is tried.
    GaveUp,
}

impl Disabled {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::GaveUp => "gave_up",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Gone, Self::GaveUp]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The receiver took the event.
    Delivered,
    /// It is tried again then.
    Retry(OffsetDateTime),
    /// It is not tried again, and the webhook is switched off.
    Disable(Disabled),
}

/// What follows the attempt with this number, counted from one, which the receiver answered with `status` or not at all.
#[must_use]
pub fn next(attempt: usize, status: Option<u16>, now: OffsetDateTime) -> Next {
    match status {
        Some(200..=299) => return Next::Delivered,
        Some(GONE) => return Next::Disable(Disabled::Gone),
        Some(_) | None => {}
    }
    let pause = attempt.checked_sub(1).and_then(|failed| PAUSES.get(failed));
    pause.map_or(Next::Disable(Disabled::GaveUp), |pause| {
        Next::Retry(now.saturating_add(*pause))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn an_event_is_tried_eight_times_with_growing_pauses() {
        let pauses = (1..=8).map(|attempt| match next(attempt, None, NOW) {
            Next::Retry(at) => Some((at - NOW).whole_seconds()),
            Next::Disable(Disabled::GaveUp) => None,
            Next::Delivered | Next::Disable(Disabled::Gone) => panic!("attempt {attempt}"),
        });
        let hours = |hours: i64| Some(hours * 3_600);
        let expected = [
            Some(5),
            Some(300),
            Some(1_800),
            hours(2),
            hours(5),
            hours(10),
            hours(10),
            None,
        ];
        assert_eq!(pauses.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn any_success_is_taken_a_redirect_is_none_and_what_is_gone_is_left_alone() {
        assert_eq!(next(1, Some(204), NOW), Next::Delivered);
        assert_eq!(next(8, Some(200), NOW), Next::Delivered);
        assert!(matches!(next(1, Some(302), NOW), Next::Retry(_)));
        assert!(matches!(next(1, Some(500), NOW), Next::Retry(_)));
        assert_eq!(next(1, Some(410), NOW), Next::Disable(Disabled::Gone));
    }

    #[test]
    fn reasons_are_read_as_they_are_written() {
        for reason in [Disabled::Gone, Disabled::GaveUp] {
            assert_eq!(Disabled::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(Disabled::parse("tired"), None);
    }
}
