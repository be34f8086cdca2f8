//! What a caller is told when a budget has no room: which one, over what, in which window, and when it resets. In words
//! for a person, and as details for a program.

use std::time::Duration;

use sluicegate_contracts::config::{Budget, BudgetScope};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_protocols::failure::Detail;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::scope::Counted;
use crate::error::{ErrorKind, GatewayError};

/// A client that is told to come back later than this would rather be told nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// How much an account lacks for a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shortage<'a> {
    /// Which account, and by what rule.
    pub(crate) counted: &'a Counted,
    /// What it could give.
    pub(crate) left: Left,
    /// What the call wanted; `None` where something left would have been enough.
    pub(crate) wanted: Option<NanoUsd>,
    /// How long an answer what it could give pays, in tokens of each answer.
    pub(crate) affordable: Option<u64>,
}

/// Why an account cannot give more.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Left {
    /// No more of its limit is left.
    OfLimit(NanoUsd),
    /// One call may not hold more of it.
    ForOneCall(NanoUsd),
}

/// The refusal. `now` decides whether waiting is worth while.
pub(crate) fn exceeded(shortage: &Shortage<'_>, now: UnixMillis) -> GatewayError {
    let error = GatewayError::new(ErrorKind::BudgetExceeded, message(shortage)).with(details(shortage));
    match wait(shortage.counted, now) {
        Some(wait) => error.after(wait),
        None => error,
    }
}

/// The refusal of a call that came too soon after others, over a budget that is used up and lets some through.
pub(crate) fn throttled(counted: &Counted, requests_per_minute: u32, wait: Duration) -> GatewayError {
    let message = format!(
        "{} is used up and lets {requests_per_minute} calls a minute through.",
        in_words(&counted.budget)
    );
    let shortage = Shortage {
        counted,
        left: Left::OfLimit(NanoUsd::ZERO),
        wanted: None,
        affordable: None,
    };
    GatewayError::new(ErrorKind::BudgetThrottled, message)
        .with(details(&shortage))
        .after(wait)
}

/// Until the window resets, where that is soon.
fn wait(counted: &Counted, now: UnixMillis) -> Option<Duration> {
    let end = counted.resets_at()?;
    let millis = u64::try_from(end.get().saturating_sub(now.get())).ok()?;
    Some(Duration::from_millis(millis)).filter(|wait| *wait <= LONGEST_WAIT)
}

fn message(shortage: &Shortage<'_>) -> String {
    let counted = shortage.counted;
    let name = in_words(&counted.budget);
    let limit = counted.terms.limit;
    let until = counted.resets_at().and_then(instant);
    let until = until.map_or(String::new(), |until| format!(" until {until}"));
    let stock = match shortage.left {
        Left::OfLimit(left) => format!(
            "{name} has {} of {limit} USD left{until}",
            left.max(NanoUsd::ZERO)
        ),
        Left::ForOneCall(most) if most < limit => {
            format!("{name} gives one call at most {most} of {limit} USD")
        }
        Left::ForOneCall(_) => format!("{name} has {limit} USD in all"),
    };
    let Some(wanted) = shortage.wanted else {
        return format!("{stock}: it is used up. Raise it, or wait until it resets.");
    };
    let advice = match shortage.affordable {
        Some(tokens) => format!(
            "An answer of {tokens} tokens would fit: lower the output limit, or raise the limit of spend."
        ),
        None => "Lower the output limit, or raise the limit of spend.".to_owned(),
    };
    format!("{stock} and this call can cost up to {wanted} USD. {advice}")
}

fn details(shortage: &Shortage<'_>) -> Vec<Detail> {
    let counted = shortage.counted;
    let (left, most) = match shortage.left {
        Left::OfLimit(left) => (Some(left.max(NanoUsd::ZERO)), None),
        Left::ForOneCall(most) => (None, Some(most)),
    };
    let wanted = shortage.wanted;
    let facts = [
        ("budget_id", Some(counted.budget.id.to_string())),
        ("budget", Some(counted.budget.name.clone())),
        ("level", Some(levels(&counted.budget.scope).join(","))),
        ("limit_usd", Some(counted.terms.limit.to_string())),
        ("remaining_usd", left.map(|left| left.to_string())),
        ("most_per_call_usd", most.map(|most| most.to_string())),
        ("required_usd", wanted.map(|wanted| wanted.to_string())),
        ("window_starts_at", counted.starts_at().and_then(instant)),
        ("window_resets_at", counted.resets_at().and_then(instant)),
        (
            "affordable_output_tokens",
            shortage.affordable.map(|tokens| tokens.to_string()),
        ),
    ];
    let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| Detail { name, value }).collect()
}

