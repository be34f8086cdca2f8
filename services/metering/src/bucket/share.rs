//! What one worker holds of a limit that a fleet shares. Time is any clock of the worker that does not go back.
//!
//! Most calls take from what is held, without asking. What the worker says next is [`Share::ask`], and what it heard
//! goes into [`Share::answered`] or [`Share::unanswered`]; one message at a time.
//!
//! Must stay true: nothing is taken from what is held after its lease, so that a worker that was stopped and goes on
//! takes nothing that others have by now; and what was used is told, or counted as if it had been.

use sluicegate_contracts::time::UnixMillis;

use super::pool::SLOT_WAIT_MS;
use super::{Allowance, Answer, Ask, Bucket, DEEPEST_DEBT, Rate, Standing, Wait};

/// How long a worker may hold units without saying so again.
const LEASE_MS: u64 = 2_000;
/// The same for slots: calls are in them, so that it has to outlast a short silence of the store.
const SLOT_LEASE_MS: u64 = 6_000;
/// What is held is to last for so long a time of calls like those since the last message.
const HORIZON_MS: u64 = 200;
/// Shorter times say nothing about how fast calls come.
const SHORTEST_MS: u64 = 10;
/// What was not taken from for so long goes back.
const IDLE_MS: i64 = 250;

/// See the module.
#[derive(Debug, Clone)]
pub struct Share {
    allowance: Allowance,
    op: u64,
    /// Can be taken without asking, until the lease ends.
    spare: u64,
    lease_ends: UnixMillis,
    /// Slots in use.
    in_use: u64,
    /// Slots became free that the store does not know of.
    is_freed: bool,
    back: u64,
    owed: u64,
    /// Taken since the last message.
    taken: u64,
    /// What was held after the last message.
    stock: u64,
    said_at: UnixMillis,
    used_at: UnixMillis,
    /// What everybody has left, as far as it is known here.
    left: Left,
    alone: Option<Alone>,
}

#[derive(Debug, Clone, Copy)]
enum Left {
    Units(Bucket),
    Slots(u64),
}

/// While the store is away, this worker keeps its part of the limit by itself.
#[derive(Debug, Clone, Copy)]
struct Alone {
    bucket: Bucket,
    part: Allowance,
    /// Taken and not yet told.
    taken: u64,
}

/// What became of a wish to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Taken.
    Taken {
        /// Little is left to take from; it is time to ask for more.
        runs_low: bool,
    },
    /// The store decides.
    Ask,
    /// More than the limit ever lets through at once.
    Never,
}

impl Share {
    /// Of a limit this worker knows nothing of.
    #[must_use]
    pub const fn new(allowance: Allowance, now: UnixMillis) -> Self {
        Self {
            allowance,
            op: 0,
            spare: 0,
            lease_ends: now,
            in_use: 0,
            is_freed: false,
            back: 0,
            owed: 0,
            taken: 0,
            stock: 0,
            said_at: now,
            used_at: now,
            left: match &allowance {
                Allowance::Rate(rate) => Left::Units(Bucket::full(rate, now)),
                Allowance::AtOnce(limit) => Left::Slots(*limit),
            },
            alone: None,
        }
    }

    /// The limit says this from now on.
    pub fn adopt(&mut self, allowance: Allowance, now: UnixMillis) {
        if allowance == self.allowance {
            return;
        }
        self.left = match (self.left, self.allowance, allowance) {
            (Left::Units(bucket), Allowance::Rate(old), Allowance::Rate(new)) => {
                Left::Units(bucket.under(&old, &new, now))
            }
            (Left::Slots(_) | Left::Units(_), _, _) => Self::new(allowance, now).left,
        };
        self.allowance = allowance;
        self.alone = None;
    }

    /// Takes `units` from what is held.
    pub fn take(&mut self, units: u64, now: UnixMillis) -> Take {
        if units > self.allowance.most() {
            return Take::Never;
        }
        self.used_at = now;
        self.expire(now);
        self.taken = self.taken.saturating_add(units);
        if units > self.spare {
            return Take::Ask;
        }
        self.spare -= units;
        self.enter(units);
        Take::Taken {
            runs_low: self.spare < self.stock / 2,
        }
    }

