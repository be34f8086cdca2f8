//! Token buckets: so many requests or tokens per time, with a burst. Integers only, and time is an argument.
//!
//! A level is counted in fractions of a unit: `amount` units per `per` milliseconds, in lowest terms, refill exactly
//! `amount` fractions of `1/per` each millisecond. So nothing is ever rounded and a year drifts by nothing.
//! The same numbers are used by the script that keeps fleet-wide buckets, whose numbers are doubles: all stay below 2^53.
//!
//! Must stay true: what is taken in any stretch of time is at most the burst and the refill of that time; and what is
//! refused would have been granted after `retry_after_ms` if nobody else had come.

use sluicegate_contracts::time::UnixMillis;

/// Beyond this a double is no longer exact.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// How fast a bucket fills and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    amount: u64,
    per_ms: u64,
    burst: u64,
    /// The refill in lowest terms: `refill` fractions a millisecond, of which `unit` make one.
    refill: i64,
    unit: i64,
}

/// A rate that cannot be counted exactly, or never lets anything through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate needs an amount, a time and a burst, none of them zero and all of them countable")]
pub struct RateError;

impl Rate {
    /// `amount` units per `per_ms` milliseconds, of which up to `burst` at once.
    ///
    /// # Errors
    /// When one of them is zero, or a level would not fit below 2^53.
    pub fn new(amount: u64, per_ms: u64, burst: u64) -> Result<Self, RateError> {
        if amount == 0 || per_ms == 0 || burst == 0 {
            return Err(RateError);
        }
        let divisor = greatest_common_divisor(amount, per_ms);
        let (refill, unit) = (amount / divisor, per_ms / divisor);
        let fits = |number: Option<u64>| number.filter(|number| *number <= MAX_EXACT).ok_or(RateError);
        fits(burst.checked_mul(unit))?;
        Ok(Self {
            amount,
            per_ms,
            burst,
            refill: fits(Some(refill))?.cast_signed(),
            unit: unit.cast_signed(),
        })
    }

    /// `amount` units a minute, all of which may come at once.
    ///
    /// # Errors
    /// As [`Rate::new`].
    pub fn per_minute(amount: u64) -> Result<Self, RateError> {
        Self::new(amount, 60_000, amount)
    }

    /// Units per [`Rate::per_ms`].
    #[must_use]
    pub const fn amount(&self) -> u64 {
        self.amount
    }

    /// The time of [`Rate::amount`], in milliseconds.
    #[must_use]
    pub const fn per_ms(&self) -> u64 {
        self.per_ms
    }

    /// Most units at once.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        self.burst
    }

    /// The level of a full bucket, in fractions.
    const fn full(&self) -> i64 {
        self.burst.cast_signed().saturating_mul(self.unit)
    }

    fn fractions(&self, units: u64) -> i64 {
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        units.saturating_mul(self.unit)
    }

    /// Time to refill so many fractions, rounded up.
    fn time_for(&self, fractions: i64) -> u64 {
        fractions
            .max(0)
            .cast_unsigned()
            .div_ceil(self.refill.cast_unsigned())
    }
}

/// A bucket between two uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// In fractions of a unit; negative is debt.
    level: i64,
    /// The latest time it has seen, in milliseconds.
    at: i64,
}

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When the same would be granted if nobody else came; `None` for more than the bucket ever holds.
    pub retry_after_ms: Option<u64>,
}

/// What rate-limit headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whole units that could be taken now.
    pub remaining: u64,
    /// Until the bucket is full again.
    pub reset_after_ms: u64,
}

impl Bucket {
    /// A bucket nobody has used.
    #[must_use]
    pub const fn full(rate: &Rate, now: UnixMillis) -> Self {
        Self {
            level: rate.full(),
            at: now.get(),
        }
    }

