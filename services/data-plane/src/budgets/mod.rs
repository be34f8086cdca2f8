//! Budgets in a worker: which of them a call counts on ([`scope`]), and the money it may start from ([`Budgets`]).
//!
//! ```text
//! pipeline ── hold ──► Teller of the organization ── lease ──► at once
//!                           │ too little in the lease
//!                           └── a task on the call's thread ── one message at a time ──► escrow (Redis, or memory)
//! ```
//! A task of each teller in the background says what no call waits for.
//!
//! Must stay true: an attempt over which a hard budget stands is sent only with a hold of the most it can cost, and the
//! hold ends by what it did cost. The protocol is that of `docs/decisions/0014-escrow-by-claims.md`, its arithmetic lies
//! in `metering::escrow`; here is only what carries it.

pub(crate) mod refusal;
pub(crate) mod scope;
mod teller;
pub(crate) mod throttle;

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_backplane::Escrow;
use sluicegate_backplane::escrow::Recall;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Epoch, Outcome, Path};
use sluicegate_service_runtime::clock::Clock;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::usage::Stored;
use teller::Teller;

/// How often the store is asked whether it waits to hear of this worker.
const INTRODUCE_EVERY: Duration = Duration::from_secs(1);
/// How long it counts what an account was last heard to have left.
const HEARD_MILLIS: i64 = 60_000;
/// Pause after a conversation panicked.
const AFTER_PANIC: Duration = Duration::from_millis(100);

/// The budgets of every organization that calls through this worker. Clones share them, and a connection to the store.
#[derive(Clone)]
pub struct Budgets {
    shared: Arc<Shared>,
    /// Carries what calls ask.
    escrow: Escrow,
}

struct Shared {
    tellers: RwLock<HashMap<OrganizationId, Arc<Teller>>>,
    /// Tellers whose task is to be started; on the runtime that outlives every request.
    hired: mpsc::UnboundedSender<Arc<Teller>>,
    epoch: Epoch,
    clock: Clock,
    is_announced: AtomicBool,
}

/// Starts the tasks of tellers and ends them; passes on that money is missed.
#[derive(Debug)]
pub struct Office {
    budgets: Budgets,
    hired: mpsc::UnboundedReceiver<Arc<Teller>>,
    escrow: Escrow,
}

impl Budgets {
    /// Without any money yet. What the store cannot grant at once is decided only while [`Office::run`] runs.
    #[must_use]
    pub fn new(epoch: Epoch, escrow: Escrow, clock: Clock) -> (Self, Office) {
        let (hired, tellers) = mpsc::unbounded_channel();
        let shared = Shared {
            tellers: RwLock::default(),
            hired,
            epoch,
            clock,
            is_announced: AtomicBool::new(false),
        };
        let budgets = Self {
            shared: Arc::new(shared),
            escrow: escrow.clone(),
        };
        let office = Office {
            budgets: budgets.clone(),
            hired: tellers,
            escrow,
        };
        (budgets, office)
    }