/// A budget by its name and what it is over.
fn in_words(budget: &Budget) -> String {
    let levels = levels(&budget.scope).join(" and ").replace('_', " ");
    format!("The budget {:?} of this {levels}", budget.name)
}

/// The parts of a scope that are set, widest first; `organization` where none is.
fn levels(scope: &BudgetScope) -> Vec<&'static str> {
    let parts = [
        ("project", scope.project.is_some()),
        ("key", scope.api_key.is_some()),
        ("end_user", scope.end_user.is_some()),
        ("session", scope.session.is_some()),
        ("tag", scope.tag.is_some()),
        ("route", scope.route.is_some()),
        ("model", scope.model.is_some()),
    ];
    let levels: Vec<_> = parts
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
        .collect();
    if levels.is_empty() {
        vec!["organization"]
    } else {
        levels
    }
}

/// RFC 3339 in UTC; `None` outside of the calendar.
fn instant(at: UnixMillis) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.get()) * 1_000_000).ok()?;
    at.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sluicegate_contracts::config::{Partition, Period};

    use super::*;
    use crate::budgets::scope::{Facts, Standing, Target};
    use crate::snapshot::BudgetIndex;
    use crate::snapshot::fixtures::{budget, key};

    const HOUR: i64 = 3_600_000;

    /// What Ann is told who has 0.4 of 1 USD left and wanted 0.5, at the half hour.
    fn told(change: impl FnOnce(&mut Budget)) -> GatewayError {
        let mut budget = budget(7, 1, Some(2));
        budget.name = "team".to_owned();
        budget.limit = "1".parse().unwrap();
        change(&mut budget);
        let (budgets, key) = (BudgetIndex::of([Arc::new(budget)]), key(3, 1, 2));
        let facts = Facts {
            key: &key,
            end_user: Some("ann"),
            session: None,
            tags: &[],
            route: None,
            now: UnixMillis::new(HOUR / 2),
        };
        let target = Target {
            model: "m",
            over_own_connection: true,
        };
        let standing = Standing::over(&budgets, &facts, &target).unwrap();
        let counted = standing.counted().first().unwrap();
        let shortage = Shortage {
            counted,
            left: Left::OfLimit("0.4".parse().unwrap()),
            wanted: Some("0.5".parse().unwrap()),
            affordable: Some(80),
        };
        exceeded(&shortage, facts.now)
    }

    fn windows(length: i64) -> Vec<Period> {
        let (start, end) = (UnixMillis::new(0), UnixMillis::new(length));
        vec![Period { start, end }]
    }

    #[test]
    fn a_refusal_names_the_level_its_window_and_when_it_resets() {
        let error = told(|budget| {
            budget.scope.end_user = Some(Partition::Each);
            budget.periods = windows(HOUR);
        });
        assert_eq!(
            error.message,
            "The budget \"team\" of this project and end user has 0.400000000 of 1.000000000 USD left until \
             1970-01-01T01:00:00Z and this call can cost up to 0.500000000 USD. An answer of 80 tokens would fit: lower \
             the output limit, or raise the limit of spend."
        );
        let details = error
            .details
            .iter()
            .map(|detail| (detail.name, detail.value.as_str()));
        let details: Vec<_> = details.filter(|(name, _)| *name != "budget_id").collect();
        assert_eq!(
            details,
            [
                ("budget", "team"),
                ("level", "project,end_user"),
                ("limit_usd", "1.000000000"),
                ("remaining_usd", "0.400000000"),
                ("required_usd", "0.500000000"),
                ("window_starts_at", "1970-01-01T00:00:00Z"),
                ("window_resets_at", "1970-01-01T01:00:00Z"),
                ("affordable_output_tokens", "80"),
            ]
        );
    }

    #[test]
    fn who_could_come_back_soon_is_told_when() {
        let wait = |length| told(|budget| budget.periods = windows(length)).retry_after;
        assert_eq!(wait(HOUR), Some(Duration::from_secs(1_800)));
        assert_eq!(wait(24 * HOUR), None);
    }

    #[test]
    fn what_never_resets_says_nothing_of_a_window() {
        let error = told(|budget| budget.periods = Vec::new());
        assert!(
            error
                .message
                .contains("has 0.400000000 of 1.000000000 USD left and"),
            "{}",
            error.message
        );
        assert!(
            !error
                .details
                .iter()
                .any(|detail| detail.name.starts_with("window"))
        );
    }
}
