//! Walks the plan: prepare, try, judge, try again or answer. Nothing of a failed try has reached the caller.

use bytes::Bytes;
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_routing::{Cause, PlannedAttempt, Progress, StopReason, Verdict, judge};
use tokio::time::Instant;

use super::Gateway;
use super::admit::admit_attempt;
use super::attempt::{Failure, Opened, Success};
use super::finish::{Finish, Flight, Trial};
use super::hedge::race;
use super::last_word::{Refused, last_word};
use super::outgoing::{Outgoing, Prepared, prepare};
use super::plan::unexpressed;
use super::reserve::{Refusal, Reserved, reserve};
use super::stage::Planned;
use super::trial::trial;
use crate::error::{ErrorKind, GatewayError};
use crate::http::wishes::MAX_COST;
use crate::limits::{Standings, Taken};
use crate::live::Start;

/// What the walk ended with.
pub(super) enum Answered {
    /// A whole document.
    Whole(Bytes),
    /// A stream that has begun.
    Stream(Box<Opened>),
    /// The provider's own error, to be passed on.
    Refused(Refused),
}

/// Where a walk led.
pub(super) enum Walked {
    /// To an answer.
    Answered(Answered),
    /// To a budget without room, which wants the call served by this route instead; and what is to be said when that
    /// cannot be.
    Instead(RouteId, GatewayError),
}

impl From<Answered> for Walked {
    fn from(answered: Answered) -> Self {
        Self::Answered(answered)
    }
}

impl From<Refused> for Walked {
    fn from(refused: Refused) -> Self {
        Self::Answered(Answered::Refused(refused))
    }
}

/// What an attempt needs before it leaves: its part of the limits over its target, and money.
pub(super) type Secured = (Taken, Reserved);

/// Where a walk stands.
pub(super) struct Walk<'p, 's> {
    pub(super) gateway: &'p Gateway,
    pub(super) planned: &'p Planned<'s>,
    pub(super) deadline: Instant,
    /// How deep a body may be nested.
    pub(super) depth: u32,
    /// Position in the plan.
    pub(super) at: usize,
    pub(super) attempts: u32,
    retries_here: u32,
    /// The position that a hedge went to. One is enough for a request.
    pub(super) hedged: Option<usize>,
    /// What the targets that were passed over could not express.
    unexpressed: Vec<LossReport>,
    /// What stands against the first target that was passed over.
    unfit: Option<GatewayError>,
    /// What stands against the first one that only lacks credit.
    without_credit: Option<GatewayError>,
    /// The route that a budget without room names for this case.
    instead: Option<RouteId>,
}

