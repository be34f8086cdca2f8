//! The fast store within one process: the pure store behind a lock. It forgets when the process ends, as the other may.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_stream::stream;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{OrganizationId, WorkerId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Balance, Epoch, Loaded, Reconcile, Refusal, Reply, Settled, Store};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{EscrowError, Recall, Recalls, is_recall};
use crate::error::BackplaneError;

/// Recalls kept for a slow listener.
const RECALLS: usize = 256;
/// Accounts of past periods are looked for once in so many messages.
const SWEEP_EVERY: u64 = 4_096;

/// See [`super::Escrow::memory`].
#[derive(Clone)]
pub struct MemoryEscrow {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    recalls: broadcast::Sender<OrganizationId>,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    stores: HashMap<OrganizationId, Store>,
    wanted: BTreeSet<OrganizationId>,
    messages: u64,
}

fn now() -> UnixMillis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = elapsed.map_or(0, |elapsed| elapsed.as_millis());
    UnixMillis::new(i64::try_from(millis).unwrap_or(i64::MAX))
}

impl MemoryEscrow {
    pub(super) fn new() -> Self {
        let (recalls, _) = broadcast::channel(RECALLS);
        Self {
            inner: Arc::new(Inner {
                state: Mutex::default(),
                recalls,
                closed: AtomicBool::new(false),
            }),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, EscrowError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed.into());
        }
        // The store checks before it writes and then only assigns, so a poisoned lock is still usable.
        Ok(self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(
        &self,
        organization: OrganizationId,
        work: impl FnOnce(&mut Store) -> Result<T, Refusal>,
    ) -> Result<T, EscrowError> {
        let mut state = self.state()?;
        let outcome = work(state.stores.entry(organization).or_default());
        if matches!(outcome, Err(Refusal::Forgotten)) {
            state.wanted.insert(organization);
        }
        Ok(outcome?)
    }

    pub(super) fn reconcile(
        &self,
        organization: OrganizationId,
        message: &Reconcile,
    ) -> Result<Reply, EscrowError> {
        let now = now();
        let reply = self.with(organization, |store| store.reconcile(message, now))?;
        if is_recall(&reply) {
            // Nobody has to listen.
            let _ = self.inner.recalls.send(organization);
        }
        let mut state = self.state()?;
        state.messages = state.messages.wrapping_add(1);
        if state.messages.is_multiple_of(SWEEP_EVERY) {
            state.stores.values_mut().for_each(|store| store.forget(now));
        }
        Ok(reply)
    }

    pub(super) fn register(
        &self,
        organization: OrganizationId,
        generation: u64,
        epoch: Epoch,
    ) -> Result<(), EscrowError> {
        self.with(organization, |store| store.register(generation, epoch))
    }

    pub(super) fn wanted(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        Ok(self.state()?.wanted.iter().copied().collect())
    }

    pub(super) fn waiting(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        let state = self.state()?;
        let waiting = state.stores.iter().filter(|(_, store)| store.is_waiting());
        Ok(waiting.map(|(organization, _)| *organization).collect())
    }

    pub(super) fn fence(&self, organization: OrganizationId, number: u64) -> Result<(), EscrowError> {
        self.with(organization, |store| store.fence(number))
    }

    pub(super) fn load(
        &self,
        organization: OrganizationId,
        number: u64,
        accounts: &[Loaded],
    ) -> Result<(), EscrowError> {
        self.with(organization, |store| store.load(number, accounts))
    }

    pub(super) fn open(
        &self,
        organization: OrganizationId,
        number: u64,
        pending: &[Epoch],
        closed_below: &[(WorkerId, u32)],
    ) -> Result<(), EscrowError> {
        self.with(organization, |store| store.open(number, pending, closed_below))?;
        self.state()?.wanted.remove(&organization);
        Ok(())
    }

    pub(super) fn close_epoch(
        &self,
        organization: OrganizationId,
        epoch: Epoch,
        settled: &[Settled],
    ) -> Result<(), EscrowError> {
        self.with(organization, |store| store.close(epoch, settled))
    }

    pub(super) fn read(
        &self,
        organization: OrganizationId,
        accounts: &[AccountId],
    ) -> Result<Vec<Option<Balance>>, EscrowError> {
        self.with(organization, |store| store.read(accounts))
    }

    pub(super) fn recalls(&self) -> Recalls {
        let mut receiver = self.inner.recalls.subscribe();
        // The stream holds the sender too, so the channel outlives every listener.
        let inner = Arc::clone(&self.inner);
        Recalls {
            items: Box::pin(stream! {
                yield Recall::Listening;
                loop {
                    match receiver.recv().await {
                        Ok(organization) => yield Recall::Missed(organization),
                        Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => break,
                    }
                }
                drop(inner);
            }),
        }
    }

    pub(super) fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
    }
}
