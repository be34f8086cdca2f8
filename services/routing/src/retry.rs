//! What follows from the outcome of an attempt. Called by the data plane after each try, before any byte of an
//! answer has reached the caller; after that nothing is ever retried.
//!
//! Must stay true: a request that may be at fault itself, or whose caller is gone, is never sent again; attempts
//! never exceed the policy; no wait passes the deadline.

use std::time::Duration;

use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::AttemptOutcome;

use crate::backoff;
use crate::seed::Seed;

/// Longest `retry-after` of a provider worth waiting for inside a request; a longer one goes to the caller.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Where a request stands after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Attempts made so far, this one included.
    pub attempts: u32,
    /// How often the current endpoint was tried again already.
    pub retries_here: u32,
    /// Whether the plan has a further endpoint.
    pub has_next: bool,
    /// What is left until the request's deadline.
    pub time_left: Duration,
    /// When the provider said to come back.
    pub retry_after: Option<Duration>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is there.
    Served,
    /// Answer the caller with what is known.
    Stop(StopReason),
    /// Go on to the next endpoint of the plan at once.
    NextEndpoint,
    /// Try the same endpoint again after this wait.
    RetrySame(Duration),
}

/// Why no further attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The outcome is the caller's to handle: their request is at fault.
    Final,
    /// The caller hung up.
    ClientGone,
    /// The policy or the plan allows no more.
    Exhausted,
    /// The next attempt could not start before the deadline.
    Deadline,
}

impl Verdict {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Stop(StopReason::Final) => "stop",
            Self::Stop(StopReason::ClientGone) => "client_gone",
            Self::Stop(StopReason::Exhausted) => "exhausted",
            Self::Stop(StopReason::Deadline) => "deadline",
            Self::NextEndpoint => "next_endpoint",
            Self::RetrySame(_) => "retry_same",
        }
    }
}

/// How an outcome bears on a further try.
enum Class {
    Done,
    Final,
    Gone,
    /// Nothing will change at this endpoint soon; another may serve.
    ElsewhereOnly,
    /// May pass; the same endpoint may serve a moment later.
    Transient,
}

const fn class(outcome: AttemptOutcome) -> Class {
    match outcome {
        AttemptOutcome::Served => Class::Done,
        AttemptOutcome::BadRequest => Class::Final,
        AttemptOutcome::ClientGone
        | AttemptOutcome::Superseded
        | AttemptOutcome::Stopped
        | AttemptOutcome::Interrupted => Class::Gone,
        // A time-out may have been billed, so the same endpoint is not asked twice for it.
        AttemptOutcome::CredentialRefused | AttemptOutcome::QuotaExhausted | AttemptOutcome::TimedOut => {
            Class::ElsewhereOnly
        }
        AttemptOutcome::RateLimited
        | AttemptOutcome::ServerError
        | AttemptOutcome::Unreachable
        | AttemptOutcome::Cut => Class::Transient,
    }
}

/// Judges an attempt.
#[must_use]
pub fn judge(outcome: AttemptOutcome, progress: &Progress, policy: &RetryPolicy, seed: Seed) -> Verdict {
    let transient = match class(outcome) {
        Class::Done => return Verdict::Served,
        Class::Final => return Verdict::Stop(StopReason::Final),
        Class::Gone => return Verdict::Stop(StopReason::ClientGone),
        Class::ElsewhereOnly => false,
        Class::Transient => true,
    };
    if progress.time_left.is_zero() {
        return Verdict::Stop(StopReason::Deadline);
    }
    if progress.attempts >= policy.max_attempts {
        return Verdict::Stop(StopReason::Exhausted);
    }
    if progress.has_next {
        return Verdict::NextEndpoint;
    }
    if !transient {
        return Verdict::Stop(StopReason::Exhausted);
    }
    let backoff = backoff::wait(seed, progress.retries_here);
    let wait = progress.retry_after.map_or(backoff, |asked| asked.max(backoff));
    if progress.retry_after.is_some_and(|asked| asked > LONGEST_WAIT) {
        Verdict::Stop(StopReason::Exhausted)
    } else if wait >= progress.time_left {
        Verdict::Stop(StopReason::Deadline)
    } else {
        Verdict::RetrySame(wait)
    }
}
