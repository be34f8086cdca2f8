//! Token buckets: so many requests or tokens per time, with a burst. Integers only, and time is an argument.
//!
//! A level is counted in fractions of a unit: `amount` units per `per` milliseconds, in lowest terms, refill exactly
//! `amount` fractions of `1/per` each millisecond. So nothing is ever rounded and a year drifts by nothing.
//! A script that keeps a bucket for a fleet counts in doubles; so that it can use the same numbers, no level, full or in
//! debt, reaches 2^53.
//!
//! One bucket on one machine is [`Bucket`]. A fleet shares a [`Pool`], of which each worker has a [`Share`]; what they
//! say to each other is in [`message`].
//!
//! Must stay true: what is taken in any stretch of time is at most the burst and the refill of that time; and what is
//! refused would have been granted after `retry_after_ms` if nobody else had come.

pub mod message;
mod pool;
mod share;

pub use message::{Allowance, Answer, Ask};
pub use pool::Pool;
pub use share::{Share, Take};

use sluicegate_contracts::time::UnixMillis;

/// Beyond this a double is no longer exact.
const MAX_EXACT: u64 = (1 << 53) - 1;
/// How many full buckets can be owed.
const DEEPEST_DEBT: i64 = 16;
/// A minute, in milliseconds: what the amounts of limits are over.
const MINUTE_MS: u64 = 60_000;
/// Most units at once that can be counted exactly at any rate per minute.
const MOST_AT_ONCE: u64 = MAX_EXACT / MINUTE_MS / (DEEPEST_DEBT as u64 + 1);

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
        let rate = Self::in_lowest_terms(amount, per_ms, burst);
        let full = burst.checked_mul(rate.unit.cast_unsigned());
        let deepest = full.and_then(|full| full.checked_mul(DEEPEST_DEBT.unsigned_abs() + 1));
        let is_exact = [deepest, Some(rate.refill.cast_unsigned())]
            .into_iter()
            .all(|number| number.is_some_and(|number| number <= MAX_EXACT));
        is_exact.then_some(rate).ok_or(RateError)
    }

    /// The rate closest to `amount` units a minute and `burst` at once that can be counted.
    #[must_use]
    pub fn nearest(amount: u64, burst: u64) -> Self {
        Self::in_lowest_terms(
            amount.clamp(1, MAX_EXACT),
            MINUTE_MS,
            burst.clamp(1, MOST_AT_ONCE),
        )
    }

    fn in_lowest_terms(amount: u64, per_ms: u64, burst: u64) -> Self {
        let divisor = greatest_common_divisor(amount, per_ms);
        Self {
            amount,
            per_ms,
            burst,
            refill: (amount / divisor).cast_signed(),
            unit: (per_ms / divisor).cast_signed(),
        }
    }

    /// `amount` units a minute, all of which may come at once.
    ///
    /// # Errors
    /// As [`Rate::new`].
    pub fn per_minute(amount: u64) -> Result<Self, RateError> {
        Self::new(amount, MINUTE_MS, amount)
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

    /// Fractions that are refilled each millisecond.
    #[must_use]
    pub const fn refill(&self) -> i64 {
        self.refill
    }

    /// Fractions of a unit.
    #[must_use]
    pub const fn unit(&self) -> i64 {
        self.unit
    }

    /// The level of a full bucket, in fractions.
    #[must_use]
    pub const fn full(&self) -> i64 {
        self.burst.cast_signed().saturating_mul(self.unit)
    }

    /// The level of a bucket as deep in debt as it gets.
    #[must_use]
    pub const fn deepest(&self) -> i64 {
        self.full().saturating_mul(-DEEPEST_DEBT)
    }

    /// So many units in fractions.
    #[must_use]
    pub fn fractions(&self, units: u64) -> i64 {
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
        let level = self.level.saturating_add(correction);
        self.level = level.clamp(rate.deepest(), rate.full());
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, rate: &Rate, now: UnixMillis) -> Standing {
        let mut bucket = *self;
        bucket.refill(rate, now);
        let level = bucket.level;
        Standing {
            remaining: (level.max(0) / rate.unit).cast_unsigned(),
            reset_after_ms: match rate.time_for(rate.full() - level) {
                0 => 0,
                missing => missing.saturating_add(bucket.ahead(now)),
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
            self.level = self.level.saturating_add(gained);
            self.at = now;
        } else if self.at.abs_diff(now) > rate.time_for(full) {
            self.at = now;
        }
        self.level = self.level.clamp(rate.deepest(), full);
    }

    /// How far its time is ahead of the clock's.
    const fn ahead(&self, now: UnixMillis) -> u64 {
        self.at.saturating_sub(now.get()).cast_unsigned()
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests;
