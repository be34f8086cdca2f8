//! Worked examples of buckets; the laws are in `tests/it/bucket.rs`.

use super::*;

const fn at(ms: i64) -> UnixMillis {
    UnixMillis::new(ms)
}

#[test]
fn a_burst_goes_through_and_then_the_rate() {
    let rate = Rate::per_minute(60).unwrap();
    let mut bucket = Bucket::full(&rate, at(0));
    assert_eq!(bucket.take(&rate, 60, at(0)), Ok(()));
    let wait = |ms| {
        Err(Wait {
            retry_after_ms: Some(ms),
        })
    };
    assert_eq!(bucket.take(&rate, 1, at(0)), wait(1_000));
    assert_eq!(bucket.take(&rate, 1, at(999)), wait(1));
    assert_eq!(bucket.take(&rate, 1, at(1_000)), Ok(()));
    assert_eq!(bucket.take(&rate, 10, at(1_000)), wait(10_000));
}

#[test]
fn more_than_the_bucket_holds_never_comes() {
    let rate = Rate::per_minute(10).unwrap();
    let mut bucket = Bucket::full(&rate, at(0));
    assert_eq!(bucket.take(&rate, 11, at(0)), Err(Wait { retry_after_ms: None }));
    assert_eq!(
        bucket.take(&rate, u64::MAX, at(0)),
        Err(Wait { retry_after_ms: None })
    );
    assert_eq!(bucket.take(&rate, 10, at(0)), Ok(()));
}

#[test]
fn headers_say_what_is_left_and_when_it_is_full() {
    let rate = Rate::new(7, 1_000, 20).unwrap();
    let mut bucket = Bucket::full(&rate, at(0));
    let standing = |bucket: &Bucket, now| bucket.standing(&rate, at(now));
    assert_eq!(
        standing(&bucket, 0),
        Standing {
            remaining: 20,
            reset_after_ms: 0
        }
    );
    bucket.take(&rate, 14, at(0)).unwrap();
    assert_eq!(
        standing(&bucket, 0),
        Standing {
            remaining: 6,
            reset_after_ms: 2_000
        }
    );
    // 143 ms refill 1.001 units.
    assert_eq!(standing(&bucket, 142).remaining, 6);
    assert_eq!(standing(&bucket, 143).remaining, 7);
    assert_eq!(
        standing(&bucket, 5_000),
        Standing {
            remaining: 20,
            reset_after_ms: 0
        }
    );
}

#[test]
fn an_estimate_is_corrected_by_the_truth() {
    let rate = Rate::per_minute(600).unwrap();
    let mut bucket = Bucket::full(&rate, at(0));
    bucket.take(&rate, 500, at(0)).unwrap();
    bucket.settle(&rate, 500, 100, at(0));
    assert_eq!(bucket.standing(&rate, at(0)).remaining, 500);
    bucket.take(&rate, 500, at(0)).unwrap();
    bucket.settle(&rate, 500, 800, at(0));
    // 300 are owed: 30 seconds pass before there is one, and then a tenth of a second for it.
    let refused = bucket.take(&rate, 1, at(0));
    assert_eq!(
        refused,
        Err(Wait {
            retry_after_ms: Some(30_100)
        })
    );
    assert_eq!(
        bucket.standing(&rate, at(0)),
        Standing {
            remaining: 0,
            reset_after_ms: 90_000
        }
    );
    assert_eq!(bucket.take(&rate, 1, at(30_100)), Ok(()));
    // What comes back never makes it more than full, and a nonsensical truth does not close it for good.
    bucket.settle(&rate, u64::MAX, 0, at(30_100));
    assert_eq!(bucket.standing(&rate, at(30_100)).remaining, 600);
    bucket.settle(&rate, 0, u64::MAX, at(30_100));
    assert_eq!(bucket.standing(&rate, at(30_100)).reset_after_ms, 17 * 60_000);
}

#[test]
fn a_lower_limit_keeps_what_fits_and_a_higher_one_gives_nothing_away() {
    let (low, high) = (Rate::per_minute(60).unwrap(), Rate::per_minute(6_000).unwrap());
    let mut bucket = Bucket::full(&high, at(0));
    bucket.take(&high, 1_000, at(0)).unwrap();
    let lowered = bucket.under(&high, &low, at(0));
    assert_eq!(lowered.standing(&low, at(0)).remaining, 60);
    let raised = lowered.under(&low, &high, at(0));
    assert_eq!(raised.standing(&high, at(0)).remaining, 60);
}

#[test]
fn a_rate_that_cannot_be_counted_is_refused() {
    for (amount, per_ms, burst) in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1 << 50, 1), (u64::MAX, 1, 1)] {
        assert_eq!(
            Rate::new(amount, per_ms, burst),
            Err(RateError),
            "{amount} {per_ms} {burst}"
        );
    }
    // A billion tokens a day are few fractions in lowest terms.
    let rate = Rate::new(1_000_000_000, 86_400_000, 1_000_000_000).unwrap();
    assert_eq!((rate.refill, rate.unit), (625, 54));
    assert_eq!(
        (rate.amount(), rate.per_ms(), rate.burst()),
        (1_000_000_000, 86_400_000, 1_000_000_000)
    );
}

#[test]
fn a_clock_far_ahead_does_not_close_the_bucket() {
    let rate = Rate::per_minute(60).unwrap();
    let mut bucket = Bucket::full(&rate, at(0));
    bucket.take(&rate, 60, at(0)).unwrap();
    // An hour too early, for a moment.
    bucket.take(&rate, 60, at(3_600_000)).unwrap();
    assert_eq!(
        bucket.take(&rate, 1, at(1_000)),
        Err(Wait {
            retry_after_ms: Some(1_000)
        })
    );
    assert_eq!(bucket.take(&rate, 1, at(2_000)), Ok(()));
    // A little too early: it waits, and says for how long.
    bucket.take(&rate, 3, at(5_000)).unwrap();
    assert_eq!(
        bucket.take(&rate, 1, at(4_500)),
        Err(Wait {
            retry_after_ms: Some(1_500)
        })
    );
}
