//! Sends a request a second time while its first attempt is late, where its route says so. Whichever first brings something
//! that can be shown is the answer; the other is called off, and owes what its ending says.
//!
//! Must stay true: a hedge goes where the plan would have gone next, needs limits and money of its own, and that it cannot
//! be sent never fails the request. A request that is not late takes no step in here but to look at the clock.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use sluicegate_contracts::config::Hedge;
use sluicegate_contracts::usage::{AttemptOutcome, DecidedHedge};
use sluicegate_routing::{Candidate, Cause, PlannedAttempt};
use tokio::time::timeout;

use super::attempt::{Failure, Success, attempt};
use super::finish::{Finish, Flight};
use super::outgoing::{Outgoing, Prepared, prepare};
use super::trial::trial;
use super::walk::{Walk, secure};
use crate::limits::Standings;
use crate::live::locked;

type Tried = Result<Success, Failure>;

/// A try on its way.
pub(super) struct Sent<'s> {
    /// Its position in the plan.
    pub(super) at: usize,
    next: PlannedAttempt,
    pub(super) outgoing: Outgoing<'s>,
    pub(super) flight: Flight,
}

/// What came of a try, and of the hedge against it.
pub(super) struct Raced<'s> {
    /// The books of what failed are closed. Those of what was slower are not yet.
    pub(super) tried: Tried,
    /// The hedge, if one was sent.
    pub(super) hedge: Option<Box<Sent<'s>>>,
    /// Whether it is the hedge that brought something.
    pub(super) is_by_hedge: bool,
}

/// Why a request that is late is not sent a second time. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Withheld {
    /// The route allows no further attempt.
    Attempts,
    /// As many are hedged as may be, or everything is short of room.
    Share,
    /// No other endpoint may serve it and has room to spare.
    Candidates,
    /// It could cost more than the route, or the request, allows.
    MaxCost,
    /// A limit, a budget or credit has no room for it.
    Refused,
    /// It cannot be put on file.
    Unrecorded,
}

impl Withheld {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Share => "share",
            Self::Candidates => "candidates",
            Self::MaxCost => "max_cost",
            Self::Refused => "refused",
            Self::Unrecorded => "unrecorded",
        }
    }
}

/// Makes a try, and another one against it when it is late.
pub(super) async fn race<'s>(
    walk: &Walk<'_, 's>,
    next: PlannedAttempt,
    outgoing: &Outgoing<'s>,
    flight: &Flight,
    finish: &Finish,
) -> Raced<'s> {
    let first = attempt(
        walk.gateway,
        walk.planned,
        next,
        outgoing,
        walk.deadline,
        flight,
        finish,
    );
    let Some((hedge, after)) = walk.hedged_after(next, outgoing) else {
        return Raced::alone(walk, first.await, flight, finish);
    };
    let mut first = pin!(first);
    match timeout(after, first.as_mut()).await {
        Ok(tried) => Raced::alone(walk, tried, flight, finish),
        Err(_late) => Box::pin(against(walk, (first, flight), &hedge, after, finish)).await,
    }
}

/// Races the first try, which is late, against a hedge.
async fn against<'s>(
    walk: &Walk<'_, 's>,
    (first, flight): (Pin<&mut impl Future<Output = Tried>>, &Flight),
    hedge: &Hedge,
    after: Duration,
    finish: &Finish,
) -> Raced<'s> {
    let sent = OnceCell::new();
    let second = Box::pin(async {
        let left = walk.hedge(hedge, finish).await;
        walk.note(after, left.as_ref(), finish);
        let it = sent.get_or_init(|| left.ok().map(Box::new)).as_ref()?;
        let (gateway, planned) = (walk.gateway, walk.planned);
        let mut tried = attempt(
            gateway,
            planned,
            it.next,
            &it.outgoing,
            walk.deadline,
            &it.flight,
            finish,
        )
        .await;
        walk.close(&mut tried, &it.flight, finish);
        Some(tried)
    });
    let is_sent = || sent.get().is_some_and(Option::is_some);
    let (tried, is_by_hedge) = match select(first, second).await {
        Either::Left((mut tried, second)) => {
            walk.close(&mut tried, flight, finish);
            match tried {
                Err(failure) if is_sent() => after_failure(failure, second.await),
                // A hedge that has not left yet need not leave: the walk goes on to the next target anyway.
                tried => (tried, false),
            }
        }
        Either::Right((Some(Ok(success)), _)) => (Ok(success), true),
        Either::Right((hedged, first)) => {
            let mut tried = first.await;
            walk.close(&mut tried, flight, finish);
            match tried {
                Err(failure) => after_failure(failure, hedged),
                tried => (tried, false),
            }
        }
    };
    Raced {
        tried,
        hedge: sent.into_inner().flatten(),
        is_by_hedge,
    }
}

