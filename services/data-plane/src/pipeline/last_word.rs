//! What the caller gets when no try is left.

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_protocols::dialect::encode_failure;
use sluicegate_protocols::failure;
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_routing::StopReason;

use super::attempt::{Failure, Said};
use super::stage::Planned;
use crate::error::{ErrorKind, GatewayError, status_of};
use crate::http::wishes::DEADLINE;

/// A provider's own error, in the caller's dialect.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) should_retry: bool,
}

/// The provider's own words where they are the caller's business, else ours.
///
/// # Errors
/// When it is ours.
pub(super) fn last_word(
    planned: &Planned<'_>,
    failure: Failure,
    reason: StopReason,
) -> Result<Refused, GatewayError> {
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
        | AttemptOutcome::Superseded
        | AttemptOutcome::Stopped
        | AttemptOutcome::Interrupted => (false, ""),
    };
    if let (true, Some(status), Some(said)) = (theirs, status, failure.said) {
        let (status, body) = match said {
            Said::Document(body) => (status, body),
            Said::Read(error) => retold(planned, status, &error),
        };
        return Ok(Refused {
            status,
            body,
            retry_after: failure.end.retry_after,
            should_retry: failure.end.outcome != AttemptOutcome::BadRequest,
        });
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

/// The end of a request whose caller wanted it to be over by now.
pub(super) fn too_late() -> GatewayError {
    let message = "The request was not answered within the time it was given.";
    GatewayError::new(ErrorKind::Deadline, message).at(DEADLINE)
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
