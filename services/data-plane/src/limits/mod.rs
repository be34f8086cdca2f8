//! Rate limits in a worker: which of them are over a call ([`index`]), and what it takes of them ([`RateLimits::take`]).
//!
//! ```text
//! pipeline ── take ──► Counter of each limit ── what this worker holds of it ──► at once
//!                          │ too little held
//!                          └── Keeper, a task ── one pipeline of messages at a time ──► store (Redis, or memory)
//! ```
//! Must stay true: a call never fails because the store is away; this worker then keeps its part of each limit by itself.
//! What a call has taken comes back when it is dropped, and is corrected by what it used when it ends. The protocol is that
//! of `docs/decisions/0015-rate-limits.md`, its arithmetic lies in `metering::bucket`; here is only what carries it.

mod counter;
pub mod index;
mod keeper;
mod metrics;
mod standing;
mod taken;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sluicegate_backplane::Rates;
use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::{OrganizationId, RateLimitId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::{Standing, Take};
use sluicegate_metering::escrow::Epoch;
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::metrics::Registry;
use tokio::sync::{Notify, oneshot};

use counter::{Counter, Decided, Waiting};
use index::Limit;
pub use keeper::Keeper;
use metrics::{Decider, Metrics};
pub(crate) use standing::{Shown, Standings};
pub(crate) use taken::{Taken, Used};

/// The rate limits of every organization that calls through this worker. Clones share them.
#[derive(Clone)]
pub struct RateLimits {
    shared: Arc<Shared>,
}

struct Shared {
    counters: RwLock<HashMap<RateLimitId, Family>>,
    /// Counters with something to say that a call waits for, or soon would.
    urgent: Mutex<Vec<Arc<Counter>>>,
    /// Counters that will have something to say in a while.
    watched: Mutex<Vec<Arc<Counter>>>,
    wake: Notify,
    /// The store did not answer last time.
    is_away: AtomicBool,
    /// How many workers there were when the store last said so, this one included.
    workers: AtomicU64,
    epoch: Epoch,
    clock: Clock,
    metrics: Metrics,
}

/// The counters of one limit: one for all, or one for each end user.
#[derive(Default)]
struct Family {
    whole: Option<Arc<Counter>>,
    by_end_user: HashMap<String, Arc<Counter>>,
}

/// So much of a limit.
#[derive(Debug)]
pub(crate) struct Want<'a> {
    pub(crate) limit: &'a Arc<Limit>,
    /// Whose share, when the limit is kept apart.
    pub(crate) partition: Option<&'a str>,
    pub(crate) units: u64,
}

/// A limit does not let a call through.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) limit: Arc<Limit>,
    /// What the call wanted of it.
    pub(crate) units: u64,
    /// When it would; `None` for more than the limit ever lets through at once.
    pub(crate) after: Option<Duration>,
}

impl RateLimits {
    /// Without anything held yet. While [`Keeper::run`] does not run, nothing is taken that the store would have to grant.
    #[must_use]
    pub fn new(epoch: Epoch, rates: Rates, clock: Clock, registry: &Registry) -> (Self, Keeper) {
        let shared = Shared {
            counters: RwLock::default(),
            urgent: Mutex::default(),
            watched: Mutex::default(),
            wake: Notify::new(),
            is_away: AtomicBool::new(false),
            workers: AtomicU64::new(1),
            epoch,
            clock,
            metrics: Metrics::new(registry),
        };
        let limits = Self {
            shared: Arc::new(shared),
        };
        let keeper = Keeper::new(limits.clone(), rates);
        (limits, keeper)
    }

    /// Takes everything that is wanted, or nothing; notes in `standings` how the limits stand then.
    ///
    /// # Errors
    /// The first limit that has too little.
    pub(crate) async fn take(
        &self,
        organization: OrganizationId,
        wants: Vec<Want<'_>>,
        standings: &mut Standings,
    ) -> Result<Taken, Refused> {
        let mut taken = Taken::nothing();
        if wants.is_empty() {
            return Ok(taken);
        }
        let (mut refused, mut waiting) = (None, Vec::new());
        for want in wants {
            let counter = self.counter(organization, &want);
            match self.begin(&counter, &want) {
                Begun::Decided(decided) => conclude(&mut taken, &mut refused, counter, &want, decided),
                Begun::Waiting(answer) => waiting.push((counter, want, answer)),
            }
        }
        // All of them were asked for before the first is waited for.
        for (counter, want, answer) in waiting {
            let decided = match answer.await {
                Ok(claim) => claim,
                // The keeper ended: as good as no store.
                Err(_) => self.decide_alone(&counter, want.units),
            };
            conclude(&mut taken, &mut refused, counter, &want, decided);
        }
        taken.tell(self.now(), standings);
        match refused {
            None => Ok(taken),
            Some((counter, refused)) => {
                self.shared.metrics.refused(refused.limit.rule.metric);
                let standing = counter.standing(self.now());
                standings.refused(&refused.limit, standing);
                Err(refused)
            }
        }
    }