    /// Takes `units` of this worker's part of the limit, while the store is away from `workers` of them.
    ///
    /// # Errors
    /// When they are not there, and when they would be.
    pub fn take_alone(&mut self, units: u64, workers: u64, now: UnixMillis) -> Result<(), Wait> {
        let alone = self.alone.get_or_insert_with(|| {
            let part = self.allowance.split(workers);
            let bucket = match (&self.left, &self.allowance, &part) {
                (Left::Units(bucket), Allowance::Rate(whole), Allowance::Rate(part)) => {
                    bucket.part(whole, part, workers, now)
                }
                (Left::Slots(_) | Left::Units(_), _, _) => Bucket {
                    level: 0,
                    at: now.get(),
                },
            };
            Alone {
                bucket,
                part,
                taken: 0,
            }
        });
        match alone.part {
            Allowance::Rate(rate) => {
                // What is more than the part ever holds is let through when the part is full, and paid off later.
                let at_once = units.min(rate.burst);
                alone.bucket.take(&rate, at_once, now)?;
                alone.bucket.settle(&rate, at_once, units, now);
                alone.taken = alone.taken.saturating_add(units);
            }
            Allowance::AtOnce(part) if self.in_use.saturating_add(units) > part => {
                return Err(Wait {
                    retry_after_ms: Some(SLOT_WAIT_MS),
                });
            }
            Allowance::AtOnce(_) => {}
        }
        self.enter(units);
        Ok(())
    }

    /// A need was taken by the store for a call of this worker.
    pub fn enter(&mut self, units: u64) {
        match self.allowance {
            Allowance::Rate(_) => {}
            Allowance::AtOnce(_) => self.in_use = self.in_use.saturating_add(units),
        }
    }

    /// A call is over that had taken `units`, of which it used `actual`; a slot is free again in any case.
    pub fn settle(&mut self, units: u64, actual: u64) {
        match self.allowance {
            Allowance::Rate(_) => match &mut self.alone {
                Some(alone) => alone.settle(units, actual),
                None => {
                    self.back = self.back.saturating_add(units.saturating_sub(actual));
                    self.owed = self.owed.saturating_add(actual.saturating_sub(units));
                }
            },
            Allowance::AtOnce(_) => {
                self.in_use = self.in_use.saturating_sub(units);
                // Not kept: near the limit somebody elsewhere may wait for it.
                self.is_freed = true;
            }
        }
    }

    /// What there is to say now, while calls wait for `needs`.
    pub fn ask(&mut self, needs: Vec<u64>, now: UnixMillis) -> Ask {
        self.expire(now);
        let is_idle = now.get().saturating_sub(self.used_at.get()) >= IDLE_MS;
        // What is held is too little for the first need, and must not be missing when the store looks for it.
        if is_idle || !needs.is_empty() {
            self.give_back();
        }
        if let (Some(alone), Allowance::Rate(_)) = (&mut self.alone, self.allowance) {
            self.owed = self.owed.saturating_add(alone.untold(now));
        }
        let most = self.allowance.most();
        let wish = self.pace(now).min(most);
        self.taken = 0;
        self.is_freed = false;
        self.said_at = now;
        self.op += 1;
        Ask {
            allowance: self.allowance,
            op: self.op,
            held: self.spare.saturating_add(self.in_use),
            back: std::mem::take(&mut self.back).min(most),
            owed: std::mem::take(&mut self.owed).min(most.saturating_mul(DEEPEST_DEBT.unsigned_abs())),
            needs,
            spare: wish.saturating_sub(self.spare),
            lease_ms: self.lease_ms(),
        }
    }

    /// The store has answered the last message. Needs that it took are handed on by the caller, with [`Share::enter`].
    pub fn answered(&mut self, answer: &Answer, now: UnixMillis) {
        if let Some(alone) = self.alone.take() {
            self.owed = self.owed.saturating_add(alone.taken);
        }
        // Counted from when it was asked, so that it ends here before it ends there.
        let lease_ms = i64::try_from(self.lease_ms()).unwrap_or(i64::MAX);
        self.lease_ends = self.said_at.offset(lease_ms);
        self.spare = self.spare.saturating_add(answer.spare);
        self.expire(now);
        self.stock = self.spare;
        self.left = match &self.allowance {
            Allowance::Rate(rate) => Left::Units(Bucket {
                level: rate.fractions(answer.left),
                at: now.get(),
            }),
            Allowance::AtOnce(_) => Left::Slots(answer.left),
        };
    }

    /// Nobody knows whether the store heard the last message. What was to come back is lost, as far as the refill does not
    /// bring it; what is owed will be said again.
    pub fn unanswered(&mut self, ask: &Ask) {
        self.owed = self.owed.saturating_add(ask.owed);
    }

