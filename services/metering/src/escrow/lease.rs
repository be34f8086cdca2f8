//! Money of one path within a worker, and the holds of calls on it. Threads share a lease without a lock: a hold is one
//! compare-and-swap, its end one addition.

use std::mem;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::path::Path;

/// What is idle of the money taken for one path. Negative after calls that cost more than they held.
#[derive(Debug)]
pub(super) struct Lease {
    path: Path,
    end: UnixMillis,
    idle: AtomicI64,
    /// Below this it should be refilled.
    low: AtomicI64,
    /// Sum of all holds ever taken or asked for, which tells the pace.
    taken: AtomicI64,
    /// The latest hold.
    latest: AtomicI64,
    used_at: AtomicI64,
    /// [`Path::version`] of the terms it was made with.
    version: AtomicU64,
    /// What ended calls cost, with the places of their records, until the claims are told.
    spent: Mutex<Vec<(i64, Option<u64>)>>,
}

impl Lease {
    /// Empty; `wanted` is what the call wants for whose sake it is made.
    pub(super) fn new(path: Path, wanted: i64, now: UnixMillis) -> Self {
        Self {
            end: path.end(),
            version: AtomicU64::new(path.version()),
            idle: AtomicI64::new(0),
            low: AtomicI64::new(0),
            taken: AtomicI64::new(wanted),
            latest: AtomicI64::new(wanted),
            used_at: AtomicI64::new(now.get()),
            spent: Mutex::default(),
            path,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_over(&self, now: UnixMillis) -> bool {
        self.end <= now
    }

    /// Takes `amount` when that much is idle.
    pub(super) fn take(&self, amount: i64) -> bool {
        let left = |idle: i64| (idle >= amount).then(|| idle - amount);
        self.idle
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, left)
            .is_ok()
    }

    /// Takes what is idle beyond `keep`, and tells how much that was.
    pub(super) fn take_beyond(&self, keep: i64) -> i64 {
        let before = self
            .idle
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |idle| {
                (idle > keep).then_some(keep)
            });
        before.map_or(0, |idle| idle - keep)
    }

    pub(super) fn put(&self, amount: i64) {
        self.idle.fetch_add(amount, Ordering::AcqRel);
    }

    pub(super) fn idle(&self) -> i64 {
        self.idle.load(Ordering::Acquire)
    }

    pub(super) fn set_low(&self, low: i64) {
        self.low.store(low, Ordering::Relaxed);
    }

    pub(super) fn is_low(&self) -> bool {
        self.idle() < self.low.load(Ordering::Relaxed)
    }

    /// A call wants `amount` now, whether it gets it or not.
    pub(super) fn note_use(&self, amount: i64, now: UnixMillis) {
        self.taken.fetch_add(amount, Ordering::Relaxed);
        self.latest.store(amount, Ordering::Relaxed);
        self.used_at.store(now.get(), Ordering::Relaxed);
    }

    pub(super) fn taken(&self) -> i64 {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn latest(&self) -> i64 {
        self.latest.load(Ordering::Relaxed)
    }

    pub(super) fn used_at(&self) -> UnixMillis {
        UnixMillis::new(self.used_at.load(Ordering::Relaxed))
    }

    /// Whether the terms of `path` are other than those known here; asked once per change.
    pub(super) fn differs(&self, path: &Path) -> bool {
        self.version.load(Ordering::Relaxed) != path.version()
    }

    pub(super) fn agree(&self, path: &Path) {
        self.version.store(path.version(), Ordering::Relaxed);
    }

    /// What ended calls cost since the last time.
    pub(super) fn drain_spent(&self) -> Vec<(i64, Option<u64>)> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *spent)
    }

    fn finish(&self, held: i64, cost: i64, seq: Option<u64>) {
        if cost != 0 {
            let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
            spent.push((cost, seq));
        }
        self.put(held.saturating_sub(cost));
    }
}

/// Money set aside for one call, or one attempt of it. Dropped before [`Hold::sent`], it goes back, because nothing can
/// have been billed; dropped after without [`Hold::finish`], it stays claimed, because something may have been.
#[derive(Debug)]
pub struct Hold {
    lease: Arc<Lease>,
    amount: i64,
    sent: bool,
}

impl Hold {
    /// For an amount that has left the lease.
    pub(super) fn new(lease: Arc<Lease>, amount: i64) -> Self {
        Self {
            lease,
            amount,
            sent: false,
        }
    }

    /// What is set aside.
    #[must_use]
    pub fn amount(&self) -> NanoUsd {
        NanoUsd::from_nanos(self.amount)
    }

    /// The accounts it counts on.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.lease.path
    }

    /// Whether the money left for the next calls should be topped up: see [`Book::next`](super::Book::next).
    #[must_use]
    pub fn leaves_little(&self) -> bool {
        self.lease.is_low()
    }

    /// Sets `more` aside from what is idle here; false when there is too little, and nothing changes.
    pub fn extend(&mut self, more: NanoUsd, now: UnixMillis) -> bool {
        let more = more.nanos().max(0);
        self.lease.note_use(more, now);
        let is_taken = !self.lease.is_over(now) && self.lease.take(more);
        if is_taken {
            self.amount = self.amount.saturating_add(more);
        }
        is_taken
    }

    /// Adds another hold to this one; given back when its path is another.
    pub fn absorb(&mut self, mut other: Self) {
        if Arc::ptr_eq(&self.lease, &other.lease) {
            self.amount = self.amount.saturating_add(mem::take(&mut other.amount));
            other.sent = false;
        }
    }

    /// The call is about to be sent: from here on it may cost something, whatever becomes of this process.
    pub const fn sent(&mut self) {
        self.sent = true;
    }

    /// The call cost `cost`, more or less than was held; `seq` is the place of its record in the spool.
    pub fn finish(mut self, cost: NanoUsd, seq: Option<u64>) {
        let held = mem::take(&mut self.amount);
        self.lease.finish(held, cost.nanos().max(0), seq);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.sent {
            self.lease.put(self.amount);
        }
    }
}
