//! One bucket of one limit in this worker: what is held of it, and the calls that wait for the store's word.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::{Allowance, Share, Standing};
use tokio::sync::oneshot;

use super::taken::Claim;

/// See the module.
pub(super) struct Counter {
    pub(super) organization: OrganizationId,
    pub(super) bucket: BucketId,
    state: Mutex<State>,
    is_urgent: AtomicBool,
    is_watched: AtomicBool,
}

pub(super) struct State {
    pub(super) share: Share,
    /// First come, first served.
    pub(super) waiting: VecDeque<Waiting>,
}

/// A call in the queue. One that has gone lets what it got go back by dropping it.
pub(super) struct Waiting {
    pub(super) units: u64,
    pub(super) tell: oneshot::Sender<Decided>,
}

/// What was decided about a call.
pub(super) enum Decided {
    Taken(Claim),
    /// Not before so many milliseconds have passed; `None` for never.
    Refused(Option<u64>),
    /// More than the limit ever lets through at once.
    Never,
}

impl Counter {
    pub(super) fn new(
        organization: OrganizationId,
        bucket: BucketId,
        allowance: Allowance,
        now: UnixMillis,
    ) -> Self {
        Self {
            organization,
            bucket,
            state: Mutex::new(State {
                share: Share::new(allowance, now),
                waiting: VecDeque::new(),
            }),
            is_urgent: AtomicBool::new(false),
            is_watched: AtomicBool::new(false),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A share is whole between any two of its operations.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn standing(&self, now: UnixMillis) -> Standing {
        self.state().share.standing(now)
    }

    /// Whether it was not urgent before.
    pub(super) fn becomes_urgent(&self) -> bool {
        !self.is_urgent.swap(true, Ordering::AcqRel)
    }

    /// Whether it was not watched before.
    pub(super) fn becomes_watched(&self) -> bool {
        !self.is_watched.swap(true, Ordering::AcqRel)
    }

    /// It is being spoken about; what comes from now on is urgent anew.
    pub(super) fn is_heard(&self) {
        self.is_urgent.store(false, Ordering::Release);
    }

    /// It is looked at no more; what comes from now on is watched anew.
    pub(super) fn is_left(&self) {
        self.is_watched.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Counter({})", self.bucket.limit)
    }
}