    /// Takes from what is held, or queues.
    fn begin(&self, counter: &Arc<Counter>, want: &Want<'_>) -> Begun {
        let now = self.now();
        let mut state = counter.state();
        state.share.adopt(want.limit.allowance, now);
        match state.share.take(want.units, now) {
            Take::Taken { runs_low } => {
                drop(state);
                self.shared.metrics.decided(Decider::Held);
                if runs_low && !self.is_away() {
                    self.hurry(counter);
                }
                self.watch(counter);
                Begun::Decided(Decided::Taken(self.claim(counter, want.units)))
            }
            Take::Never => Begun::Decided(Decided::Never),
            Take::Ask if self.is_away() => {
                drop(state);
                Begun::Decided(self.decide_alone(counter, want.units))
            }
            Take::Ask => {
                let (tell, answer) = oneshot::channel();
                state.waiting.push_back(Waiting {
                    units: want.units,
                    tell,
                });
                drop(state);
                self.hurry(counter);
                Begun::Waiting(answer)
            }
        }
    }

    /// Takes from this worker's part of a limit.
    fn decide_alone(&self, counter: &Arc<Counter>, units: u64) -> Decided {
        let workers = self.shared.workers.load(Ordering::Relaxed);
        let outcome = counter.state().share.take_alone(units, workers, self.now());
        self.shared.metrics.decided(Decider::Alone);
        self.watch(counter);
        match outcome {
            Ok(()) => Decided::Taken(self.claim(counter, units)),
            Err(wait) => Decided::Refused(wait.retry_after_ms),
        }
    }

    fn claim(&self, counter: &Arc<Counter>, units: u64) -> taken::Claim {
        taken::Claim::new(self.clone(), Arc::clone(counter), units)
    }

    fn counter(&self, organization: OrganizationId, want: &Want<'_>) -> Arc<Counter> {
        let id = want.limit.rule.id;
        let known = self
            .shared
            .counters
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(&id).and_then(|family| family.find(want.partition)) {
            return Arc::clone(counter);
        }
        drop(known);
        let mut counters = self
            .shared
            .counters
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let family = counters.entry(id).or_default();
        if let Some(counter) = family.find(want.partition) {
            return Arc::clone(counter);
        }
        let bucket = BucketId {
            limit: id,
            partition: want.partition.map(str::to_owned),
        };
        let counter = Arc::new(Counter::new(
            organization,
            bucket,
            want.limit.allowance,
            self.now(),
        ));
        family.add(want.partition, Arc::clone(&counter));
        counter
    }

    /// Has the keeper speak about a counter as soon as it can.
    fn hurry(&self, counter: &Arc<Counter>) {
        if counter.becomes_urgent() {
            let mut urgent = self.shared.urgent.lock().unwrap_or_else(PoisonError::into_inner);
            urgent.push(Arc::clone(counter));
            drop(urgent);
            self.shared.wake.notify_one();
        }
    }

    /// Has the keeper look at a counter from time to time, until there is nothing to say about it.
    fn watch(&self, counter: &Arc<Counter>) {
        if counter.becomes_watched() {
            let mut watched = self.shared.watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.push(Arc::clone(counter));
        }
    }

    fn is_away(&self) -> bool {
        self.shared.is_away.load(Ordering::Relaxed)
    }

    /// A clock that does not go back, for leases.
    fn now(&self) -> UnixMillis {
        let millis = self.shared.clock.monotonic().as_millis();
        UnixMillis::new(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// What became of a want.
enum Begun {
    Decided(Decided),
    Waiting(oneshot::Receiver<Decided>),
}

fn conclude(
    taken: &mut Taken,
    refused: &mut Option<(Arc<Counter>, Refused)>,
    counter: Arc<Counter>,
    want: &Want<'_>,
    decided: Decided,
) {
    let after = match decided {
        Decided::Taken(claim) => {
            taken.add(Arc::clone(want.limit), claim);
            return;
        }
        Decided::Refused(after_ms) => after_ms.map(Duration::from_millis),
        Decided::Never => None,
    };
    let refusal = Refused {
        limit: Arc::clone(want.limit),
        units: want.units,
        after,
    };
    // Coming back before the slowest of them is of no use.
    let is_slower = |known: &(Arc<Counter>, Refused)| match (known.1.after, after) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(known), Some(after)) => after > known,
    };
    if refused.as_ref().is_none_or(is_slower) {
        *refused = Some((counter, refusal));
    }
}

impl Family {
    fn find(&self, partition: Option<&str>) -> Option<&Arc<Counter>> {
        match partition {
            None => self.whole.as_ref(),
            Some(name) => self.by_end_user.get(name),
        }
    }

    fn add(&mut self, partition: Option<&str>, counter: Arc<Counter>) {
        match partition {
            None => self.whole = Some(counter),
            Some(name) => {
                self.by_end_user.insert(name.to_owned(), counter);
            }
        }
    }

    /// Forgets counters of which there is nothing to remember; false when none is left.
    fn sweep(&mut self, is_needed: impl Fn(&Arc<Counter>) -> bool) -> bool {
        self.whole = self.whole.take().filter(|counter| is_needed(counter));
        self.by_end_user.retain(|_, counter| is_needed(counter));
        self.whole.is_some() || !self.by_end_user.is_empty()
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateLimits(..)")
    }
}

/// How a limit stands for its callers.
fn shown(limit: &Limit, standing: Standing) -> Shown {
    Shown {
        limit: limit.allowance.most(),
        remaining: standing.remaining,
        reset_after: Duration::from_millis(standing.reset_after_ms),
    }
}

#[cfg(test)]
mod tests;
