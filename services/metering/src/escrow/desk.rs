//! The part of a [`Book`](super::Book) behind its lock: the claims, the queue, and how large leases should be.

use std::collections::HashMap;
use std::sync::Arc;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::book::{AskId, Outcome};
use super::claims::{Answered, Claims, Held, Verdict, Want};
use super::lease::{Hold, Lease};
use super::message::{Epoch, Left, Request};
use super::pace::{Pace, Supply};
use super::path::Path;
use super::waiting::{RECALL_MILLIS, Unavailable, Waiting};

/// Wants of leases, as against those of calls, carry this.
const REFILL: u64 = 0;
/// A lease without calls is let go of after so long.
const LEASE_MILLIS: i64 = 10_000;
/// Between two looks for what is done with.
const SWEEP_MILLIS: i64 = 1_000;
/// How long news that changes no claim may be kept from the store.
const NEWS_MILLIS: i64 = 500;
/// Workers that are taken to share an account until somebody knows.
const WORKERS: u32 = 4;

#[derive(Debug)]
pub(super) struct Desk {
    pub(super) claims: Claims,
    pub(super) workers: u32,
    /// Until then every call asks for itself, and nothing lies idle.
    lean_until: UnixMillis,
    waiting: Vec<Waiting>,
    last_id: u64,
    /// What accounts have left, as last heard.
    left: HashMap<AccountId, Heard>,
    paces: HashMap<Path, Pace>,
    told_all_at: UnixMillis,
    swept_at: UnixMillis,
}

/// What an account has left, and when the store said so.
#[derive(Debug, Clone, Copy)]
struct Heard {
    left: Left,
    /// The limit without what anybody has spent.
    unspent: i64,
    at: UnixMillis,
}

