//! What workers saw, within one process.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::escrow::Epoch;

use super::{Cursor, KEPT, PAGE, Posting, Reading, Sighting};
use crate::error::BackplaneError;
use crate::now::Now;

/// See [`super::Sightings::memory`].
#[derive(Clone)]
pub struct MemorySightings {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    now: Now,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    /// In the order in which they were said.
    said: BTreeMap<Cursor, (OrganizationId, Epoch)>,
    latest: HashMap<(OrganizationId, Epoch), (Cursor, Bytes)>,
    last: Cursor,
}

impl State {
    fn say(&mut self, worker: Epoch, posting: &Posting, millis: u64) {
        let about = (posting.organization, worker);
        self.last = if millis > self.last.millis {
            Cursor { millis, number: 0 }
        } else {
            self.last.following()
        };
        self.said.insert(self.last, about);
        let before = self.latest.insert(about, (self.last, posting.body.clone()));
        before.and_then(|(cursor, _)| self.said.remove(&cursor));
    }

    fn forget(&mut self, millis: u64) {
        let kept = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
        let first = Cursor {
            millis: millis.saturating_sub(kept),
            number: 0,
        };
        self.said = self.said.split_off(&first);
        self.latest.retain(|_, (cursor, _)| *cursor >= first);
    }
}

impl MemorySightings {
    pub(super) fn new(now: Now) -> Self {
        Self {
            inner: Arc::new(Inner {
                state: Mutex::default(),
                now,
                closed: AtomicBool::new(false),
            }),
        }
    }

    /// The state without what is old, and the time.
    fn state(&self) -> Result<(MutexGuard<'_, State>, u64), BackplaneError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed);
        }
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = u64::try_from((self.inner.now)().get()).unwrap_or(0);
        state.forget(millis);
        Ok((state, millis))
    }

    pub(super) fn post<'p>(
        &self,
        worker: Epoch,
        postings: impl Iterator<Item = &'p Posting>,
    ) -> Result<(), BackplaneError> {
        let (mut state, millis) = self.state()?;
        postings.for_each(|posting| state.say(worker, posting, millis));
        Ok(())
    }

    pub(super) fn read(&self, reader: Epoch, since: Cursor) -> Result<Reading, BackplaneError> {
        let (state, millis) = self.state()?;
        let mut reading = Reading {
            next: since,
            ..Reading::default()
        };
        let unread = state.said.range(since.following()..).take(PAGE);
        for (cursor, (organization, worker)) in unread {
            reading.next = *cursor;
            let Some((_, body)) = state.latest.get(&(*organization, *worker)) else {
                continue;
            };
            if *worker != reader {
                reading.sightings.push(Sighting {
                    organization: *organization,
                    worker: *worker,
                    age: Duration::from_millis(millis.saturating_sub(cursor.millis)),
                    body: body.clone(),
                });
            }
        }
        Ok(reading)
    }

    pub(super) fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
    }
}
