//! Whether the retries and hedges of a rule can be meant as they are written.

use std::ops::RangeInclusive;

use sluicegate_contracts::config::{Hedge, HedgeAfter, RetryPolicy};

use crate::error::FieldError;

const ATTEMPTS: RangeInclusive<u32> = 1..=10;
const ATTEMPT_TIMEOUT_MS: RangeInclusive<u64> = 1_000..=600_000;
const HEDGE_AFTER_MS: RangeInclusive<u32> = 50..=60_000;
const PERCENTILE: RangeInclusive<u8> = 50..=99;
const PERCENT: RangeInclusive<u8> = 1..=100;

/// Adds what stands against the retries of the rule at `at`.
pub(super) fn check_retry(at: &str, retry: &RetryPolicy, findings: &mut Vec<FieldError>) {
    if !ATTEMPTS.contains(&retry.max_attempts) {
        findings.push(FieldError::new(
            format!("{at}/retry/max_attempts"),
            "out_of_range",
            "Use 1 to 10 attempts.",
        ));
    }
    if let Some(hedge) = &retry.hedge {
        check_hedge(&format!("{at}/retry/hedge"), hedge, retry, findings);
    }
    if !ATTEMPT_TIMEOUT_MS.contains(&retry.attempt_timeout_ms) {
        let detail = "Use 1000 to 600000 milliseconds.";
        findings.push(FieldError::new(
            format!("{at}/retry/attempt_timeout_ms"),
            "out_of_range",
            detail,
        ));
    }
}

fn check_hedge(at: &str, hedge: &Hedge, retry: &RetryPolicy, findings: &mut Vec<FieldError>) {
    let mut out_of_range = |member: &str, detail: &str| {
        findings.push(FieldError::new(format!("{at}/{member}"), "out_of_range", detail));
    };
    match hedge.after {
        HedgeAfter::Milliseconds(after) if !HEDGE_AFTER_MS.contains(&after) => {
            out_of_range("after/milliseconds", "Use 50 to 60000 milliseconds.");
        }
        HedgeAfter::Milliseconds(after) if u64::from(after) >= retry.attempt_timeout_ms => {
            let detail = "An attempt is given up before it is late. Use less than `attempt_timeout_ms`.";
            out_of_range("after/milliseconds", detail);
        }
        HedgeAfter::Percentile(percent) if !PERCENTILE.contains(&percent) => {
            out_of_range("after/percentile", "Use 50 to 99.");
        }
        HedgeAfter::Milliseconds(_) | HedgeAfter::Percentile(_) => {}
    }
    if !PERCENT.contains(&hedge.max_percent) {
        out_of_range("max_percent", "Use 1 to 100 percent of the requests.");
    }
    if retry.max_attempts < 2 {
        let detail = "A hedge is a second attempt. Allow two with `max_attempts`, or leave it out.";
        findings.push(FieldError::new(at, "no_attempt_left", detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hedge_that_could_not_happen_is_found() {
        let found = |max_attempts, after, max_percent| {
            let retry = RetryPolicy {
                max_attempts,
                attempt_timeout_ms: 2_000,
                hedge: Some(Hedge {
                    after,
                    max_percent,
                    max_cost: None,
                }),
            };
            let mut findings = Vec::new();
            check_retry("/rules/1", &retry, &mut findings);
            let findings = findings.into_iter();
            findings.map(|it| it.pointer).collect::<Vec<_>>()
        };
        let cases = [
            (2, HedgeAfter::Milliseconds(49), 5, "/after/milliseconds"),
            (2, HedgeAfter::Milliseconds(2_000), 5, "/after/milliseconds"),
            (2, HedgeAfter::Percentile(100), 5, "/after/percentile"),
            (2, HedgeAfter::Percentile(95), 0, "/max_percent"),
            (1, HedgeAfter::Percentile(95), 5, ""),
        ];
        for (attempts, after, percent, at) in cases {
            let expected = [format!("/rules/1/retry/hedge{at}")];
            assert_eq!(found(attempts, after, percent), expected, "{after:?}");
        }
        assert!(found(2, HedgeAfter::Milliseconds(50), 100).is_empty());
    }
}
