//! Walks the plan: try, judge, try again or answer. Nothing of a failed try has reached the caller.

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_routing::{Cause, Progress, StopReason, Verdict, judge};
use tokio::time::Instant;

use super::Gateway;
use super::attempt::{Failure, Opened, Success, attempt};
use super::finish::{Finish, Trial};
use super::stage::Planned;
use crate::error::{ErrorKind, GatewayError};

/// What the walk ended with.
pub(super) enum Answered {
    /// A whole document.
    Whole(Bytes),
    /// A stream that has begun.
    Stream(Box<Opened>),
    /// The provider's own error, to be passed on as it is.
    Refused(Refused),
}

/// A provider's own error.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) should_retry: bool,
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
) -> Result<Answered, GatewayError> {
    let (mut at, mut attempts, mut retries_here) = (0, 0, 0);
    loop {
        let next = planned.plan.attempts[at];
        let cause = if retries_here > 0 {
            Cause::Retry
        } else {
            next.cause
        };
        let candidate = planned.candidate(next);
        let requested = planned.request.model;
        let size = planned
            .request
            .view
            .size(planned.request.body.len(), candidate.endpoint);
        let intent = finish.begin(&Trial {
            candidate,
            cause,
            requested,
            size,
        })?;
        attempts += 1;
        let failure = match attempt(gateway, planned, next, deadline, &intent, finish).await {
            Ok(Success::Whole { body, end }) => {
                finish.end(&end);
                finish.answering();
                return Ok(Answered::Whole(body));
            }
            Ok(Success::Stream(opened)) => {
                finish.answering();
                return Ok(Answered::Stream(opened));
            }
            Err(failure) => failure,
        };
        finish.end(&failure.end);
        let progress = Progress {
            attempts,
            retries_here,
            has_next: at + 1 < planned.plan.attempts.len(),
            time_left: deadline.saturating_duration_since(Instant::now()),
            retry_after: failure.retry_after,
        };
        match judge(failure.end.outcome, &progress, &planned.retry, planned.seed) {
            Verdict::NextEndpoint => {
                at += 1;
                retries_here = 0;
            }
            Verdict::RetrySame(wait) => {
                tokio::time::sleep(wait).await;
                retries_here += 1;
            }
            Verdict::Stop(reason) => return last_word(failure, reason),
            Verdict::Served => return last_word(failure, StopReason::Final),
        }
    }
}

/// What the caller gets when no try is left: the provider's own words where they are the caller's business, else ours.
fn last_word(failure: Failure, reason: StopReason) -> Result<Answered, GatewayError> {
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
        | AttemptOutcome::Interrupted => (false, ""),
    };
    if let (true, Some(status), Some(body)) = (theirs, status, failure.said) {
        let should_retry = failure.end.outcome != AttemptOutcome::BadRequest;
        return Ok(Answered::Refused(Refused {
            status,
            body,
            retry_after: failure.retry_after,
            should_retry,
        }));
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
    error.retry_after = failure.retry_after;
    Err(error)
}
