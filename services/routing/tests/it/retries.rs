//! Verdicts after attempts, one by one and over whole walks.

use std::time::Duration;

use proptest::prelude::*;
use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::AttemptOutcome::{self, *};
use sluicegate_routing::retry::LONGEST_WAIT;
use sluicegate_routing::{Progress, Seed, StopReason, Verdict, judge};

const ALL: [AttemptOutcome; 13] = [
    Served,
    BadRequest,
    CredentialRefused,
    QuotaExhausted,
    RateLimited,
    ServerError,
    Unreachable,
    TimedOut,
    Cut,
    ClientGone,
    Superseded,
    Stopped,
    Interrupted,
];

const FIRST: Progress = Progress {
    attempts: 1,
    retries_here: 0,
    has_next: true,
    time_left: Duration::from_secs(60),
    retry_after: None,
};

fn verdict(outcome: AttemptOutcome, progress: Progress) -> Verdict {
    judge(outcome, &progress, &RetryPolicy::default(), Seed::from_id(1))
}

#[test]
fn with_another_endpoint_left_only_the_callers_own_fault_stops() {
    for outcome in ALL {
        let expected = match outcome {
            Served => Verdict::Served,
            BadRequest => Verdict::Stop(StopReason::Final),
            ClientGone | Superseded | Stopped | Interrupted => Verdict::Stop(StopReason::ClientGone),
            CredentialRefused | QuotaExhausted | RateLimited | ServerError | Unreachable | TimedOut | Cut => {
                Verdict::NextEndpoint
            }
        };
        assert_eq!(verdict(outcome, FIRST), expected, "{outcome:?}");
    }
}

#[test]
fn alone_only_what_may_pass_is_tried_again() {
    let alone = Progress {
        has_next: false,
        ..FIRST
    };
    for outcome in [CredentialRefused, QuotaExhausted, TimedOut] {
        assert_eq!(
            verdict(outcome, alone),
            Verdict::Stop(StopReason::Exhausted),
            "{outcome:?}"
        );
    }
    for outcome in [RateLimited, ServerError, Unreachable, Cut] {
        assert!(
            matches!(verdict(outcome, alone), Verdict::RetrySame(_)),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_refusal_for_its_rate_is_an_attempt_like_any_other() {
    let third = Progress { attempts: 3, ..FIRST };
    for outcome in [RateLimited, ServerError, TimedOut] {
        assert_eq!(
            verdict(outcome, third),
            Verdict::Stop(StopReason::Exhausted),
            "{outcome:?}, with another endpoint left"
        );
    }
}

#[test]
fn retry_after_is_honored_up_to_a_cap() {
    let asked = |seconds| {
        let retry_after = Some(Duration::from_secs(seconds));
        verdict(
            RateLimited,
            Progress {
                has_next: false,
                retry_after,
                ..FIRST
            },
        )
    };
    assert_eq!(asked(2), Verdict::RetrySame(Duration::from_secs(2)));
    assert_eq!(
        asked(LONGEST_WAIT.as_secs() + 1),
        Verdict::Stop(StopReason::Exhausted)
    );
}

#[test]
fn no_wait_passes_the_deadline() {
    let late = Progress {
        has_next: false,
        time_left: Duration::from_secs(1),
        retry_after: Some(Duration::from_secs(2)),
        ..FIRST
    };
    assert_eq!(verdict(RateLimited, late), Verdict::Stop(StopReason::Deadline));
    let over = Progress {
        time_left: Duration::ZERO,
        ..FIRST
    };
    assert_eq!(verdict(ServerError, over), Verdict::Stop(StopReason::Deadline));
}

proptest! {
    /// Plays a walk against a provider that answers anything: it ends, within the policy and before the deadline.
    #[test]
    fn a_walk_ends_within_policy_and_deadline(
        outcomes in prop::collection::vec(prop::sample::select(&ALL[..]), 64),
        endpoints in 1..5_u32, max_attempts in 1..20_u32, deadline_ms in 0..60_000_u64, asked_ms in prop::option::of(0..20_000_u64), id: u128,
    ) {
        let policy = RetryPolicy { max_attempts, ..RetryPolicy::default() };
        let (mut attempts, mut retries_here, mut at) = (0, 0, 0);
        let mut left = Duration::from_millis(deadline_ms);
        for outcome in outcomes {
            attempts += 1;
            let progress = Progress {
                attempts, retries_here, has_next: at + 1 < endpoints, time_left: left,
                retry_after: asked_ms.map(Duration::from_millis),
            };
            match judge(outcome, &progress, &policy, Seed::from_id(id)) {
                Verdict::Served | Verdict::Stop(_) => break,
                Verdict::NextEndpoint => { at += 1; retries_here = 0; }
                Verdict::RetrySame(wait) => {
                    prop_assert!(wait < left);
                    left -= wait;
                    retries_here += 1;
                }
            }
            prop_assert!(attempts < max_attempts);
        }
        prop_assert!(attempts <= max_attempts);
        prop_assert!(at < endpoints);
    }
}