/// Walks the plan to an answer.
///
/// # Errors
/// When no try brought one and no provider's own words can be passed on.
pub(super) async fn walk(
    gateway: &Gateway,
    planned: &Planned<'_>,
    deadline: Instant,
    finish: &mut Finish,
) -> Result<Walked, GatewayError> {
    let mut walk = Walk::new(gateway, planned, deadline);
    let mut failed = None;
    while let Some((next, mut outgoing)) = walk.next_target()? {
        let uncapped = outgoing.body.clone();
        let failure = loop {
            let trial = trial(gateway, planned, next, walk.cause(next), &outgoing);
            if let Err(refusal) = walk.affords(&trial, finish.cost_so_far()) {
                walk.unfit.get_or_insert(refusal);
                break None;
            }
            let secured = match secure(gateway, planned, &trial, finish.standings()).await {
                Ok(secured) => secured,
                // Whoever has a connection of their own need not care about credit, nor whether its store is there.
                Err(refusal) if refusal.is_of_credit => {
                    walk.without_credit.get_or_insert(refusal.error);
                    break None;
                }
                // Another target may cost less, or count on other budgets and limits.
                Err(refusal) if refusal.error.kind != ErrorKind::BudgetUnavailable => {
                    walk.instead = walk.instead.or(refusal.instead);
                    // What stands against the first choice says more than what stands against the last resort.
                    walk.unfit.get_or_insert(refusal.error);
                    break None;
                }
                Err(undecided) => return Err(undecided.error),
            };
            outgoing.body = uncapped.clone();
            let flight = walk.depart(&trial, next, &mut outgoing, secured, finish)?;
            walk.attempts += 1;
            let raced = race(&walk, next, &outgoing, &flight, finish).await;
            if let Some(hedge) = &raced.hedge {
                walk.attempts += 1;
                walk.hedged = Some(hedge.at);
            }
            let by = match &raced.hedge {
                Some(hedge) if raced.is_by_hedge => (&hedge.flight, &hedge.outgoing),
                Some(_) | None => (&flight, &outgoing),
            };
            let failure = match raced.tried {
                Ok(success) => return Ok(answered(success, by, finish).into()),
                Err(failure) => failure,
            };
            match walk.judge(&failure) {
                Verdict::NextEndpoint => break Some(failure),
                Verdict::RetrySame(wait) => {
                    tokio::time::sleep(wait).await;
                    walk.retries_here += 1;
                }
                Verdict::Stop(reason) => return last_word(planned, failure, reason).map(Walked::from),
                Verdict::Served => return last_word(planned, failure, StopReason::Final).map(Walked::from),
            }
        };
        walk.pass();
        failed = failure.or(failed);
    }
    if let (Some(route), Some(refusal)) = (walk.instead, &walk.unfit) {
        return Ok(Walked::Instead(route, refusal.clone()));
    }
    match failed {
        Some(failure) => last_word(planned, failure, StopReason::Exhausted).map(Walked::from),
        None => Err(match (walk.unfit, walk.without_credit) {
            (Some(refusal), _) => refusal,
            (None, Some(refusal)) if walk.unexpressed.is_empty() => refusal,
            (None, _) => unexpressed(planned, &walk.unexpressed),
        }),
    }
}

