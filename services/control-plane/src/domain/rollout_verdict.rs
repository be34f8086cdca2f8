//! What becomes of a rollout by what both versions did in its stage: on, not yet, or halted. Pure.

use time::OffsetDateTime;

use super::rollout::{Guards, Plan, Progress, Reason, Step};
use super::significance::{Mean, Share};

/// What a version did in a stage. Errors are as in the usage: any outcome but served, and callers that hung up. Times and costs
/// are those of requests that were served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Requests it decided that did not end well.
    pub errors: Share,
    /// Requests whose first byte came later than it may: than the 95th percentile of the published version, times what the
    /// newer one is allowed.
    pub late: Share,
    /// The 95th percentile of the time to the first byte, in microseconds.
    pub ttft_p95_us: Option<u64>,
    /// Cost of a request in nano-dollars.
    pub cost: Mean,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            errors: Share { hits: 0, of: 0 },
            late: Share { hits: 0, of: 0 },
            ttft_p95_us: None,
            cost: Mean {
                of: 0,
                mean: 0.0,
                variance: 0.0,
            },
        }
    }
}

/// What both versions did in a stage, side by side: what happens to providers meanwhile happens to both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Comparison {
    /// The published one.
    pub published: Figures,
    /// The one that is being rolled out.
    pub newer: Figures,
    /// Whether there were so many requests that only the newest were looked at.
    pub is_cut: bool,
}

/// What a rollout that progresses waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// More requests, of one of the versions or both.
    Requests,
    /// The end of the time that a stage lasts.
    Time,
    /// Somebody who advances it.
    Operator,
}

impl Waiting {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Time => "time",
            Self::Operator => "operator",
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Wait(Waiting),
    /// This.
    Do(Step),
}

/// Judges a rollout that progresses.
#[must_use]
pub fn judge(plan: &Plan, progress: &Progress, seen: &Comparison, now: OffsetDateTime) -> Verdict {
    let least = u64::from(plan.guards.min_requests);
    if seen.newer.errors.of.min(seen.published.errors.of) < least {
        return Verdict::Wait(Waiting::Requests);
    }
    if let Some(reason) = worse(&plan.guards, seen) {
        return Verdict::Do(Step::Halt(reason));
    }
    match progress.holds_until(plan) {
        None => Verdict::Wait(Waiting::Operator),
        Some(until) if now < until => Verdict::Wait(Waiting::Time),
        Some(_) => Verdict::Do(Step::Advance),
    }
}

/// In what the newer version is worse than it may be, beyond chance.
fn worse(guards: &Guards, seen: &Comparison) -> Option<Reason> {
    let (newer, published) = (&seen.newer, &seen.published);
    let errors = guards
        .error_rate_points
        .filter(|points| newer.errors.exceeds_by(published.errors) > points / 100.0);
    if let Some(points) = errors {
        let (now, before) = (percent(newer.errors), percent(published.errors));
        let detail = format!(
            "{now} of its requests failed, and {before} of those of the published version: more than {points} points above, \
             beyond chance."
        );
        return Some(reason("error_rate", detail));
    }
    // Of the published version 5 of 100 are late by definition; how many exactly is as uncertain as its percentile.
    let ttft = guards
        .ttft_p95_ratio
        .filter(|_| newer.late.exceeds_by(published.late) > 0.0);
    if let (Some(ratio), Some(now), Some(before)) = (ttft, newer.ttft_p95_us, published.ttft_p95_us) {
        let detail = format!(
            "95 of 100 of its answers began within {} ms, and those of the published version within {} ms: more than {ratio} \
             times the time, beyond chance.",
            now / 1_000,
            before / 1_000
        );
        return Some(reason("ttft", detail));
    }
    let cost = guards
        .cost_ratio
        .filter(|ratio| newer.cost.exceeds_by(*ratio, published.cost) > 0.0);
    let ratio = cost?;
    let detail = format!(
        "A request cost {:.9} USD on average, and {:.9} USD with the published version: more than {ratio} times the cost, beyond \
         chance.",
        newer.cost.mean / 1e9,
        published.cost.mean / 1e9
    );
    Some(reason("cost", detail))
}

