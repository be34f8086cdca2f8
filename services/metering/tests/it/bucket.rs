//! A bucket never lets through more than its burst and the refill, in any stretch of time, and drifts by nothing.

use proptest::prelude::*;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::{Bucket, Rate};

const fn at(ms: i64) -> UnixMillis {
    UnixMillis::new(ms)
}

prop_compose! {
    fn rate()(amount in 1..5_000_u64, per_ms in 1..100_000_u64, burst in 1..5_000_u64) -> Rate {
        Rate::new(amount, per_ms, burst).unwrap()
    }
}

/// Waits and wishes.
fn visits() -> impl Strategy<Value = Vec<(i64, u64)>> {
    prop::collection::vec((0..20_000_i64, 0..400_u64), 1..80)
}

proptest! {
    #[test]
    fn no_stretch_of_time_gets_more_than_burst_and_refill(rate in rate(), visits in visits()) {
        let mut bucket = Bucket::full(&rate, at(0));
        let (mut now, mut granted) = (0, Vec::new());
        for (wait, units) in visits {
            now += wait;
            if bucket.take(&rate, units, at(now)).is_ok() {
                granted.push((now, units));
            }
        }
        for (place, (start, _)) in granted.iter().enumerate() {
            let mut sum = 0_u128;
            for (end, units) in &granted[place..] {
                sum += u128::from(*units);
                // sum <= burst + elapsed * amount / per, without a division.
                let elapsed = u128::try_from(end - start).unwrap();
                let most = u128::from(rate.burst()) * u128::from(rate.per_ms()) + elapsed * u128::from(rate.amount());
                prop_assert!(sum * u128::from(rate.per_ms()) <= most, "{sum} between {start} and {end}");
            }
        }
    }

    #[test]
    fn what_is_refused_is_granted_after_the_wait_and_not_before(rate in rate(), visits in visits()) {
        let mut bucket = Bucket::full(&rate, at(0));
        let mut now = 0;
        for (wait, units) in visits {
            now += wait;
            let before = bucket;
            match bucket.take(&rate, units, at(now)) {
                Ok(()) => {
                    let standing = before.standing(&rate, at(now));
                    prop_assert!(units <= standing.remaining);
                }
                Err(refused) => {
                    prop_assert!(units > before.standing(&rate, at(now)).remaining);
                    let Some(after) = refused.retry_after_ms else {
                        prop_assert!(units > rate.burst());
                        continue;
                    };
                    let later = now + i64::try_from(after).unwrap();
                    prop_assert!(bucket.clone().take(&rate, units, at(later - 1)).is_err());
                    prop_assert!(bucket.clone().take(&rate, units, at(later)).is_ok());
                }
            }
        }
    }

    #[test]
    fn time_alone_never_takes_anything_away(rate in rate(), spent in 0..5_000_u64, wait in 0..100_000_i64, more in 0..100_000_i64) {
        let mut bucket = Bucket::full(&rate, at(0));
        bucket.settle(&rate, 0, spent, at(0));
        let (early, late) = (bucket.standing(&rate, at(wait)), bucket.standing(&rate, at(wait + more)));
        prop_assert!(late.remaining >= early.remaining);
        prop_assert!(late.reset_after_ms <= early.reset_after_ms);
        let reset = wait + i64::try_from(early.reset_after_ms).unwrap();
        prop_assert_eq!(bucket.standing(&rate, at(reset)).remaining, rate.burst());
    }

    #[test]
    fn how_often_it_is_looked_at_makes_no_difference(rate in rate(), spent in 0..20_000_u64, waits in prop::collection::vec(0..3_000_i64, 1..60)) {
        let mut once = Bucket::full(&rate, at(0));
        once.settle(&rate, 0, spent, at(0));
        let mut often = once;
        let mut now = 0;
        for wait in waits {
            now += wait;
            often.take(&rate, 0, at(now)).ok();
            often.settle(&rate, 3, 3, at(now));
        }
        once.take(&rate, 0, at(now)).ok();
        prop_assert_eq!(once, often);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_twice(rate in rate(), steps in prop::collection::vec((-50..200_i64, 0..50_u64), 1..200)) {
        let mut bucket = Bucket::full(&rate, at(0));
        let (mut now, mut latest, mut granted) = (0_i64, 0_i64, 0_u128);
        let fills_in = u128::from(rate.burst()) * u128::from(rate.per_ms()) / u128::from(rate.amount());
        // Steps as small as these never count as a clock that was wrong before.
        prop_assume!(fills_in > 200 * 200);
        for (step, units) in steps {
            now += step;
            latest = latest.max(now);
            granted += if bucket.take(&rate, units, at(now)).is_ok() { u128::from(units) } else { 0 };
            let elapsed = u128::try_from(latest).unwrap();
            let most = u128::from(rate.burst()) * u128::from(rate.per_ms()) + elapsed * u128::from(rate.amount());
            prop_assert!(granted * u128::from(rate.per_ms()) <= most);
        }
    }

    #[test]
    fn an_estimate_and_its_correction_come_to_the_truth(rate in rate(), calls in prop::collection::vec((0..40_u64, 0..40_u64), 1..20)) {
        let mut corrected = Bucket::full(&rate, at(0));
        // Room for all of it, else a refused estimate would make a difference.
        prop_assume!(rate.burst() >= 2_000);
        let mut exact = corrected;
        for (estimate, actual) in calls {
            corrected.take(&rate, estimate, at(0)).unwrap();
            corrected.settle(&rate, estimate, actual, at(0));
            exact.take(&rate, actual, at(0)).unwrap();
        }
        prop_assert_eq!(corrected, exact);
    }

    #[test]
    fn a_change_of_rate_gives_nothing_away(old in rate(), new in rate(), spent in 0..6_000_u64) {
        let mut bucket = Bucket::full(&old, at(0));
        bucket.settle(&old, 0, spent, at(0));
        let before = bucket.standing(&old, at(0)).remaining;
        let after = bucket.under(&old, &new, at(0)).standing(&new, at(0)).remaining;
        prop_assert_eq!(after, before.min(new.burst()));
    }

    #[test]
    fn any_numbers_are_borne(amount: u64, per_ms: u64, burst: u64, calls in prop::collection::vec((any::<u64>(), any::<u64>(), any::<i64>()), 0..20)) {
        let Ok(rate) = Rate::new(amount, per_ms, burst) else { return Ok(()) };
        let mut bucket = Bucket::full(&rate, at(0));
        for (reserved, actual, now) in calls {
            bucket.take(&rate, reserved, at(now)).ok();
            bucket.settle(&rate, reserved, actual, at(now));
            prop_assert!(bucket.standing(&rate, at(now)).remaining <= burst);
        }
    }
}

#[test]
fn a_year_at_the_exact_rate_drifts_by_nothing() {
    // Seven units in 3,600,000 ms: no whole number of milliseconds a unit.
    let rate = Rate::new(7, 3_600_000, 2).unwrap();
    let mut bucket = Bucket::full(&rate, at(0));
    bucket.take(&rate, 2, at(0)).unwrap();
    let a_year = 365 * 24 * 7_i64;
    for unit in 1..=a_year {
        let due = (unit * 3_600_000 + 6) / 7;
        assert!(
            bucket.take(&rate, 1, at(due - 1)).is_err(),
            "unit {unit} came early"
        );
        assert!(bucket.take(&rate, 1, at(due)).is_ok(), "unit {unit} came late");
    }
}