/// Closes the books of whatever was slower, and notes what is shown.
fn answered(success: Success, (flight, outgoing): (&Flight, &Outgoing<'_>), finish: &mut Finish) -> Answered {
    finish.supersede(flight);
    let answered = match success {
        Success::Whole { body, losses, end } => {
            finish.end(flight, &end);
            finish.lost(&outgoing.losses);
            finish.lost(&losses);
            Answered::Whole(body)
        }
        Success::Stream(opened) => {
            finish.first_token(flight);
            finish.lost(&outgoing.losses);
            Answered::Stream(opened)
        }
    };
    finish.answering();
    answered
}

impl<'p, 's> Walk<'p, 's> {
    fn new(gateway: &'p Gateway, planned: &'p Planned<'s>, deadline: Instant) -> Self {
        Self {
            gateway,
            planned,
            deadline,
            depth: gateway.state().limits.max_json_depth,
            at: 0,
            attempts: 0,
            retries_here: 0,
            hedged: None,
            unexpressed: Vec::new(),
            unfit: None,
            without_credit: None,
            instead: None,
        }
    }

    /// Positions from `from` on that were not tried by a hedge.
    fn left(&self, from: usize) -> impl Iterator<Item = usize> {
        let (count, hedged) = (self.planned.plan.attempts.len(), self.hedged);
        (from..count).filter(move |at| Some(*at) != hedged)
    }

    /// The next target that can be tried, with its body; `None` when none is left.
    fn next_target(&mut self) -> Result<Option<(PlannedAttempt, Outgoing<'s>)>, GatewayError> {
        loop {
            let Some(at) = self.left(self.at).next() else {
                return Ok(None);
            };
            self.at = at;
            let next = self.planned.plan.attempts[at];
            match prepare(self.planned, self.planned.candidate(next), self.depth)? {
                Prepared::Ready(outgoing) => return Ok(Some((next, outgoing))),
                Prepared::Gone => {}
                Prepared::Unfit(refusal) => {
                    self.unfit.get_or_insert(refusal);
                }
                Prepared::Lossy(losses) => self.unexpressed.push(losses),
            }
            self.pass();
        }
    }

    fn pass(&mut self) {
        self.at += 1;
        self.retries_here = 0;
    }

    const fn cause(&self, next: PlannedAttempt) -> Cause {
        if self.retries_here > 0 {
            Cause::Retry
        } else {
            next.cause
        }
    }

    /// Whether the attempt can be made for what the caller's limit to the whole request has left.
    pub(super) fn affords(&self, trial: &Trial<'_>, spent: NanoUsd) -> Result<(), GatewayError> {
        let Some(most) = self.planned.request.wishes.max_cost else {
            return Ok(());
        };
        let left = NanoUsd::from_nanos(most.nanos().saturating_sub(spent.nanos()));
        if trial.bound.is_some_and(|bound| bound <= left) {
            return Ok(());
        }
        let at_most = trial.bound.map_or_else(
            || "an amount that is not known".to_owned(),
            |bound| format!("up to {bound} USD"),
        );
        let message = format!(
            "A call of {:?} can cost {at_most}, and of the {most} USD that this request may cost {left} are left. Allow \
             more, or fewer output tokens.",
            trial.model
        );
        Err(GatewayError::new(ErrorKind::ConstraintFiltered, message).at(MAX_COST))
    }

    /// Whoever gives a provider too little time says nothing about the provider.
    pub(super) fn excuse(&self, failure: &mut Failure) {
        let is_over = |by| Instant::now() >= by;
        if failure.end.outcome == AttemptOutcome::TimedOut
            && self.planned.request.over_by().is_some_and(is_over)
        {
            failure.end.outcome = AttemptOutcome::Stopped;
        }
    }

    /// Opens the books of an attempt that has what it needs: it may leave with this body.
    ///
    /// # Errors
    /// 503 when it cannot be put on file.
    pub(super) fn depart(
        &self,
        trial: &Trial<'_>,
        next: PlannedAttempt,
        outgoing: &mut Outgoing<'_>,
        (taken, reserved): Secured,
        finish: &Finish,
    ) -> Result<Flight, GatewayError> {
        if let Some(cap) = reserved.output_cap {
            outgoing.body = outgoing.capped(cap, self.depth)?;
        }
        let planned = self.planned;
        let underway = self.gateway.state().endpoints.sent(Start {
            candidate: planned.candidate(next),
            delivery: planned.request.features.delivery(),
            input_tokens: planned.request.features.input_tokens,
            pool: &planned.pool,
            target: planned.target,
            session: planned.request.conversation(),
            seed: planned.seed.branch(u64::from(self.attempts)),
        });
        finish.begin(trial, reserved, taken, underway)
    }

    fn judge(&self, failure: &Failure) -> Verdict {
        let planned = self.planned;
        let progress = Progress {
            attempts: self.attempts,
            retries_here: self.retries_here,
            has_next: self.left(self.at + 1).next().is_some(),
            time_left: self.deadline.saturating_duration_since(Instant::now()),
            retry_after: failure.end.retry_after,
        };
        let verdict = judge(
            failure.end.outcome,
            &progress,
            &planned.resolution.retry,
            planned.seed,
        );
        let from = match verdict {
            Verdict::NextEndpoint => self.at + 1,
            Verdict::RetrySame(_) => self.at,
            Verdict::Served | Verdict::Stop(_) => return verdict,
        };
        let others = self
            .left(from)
            .map(|at| planned.candidate(planned.plan.attempts[at]));
        if self.gateway.state().endpoints.may_retry(others, &planned.pool) {
            verdict
        } else {
            Verdict::Stop(StopReason::Exhausted)
        }
    }
}

/// Sets aside what an attempt needs.
///
/// # Errors
/// Those of [`admit_attempt`] and [`reserve`].
pub(super) async fn secure(
    gateway: &Gateway,
    planned: &Planned<'_>,
    trial: &Trial<'_>,
    standings: &mut Standings,
) -> Result<Secured, Refusal> {
    let taken = admit_attempt(gateway, planned, trial, standings).await?;
    Ok((taken, reserve(gateway, planned, trial).await?))
}