    /// Whether there is something to say, besides needs.
    #[must_use]
    pub fn is_due(&self, now: UnixMillis) -> bool {
        let since = |then: UnixMillis| now.get().saturating_sub(then.get());
        let third = i64::try_from(self.lease_ms() / 3).unwrap_or(i64::MAX);
        self.back > 0
            || self.owed > 0
            || self.is_freed
            || self.alone.is_some()
            || (self.spare > 0 && since(self.used_at) >= IDLE_MS)
            || (self.in_use > 0 && since(self.said_at) >= third)
    }

    /// Whether there will be nothing to say until somebody takes something.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        let holds_nothing = self.spare == 0 && self.in_use == 0 && !self.is_freed;
        holds_nothing && self.back == 0 && self.owed == 0 && self.alone.is_none()
    }

    /// When something was last taken.
    #[must_use]
    pub const fn used_at(&self) -> UnixMillis {
        self.used_at
    }

    /// How the limit stands, as far as it is known here.
    #[must_use]
    pub fn standing(&self, now: UnixMillis) -> Standing {
        match (&self.left, &self.allowance, &self.alone) {
            (Left::Units(bucket), Allowance::Rate(rate), None) => {
                let mut bucket = *bucket;
                bucket.settle(rate, self.spare.saturating_add(self.back), self.owed, now);
                bucket.standing(rate, now)
            }
            (_, _, Some(alone)) => match &alone.part {
                Allowance::Rate(rate) => alone.bucket.standing(rate, now),
                Allowance::AtOnce(part) => free(part.saturating_sub(self.in_use)),
            },
            (Left::Slots(left), _, None) => free(left.saturating_add(self.spare)),
            (Left::Units(_), Allowance::AtOnce(limit), None) => free(*limit),
        }
    }

    /// How much calls like those since the last message will take until the horizon. One call says nothing about it.
    fn pace(&self, now: UnixMillis) -> u64 {
        if self.op == 0 {
            return 0;
        }
        let elapsed = now
            .get()
            .saturating_sub(self.said_at.get())
            .max(0)
            .cast_unsigned();
        self.taken.saturating_mul(HORIZON_MS) / elapsed.max(SHORTEST_MS)
    }

    const fn lease_ms(&self) -> u64 {
        match self.allowance {
            Allowance::Rate(_) => LEASE_MS,
            Allowance::AtOnce(_) => SLOT_LEASE_MS,
        }
    }

    fn expire(&mut self, now: UnixMillis) {
        if now >= self.lease_ends {
            self.spare = 0;
        }
    }

    fn give_back(&mut self) {
        let spare = std::mem::take(&mut self.spare);
        match self.allowance {
            Allowance::Rate(_) => self.back = self.back.saturating_add(spare),
            // What is held is told whole.
            Allowance::AtOnce(_) => {}
        }
    }
}

impl Alone {
    /// As [`Share::settle`].
    fn settle(&mut self, units: u64, actual: u64) {
        if let Allowance::Rate(rate) = &self.part {
            let seen = UnixMillis::new(self.bucket.at);
            self.bucket.settle(rate, units, actual, seen);
            self.taken = self.taken.saturating_add(actual).saturating_sub(units);
        }
    }

    /// What was taken and neither told nor refilled since: the store has refilled the rest as well.
    fn untold(&mut self, now: UnixMillis) -> u64 {
        let missing = match &self.part {
            Allowance::Rate(rate) => self.bucket.missing(rate, now),
            Allowance::AtOnce(_) => 0,
        };
        std::mem::take(&mut self.taken).min(missing)
    }
}

impl Bucket {
    /// The part of one among `workers`, who all know the same of the whole.
    fn part(&self, rate: &Rate, part: &Rate, workers: u64, now: UnixMillis) -> Self {
        let mut whole = *self;
        whole.refill(rate, now);
        let units = (whole.level.max(0) / rate.unit)
            .cast_unsigned()
            .div_ceil(workers.max(1));
        Self {
            level: part.fractions(units).min(part.full()),
            at: whole.at,
        }
    }

    /// Whole units that fit in.
    fn missing(&self, rate: &Rate, now: UnixMillis) -> u64 {
        let mut bucket = *self;
        bucket.refill(rate, now);
        (rate.full().saturating_sub(bucket.level).max(0) / rate.unit).cast_unsigned()
    }
}

const fn free(slots: u64) -> Standing {
    Standing {
        remaining: slots,
        reset_after_ms: 0,
    }
}
