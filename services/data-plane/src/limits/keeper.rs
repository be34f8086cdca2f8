//! The task that speaks with the store of rate limits, for all counters of this worker: whatever has something to say
//! goes into one pipeline, and what comes up meanwhile into the next.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_backplane::Rates;
use sluicegate_backplane::rates::{Answer, Message};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::message::MAX_NEEDS;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::RateLimits;
use super::counter::{Counter, Decided, Waiting};
use super::metrics::Decider;

/// How often counters are looked at that no call waits for.
const TICK: Duration = Duration::from_millis(100);
/// How often the workers are counted.
const COUNT_EVERY: Duration = Duration::from_secs(3);
/// How often a store that is away is tried.
const PROBE_EVERY: Duration = Duration::from_millis(300);
/// Most messages of one pipeline.
const BATCH: usize = 128;
/// What was not used for so long is forgotten; longer than any lease.
const FORGET_AFTER_MS: i64 = 120_000;
/// Looked for once in so many ticks.
const SWEEP_EVERY: u32 = 100;
/// Pause after a mistake of ours.
const AFTER_PANIC: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug)]
pub struct Keeper {
    limits: RateLimits,
    rates: Rates,
}

/// One counter's part of a pipeline.
struct Part {
    counter: Arc<Counter>,
    waiting: Vec<Waiting>,
}

impl Keeper {
    pub(super) const fn new(limits: RateLimits, rates: Rates) -> Self {
        Self { limits, rates }
    }

