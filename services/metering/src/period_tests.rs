//! Odd clocks by hand, and the laws of periods over many zones.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
];
const INTERVALS: [Interval; 4] = [Interval::Hour, Interval::Day, Interval::Week, Interval::Month];
const LONG_AGO: UnixMillis = UnixMillis::new(i64::MIN / 4);

fn millis(text: &str) -> UnixMillis {
    UnixMillis::new(text.parse::<Timestamp>().unwrap().as_millisecond())
}

fn schedule(interval: Interval, zone: &str, anchor: Anchor) -> Schedule {
    let zone = Zone::named(zone).unwrap();
    Schedule {
        interval,
        zone,
        anchor,
    }
}

/// Starts of the periods from the one that holds `now`, as text.
fn starts(interval: Interval, zone: &str, anchor: Anchor, now: &str, count: usize) -> Vec<String> {
    let periods = schedule(interval, zone, anchor).periods(LONG_AGO, millis(now), count);
    let text = |period: &Period| {
        Timestamp::from_millisecond(period.start.get())
            .unwrap()
            .to_string()
    };
    periods.unwrap().iter().map(text).collect()
}

fn days(zone: &str, now: &str, count: usize) -> Vec<String> {
    starts(Interval::Day, zone, Anchor::START, now, count)
}

#[test]
fn days_follow_the_clocks_of_their_zone() {
    let berlin = days("Europe/Berlin", "2026-03-28T12:00:00Z", 3);
    let expected = [
        "2026-03-27T23:00:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
    ];
    assert_eq!(berlin, expected);
}

#[test]
fn a_midnight_that_does_not_exist_moves_on() {
    // Brazil's clocks went from 23:59:59 to 01:00 in that night, Lebanon's as well.
    let sao_paulo = days("America/Sao_Paulo", "2018-11-03T12:00:00Z", 3);
    let expected = [
        "2018-11-03T03:00:00Z",
        "2018-11-04T03:00:00Z",
        "2018-11-05T02:00:00Z",
    ];
    assert_eq!(sao_paulo, expected);
    let beirut = days("Asia/Beirut", "2022-03-26T12:00:00Z", 3);
    let expected = [
        "2022-03-25T22:00:00Z",
        "2022-03-26T22:00:00Z",
        "2022-03-27T21:00:00Z",
    ];
    assert_eq!(beirut, expected);
}

#[test]
fn of_two_midnights_the_earlier_counts() {
    // Cuba sets its clocks from 01:00 back to 00:00.
    let early = "2025-11-02T04:30:00Z";
    let expected = ["2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"];
    assert_eq!(days("America/Havana", early, 2), expected);
    // An hour later it is 00:30 once more: still the same day.
    assert_eq!(days("America/Havana", "2025-11-02T05:30:00Z", 2), expected);
}

#[test]
fn a_day_that_a_zone_skips_is_no_period() {
    // Samoa had no 30 December 2011.
    let apia = days("Pacific/Apia", "2011-12-29T12:00:00Z", 3);
    let expected = [
        "2011-12-29T10:00:00Z",
        "2011-12-30T10:00:00Z",
        "2011-12-31T10:00:00Z",
    ];
    assert_eq!(apia, expected);
}

#[test]
fn hours_move_with_a_clock_that_jumps_by_half_of_one() {
    // Back: 02:00 becomes 01:30, so the hour from 01:00 lasts ninety minutes.
    let back = starts(
        Interval::Hour,
        "Australia/Lord_Howe",
        Anchor::START,
        "2026-04-04T14:10:00Z",
        3,
    );
    let expected = [
        "2026-04-04T14:00:00Z",
        "2026-04-04T15:30:00Z",
        "2026-04-04T16:30:00Z",
    ];
    assert_eq!(back, expected);
    // Forth: 02:00 becomes 02:30, so the hour from 02:00 has thirty minutes left.
    let forth = starts(
        Interval::Hour,
        "Australia/Lord_Howe",
        Anchor::START,
        "2026-10-03T14:40:00Z",
        3,
    );
    let expected = [
        "2026-10-03T14:30:00Z",
        "2026-10-03T15:30:00Z",
        "2026-10-03T16:00:00Z",
    ];
    assert_eq!(forth, expected);
}

#[test]
fn a_start_inside_a_repeated_hour_happens_once() {
    // 01:00 comes twice; when the clock shows 00:45 of no other day, the day has long begun.
    let anchor = Anchor::new(1, 1, 1).unwrap();
    let at = |now| starts(Interval::Day, "America/New_York", anchor, now, 2);
    let expected = ["2025-11-02T05:00:00Z", "2025-11-03T06:00:00Z"];
    assert_eq!(at("2025-11-02T05:30:00Z"), expected);
    assert_eq!(at("2025-11-02T06:30:00Z"), expected);
}

#[test]
fn months_end_where_they_end() {
    let anchor = Anchor::new(9, 1, 31).unwrap();
    let months = starts(Interval::Month, "UTC", anchor, "2028-02-10T00:00:00Z", 4);
    let expected = [
        "2028-01-31T09:00:00Z",
        "2028-02-29T09:00:00Z",
        "2028-03-31T09:00:00Z",
        "2028-04-30T09:00:00Z",
    ];
    assert_eq!(months, expected);
}