    /// The same budgets over a connection of its own: each server thread has one, so that the store's word wakes no other.
    pub(crate) fn apart(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            escrow: self.escrow.apart(),
        }
    }

    /// Sets `amount` aside on every account of `path`. Waits for the store when the lease here has too little.
    pub(crate) async fn hold(&self, organization: OrganizationId, path: &Path, amount: NanoUsd) -> Outcome {
        let teller = self.teller(organization);
        teller.hold(path, amount, &self.escrow, &self.shared.clock).await
    }

    /// Which share of an account's limit nobody has spent, as this worker last heard; `None`: not in the last minute. No
    /// message is sent for this.
    pub(crate) fn remaining_ratio(
        &self,
        organization: OrganizationId,
        account: &AccountId,
        limit: NanoUsd,
    ) -> Option<f64> {
        let tellers = self.shared.tellers.read().unwrap_or_else(PoisonError::into_inner);
        let teller = Arc::clone(tellers.get(&organization)?);
        drop(tellers);
        let (unspent, at) = teller.book.unspent(account)?;
        let age = now(&self.shared.clock).get().saturating_sub(at.get());
        let ratio = unspent.nanos().max(0) as f64 / limit.nanos().max(1) as f64;
        (age <= HEARD_MILLIS).then(|| ratio.min(1.0))
    }

    fn teller(&self, organization: OrganizationId) -> Arc<Teller> {
        let shared = &self.shared;
        let known = shared.tellers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(teller) = known.get(&organization) {
            return Arc::clone(teller);
        }
        drop(known);
        let mut tellers = shared.tellers.write().unwrap_or_else(PoisonError::into_inner);
        let teller = tellers.entry(organization).or_insert_with(|| {
            let teller = Arc::new(Teller::new(organization, shared.epoch));
            if self.is_announced() {
                teller.book.announced();
            }
            // The office closes with the process.
            let _ = shared.hired.send(Arc::clone(&teller));
            teller
        });
        Arc::clone(teller)
    }

    fn each(&self, change: impl Fn(&Teller)) {
        let tellers = self.shared.tellers.read().unwrap_or_else(PoisonError::into_inner);
        for teller in tellers.values() {
            change(teller);
            teller.wake();
        }
    }

    /// Money of this organization is missed elsewhere.
    fn recalled(&self, organization: OrganizationId) {
        let tellers = self.shared.tellers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(teller) = tellers.get(&organization) {
            teller.book.recalled(now(&self.shared.clock));
            teller.wake();
        }
    }

    fn is_announced(&self) -> bool {
        self.shared.is_announced.load(Ordering::Acquire)
    }

    /// The control plane has stored a heartbeat of this epoch, so that a store that forgets presumes something of it.
    fn announced(&self) {
        if !self.shared.is_announced.swap(true, Ordering::AcqRel) {
            self.each(|teller| teller.book.announced());
        }
    }

    /// Every usage record of this epoch up to `watermark` is in Postgres.
    fn ingested(&self, watermark: u64) {
        self.each(|teller| teller.book.ingested(watermark));
    }
}

fn now(clock: &Clock) -> UnixMillis {
    UnixMillis::new(clock.now_millis())
}

impl fmt::Debug for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budgets(..)")
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller(..)")
    }
}

impl Office {
    /// Runs the tellers' conversations until `stop` is cancelled. `taken` turns true once the control plane knows this
    /// epoch; `stored` tells how much of what was spent is in Postgres.
    pub async fn run(
        mut self,
        mut taken: watch::Receiver<bool>,
        mut stored: watch::Receiver<Stored>,
        stop: CancellationToken,
    ) {
        let mut recalls = self.escrow.recalls();
        let mut conversations = JoinSet::new();
        conversations.spawn(self.introductions(stop.clone()));
        loop {
            tokio::select! {
                Some(teller) = self.hired.recv() => {
                    conversations.spawn(self.conversation(teller, stop.clone()));
                }
                recall = recalls.next() => match recall {
                    Recall::Missed(organization) => self.budgets.recalled(organization),
                    Recall::Listening => {}
                },
                Ok(_) = taken.wait_for(|taken| *taken), if !self.budgets.is_announced() => self.budgets.announced(),
                Ok(()) = stored.changed() => {
                    let watermark = stored.borrow_and_update().watermark;
                    self.budgets.ingested(watermark);
                }
                Some(_) = conversations.join_next() => {}
                () = stop.cancelled() => break,
            }
        }
        while conversations.join_next().await.is_some() {}
    }

    /// Speaks in every organization whose store waits to hear of this worker, also in those it has spent nothing of.
    fn introductions(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let (escrow, budgets) = (self.escrow.clone(), self.budgets.clone());
        async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(INTRODUCE_EVERY) => {}
                    () = stop.cancelled() => return,
                }
                // Calls find out by themselves that the store is away.
                for organization in escrow.waiting().await.unwrap_or_default() {
                    let teller = budgets.teller(organization);
                    teller.book.introduce();
                    teller.wake();
                }
            }
        }
    }

    fn conversation(&self, teller: Arc<Teller>, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let (escrow, clock) = (self.escrow.clone(), self.budgets.shared.clock.clone());
        async move {
            // Calls rely on what is said here: a mistake may cost this round, never the conversation.
            while AssertUnwindSafe(teller.run(&escrow, &clock, &stop))
                .catch_unwind()
                .await
                .is_err()
            {
                tracing::error!("a conversation about budgets panicked and goes on");
                tokio::time::sleep(AFTER_PANIC).await;
            }
        }
    }
}
