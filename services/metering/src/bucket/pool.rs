//! A limit that a whole fleet shares, as its store keeps it: one bucket, and what each worker holds of it. Time is the
//! store's and an argument. `backplane/src/rates/exchange.lua` does the same with the same numbers, and a property test
//! holds the two together.
//!
//! Must stay true: the bucket and what workers hold of it are never more than the burst together. So what the fleet takes
//! in any stretch of time is at most the burst and the refill of that time, although most of it is taken without asking.
//! Of slots, those in use and those held are never more than the limit, but for calls that were let in without the store.

use std::collections::BTreeMap;

use sluicegate_contracts::time::UnixMillis;

use super::{Allowance, Answer, Ask, Bucket, Rate, Standing};
use crate::escrow::Epoch;

/// Of what is left, one part in so many may be held beyond what calls need now: near the limit nobody holds anything,
/// and every call is decided by the store.
const SPARE_PART: u64 = 8;
/// When a slot may be free again. Nobody knows; a second is what a caller can wait without harm.
pub(super) const SLOT_WAIT_MS: u64 = 1_000;

/// See the module.
#[derive(Debug, Clone)]
pub struct Pool {
    allowance: Allowance,
    /// Empty and unused for slots.
    bucket: Bucket,
    holdings: BTreeMap<Epoch, Holding>,
}

#[derive(Debug, Clone, Copy)]
struct Holding {
    op: u64,
    units: u64,
    until: UnixMillis,
}

impl Pool {
    /// A limit nobody has used.
    #[must_use]
    pub const fn new(allowance: Allowance, now: UnixMillis) -> Self {
        let bucket = match &allowance {
            Allowance::Rate(rate) => Bucket::full(rate, now),
            Allowance::AtOnce(_) => Bucket {
                level: 0,
                at: now.get(),
            },
        };
        Self {
            allowance,
            bucket,
            holdings: BTreeMap::new(),
        }
    }

    /// Hears what `holder` says and answers; `None` when it has said something newer since.
    pub fn exchange(&mut self, holder: Epoch, ask: &Ask, now: UnixMillis) -> Option<Answer> {
        self.holdings.retain(|_, holding| holding.until > now);
        if self.holdings.get(&holder).is_some_and(|known| known.op >= ask.op) {
            return None;
        }
        self.adopt(ask.allowance);
        let until = now.offset(i64::try_from(ask.lease_ms).unwrap_or(i64::MAX));
        let held = units(self.holdings.values());
        let others = || self.holdings.iter().filter(|(other, _)| **other != holder);
        let held_elsewhere = units(others().map(|(_, holding)| holding));
        let (answer, units) = match self.allowance {
            Allowance::Rate(rate) => {
                let bucket = &mut self.bucket;
                bucket.refill(&rate, now);
                // What was held until now may not have been refilled in the bucket meanwhile.
                bucket.make_room(&rate, held);
                let corrected = rate.fractions(ask.back).saturating_sub(rate.fractions(ask.owed));
                bucket.level = bucket.level.saturating_add(corrected);
                bucket.make_room(&rate, held_elsewhere.saturating_add(ask.held));
                let ends = others().map(|(_, holding)| holding.until).max();
                bucket.pour(&rate, ask, held_elsewhere, ends.unwrap_or(now).max(until), now)
            }
            Allowance::AtOnce(limit) => seat(limit, ask, held_elsewhere, now),
        };
        let holding = Holding {
            op: ask.op,
            units,
            until,
        };
        self.holdings.insert(holder, holding);
        Some(answer)
    }

    /// A limit that was changed keeps the whole units it has.
    fn adopt(&mut self, new: Allowance) {
        if let (Allowance::Rate(old), Allowance::Rate(rate)) = (self.allowance, new)
            && (old.refill, old.unit, old.burst) != (rate.refill, rate.unit, rate.burst)
        {
            let units = self.bucket.level.div_euclid(old.unit);
            self.bucket.level = units.saturating_mul(rate.unit).clamp(rate.deepest(), rate.full());
        }
        self.allowance = new;
    }

    /// How it stands for everybody together: what is held counts as left, since it can still be taken.
    #[must_use]
    pub fn standing(&self, now: UnixMillis) -> Standing {
        let held = units(self.holdings.values().filter(|holding| holding.until > now));
        match &self.allowance {
            Allowance::Rate(rate) => {
                let mut bucket = self.bucket;
                bucket.refill(rate, now);
                bucket.make_room(rate, held);
                bucket.level = bucket.level.saturating_add(rate.fractions(held)).min(rate.full());
                bucket.standing(rate, now)
            }
            Allowance::AtOnce(limit) => Standing {
                remaining: limit.saturating_sub(held),
                reset_after_ms: 0,
            },
        }
    }