    /// Takes `units`, or nothing at all.
    ///
    /// # Errors
    /// [`Wait`] when there is not enough.
    pub fn take(&mut self, rate: &Rate, units: u64, now: UnixMillis) -> Result<(), Wait> {
        self.refill(rate, now);
        let wanted = rate.fractions(units);
        if wanted <= self.level {
            self.level -= wanted;
            return Ok(());
        }
        let missing = rate.time_for(wanted.saturating_sub(self.level));
        Err(Wait {
            retry_after_ms: (wanted <= rate.full()).then(|| missing.saturating_add(self.ahead(now))),
        })
    }

    /// Takes the truth in place of an estimate taken before: the difference comes back, or is owed. Debt is paid by the
    /// refill, before anything is granted again.
    pub fn settle(&mut self, rate: &Rate, reserved: u64, actual: u64, now: UnixMillis) {
        self.refill(rate, now);
        let correction = rate.fractions(reserved).saturating_sub(rate.fractions(actual));
        // Debt has an end too, so that a nonsensical report cannot close a bucket for good.
        let deepest = rate.full().saturating_mul(DEEPEST_DEBT);
        self.level = self.level.saturating_add(correction).clamp(-deepest, rate.full());
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, rate: &Rate, now: UnixMillis) -> Standing {
        let mut now_standing = *self;
        now_standing.refill(rate, now);
        let level = now_standing.level;
        Standing {
            remaining: (level.max(0) / rate.unit).cast_unsigned(),
            reset_after_ms: match rate.time_for(rate.full() - level) {
                0 => 0,
                missing => missing.saturating_add(now_standing.ahead(now)),
            },
        }
    }

    /// The same bucket under another rate: what is in it stays, as far as the new burst holds it.
    #[must_use]
    pub fn under(&self, old: &Rate, new: &Rate, now: UnixMillis) -> Self {
        let mut bucket = *self;
        bucket.refill(old, now);
        let level = (i128::from(bucket.level) * i128::from(new.unit)).div_euclid(i128::from(old.unit));
        bucket.level = i64::try_from(level).map_or(new.full(), |level| level.min(new.full()));
        bucket
    }

    /// Lets the time since the last use run in. A clock that goes back gives nothing twice: the bucket waits until it has
    /// caught up. Where that would take longer than filling it from empty, the clock was wrong before and is believed now.
    fn refill(&mut self, rate: &Rate, now: UnixMillis) {
        let (now, full) = (now.get(), rate.full());
        if now >= self.at {
            let gained = now.saturating_sub(self.at).saturating_mul(rate.refill);
            self.level = self.level.saturating_add(gained).min(full);
            self.at = now;
        } else if self.at.abs_diff(now) > rate.time_for(full) {
            self.at = now;
        }
    }

    /// How far its time is ahead of the clock's.
    const fn ahead(&self, now: UnixMillis) -> u64 {
        self.at.saturating_sub(now.get()).cast_unsigned()
    }
}

/// How many full buckets can be owed.
const DEEPEST_DEBT: i64 = 16;

/// Calls under way at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InFlight {
    count: u64,
}

impl InFlight {
    /// Counts one more, unless `limit` are under way.
    #[must_use]
    pub fn enter(&mut self, limit: u64) -> bool {
        let free = self.count < limit;
        self.count += u64::from(free);
        free
    }

    /// Counts one less.
    pub fn leave(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// How many are under way.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many more may enter; none when the limit was lowered below what is under way.
    #[must_use]
    pub const fn remaining(&self, limit: u64) -> u64 {
        limit.saturating_sub(self.count)
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
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
        for (amount, per_ms, burst) in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1 << 53, 2), (u64::MAX, 1, 1)] {
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

    #[test]
    fn calls_under_way_are_counted() {
        let mut calls = InFlight::default();
        assert!(calls.enter(2) && calls.enter(2) && !calls.enter(2));
        assert_eq!((calls.count(), calls.remaining(3), calls.remaining(1)), (2, 1, 0));
        calls.leave();
        assert!(calls.enter(2));
        for _ in 0..5 {
            calls.leave();
        }
        assert_eq!(calls.count(), 0);
    }
}
