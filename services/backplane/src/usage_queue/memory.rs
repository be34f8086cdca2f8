//! The usage queue within one process: bounded, with the delivery, acknowledgement and reclaim rules of the stream.
//! Nothing survives the process; the workers' spools do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sluicegate_contracts::ids::WorkerId;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{Delivery, Depth, EntryId, UsageEntry, Watermark};
use crate::error::BackplaneError;

/// See [`super::UsageQueue::memory`].
#[derive(Clone)]
pub struct MemoryQueue {
    inner: Arc<Inner>,
}

struct Inner {
    cap: u64,
    state: Mutex<State>,
    appended: Notify,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Unacknowledged entries by position.
    entries: BTreeMap<u64, Slot>,
    appended: u64,
    /// Everything up to this position was handed out at least once.
    delivered: u64,
    watermarks: BTreeMap<(WorkerId, u32), u64>,
}

struct Slot {
    entry: UsageEntry,
    appended_at: Instant,
    deliveries: u64,
    delivered_at: Option<Instant>,
}

impl Slot {
    fn deliver(&mut self, position: u64, now: Instant) -> Delivery {
        self.deliveries += 1;
        self.delivered_at = Some(now);
        Delivery {
            id: EntryId(position.to_string()),
            deliveries: self.deliveries,
            entry: Ok(self.entry.clone()),
        }
    }
}

impl MemoryQueue {
    pub(super) fn new(cap: u64) -> Self {
        Self {
            inner: Arc::new(Inner {
                cap,
                state: Mutex::default(),
                appended: Notify::new(),
                closed: AtomicBool::new(false),
            }),
        }
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, BackplaneError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed);
        }
        // Every change below leaves the state whole at each step, so a poisoned lock is still usable.
        Ok(self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn append(&self, entries: &[UsageEntry]) -> Result<(), BackplaneError> {
        let mut state = self.open_state()?;
        let (depth, cap) = (state.entries.len() as u64, self.inner.cap);
        if depth + entries.len() as u64 > cap {
            return Err(BackplaneError::Backpressure { depth, cap });
        }
        let now = Instant::now();
        for entry in entries {
            state.appended += 1;
            let position = state.appended;
            let slot = Slot {
                entry: entry.clone(),
                appended_at: now,
                deliveries: 0,
                delivered_at: None,
            };
            state.entries.insert(position, slot);
        }
        drop(state);
        self.inner.appended.notify_waiters();
        Ok(())
    }

    pub(super) async fn read(&self, max: usize, block: Duration) -> Result<Vec<Delivery>, BackplaneError> {
        let deadline = Instant::now() + block;
        loop {
            // Registered before looking, so that an append in between is not missed.
            let mut appended = std::pin::pin!(self.inner.appended.notified());
            appended.as_mut().enable();
            let deliveries = self.read_now(max)?;
            if !deliveries.is_empty() || max == 0 || timeout_at(deadline, appended).await.is_err() {
                return Ok(deliveries);
            }
        }
    }

    fn read_now(&self, max: usize) -> Result<Vec<Delivery>, BackplaneError> {
        let mut state = self.open_state()?;
        let now = Instant::now();
        let fresh = state.delivered + 1..;
        let deliveries: Vec<(u64, Delivery)> = state
            .entries
            .range_mut(fresh)
            .take(max)
            .map(|(position, slot)| (*position, slot.deliver(*position, now)))
            .collect();
        if let Some((position, _)) = deliveries.last() {
            state.delivered = *position;
        }
        Ok(deliveries.into_iter().map(|(_, delivery)| delivery).collect())
    }

    pub(super) fn reclaim(&self, max: usize, min_idle: Duration) -> Result<Vec<Delivery>, BackplaneError> {
        let mut state = self.open_state()?;
        let now = Instant::now();
        let is_idle = |slot: &Slot| {
            slot.delivered_at
                .is_some_and(|at| now.duration_since(at) >= min_idle)
        };
        Ok(state
            .entries
            .iter_mut()
            .filter(|(_, slot)| is_idle(slot))
            .take(max)
            .map(|(position, slot)| slot.deliver(*position, now))
            .collect())
    }

    pub(super) fn ack(&self, ids: &[EntryId]) -> Result<(), BackplaneError> {
        let mut state = self.open_state()?;
        for position in ids.iter().filter_map(|id| id.0.parse().ok()) {
            // As with the stream, only what was handed out can be acknowledged.
            if position <= state.delivered {
                state.entries.remove(&position);
            }
        }
        Ok(())
    }

    pub(super) fn depth(&self) -> Result<Depth, BackplaneError> {
        let state = self.open_state()?;
        let pending = state.entries.range(..=state.delivered).count();
        Ok(Depth {
            entries: state.entries.len() as u64,
            pending: pending as u64,
            oldest: state
                .entries
                .first_key_value()
                .map(|(_, slot)| slot.appended_at.elapsed()),
        })
    }

    pub(super) fn publish_watermarks(&self, watermarks: &[Watermark]) -> Result<(), BackplaneError> {
        let mut state = self.open_state()?;
        for watermark in watermarks {
            let known = state
                .watermarks
                .entry((watermark.worker, watermark.epoch))
                .or_default();
            *known = (*known).max(watermark.seq);
        }
        Ok(())
    }

    pub(super) fn watermarks(&self, worker: WorkerId) -> Result<Vec<Watermark>, BackplaneError> {
        let state = self.open_state()?;
        Ok(state
            .watermarks
            .range((worker, 0)..=(worker, u32::MAX))
            .map(|(&(worker, epoch), &seq)| Watermark { worker, epoch, seq })
            .collect())
    }

    pub(super) fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        self.inner.appended.notify_waiters();
    }
}
