//! The budgets of one organization within one worker: holds for calls, and the conversation with the fast store.
//!
//! A call takes a [`Hold`] from the lease of its path without waiting ([`Book::hold`]). When there is too little it
//! queues ([`Book::ask`]). One task per organization carries the conversation, and every decision about it is made here:
//!
//! ```text
//! for (ask, outcome) in book.tick(now) { … wake the call … }
//! while let Some(request) = book.next(now) {
//!     let response = escrow.send(organization, &request).await.ok();
//!     for (ask, outcome) in book.answered(response, now) { … wake the call … }
//! }
//! ```
//!
//! The task does so when a call has queued, when a hold [leaves little](Hold::leaves_little), on a recall,
//! and every twentieth of a second or so while anything is claimed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::desk::Desk;
use super::lease::{Hold, Lease};
use super::message::{Epoch, Request, Response};
use super::path::Path;
pub use super::waiting::Unavailable;

/// Names a call in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub(super) u64);

/// What became of a call in the queue.
#[derive(Debug)]
pub enum Outcome {
    /// The money is set aside.
    Held(Hold),
    /// An account has too little left, also after idle money had time to come back.
    Refused {
        /// Which.
        account: AccountId,
        /// What it has left.
        available: NanoUsd,
    },
    /// One hold of this size is more than a worker may have of an account at all.
    TooLarge {
        /// Which.
        account: AccountId,
        /// The most that can be held.
        most: NanoUsd,
    },
    /// No decision in time.
    Unavailable(Unavailable),
}

/// See the module. Shared by all threads of the worker.
#[derive(Debug)]
pub struct Book {
    leases: RwLock<HashMap<Path, Arc<Lease>>>,
    desk: Mutex<Desk>,
    /// Nothing is held any more: the epoch was closed.
    is_closed: AtomicBool,
}

