//! One organization's money in this worker: its book, the calls that wait for the store's word, and the task that
//! carries the conversation.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    wake: Notify,
}

impl Teller {
    pub(super) fn new(organization: OrganizationId, epoch: Epoch) -> Self {
        Self {
            organization,
            book: Book::new(epoch),
            waiting: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Sets `amount` aside: at once from the lease of the path, else when the store has spoken.
    pub(super) async fn hold(&self, path: &Path, amount: NanoUsd, clock: &Clock) -> Outcome {
        let now = now(clock);
        if let Some(hold) = self.book.hold(path, amount, now) {
            if hold.leaves_little() {
                self.wake.notify_one();
            }
            return Outcome::Held(hold);
        }
        let (mut asked, outcome) = self.ask(path, amount, clock);
        self.wake.notify_one();
        let outcome = outcome.await;
        asked.id = None;
        // The task ends with the process.
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
            id: Some(id),
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

    /// Carries the conversation until `stop` is cancelled.
    pub(super) async fn run(&self, escrow: &Escrow, clock: &Clock, stop: &CancellationToken) {
        loop {
            self.tell(self.book.tick(now(clock)));
            let heard = self.converse(escrow, clock).await;
            let is_quiet = self.book.is_at_rest();
            tokio::select! {
                // After a failure only time helps, so that a store that is away is not hurried.
                () = self.wake.notified(), if heard => {}
                () = tokio::time::sleep(TICK), if !(heard && is_quiet) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Says all there is to say; false when the store did not answer, or cannot now.
    async fn converse(&self, escrow: &Escrow, clock: &Clock) -> bool {
        while let Some(request) = self.book.next(now(clock)) {
            let response = escrow.send(self.organization, &request).await;
            let goes_on = match &response {
                Ok(Response::Reconciled(_) | Response::Registered) => true,
                // All is to be claimed anew, at once.
                Ok(Response::Refused(Refusal::Generation(_))) => true,
                Ok(Response::Refused(Refusal::Forgotten | Refusal::Closed | Refusal::Stale)) => false,
                Err(error) => {
                    tracing::debug!(organization = %self.organization, %error, "the budget store did not answer");
                    false
                }
            };
            self.tell(self.book.answered(response.ok(), now(clock)));
            if !goes_on {
                return false;
            }
        }
        true
    }
}

/// A call in the queue; leaves it when dropped.
struct Asked<'t> {
    teller: &'t Teller,
    id: Option<AskId>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        self.teller.book.cancel(id);
        self.teller.waiting().remove(&id);
    }
}
