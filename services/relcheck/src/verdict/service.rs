//! Calls fail only by what was struck on their way: their worker, or the provider.

use std::collections::BTreeMap;

use super::Rule;
use crate::load::call::{Call, Seen};
use crate::scene::Scene;
use crate::schedule::Part;

/// How long callers may feel a part's end after it is ready again, in milliseconds: their broken connections, and
/// connections that are only now found to be broken.
const AFTERMATH: u64 = 2_000;

/// A time during which a part was struck or coming back, in Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) part: Part,
    pub(crate) from: u64,
    pub(crate) until: u64,
}

/// All rules about how calls fare.
pub(crate) fn rules(scene: &Scene, calls: &[Call], outages: &[Outage]) -> Vec<Rule> {
    vec![unbudgeted(scene, calls), explained(calls, outages)]
}

/// A caller without budgets must not notice that there are budgets.
fn unbudgeted(scene: &Scene, calls: &[Call]) -> Rule {
    let free = || calls.iter().filter(|call| scene.is_free(call.caller));
    let findings = free().filter(|call| call.code().is_some_and(|code| code.starts_with("budget_")));
    let findings = findings
        .map(|call| format!("{:?}: {:?}", call.id, call.seen))
        .collect();
    let detail = format!("{} calls", free().count());
    Rule::new(
        "a key without budgets never sees a budget error",
        detail,
        findings,
    )
}

fn explained(calls: &[Call], outages: &[Outage]) -> Rule {
    let failed = || calls.iter().filter(|call| has_failed(call));
    let is_explained = |call: &Call| {
        outages.iter().any(|outage| {
            let is_on_its_way = [Part::Worker(call.worker), Part::Provider].contains(&outage.part);
            is_on_its_way && call.ended >= outage.from && call.began <= outage.until + AFTERMATH
        })
    };
    let findings = failed().filter(|call| !is_explained(call));
    let findings = findings.map(|call| {
        format!(
            "{:?} through worker {}, {} to {}: {:?}",
            call.id,
            call.worker + 1,
            call.began,
            call.ended,
            call.seen
        )
    });
    let detail = format!("{} failed", failed().count());
    Rule::new(
        "calls fail only while their worker or the provider is struck",
        detail,
        findings.collect(),
    )
}

/// Neither answered nor decided about by a budget.
pub(crate) fn has_failed(call: &Call) -> bool {
    let by_budget = call.code().is_some_and(|code| code.starts_with("budget_"));
    call.seen != Seen::Answered && !by_budget
}

/// How calls fared, for people.
pub(crate) fn summary(calls: &[Call]) -> String {
    let mut kinds = BTreeMap::<String, usize>::new();
    for call in calls {
        let kind = match &call.seen {
            Seen::Answered => "answered".to_owned(),
            Seen::Refused(status, code, _) => format!("{status} {code}"),
            Seen::Broken(how) => format!("broken ({how})"),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}"));
    format!("{} calls: {}", calls.len(), kinds.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::fixtures::{Case, broken};
    use super::*;

    fn judged(change: impl FnOnce(&mut Case)) -> Vec<&'static str> {
        let mut case = Case::sound();
        change(&mut case);
        broken(rules(&case.scene, &case.calls, &case.outages))
    }

    #[test]
    fn a_failure_counts_as_explained_only_by_what_is_on_the_call_s_way() {
        let failures = ["calls fail only while their worker or the provider is struck"];
        assert!(judged(|_| {}).is_empty());
        assert_eq!(judged(|case| case.outages.clear()), failures);
        assert_eq!(judged(|case| case.outages[0].part = Part::Worker(7)), failures);
        assert_eq!(judged(|case| case.outages[0].part = Part::Redis), failures);
        let late = |case: &mut Case| {
            let after = case.outages[0].until + AFTERMATH + 1;
            (case.calls[1].began, case.calls[1].ended) = (after, after + 1);
        };
        assert_eq!(judged(late), failures);
        assert!(judged(|case| case.outages[0].part = Part::Provider).is_empty());
    }

    #[test]
    fn a_budget_error_without_budgets_is_found() {
        let refused = |code: &str| Seen::Refused(503, code.to_owned(), Value::Null);
        let free = |case: &mut Case, code| {
            case.scene.callers[0].accounts.clear();
            case.calls[0].seen = refused(code);
        };
        let found = judged(|case| free(case, "budget_unavailable"));
        assert_eq!(found, ["a key without budgets never sees a budget error"]);
        assert!(judged(|case| case.calls[0].seen = refused("budget_unavailable")).is_empty());
    }
}