impl Desk {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self {
            claims: Claims::new(epoch),
            workers: WORKERS,
            lean_until: UnixMillis::default(),
            waiting: Vec::new(),
            last_id: REFILL,
            left: HashMap::new(),
            paces: HashMap::new(),
            told_all_at: UnixMillis::default(),
            swept_at: UnixMillis::default(),
        }
    }

    /// Takes note of terms; what a limit lost or gained is no longer or newly there.
    pub(super) fn agree(&mut self, path: &Path) {
        for (id, terms) in path.entries() {
            let known = self
                .claims
                .terms(id)
                .filter(|known| known.version < terms.version);
            if let (Some(known), Some(Heard { left, unspent, .. })) = (known, self.left.get_mut(id)) {
                let change = terms.limit.nanos().saturating_sub(known.limit.nanos());
                left.available = NanoUsd::from_nanos(left.available.nanos().saturating_add(change));
                *unspent = unspent.saturating_add(change);
            }
        }
        self.claims.agree(path);
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.waiting.is_empty() && !self.claims.is_awaiting() && self.claims.is_empty()
    }

    pub(super) fn enqueue(&mut self, path: &Path, amount: i64, now: UnixMillis) -> AskId {
        self.agree(path);
        self.last_id += 1;
        self.waiting
            .push(Waiting::new(self.last_id, path.clone(), amount, now));
        AskId(self.last_id)
    }

    pub(super) fn cancel(&mut self, ask: AskId) {
        self.waiting.retain(|waiting| waiting.id != ask.0);
    }

    pub(super) fn note_spent(&mut self, lease: &Lease) {
        for (cost, seq) in lease.drain_spent() {
            self.claims.spent(lease.path(), cost, seq);
        }
    }

    pub(super) fn next<'a>(
        &mut self,
        leases: impl Iterator<Item = &'a Arc<Lease>>,
        now: UnixMillis,
    ) -> Option<Request> {
        if self.claims.is_awaiting() {
            return None;
        }
        let mut wants = self.calls(now);
        for lease in leases {
            self.note_spent(lease);
            let refill = self.settle(lease, now);
            wants.extend(refill);
        }
        let all = now >= self.told_all_at.offset(NEWS_MILLIS);
        let (request, held) = self.claims.compose(&wants, all);
        if all && request.is_some() {
            self.told_all_at = now;
        }
        self.note_held(&held, now);
        request
    }

    fn calls(&self, now: UnixMillis) -> Vec<Want> {
        let due = self.waiting.iter().filter(|waiting| waiting.is_due(now));
        due.map(|waiting| Want {
            id: waiting.id,
            path: waiting.path.clone(),
            want: waiting.amount.max(1),
            min: waiting.amount,
        })
        .collect()
    }

    /// Claims what calls cost beyond their holds, takes out what a lease need not have, and says what it lacks.
    fn settle(&mut self, lease: &Lease, now: UnixMillis) -> Option<Want> {
        let overdrawn = lease.idle().min(0).saturating_neg();
        if overdrawn > 0 {
            lease.put(overdrawn);
            self.claims.overrun(lease.path(), overdrawn);
        }
        let path = lease.path();
        let supply = self.supply(path);
        let pace = self.paces.entry(path.clone()).or_insert_with(|| Pace::new(now));
        let target = pace.target(lease, supply, self.workers, now);
        let is_lean = now < self.lean_until || self.claims.is_closed();
        let target = if is_lean { 0 } else { target };
        lease.set_low(target / 2);
        let idle = lease.idle();
        if idle > target.saturating_mul(2) {
            let surplus = lease.take_beyond(target);
            self.claims.give_back(path, surplus);
        }
        let is_lacking = idle < target / 2;
        let may_refill = is_lacking && self.paces.get_mut(path).is_some_and(|pace| pace.may_refill(now));
        may_refill.then(|| Want {
            id: REFILL,
            path: path.clone(),
            want: target.saturating_sub(idle),
            min: 0,
        })
    }

    fn supply(&self, path: &Path) -> Option<Supply> {
        let mut supply = Supply {
            available: i64::MAX,
            is_scarce: false,
        };
        for id in path.accounts() {
            let left = self.left.get(id)?.left;
            let available = left.available.nanos().saturating_sub(left.presumed.nanos());
            let limit = self.claims.terms(id)?.limit.nanos();
            supply.available = supply.available.min(available);
            supply.is_scarce |= available < limit / 20;
        }
        Some(supply)
    }

    /// Somebody misses money: nothing lies idle for as long as it takes to come back.
    pub(super) fn be_lean(&mut self, now: UnixMillis) {
        self.lean_until = now.offset(2 * RECALL_MILLIS);
    }

    fn note_held(&mut self, held: &[(u64, Held)], now: UnixMillis) {
        let (unannounced, closed) = (self.claims.is_unannounced(), self.claims.is_closed());
        for (id, held) in held {
            let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.id == *id) else {
                continue;
            };
            match held {
                Held::Exposed => waiting.deferred(Unavailable::Exposed, now),
                Held::Later if closed => waiting.set_obstacle(Unavailable::Closed),
                Held::Later if unannounced => waiting.set_obstacle(Unavailable::Unannounced),
                Held::Later => waiting.set_obstacle(Unavailable::Store),
            }
            if *held == Held::Exposed {
                // What is idle on another path may be what stands in the way.
                self.lean_until = now.offset(2 * RECALL_MILLIS);
            }
        }
    }

    /// Takes note of what accounts have left. A call that may not be asked for can still be refused by that.
    pub(super) fn hear(&mut self, left: Vec<(AccountId, Left)>, now: UnixMillis) -> Vec<(AskId, Outcome)> {
        for (id, left) in left {
            // What is claimed and not spent is as the store has just heard it: nothing was given back meanwhile.
            let open = left.open_elsewhere.nanos().saturating_add(self.claims.open(&id));
            let unspent = left.available.nanos().saturating_add(open);
            self.left.insert(
                id,
                Heard {
                    left,
                    unspent,
                    at: now,
                },
            );
        }
        let exposed = self.waiting.iter().filter(|waiting| waiting.is_exposed());
        let too_little = |waiting: &Waiting| {
            let short = short_of(&self.left, waiting);
            short.map(|(account, _)| (waiting.id, account))
        };
        let short: Vec<(u64, AccountId)> = exposed.filter_map(too_little).collect();
        let denied = short
            .into_iter()
            .filter_map(|(id, account)| self.deny(id, account, now));
        denied.collect()
    }

    /// What of an account nobody had spent when the store last spoke of it, and when that was.
    pub(super) fn unspent(&self, account: &AccountId) -> Option<(i64, UnixMillis)> {
        self.left.get(account).map(|heard| (heard.unspent, heard.at))
    }

    /// A call found too little on `account`: refused, unless some may come back.
    fn deny(&mut self, id: u64, account: AccountId, now: UnixMillis) -> Option<(AskId, Outcome)> {
        let left = self.left.get(&account).map(|heard| heard.left);
        let elsewhere = left.map_or(0, |left| left.open_elsewhere.nanos());
        // What this worker holds itself may lie idle on another path.
        let here = self.claims.open(&account);
        if here > 0 {
            self.be_lean(now);
        }
        let position = self.waiting.iter().position(|waiting| waiting.id == id)?;
        if !self
            .waiting
            .get_mut(position)?
            .denied(elsewhere.saturating_add(here), now)
        {
            return None;
        }
        let refused = Outcome::Refused {
            account,
            available: left.map_or(NanoUsd::ZERO, |left| left.available),
        };
        Some((AskId(self.waiting.remove(position).id), refused))
    }

    /// What an answer means for the call that waits for it, or for the lease.
    pub(super) fn decide(
        &mut self,
        answered: Answered,
        lease: &Arc<Lease>,
        now: UnixMillis,
    ) -> Option<(AskId, Outcome)> {
        let position = self.waiting.iter().position(|waiting| waiting.id == answered.id);
        match answered.answer {
            Verdict::Grant(amount) => {
                let Some(position) = position else {
                    lease.put(amount);
                    return None;
                };
                let waiting = self.waiting.remove(position);
                lease.put(amount.saturating_sub(waiting.amount));
                let hold = Hold::new(Arc::clone(lease), waiting.amount);
                Some((AskId(waiting.id), Outcome::Held(hold)))
            }
            Verdict::Deny(account) => self.deny(answered.id, account, now),
            Verdict::Wait => {
                self.waiting
                    .get_mut(position?)?
                    .deferred(Unavailable::Presumed, now);
                None
            }
        }
    }

    /// Ends the waiting of calls whose time is up.
    pub(super) fn give_up(&mut self, now: UnixMillis) -> Vec<(AskId, Outcome)> {
        let mut outcomes = Vec::new();
        let (claims, closed) = (&self.claims, self.claims.is_closed());
        let left = &self.left;
        self.waiting.retain(|waiting| {
            let outcome = if closed {
                Some(Outcome::Unavailable(Unavailable::Closed))
            } else {
                too_large(claims, waiting)
                    .or_else(|| waiting.given_up(now).map(|why| gave_up(why, left, waiting)))
            };
            let is_kept = outcome.is_none();
            outcomes.extend(outcome.map(|outcome| (AskId(waiting.id), outcome)));
            is_kept
        });
        outcomes
    }

    /// Serves calls in the queue from what has become idle meanwhile.
    pub(super) fn serve(
        &mut self,
        leases: &HashMap<Path, Arc<Lease>>,
        now: UnixMillis,
    ) -> Vec<(AskId, Outcome)> {
        let mut outcomes = Vec::new();
        if self.claims.is_closed() {
            return outcomes;
        }
        self.waiting.retain(|waiting| {
            let lease = leases.get(&waiting.path).filter(|lease| !lease.is_over(now));
            let taken = lease.filter(|lease| lease.take(waiting.amount));
            outcomes.extend(taken.map(|lease| {
                let hold = Hold::new(Arc::clone(lease), waiting.amount);
                (AskId(waiting.id), Outcome::Held(hold))
            }));
            taken.is_none()
        });
        outcomes
    }

    /// Lets go of what is done with, now and then.
    pub(super) fn sweep(&mut self, leases: &mut HashMap<Path, Arc<Lease>>, now: UnixMillis) {
        if now < self.swept_at.offset(SWEEP_MILLIS) {
            return;
        }
        self.swept_at = now;
        leases.retain(|path, lease| {
            // No hold can appear meanwhile: they come through the map, which is locked.
            let is_bare = Arc::strong_count(lease) == 1 && lease.idle() == 0;
            self.note_spent(lease);
            let is_done = is_bare && self.is_done_with(lease, now);
            if is_done {
                self.paces.remove(path);
            }
            !is_done
        });
        self.claims.forget(now);
        let claims = &self.claims;
        self.left.retain(|id, _| claims.terms(id).is_some());
    }

    /// Whether nothing will come of a lease without money and without holds.
    fn is_done_with(&self, lease: &Lease, now: UnixMillis) -> bool {
        let is_unused = lease.is_over(now) || now >= lease.used_at().offset(LEASE_MILLIS);
        let is_awaited =
            self.claims.is_awaiting() || self.waiting.iter().any(|one| one.path == *lease.path());
        is_unused && !is_awaited
    }
}