fn reason(code: &str, detail: String) -> Reason {
    Reason {
        code: code.to_owned(),
        detail,
    }
}

fn percent(share: Share) -> String {
    format!("{:.1} %", share.rate() * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    const BEGUN: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    fn figures(requests: u64, errors: u64) -> Figures {
        let late = Share {
            hits: requests / 20,
            of: requests,
        };
        Figures {
            errors: Share {
                hits: errors,
                of: requests,
            },
            late,
            ttft_p95_us: Some(200_000),
            cost: Mean {
                of: requests,
                mean: 1_000.0,
                variance: 250_000.0,
            },
        }
    }

    fn after(minutes: i64, plan: &Plan, seen: &Comparison) -> Verdict {
        judge(
            plan,
            &Progress::begun(BEGUN),
            seen,
            BEGUN + Duration::minutes(minutes),
        )
    }

    fn halted(newer: Figures, plan: &Plan) -> Option<Reason> {
        let published = figures(950, 10);
        let seen = Comparison {
            published,
            newer,
            is_cut: false,
        };
        match after(10, plan, &seen) {
            Verdict::Do(Step::Halt(reason)) => Some(reason),
            Verdict::Wait(_) | Verdict::Do(_) => None,
        }
    }

    #[test]
    fn it_goes_on_when_the_time_is_over_and_both_were_seen() {
        let plan = Plan::default();
        let seen = |published, newer| Comparison {
            published: figures(published, 0),
            newer: figures(newer, 0),
            is_cut: false,
        };
        let waits = |waiting| Verdict::Wait(waiting);
        assert_eq!(after(60, &plan, &seen(950, 49)), waits(Waiting::Requests));
        assert_eq!(after(60, &plan, &seen(49, 950)), waits(Waiting::Requests));
        assert_eq!(after(9, &plan, &seen(950, 50)), waits(Waiting::Time));
        assert_eq!(after(10, &plan, &seen(950, 50)), Verdict::Do(Step::Advance));
        let by_hand = Plan {
            hold_minutes: None,
            ..plan
        };
        assert_eq!(after(600, &by_hand, &seen(950, 50)), waits(Waiting::Operator));
    }

    #[test]
    fn it_is_halted_for_errors_at_once_and_with_the_numbers() {
        let plan = Plan::default();
        assert_eq!(halted(figures(49, 49), &plan), None, "not yet enough");
        assert_eq!(halted(figures(50, 2), &plan), None, "chance");
        let reason = halted(figures(50, 25), &plan).unwrap();
        assert_eq!(reason.code, "error_rate");
        assert_eq!(
            reason.detail,
            "50.0 % of its requests failed, and 1.1 % of those of the published version: more than 2 points above, beyond \
             chance."
        );
        let mut lenient = plan;
        lenient.guards.error_rate_points = Some(60.0);
        assert_eq!(halted(figures(50, 25), &lenient), None);
        lenient.guards.error_rate_points = None;
        assert_eq!(halted(figures(50, 50), &lenient), None);
    }

    #[test]
    fn it_is_halted_for_time_and_for_cost() {
        let plan = Plan::default();
        let mut slow = figures(200, 0);
        slow.late.hits = 60;
        slow.ttft_p95_us = Some(900_000);
        let reason = halted(slow, &plan).unwrap();
        assert_eq!(reason.code, "ttft");
        assert!(
            reason.detail.contains("within 900 ms") && reason.detail.contains("1.5 times"),
            "{reason:?}"
        );
        let mut dear = figures(200, 0);
        dear.cost.mean = 2_000.0;
        let reason = halted(dear, &plan).unwrap();
        assert_eq!(reason.code, "cost");
        assert!(reason.detail.contains("0.000002000 USD"), "{reason:?}");
        dear.cost.variance = 1e9;
        assert_eq!(halted(dear, &plan), None, "one long answer");
        let careless = Plan {
            guards: Guards {
                cost_ratio: None,
                ttft_p95_ratio: None,
                ..plan.guards
            },
            ..plan
        };
        slow.cost.mean = 9_000.0;
        assert_eq!(halted(slow, &careless), None);
    }
}
