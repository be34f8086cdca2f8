//! One organization's money in this worker: its book, the calls that wait for the store's word, and the conversation
//! with the store.
//!
//! A call that finds too little brings a carrier: a task on its own thread, which takes its turn, sends one message for all
//! that wait, and hears the answer there. So no other thread has to wake up on the way, and no call is left without
//! somebody who speaks for it: its carrier goes only when it is answered, or leaves it to the background task, which
//! looks every [`TICK`] while the book has anything in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sluicegate_backplane::Escrow;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::escrow::{AskId, Book, Epoch, Outcome, Path, Refusal, Response, Unavailable};
use sluicegate_service_runtime::clock::Clock;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::now;

/// How often the store hears of what is claimed, and idle money is looked for.
const TICK: Duration = Duration::from_millis(50);

/// See the module.
pub(super) struct Teller {
    organization: OrganizationId,
    pub(super) book: Book,
    waiting: Mutex<HashMap<AskId, oneshot::Sender<Outcome>>>,
    /// Whose turn it is to speak, first come, first served: one message a turn.
    turn: tokio::sync::Mutex<Turn>,
    /// There is something to say that no call waits for.
    wake: Notify,
    /// The book may no longer be at rest.
    stirred: Notify,
}

/// How the last turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// There was nothing to say.
    Silent,
    /// The store heard, and there may be more to say.
    Heard,
    /// The store did not answer, or cannot now. Only time helps.
    Unheard,
}

impl Teller {
    pub(super) fn new(organization: OrganizationId, epoch: Epoch) -> Self {
        Self {
            organization,
            book: Book::new(epoch),
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::new(Turn::Silent),
            wake: Notify::new(),
            stirred: Notify::new(),
        }
    }

    /// Sets `amount` aside: at once from the lease of the path, else when the store has spoken.
    pub(super) async fn hold(
        self: &Arc<Self>,
        path: &Path,
        amount: NanoUsd,
        escrow: &Escrow,
        clock: &Clock,
    ) -> Outcome {
        if let Some(hold) = self.book.hold(path, amount, now(clock)) {
            if hold.leaves_little() {
                self.wake.notify_one();
            }
            return Outcome::Held(hold);
        }
        let (mut asked, outcome) = self.ask(path, amount, clock);
        // On the runtime of the call, but not in the call: it may go away while a message is on its way.
        #[expect(
            clippy::disallowed_methods,
            reason = "a carrier that ends with its thread is lost in order"
        )]
        tokio::spawn(Arc::clone(self).carry(asked.id, escrow.clone(), clock.clone()));
        self.stirred.notify_one();
        let outcome = outcome.await;
        asked.is_told = true;
        // Only a call that goes away takes its sender along.
        outcome.unwrap_or(Outcome::Unavailable(Unavailable::Closed))
    }

    fn ask(&self, path: &Path, amount: NanoUsd, clock: &Clock) -> (Asked<'_>, oneshot::Receiver<Outcome>) {
        let (tell, outcome) = oneshot::channel();
        // Held over both steps, so that no outcome comes before there is somebody to tell.
        let mut waiting = self.waiting();
        let id = self.book.ask(path, amount, now(clock));
        waiting.insert(id, tell);
        let asked = Asked {
            teller: self,
            id,
            is_told: false,
        };
        (asked, outcome)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<AskId, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, outcomes: Vec<(AskId, Outcome)>) {
        if outcomes.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        for (id, outcome) in outcomes {
            // A caller that has gone lets its hold go back by dropping it.
            if let Some(tell) = waiting.remove(&id) {
                let _ = tell.send(outcome);
            }
        }
    }

    /// Something outside the conversation changed what can be said.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Keeps up with the store until `stop` is cancelled: says what no call waits for, and speaks for those that were
    /// not answered at once.
    pub(super) async fn run(&self, escrow: &Escrow, clock: &Clock, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let mut turn = self.turn.lock().await;
            *turn = self.speak(escrow, clock).await;
            let last = *turn;
            drop(turn);
            if last == Turn::Heard {
                continue;
            }
            let is_over = last == Turn::Silent && self.book.is_at_rest();
            tokio::select! {
                // A store that is away is not hurried.
                () = self.wake.notified(), if last == Turn::Silent => {}
                () = self.stirred.notified(), if is_over => {}
                () = tokio::time::sleep(TICK), if !is_over => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Speaks until `ask` is answered, or nothing more can be said for it now.
    async fn carry(self: Arc<Self>, ask: AskId, escrow: Escrow, clock: Clock) {
        loop {
            let mut turn = self.turn.lock().await;
            // Whoever spoke before may have spoken for this call too. A store that is away is not hurried.
            if *turn == Turn::Unheard || !self.waiting().contains_key(&ask) {
                return;
            }
            *turn = self.speak(&escrow, &clock).await;
            if *turn != Turn::Heard {
                return;
            }
        }
    }

    /// Serves whom it can, and says the next thing there is to say. To be called by whose turn it is.
    async fn speak(&self, escrow: &Escrow, clock: &Clock) -> Turn {
        self.tell(self.book.tick(now(clock)));
        let Some(request) = self.book.next(now(clock)) else {
            return Turn::Silent;
        };
        let mut message = Message {
            teller: self,
            clock,
            response: None,
        };
        match escrow.send(self.organization, &request).await {
            Ok(response) => {
                let turn = heard(&response);
                message.response = Some(response);
                turn
            }
            Err(error) => {
                tracing::debug!(organization = %self.organization, %error, "the budget store did not answer");
                Turn::Unheard
            }
        }
    }
}

fn heard(response: &Response) -> Turn {
    match response {
        // After another generation all is to be claimed anew, at once.
        Response::Reconciled(_) | Response::Registered | Response::Refused(Refusal::Generation(_)) => {
            Turn::Heard
        }
        Response::Refused(Refusal::Forgotten | Refusal::Closed | Refusal::Stale) => Turn::Unheard,
    }
}

/// A message on its way. When it is dropped the book takes the response, or takes it that there will be none: also when
/// who carried it went away with its runtime, so that nobody waits for the answer for good.
struct Message<'t> {
    teller: &'t Teller,
    clock: &'t Clock,
    response: Option<Response>,
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        let Self {
            teller,
            clock,
            response,
        } = self;
        teller.tell(teller.book.answered(response.take(), now(clock)));
    }
}

/// A call in the queue; leaves it when dropped.
struct Asked<'t> {
    teller: &'t Teller,
    id: AskId,
    is_told: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.teller.book.cancel(self.id);
            self.teller.waiting().remove(&self.id);
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "calls of tests end with their runtime")]
#[path = "teller_tests.rs"]
mod tests;
