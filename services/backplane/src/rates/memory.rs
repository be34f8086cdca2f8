//! The store of rate limits within one process: pure pools behind a lock.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::bucket::{Allowance, Answer, Pool, Standing};
use sluicegate_metering::escrow::Epoch;

use super::Message;
use crate::error::BackplaneError;
use crate::now::Now;

/// Pools that say no more than new ones are looked for once in so many messages.
const SWEEP_EVERY: u64 = 4_096;

/// See [`super::Rates::memory`].
#[derive(Clone)]
pub struct MemoryRates {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    now: Now,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    pools: HashMap<(OrganizationId, BucketId), Pool>,
    /// All workers there are: they end with the process.
    workers: BTreeSet<Epoch>,
    messages: u64,
}

impl MemoryRates {
    pub(super) fn new(now: Now) -> Self {
        Self {
            inner: Arc::new(Inner {
                state: Mutex::default(),
                now,
                closed: AtomicBool::new(false),
            }),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, BackplaneError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed);
        }
        // A pool is whole between any two of its operations.
        Ok(self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn exchange(
        &self,
        worker: Epoch,
        messages: &[Message],
    ) -> Result<Vec<Option<Answer>>, BackplaneError> {
        let (mut state, now) = (self.state()?, (self.inner.now)());
        let mut answers = Vec::with_capacity(messages.len());
        for message in messages {
            let key = (message.organization, message.bucket.clone());
            let pool = state.pools.entry(key);
            let pool = pool.or_insert_with(|| Pool::new(message.ask.allowance, now));
            answers.push(pool.exchange(worker, &message.ask, now));
            state.messages += 1;
            if state.messages.is_multiple_of(SWEEP_EVERY) {
                state.pools.retain(|_, pool| !pool.is_new(now));
            }
        }
        Ok(answers)
    }

    pub(super) fn roll_call(&self, worker: Epoch) -> Result<u64, BackplaneError> {
        let mut state = self.state()?;
        state.workers.insert(worker);
        Ok(state.workers.len() as u64)
    }

    pub(super) fn look(
        &self,
        organization: OrganizationId,
        buckets: &[(BucketId, Allowance)],
    ) -> Result<Vec<Standing>, BackplaneError> {
        let (state, now) = (self.state()?, (self.inner.now)());
        let standings = buckets.iter().map(|(bucket, allowance)| {
            match state.pools.get(&(organization, bucket.clone())) {
                Some(pool) => pool.standing(now),
                None => Pool::new(*allowance, now).standing(now),
            }
        });
        Ok(standings.collect())
    }

    pub(super) fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
    }
}