#[test]
fn weeks_begin_on_their_weekday() {
    let sunday = Anchor::new(18, 7, 1).unwrap();
    let weeks = starts(Interval::Week, "Asia/Kolkata", sunday, "2026-11-29T12:00:00Z", 2);
    assert_eq!(weeks, ["2026-11-22T12:30:00Z", "2026-11-29T12:30:00Z"]);
}

#[test]
fn a_schedule_that_opens_within_an_interval_begins_with_the_rest_of_it() {
    let daily = schedule(Interval::Day, "UTC", Anchor::START);
    let opened = millis("2026-11-27T15:00:00Z");
    let first = daily.periods(opened, opened, 2).unwrap();
    assert_eq!(first[0].start, opened);
    assert_eq!(first[0].end, millis("2026-11-28T00:00:00Z"));
    assert_eq!(first[1].start, first[0].end);
    assert_eq!(daily.periods(opened, opened.offset(-5_000), 2).unwrap(), first);
    let later = daily.periods(opened, millis("2026-11-28T01:00:00Z"), 1).unwrap();
    assert_eq!(later[0], first[1]);
}

#[test]
fn a_lifetime_has_no_end() {
    let opened = UnixMillis::new(7);
    let lifetime = schedule(Interval::Lifetime, "UTC", Anchor::START);
    let periods = lifetime.periods(opened, millis("2026-01-01T00:00:00Z"), PERIODS_AHEAD);
    let end = UnixMillis::new(i64::MAX);
    assert_eq!(periods, Ok(vec![Period { start: opened, end }]));
}

#[test]
fn the_ends_of_time_are_refused() {
    let monthly = schedule(Interval::Month, "Europe/Berlin", Anchor::START);
    for now in [i64::MIN, i64::MAX, 253_402_200_000_000] {
        let periods = monthly.periods(LONG_AGO, UnixMillis::new(now), PERIODS_AHEAD);
        assert_eq!(periods, Err(OutOfRange), "{now}");
    }
    assert_eq!(Zone::named("Mars/Olympus_Mons"), Err(UnknownZone));
    assert_eq!(Zone::named("europe/berlin").unwrap().name(), "Europe/Berlin");
    assert_eq!(Anchor::new(24, 1, 1), Err(AnchorError::Hour));
    assert_eq!(Anchor::new(0, 0, 1), Err(AnchorError::Weekday));
    assert_eq!(Anchor::new(0, 1, 32), Err(AnchorError::Day));
}

/// Instants from 1990 to 2050, where zones have moved most; half of them within two days of a transition.
fn instant() -> impl Strategy<Value = (usize, i64)> {
    let plain = 631_152_000_000_i64..2_524_608_000_000;
    let near = (
        0_usize..ZONES.len(),
        plain,
        -172_800_000_i64..172_800_000,
        any::<bool>(),
    );
    near.prop_map(|(zone, at, off, close)| {
        let rules = &Zone::named(ZONES[zone]).unwrap().rules;
        let from = Timestamp::from_millisecond(at).unwrap();
        let transition = rules.following(from).next().filter(|_| close);
        let at = transition.map_or(at, |transition| transition.timestamp().as_millisecond() + off);
        (zone, at)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn periods_are_ascending_without_gaps_and_hold_now(
        (zone, now) in instant(),
        interval in 0_usize..INTERVALS.len(),
        (hour, weekday, day) in (0_u8..24, 1_u8..8, 1_u8..32),
    ) {
        let schedule = schedule(INTERVALS[interval], ZONES[zone], Anchor::new(hour, weekday, day).unwrap());
        let periods = schedule.periods(LONG_AGO, UnixMillis::new(now), PERIODS_AHEAD).unwrap();
        prop_assert_eq!(periods.len(), PERIODS_AHEAD);
        prop_assert!(periods[0].start.get() <= now && now < periods[0].end.get());
        for (one, next) in periods.iter().zip(&periods[1..]) {
            prop_assert!(one.start < one.end);
            prop_assert_eq!(one.end, next.start);
        }
    }

    /// Whoever computes them later, from any instant within, finds the same.
    #[test]
    fn a_period_is_the_same_from_every_instant_in_it(
        (zone, now) in instant(),
        interval in 0_usize..INTERVALS.len(),
        (hour, weekday, day) in (0_u8..24, 1_u8..8, 1_u8..32),
        place in 0.0_f64..1.0,
    ) {
        let schedule = schedule(INTERVALS[interval], ZONES[zone], Anchor::new(hour, weekday, day).unwrap());
        let periods = schedule.periods(LONG_AGO, UnixMillis::new(now), 4).unwrap();
        for (index, period) in periods.iter().enumerate() {
            let length = period.end.get() - period.start.get();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any instant will do")]
            let within = period.start.offset((length as f64 * place) as i64);
            let again = schedule.periods(LONG_AGO, within, 1).unwrap();
            prop_assert_eq!(again[0], periods[index]);
        }
    }

    #[test]
    fn no_instant_panics(now: i64, opened: i64, zone in 0_usize..ZONES.len(), interval in 0_usize..INTERVALS.len()) {
        let schedule = schedule(INTERVALS[interval], ZONES[zone], Anchor::START);
        let _ = schedule.periods(UnixMillis::new(opened), UnixMillis::new(now), 3);
    }
}