    /// Speaks until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        // Calls wait for what is said here: a mistake may cost this round, never the conversation.
        while AssertUnwindSafe(self.speak(&stop)).catch_unwind().await.is_err() {
            tracing::error!("the conversation about rate limits panicked and goes on");
            tokio::time::sleep(AFTER_PANIC).await;
        }
    }

    async fn speak(&self, stop: &CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut counted, mut ticked) = (None, 0_u32);
        loop {
            tokio::select! {
                () = self.limits.shared.wake.notified() => {
                    self.converse(self.urgent()).await;
                    // The rest waits for its turn, so that calls in a hurry never keep the ticks from coming.
                    if self.has_urgent() {
                        self.limits.shared.wake.notify_one();
                    }
                }
                _ = ticks.tick() => {
                    self.count(&mut counted).await;
                    self.look_around();
                    ticked = ticked.wrapping_add(1);
                    if ticked.is_multiple_of(SWEEP_EVERY) {
                        self.sweep();
                    }
                }
                () = stop.cancelled() => {
                    // No call is left. What became free is told, so that nobody waits for a lease to end.
                    self.say_all().await;
                    return;
                }
            }
        }
    }

    /// Counts the workers; this is also how a store that was away is found to be back.
    async fn count(&self, counted: &mut Option<tokio::time::Instant>) {
        let every = if self.limits.is_away() {
            PROBE_EVERY
        } else {
            COUNT_EVERY
        };
        if counted.is_some_and(|then| then.elapsed() < every) {
            return;
        }
        *counted = Some(tokio::time::Instant::now());
        match self.rates.roll_call(self.limits.shared.epoch).await {
            Ok(workers) => {
                self.limits
                    .shared
                    .workers
                    .store(workers.max(1), Ordering::Relaxed);
                self.is_there(true);
            }
            Err(error) => {
                tracing::debug!(%error, "the store of rate limits did not answer");
                self.is_there(false);
            }
        }
    }

    fn is_there(&self, is_there: bool) {
        let was_away = self.limits.shared.is_away.swap(!is_there, Ordering::AcqRel);
        self.limits.shared.metrics.away(!is_there);
        match (was_away, is_there) {
            (false, false) => {
                tracing::warn!("the store of rate limits is away: this worker keeps its part of them");
            }
            (true, true) => tracing::info!("the store of rate limits is back"),
            (false, true) | (true, false) => {}
        }
    }

    /// Makes urgent what has come due, and leaves what is at rest.
    fn look_around(&self) {
        let shared = &self.limits.shared;
        let watched = std::mem::take(&mut *shared.watched.lock().unwrap_or_else(PoisonError::into_inner));
        let now = self.limits.now();
        for counter in watched {
            counter.is_left();
            let state = counter.state();
            let (is_due, is_at_rest) = (state.share.is_due(now), state.share.is_at_rest());
            drop(state);
            if is_due && !self.limits.is_away() {
                self.limits.hurry(&counter);
            }
            if !is_at_rest {
                self.limits.watch(&counter);
            }
        }
    }

    fn urgent(&self) -> Vec<Arc<Counter>> {
        let mut urgent = self
            .limits
            .shared
            .urgent
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = urgent.len().min(BATCH);
        urgent.drain(..count).collect()
    }

    /// Says everything there is to say.
    pub(super) async fn say_all(&self) {
        self.look_around();
        while self.has_urgent() {
            self.converse(self.urgent()).await;
        }
    }

    fn has_urgent(&self) -> bool {
        let urgent = self
            .limits
            .shared
            .urgent
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        !urgent.is_empty()
    }

    async fn converse(&self, batch: Vec<Arc<Counter>>) {
        if batch.is_empty() {
            return;
        }
        let now = self.limits.now();
        let (mut parts, mut messages) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for counter in batch {
            counter.is_heard();
            let mut state = counter.state();
            let count = state.waiting.len().min(MAX_NEEDS);
            let waiting: Vec<Waiting> = state.waiting.drain(..count).collect();
            let needs = waiting.iter().map(|call| call.units).collect();
            messages.push(Message {
                organization: counter.organization,
                bucket: counter.bucket.clone(),
                ask: state.share.ask(needs, now),
            });
            let has_more = !state.waiting.is_empty();
            drop(state);
            if has_more {
                self.limits.hurry(&counter);
            }
            parts.push(Part { counter, waiting });
        }
        // Nobody is kept waiting by a store that is known to be away.
        let answers = if self.limits.is_away() {
            None
        } else {
            self.send(&messages).await
        };
        let mut answers = answers.unwrap_or_default().into_iter();
        for (part, message) in parts.into_iter().zip(&messages) {
            match answers.next().flatten() {
                Some(answer) => self.answered(part, &answer),
                None => self.unanswered(part, message),
            }
        }
    }

    async fn send(&self, messages: &[Message]) -> Option<Vec<Option<Answer>>> {
        let outcome = self.rates.exchange(self.limits.shared.epoch, messages).await;
        self.is_there(outcome.is_ok());
        outcome
            .inspect_err(|error| tracing::debug!(%error, "the store of rate limits did not answer"))
            .ok()
    }

    fn answered(&self, part: Part, answer: &Answer) {
        let Part { counter, waiting } = part;
        let mut state = counter.state();
        state.share.answered(answer, self.limits.now());
        let mut decided = Vec::with_capacity(waiting.len());
        for (call, wait) in waiting.into_iter().zip(&answer.waits) {
            let outcome = match wait {
                None => {
                    state.share.enter(call.units);
                    Decided::Taken(self.limits.claim(&counter, call.units))
                }
                Some(ms) => Decided::Refused(Some(*ms)),
            };
            decided.push((call.tell, outcome));
        }
        // A call that has gone drops its claim, which takes this lock again.
        drop(state);
        for (tell, outcome) in decided {
            self.limits.shared.metrics.decided(Decider::Store);
            tell_of(tell, outcome);
        }
        self.limits.watch(&counter);
    }

    fn unanswered(&self, part: Part, message: &Message) {
        let Part { counter, waiting } = part;
        counter.state().share.unanswered(&message.ask);
        for call in waiting {
            tell_of(call.tell, self.limits.decide_alone(&counter, call.units));
        }
        self.limits.watch(&counter);
    }

    /// Forgets counters that say nothing: of end users who have gone, and of limits that were deleted.
    pub(super) fn sweep(&self) {
        let shared = &self.limits.shared;
        let now = self.limits.now();
        let mut counters = shared.counters.write().unwrap_or_else(PoisonError::into_inner);
        counters.retain(|_, family| family.sweep(|counter| is_needed(counter, now)));
    }
}

fn is_needed(counter: &Arc<Counter>, now: UnixMillis) -> bool {
    let state = counter.state();
    let unused = now.get().saturating_sub(state.share.used_at().get());
    // Somebody who has found it may be about to take from it.
    let is_held = Arc::strong_count(counter) > 1;
    is_held || !state.waiting.is_empty() || !state.share.is_at_rest() || unused < FORGET_AFTER_MS
}

/// A call that has gone lets what it got go back by dropping it.
fn tell_of(tell: oneshot::Sender<Decided>, outcome: Decided) {
    let _ = tell.send(outcome);
}