impl Book {
    /// An empty book of `epoch`. It asks for nothing until [`Book::announced`].
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self {
            leases: RwLock::default(),
            desk: Mutex::new(Desk::new(epoch)),
            is_closed: AtomicBool::new(false),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Every change leaves the desk whole or claims more than it needs, so a poisoned lock is still usable.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Postgres has a heartbeat of this epoch, so that a store that forgets can presume something of it.
    pub fn announced(&self) {
        self.desk().claims.announced();
    }

    /// How many workers share the accounts, which bounds the size of a lease.
    pub fn set_workers(&self, workers: u32) {
        self.desk().workers = workers;
    }

    /// Every usage record of the epoch up to `watermark` is in Postgres.
    pub fn ingested(&self, watermark: u64) {
        let mut desk = self.desk();
        let leases = self.leases.read().unwrap_or_else(PoisonError::into_inner);
        leases.values().for_each(|lease| desk.note_spent(lease));
        desk.claims.ingested(watermark);
    }

    /// Sets `amount` aside for a call; `None` when the lease has too little, and the call is to [`Book::ask`].
    #[must_use]
    pub fn hold(&self, path: &Path, amount: NanoUsd, now: UnixMillis) -> Option<Hold> {
        let amount = amount.nanos().max(0);
        let lease = match self.lease(path) {
            Some(lease) => lease,
            // What costs nothing needs no money to start from.
            None if amount == 0 => self.lease_or_new(path, 0, now),
            None => return None,
        };
        lease.note_use(amount, now);
        if lease.differs(path) {
            self.desk().agree(path);
            lease.agree(path);
        }
        let may_hold = !lease.is_over(now) && !self.is_closed.load(Ordering::Acquire);
        let is_held = may_hold && (amount == 0 || lease.take(amount));
        is_held.then(|| Hold::new(lease, amount))
    }

    fn lease(&self, path: &Path) -> Option<Arc<Lease>> {
        let leases = self.leases.read().unwrap_or_else(PoisonError::into_inner);
        leases.get(path).map(Arc::clone)
    }

    /// Queues a call that [`Book::hold`] had too little for. Its outcome comes from [`Book::answered`] or
    /// [`Book::tick`].
    pub fn ask(&self, path: &Path, amount: NanoUsd, now: UnixMillis) -> AskId {
        let amount = amount.nanos().max(0);
        self.lease_or_new(path, amount, now);
        self.desk().enqueue(path, amount, now)
    }

    fn lease_or_new(&self, path: &Path, wanted: i64, now: UnixMillis) -> Arc<Lease> {
        let mut leases = self.leases.write().unwrap_or_else(PoisonError::into_inner);
        let lease = leases.entry(path.clone());
        Arc::clone(lease.or_insert_with(|| Arc::new(Lease::new(path.clone(), wanted, now))))
    }

    /// The call has gone; what is granted for it stays in the lease.
    pub fn cancel(&self, ask: AskId) {
        self.desk().cancel(ask);
    }

    /// Somebody misses money of this organization: whatever is idle goes back with the next message.
    pub fn recalled(&self, now: UnixMillis) {
        self.desk().be_lean(now);
    }

    /// The store waits to hear of every epoch that may hold something of this organization: [`Book::next`] speaks, also
    /// with nothing to say. A worker without a book of the organization makes an empty one for this.
    pub fn introduce(&self) {
        self.desk().claims.introduce();
    }

    /// What to say to the store now. `None` while an answer is awaited, or when there is nothing to say.
    #[must_use]
    pub fn next(&self, now: UnixMillis) -> Option<Request> {
        let mut desk = self.desk();
        let leases = self.leases.read().unwrap_or_else(PoisonError::into_inner);
        desk.next(leases.values(), now)
    }

    /// Takes the store's response to what [`Book::next`] said; `None` when none came.
    #[must_use]
    pub fn answered(&self, response: Option<Response>, now: UnixMillis) -> Vec<(AskId, Outcome)> {
        let mut outcomes = Vec::new();
        let mut desk = self.desk();
        match response {
            Some(Response::Reconciled(reply)) => {
                let heard = desk.claims.reconciled(&reply);
                outcomes.extend(desk.hear(heard.left, now));
                for answered in heard.answers {
                    let lease = self.lease_or_new(&answered.path, 0, now);
                    outcomes.extend(desk.decide(answered, &lease, now));
                }
            }
            Some(Response::Registered) => desk.claims.registered(),
            Some(Response::Refused(refusal)) => desk.claims.refused(refusal),
            None => desk.claims.lost(),
        }
        if desk.claims.is_closed() {
            self.is_closed.store(true, Ordering::Release);
        }
        outcomes.extend(desk.give_up(now));
        outcomes
    }

    /// Serves waiting calls from what has become idle, ends the waiting of those whose time is up, and lets go of what
    /// is done with. To be called before [`Book::next`], also while the store is away.
    #[must_use]
    pub fn tick(&self, now: UnixMillis) -> Vec<(AskId, Outcome)> {
        let mut desk = self.desk();
        let mut leases = self.leases.write().unwrap_or_else(PoisonError::into_inner);
        let mut outcomes = desk.serve(&leases, now);
        desk.sweep(&mut leases, now);
        outcomes.extend(desk.give_up(now));
        outcomes
    }

    /// Whether nothing is known of any account, so that there is nothing to keep up with.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.desk().is_at_rest()
    }

    /// What this worker claims on an account: spent, held and idle.
    #[must_use]
    pub fn claim(&self, account: &AccountId) -> NanoUsd {
        NanoUsd::from_nanos(self.desk().claims.claim(account))
    }

    /// What of an account nobody has spent, as the store last said, and when that was; `None` while this worker takes
    /// nothing of it. Below zero when more was spent than the limit.
    #[must_use]
    pub fn unspent(&self, account: &AccountId) -> Option<(NanoUsd, UnixMillis)> {
        let (nanos, at) = self.desk().unspent(account)?;
        Some((NanoUsd::from_nanos(nanos), at))
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