    /// Whether it says no more than a new one would.
    #[must_use]
    pub fn is_new(&self, now: UnixMillis) -> bool {
        let is_held = self.holdings.values().any(|holding| holding.until > now);
        let is_full = match &self.allowance {
            Allowance::Rate(rate) => self.bucket.standing(rate, now).reset_after_ms == 0,
            Allowance::AtOnce(_) => true,
        };
        !is_held && is_full
    }
}

fn units<'h>(holdings: impl Iterator<Item = &'h Holding>) -> u64 {
    holdings.map(|holding| holding.units).fold(0, u64::saturating_add)
}

/// Gives slots; also tells what the worker then holds.
fn seat(limit: u64, ask: &Ask, others: u64, now: UnixMillis) -> (Answer, u64) {
    let mut free = limit.saturating_sub(others).saturating_sub(ask.held);
    let mut taken = 0;
    let waits: Vec<Option<u64>> = ask
        .needs
        .iter()
        .map(|need| {
            let fits = *need <= free;
            let slots = if fits { *need } else { 0 };
            free -= slots;
            taken += slots;
            (!fits).then_some(SLOT_WAIT_MS)
        })
        .collect();
    let spare = if waits.iter().any(Option::is_some) {
        0
    } else {
        ask.spare.min(free / SPARE_PART)
    };
    let answer = Answer {
        waits,
        spare,
        left: free - spare,
        at: now,
    };
    (answer, ask.held.saturating_add(taken).saturating_add(spare))
}

impl Bucket {
    /// Takes what is needed and what is wished; also tells what the worker then holds. Everything that is held has come
    /// back at `free_at`, if nobody says anything.
    fn pour(
        &mut self,
        rate: &Rate,
        ask: &Ask,
        held_elsewhere: u64,
        free_at: UnixMillis,
        now: UnixMillis,
    ) -> (Answer, u64) {
        let mut take = |need: u64| {
            let wanted = rate.fractions(need);
            let fits = wanted <= self.level;
            self.level -= if fits { wanted } else { 0 };
            fits
        };
        let fits: Vec<bool> = ask.needs.iter().map(|need| take(*need)).collect();
        let left = self.whole_units(rate);
        let spare = if fits.contains(&false) {
            0
        } else {
            ask.spare.min(left / SPARE_PART)
        };
        self.level -= rate.fractions(spare);
        let units = ask.held.saturating_add(spare);
        let held = held_elsewhere.saturating_add(units);
        let needs = ask.needs.iter().zip(fits);
        let wait = |need| self.wait(rate, need, held, free_at, now);
        let answer = Answer {
            waits: needs.map(|(need, fits)| (!fits).then(|| wait(*need))).collect(),
            spare,
            left: left - spare,
            at: now,
        };
        (answer, units)
    }

    /// Makes room for what is held outside of it.
    fn make_room(&mut self, rate: &Rate, held: u64) {
        let most = rate.full().saturating_sub(rate.fractions(held));
        self.level = self.level.min(most).max(rate.deepest());
    }

    fn whole_units(&self, rate: &Rate) -> u64 {
        (self.level.max(0) / rate.unit).cast_unsigned()
    }

    /// How long until `need` can be taken if nobody else comes, while `held` stays outside until `free_at`.
    fn wait(&self, rate: &Rate, need: u64, held: u64, free_at: UnixMillis, now: UnixMillis) -> u64 {
        let wanted = rate.fractions(need);
        let most = rate.full().saturating_sub(rate.fractions(held));
        let ahead = self.ahead(now);
        if wanted <= most {
            return rate
                .time_for(wanted.saturating_sub(self.level))
                .saturating_add(ahead);
        }
        // The bucket has no room for as much before what is held comes back.
        let until_then = free_at.get().saturating_sub(now.get()).max(0);
        let gained = until_then.saturating_mul(rate.refill);
        let level = self.level.saturating_add(gained).min(most);
        let missing = rate.time_for(wanted.saturating_sub(level));
        missing
            .saturating_add(until_then.cast_unsigned())
            .saturating_add(ahead)
    }
}