/// What it comes to that the first try failed, by what came of the hedge.
fn after_failure(failure: Failure, hedged: Option<Tried>) -> (Tried, bool) {
    match hedged {
        Some(Ok(success)) => (Ok(success), true),
        // That the request itself is at fault decides, whoever says so.
        Some(Err(refusal)) if refusal.end.outcome == AttemptOutcome::BadRequest => (Err(refusal), false),
        Some(Err(_)) | None => (Err(failure), false),
    }
}

impl Raced<'_> {
    fn alone(walk: &Walk<'_, '_>, mut tried: Tried, flight: &Flight, finish: &Finish) -> Self {
        walk.close(&mut tried, flight, finish);
        Self {
            tried,
            hedge: None,
            is_by_hedge: false,
        }
    }
}

impl<'s> Walk<'_, 's> {
    /// Closes the books of a try, if it failed.
    fn close(&self, tried: &mut Tried, flight: &Flight, finish: &Finish) {
        if let Err(failure) = tried {
            self.excuse(failure);
            finish.end(flight, &failure.end);
        }
    }

    /// When the try at `next` is late, if it may be hedged then.
    fn hedged_after(&self, next: PlannedAttempt, outgoing: &Outgoing<'_>) -> Option<(Hedge, Duration)> {
        let planned = self.planned;
        let hedge = planned.resolution.retry.hedge?;
        let is_alone = self.at + 1 >= planned.plan.attempts.len();
        if is_alone || self.hedged.is_some() || outgoing.batch.is_some() {
            return None;
        }
        let delivery = planned.request.features.delivery();
        let endpoints = &self.gateway.state().endpoints;
        let after = endpoints.late_after(planned.candidate(next), delivery, hedge.after)?;
        Some((hedge, after))
    }

    /// Writes down what followed when the first try was late.
    fn note(&self, after: Duration, left: Result<&Sent<'_>, &Withheld>, finish: &Finish) {
        let withheld = left.err().map(|why| why.as_str());
        self.gateway.state().metrics.hedge(withheld.unwrap_or("sent"));
        finish.hedged(DecidedHedge {
            after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            rank: left
                .ok()
                .map(|sent| u16::try_from(sent.at + 1).unwrap_or(u16::MAX)),
            withheld: withheld.map(Into::into),
        });
    }

    /// Makes a hedge that may leave.
    async fn hedge(&self, hedge: &Hedge, finish: &Finish) -> Result<Sent<'s>, Withheld> {
        let planned = self.planned;
        let endpoints = &self.gateway.state().endpoints;
        if self.attempts >= planned.resolution.retry.max_attempts {
            return Err(Withheld::Attempts);
        }
        if !endpoints.may_hedge(&planned.pool, hedge.share()) {
            return Err(Withheld::Share);
        }
        let (at, next, mut outgoing) = self.besides().ok_or(Withheld::Candidates)?;
        let trial = trial(self.gateway, planned, next, Cause::Hedge, &outgoing);
        // What the first try can still cost is not left for the second.
        self.affords(&trial, finish.cost_so_far())
            .map_err(|_| Withheld::MaxCost)?;
        // The caller is told how the limits over the first try stand.
        let mut standings = Standings::default();
        let secured = secure(self.gateway, planned, &trial, &mut standings).await;
        let (taken, reserved) = secured.map_err(|_| Withheld::Refused)?;
        if hedge
            .max_cost
            .is_some_and(|most| reserved.bound.is_none_or(|bound| bound > most))
        {
            return Err(Withheld::MaxCost);
        }
        if !endpoints.spend_hedge(&planned.pool, hedge.share()) {
            return Err(Withheld::Share);
        }
        let left = self.depart(&trial, next, &mut outgoing, (taken, reserved), finish);
        Ok(Sent {
            at,
            next,
            flight: left.map_err(|_| Withheld::Unrecorded)?,
            outgoing,
        })
    }

    /// The next target of the plan that is another endpoint, can be tried, and has room to spare.
    fn besides(&self) -> Option<(usize, PlannedAttempt, Outgoing<'s>)> {
        let planned = self.planned;
        let features = &planned.request.features;
        let answer = locked(&planned.pool).expected_output(features.max_output_tokens);
        let tokens = f64::from(features.input_tokens) + f64::from(answer);
        let mut attempts = planned.plan.attempts.iter().enumerate().skip(self.at);
        let first = planned.candidate(*attempts.next()?.1);
        attempts.find_map(|(at, next)| {
            let candidate = planned.candidate(*next);
            let endpoints = &self.gateway.state().endpoints;
            if is_same(first, candidate)
                || !endpoints.has_room_to_spare(candidate, features.delivery(), tokens)
            {
                return None;
            }
            match prepare(planned, candidate, self.depth) {
                Ok(Prepared::Ready(outgoing)) if outgoing.batch.is_none() => Some((at, *next, outgoing)),
                Ok(Prepared::Ready(_) | Prepared::Gone | Prepared::Unfit(_) | Prepared::Lossy(_))
                | Err(_) => None,
            }
        })
    }
}

fn is_same(one: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    let account = |it: &Candidate<'_>| it.connection.map(|connection| connection.id);
    account(one) == account(other) && one.upstream_model == other.upstream_model
}
