//! Calls that wait for the store's word, first come, first served, and how long each kind of bad news is borne.

use sluicegate_contracts::time::UnixMillis;

use super::path::Path;

/// Idle money comes back within this time of being missed, and a refusal is final once it has passed.
pub(super) const RECALL_MILLIS: i64 = 100;
/// Between two asks of a call that was denied.
const RETRY_MILLIS: i64 = 20;
/// How long a call waits for a store that is away, or does not know enough.
const STORE_MILLIS: i64 = 1_000;

/// Why a call could not be decided in time. None of these means that a budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unavailable {
    /// The control plane has not taken note of this worker yet.
    Unannounced,
    /// The fast store did not answer.
    Store,
    /// The fast store forgot, and has not heard of every worker again.
    Presumed,
    /// Too much of this worker's spending is not in Postgres yet.
    Exposed,
    /// This worker's epoch was closed.
    Closed,
    /// A period of the path ended.
    Ended,
}

/// A call in the queue.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) path: Path,
    pub(super) amount: i64,
    since: UnixMillis,
    denied_since: Option<UnixMillis>,
    not_before: UnixMillis,
    obstacle: Unavailable,
}

impl Waiting {
    pub(super) fn new(id: u64, path: Path, amount: i64, now: UnixMillis) -> Self {
        Self {
            id,
            path,
            amount,
            since: now,
            denied_since: None,
            not_before: now,
            obstacle: Unavailable::Store,
        }
    }

    pub(super) fn is_due(&self, now: UnixMillis) -> bool {
        self.not_before <= now
    }

    pub(super) const fn set_obstacle(&mut self, obstacle: Unavailable) {
        self.obstacle = obstacle;
    }

    /// There is too little; whether that is final. `open` is claimed and not spent, so that some may come back.
    pub(super) fn denied(&mut self, open: i64, now: UnixMillis) -> bool {
        let since = *self.denied_since.get_or_insert(now);
        self.not_before = now.offset(RETRY_MILLIS);
        open <= 0 || now >= since.offset(RECALL_MILLIS)
    }

    /// There may be enough; something has to happen first.
    pub(super) fn deferred(&mut self, obstacle: Unavailable, now: UnixMillis) {
        self.denied_since = None;
        self.not_before = now.offset(RETRY_MILLIS);
        self.obstacle = obstacle;
    }

    pub(super) fn is_exposed(&self) -> bool {
        self.obstacle == Unavailable::Exposed
    }

    /// Why it has waited long enough, when it has.
    pub(super) fn given_up(&self, now: UnixMillis) -> Option<Unavailable> {
        if self.path.end() <= now {
            return Some(Unavailable::Ended);
        }
        (now >= self.since.offset(STORE_MILLIS)).then_some(self.obstacle)
    }
}
