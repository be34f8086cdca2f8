//! Walks the plan: prepare, try, judge, try again or answer. Nothing of a failed try has reached the caller.

use std::num::NonZeroU64;
use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_metering::{CallSize, Quote};
use sluicegate_protocols::dialect::encode_failure;
use sluicegate_protocols::failure;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_routing::{Candidate, Cause, PlannedAttempt, Progress, StopReason, Verdict, judge};
use tokio::time::Instant;

use super::Gateway;
use super::accounting::{margin, quote};
use super::admit::admit_attempt;
use super::allowance::{Allowance, Limited};
use super::attempt::{Failure, Opened, Said, Success, attempt};
use super::finish::{Finish, Trial};
use super::outgoing::{Outgoing, Prepared, prepare};
use super::plan::unexpressed;
use super::reserve::{Refusal, Reserved, reserve};
use super::stage::Planned;
use crate::error::{ErrorKind, GatewayError, status_of};
use crate::http::wishes::{DEADLINE, MAX_COST};
use crate::limits::Taken;
use crate::live::{Start, Underway};

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

/// A provider's own error, in the caller's dialect.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) should_retry: bool,
}

/// Where a walk stands.
struct Walk<'p, 's> {
    planned: &'p Planned<'s>,
    /// Position in the plan.
    at: usize,
    attempts: u32,
    retries_here: u32,
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
    let depth = gateway.state().limits.max_json_depth;
    let mut walk = Walk::new(planned);
    let mut failed = None;
    while let Some((next, mut outgoing)) = walk.next_target(depth)? {
        let uncapped = outgoing.body.clone();
        let failure = loop {
            let trial = walk.trial(gateway, next, &outgoing);
            if let Err(refusal) = walk.affords(&trial, finish.cost_so_far()) {
                walk.unfit.get_or_insert(refusal);
                break None;
            }
            let (taken, reserved) = match secure(gateway, planned, &trial, finish).await {
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
            if let Some(cap) = reserved.output_cap {
                outgoing.body = outgoing.capped(cap, depth)?;
            }
            let underway = walk.underway(gateway, next);
            let intent = finish.begin(&trial, reserved, taken, underway)?;
            walk.attempts += 1;
            let failure = match attempt(gateway, planned, next, &outgoing, deadline, &intent, finish).await {
                Ok(Success::Whole { body, losses, end }) => {
                    finish.end(&end);
                    finish.answering();
                    finish.lost(&outgoing.losses);
                    finish.lost(&losses);
                    return Ok(Answered::Whole(body).into());
                }
                Ok(Success::Stream(opened)) => {
                    finish.first_token();
                    finish.answering();
                    finish.lost(&outgoing.losses);
                    return Ok(Answered::Stream(opened).into());
                }
                Err(failure) => walk.excused(failure),
            };
            finish.end(&failure.end);
            match walk.judge(gateway, &failure, deadline) {
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

impl<'p, 's> Walk<'p, 's> {
    fn new(planned: &'p Planned<'s>) -> Self {
        Self {
            planned,
            at: 0,
            attempts: 0,
            retries_here: 0,
            unexpressed: Vec::new(),
            unfit: None,
            without_credit: None,
            instead: None,
        }
    }

    /// The next target that can be tried, with its body; `None` when none is left.
    fn next_target(&mut self, depth: u32) -> Result<Option<(PlannedAttempt, Outgoing<'s>)>, GatewayError> {
        while let Some(next) = self.planned.plan.attempts.get(self.at).copied() {
            match prepare(self.planned, self.planned.candidate(next), depth)? {
                Prepared::Ready(outgoing) => return Ok(Some((next, outgoing))),
                Prepared::Gone => {}
                Prepared::Unfit(refusal) => {
                    self.unfit.get_or_insert(refusal);
                }
                Prepared::Lossy(losses) => self.unexpressed.push(losses),
            }
            self.pass();
        }
        Ok(None)
    }

    fn pass(&mut self) {
        self.at += 1;
        self.retries_here = 0;
    }

    fn trial(&self, gateway: &Gateway, next: PlannedAttempt, outgoing: &Outgoing<'_>) -> Trial<'p> {
        let candidate = self.planned.candidate(next);
        let request = &self.planned.request;
        let cause = if self.retries_here > 0 {
            Cause::Retry
        } else {
            next.cause
        };
        let model = match (candidate.endpoint, candidate.connection) {
            (Some(endpoint), _) => endpoint.model.as_str(),
            (None, Some(_)) => self.planned.resolution.targets[next.target].model,
            (None, None) => candidate.upstream_model,
        };
        let size = request
            .view
            .size(outgoing.read_bytes(request.body), candidate.endpoint);
        let state = gateway.state();
        let margin = margin(candidate, request.caller.project.organization);
        let quoted = quote(
            candidate,
            margin,
            &size,
            UnixMillis::new(state.clock.now_millis()),
            state.limits.longest_call_ms(),
        );
        Trial {
            candidate,
            dialect: outgoing.dialect,
            cause,
            model,
            bound: quoted.bound,
            price_version: quoted.version,
            margin,
            is_metered: request.features.stream
                && outgoing
                    .upstream
                    .bills_what_it_shows(candidate.upstream_model, &outgoing.body),
            allowance: quoted
                .quote
                .and_then(|quote| self.allowance(quote, &size, candidate)),
        }
    }

    /// Whether the attempt can be made for what the caller's limit to the whole request has left.
    fn affords(&self, trial: &Trial<'_>, spent: NanoUsd) -> Result<(), GatewayError> {
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
    fn excused(&self, mut failure: Failure) -> Failure {
        let is_over = |by| Instant::now() >= by;
        if failure.end.outcome == AttemptOutcome::TimedOut
            && self.planned.request.over_by().is_some_and(is_over)
        {
            failure.end.outcome = AttemptOutcome::Stopped;
        }
        failure
    }

    fn allowance(&self, quote: Quote, size: &CallSize, candidate: &Candidate<'_>) -> Option<Allowance> {
        let request = &self.planned.request;
        let answers = NonZeroU64::new(request.view.answers())?;
        let limited = match request.view.max_output_tokens() {
            None => Limited::ByNobody,
            Some(_) if request.wishes.lower_output_limit => Limited::Lowerably,
            Some(_) => Limited::Firmly,
        };
        let context = candidate.endpoint.and_then(|it| it.context_window);
        // Text completions are short where nobody says how long: the model's limit would make them long.
        let context = context.filter(|_| request.view.as_chat().is_none());
        Some(Allowance {
            quote,
            answers,
            limited,
            model_limit: candidate.endpoint.and_then(|it| it.max_output_tokens),
            context_room: context.map(|context| context.saturating_sub(size.input_tokens())),
        })
    }

    /// The call of the next try, as its endpoint sees it.
    fn underway(&self, gateway: &Gateway, next: PlannedAttempt) -> Option<Underway> {
        let planned = self.planned;
        gateway.state().endpoints.sent(Start {
            candidate: planned.candidate(next),
            delivery: planned.request.features.delivery(),
            input_tokens: planned.request.features.input_tokens,
            pool: &planned.pool,
            target: planned.target,
            session: planned.request.conversation(),
            seed: planned.seed.branch(u64::from(self.attempts)),
        })
    }

    fn judge(&self, gateway: &Gateway, failure: &Failure, deadline: Instant) -> Verdict {
        let planned = self.planned;
        let progress = Progress {
            attempts: self.attempts,
            retries_here: self.retries_here,
            has_next: self.at + 1 < planned.plan.attempts.len(),
            time_left: deadline.saturating_duration_since(Instant::now()),
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
        let mut others = planned.plan.attempts.iter().skip(from);
        let others = others.by_ref().map(|it| planned.candidate(*it));
        if gateway.state().endpoints.may_retry(others, &planned.pool) {
            verdict
        } else {
            Verdict::Stop(StopReason::Exhausted)
        }
    }
}

/// Everything an attempt needs before it is sent: its part of the limits over its target, and money.
async fn secure(
    gateway: &Gateway,
    planned: &Planned<'_>,
    trial: &Trial<'_>,
    finish: &mut Finish,
) -> Result<(Taken, Reserved), Refusal> {
    let taken = admit_attempt(gateway, planned, trial, finish.standings()).await?;
    Ok((taken, reserve(gateway, planned, trial).await?))
}

/// The end of a request whose caller wanted it to be over by now.
pub(super) fn too_late() -> GatewayError {
    let message = "The request was not answered within the time it was given.";
    GatewayError::new(ErrorKind::Deadline, message).at(DEADLINE)
}

/// What the caller gets when no try is left: the provider's own words where they are the caller's business, else ours.
fn last_word(planned: &Planned<'_>, failure: Failure, reason: StopReason) -> Result<Answered, GatewayError> {
    let status = failure.end.status.filter(|status| *status >= 400);
    let (theirs, hint) = match failure.end.outcome {
        AttemptOutcome::BadRequest | AttemptOutcome::RateLimited | AttemptOutcome::ServerError => (true, ""),
        // The account behind the connection is not the caller's: its 401 or 402 would mislead.
        AttemptOutcome::CredentialRefused => (
            false,
            ": it refused the connection's credential; check the connection",
        ),
        AttemptOutcome::QuotaExhausted => (false, ": the account behind the connection is out of credit"),
        AttemptOutcome::Served
        | AttemptOutcome::Unreachable
        | AttemptOutcome::TimedOut
        | AttemptOutcome::Cut
        | AttemptOutcome::ClientGone
        | AttemptOutcome::Stopped
        | AttemptOutcome::Interrupted => (false, ""),
    };
    if let (true, Some(status), Some(said)) = (theirs, status, failure.said) {
        let (status, body) = match said {
            Said::Document(body) => (status, body),
            Said::Read(error) => retold(planned, status, &error),
        };
        return Ok(Answered::Refused(Refused {
            status,
            body,
            retry_after: failure.end.retry_after,
            should_retry: failure.end.outcome != AttemptOutcome::BadRequest,
        }));
    }
    if failure.end.outcome == AttemptOutcome::Stopped {
        return Err(too_late());
    }
    let late = reason == StopReason::Deadline || failure.end.outcome == AttemptOutcome::TimedOut;
    let kind = match status {
        _ if late => ErrorKind::Deadline,
        Some(status) if theirs => ErrorKind::UpstreamFailed(status),
        Some(_) | None => ErrorKind::UpstreamFailed(502),
    };
    let message = format!(
        "No provider could answer; at the last attempt {}{hint}.",
        failure.why
    );
    let mut error = GatewayError::new(kind, message);
    error.retry_after = failure.end.retry_after;
    Err(error)
}

/// A provider's error in the words of another dialect, and the status that goes with it there.
fn retold(planned: &Planned<'_>, status: u16, error: &ProviderError) -> (u16, Bytes) {
    let caller = planned.request.caller.received.api.dialect();
    let class = error.class(status);
    let message = match error.message.as_str() {
        "" => "The provider refused the request and gave no reason.",
        message => message,
    };
    let message = failure::retold(class, message, caller);
    let failure = failure::Failure {
        class,
        message: &message,
        param: error.param.as_deref(),
        code: error.named_code(),
        details: &[],
    };
    (status_of(class, caller), encode_failure(caller, &failure).into())
}