/// The first account of a call that is known to have too little left for it, and what that is.
fn short_of(left: &HashMap<AccountId, Heard>, waiting: &Waiting) -> Option<(AccountId, NanoUsd)> {
    let accounts = waiting.path.accounts();
    let mut known = accounts.filter_map(|id| left.get(id).map(|heard| (id, heard.left.available)));
    let short = known.find(|(_, available)| available.nanos() < waiting.amount);
    short.map(|(id, available)| (id.clone(), available))
}

/// What a call is told that has waited long enough: where it could not ask, and what is left would not have been enough,
/// that is the truth. Calls under way here may hold all of a small limit.
fn gave_up(why: Unavailable, left: &HashMap<AccountId, Heard>, waiting: &Waiting) -> Outcome {
    match short_of(left, waiting) {
        Some((account, available)) if why == Unavailable::Exposed => Outcome::Refused { account, available },
        Some(_) | None => Outcome::Unavailable(why),
    }
}

/// A hold beyond what one worker may have of an account can never be granted.
fn too_large(claims: &Claims, waiting: &Waiting) -> Option<Outcome> {
    let most = |id| claims.terms(id).map(|terms| terms.exposure);
    let accounts = waiting.path.accounts();
    let mut beyond = accounts.filter_map(|id| most(id).map(|most| (id, most)));
    let (account, most) = beyond.find(|(_, most)| most.nanos() < waiting.amount)?;
    Some(Outcome::TooLarge {
        account: account.clone(),
        most,
    })
}
