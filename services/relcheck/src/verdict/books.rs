//! The books: what is summed up agrees with what it sums.

use std::collections::BTreeMap;

use sluicegate_contracts::money::NanoUsd;
use uuid::Uuid;

use super::{Rule, charge, credit, dollars};
use crate::evidence::{Evidence, Row, Sums};

/// An account and the epoch that spent on it.
type Counter = (Uuid, Uuid, i64, String, Uuid, i64);

/// All rules about the books.
pub(crate) fn rules(evidence: &Evidence) -> Vec<Rule> {
    let mut rules = vec![rollups(evidence), spending(evidence)];
    rules.extend(credit::rules(evidence));
    rules
}

fn rollups(evidence: &Evidence) -> Rule {
    let rows = || evidence.rows.values().flatten();
    let sum = |amount: fn(&Row) -> i64| rows().map(amount).sum::<i64>();
    let sums: Sums = (
        i64::try_from(rows().count()).unwrap_or(i64::MAX),
        sum(|row| row.cost_nanos.unwrap_or_default()),
        sum(|row| row.input_tokens),
        sum(|row| row.output_tokens),
    );
    let is_equal = sums == evidence.rollups;
    let findings =
        (!is_equal).then(|| format!("records come to {sums:?}, rollups to {:?}", evidence.rollups));
    let detail = format!("{} requests, {}", sums.0, dollars(sums.1));
    Rule::new(
        "rollups are the sum of the records",
        detail,
        findings.into_iter().collect(),
    )
}

fn spending(evidence: &Evidence) -> Rule {
    let mut folded = BTreeMap::<Counter, i64>::new();
    for row in evidence.rows.values().flatten() {
        for attempt in &row.attempts {
            let cost = attempt.cost.map_or(0, NanoUsd::nanos);
            let budgets = attempt.accounts.iter().map(|account| (account, cost));
            let credit = attempt.credit.iter().map(|credit| &credit.account);
            let credit = credit.map(|account| (account, charge(attempt).nanos()));
            for (account, spent) in budgets.chain(credit).filter(|(_, spent)| *spent != 0) {
                let partition = account.partition.clone().unwrap_or_default();
                let budget = account.budget.as_uuid();
                let period = account.period.get();
                let counter = (
                    row.organization_id,
                    budget,
                    period,
                    partition,
                    row.worker_id,
                    row.epoch,
                );
                *folded.entry(counter).or_default() += spent;
            }
        }
    }
    let mut findings = Vec::new();
    let mut total = 0_i128;
    for spent in evidence.spent.iter().filter(|spent| spent.settled_nanos != 0) {
        total += i128::from(spent.settled_nanos);
        let counter = (
            spent.organization_id,
            spent.budget_id,
            spent.period_start,
            spent.partition.clone(),
            spent.worker_id,
            spent.epoch,
        );
        let expected = folded.remove(&counter);
        if expected != Some(spent.settled_nanos) || spent.settled_nanos < 0 {
            findings.push(format!(
                "{counter:?} stands at {}, its attempts at {expected:?}",
                spent.settled_nanos
            ));
        }
    }
    findings.extend(
        folded
            .iter()
            .map(|(counter, cost)| format!("{counter:?} lacks {cost}")),
    );
    let detail = format!("{} counters, {}", evidence.spent.len(), dollars(total));
    Rule::new(
        "what accounts have spent is the sum of their attempts",
        detail,
        findings,
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Case, broken};
    use super::*;

    fn judged(change: impl FnOnce(&mut Case)) -> Vec<&'static str> {
        let mut case = Case::sound();
        change(&mut case);
        broken(rules(&case.evidence))
    }

    #[test]
    fn sound_books_hold() {
        assert!(judged(|_| {}).is_empty());
    }

    #[test]
    fn a_wrong_rollup_is_found() {
        let rollups = ["rollups are the sum of the records"];
        assert_eq!(judged(|case| case.evidence.rollups.0 += 1), rollups);
        assert_eq!(judged(|case| case.evidence.rollups.1 -= 1), rollups);
        assert_eq!(judged(|case| case.evidence.rollups.3 += 1), rollups);
    }

    #[test]
    fn a_wrong_a_missing_and_a_made_up_counter_are_found() {
        let spending = ["what accounts have spent is the sum of their attempts"];
        assert_eq!(judged(|case| case.evidence.spent[0].settled_nanos += 1), spending);
        assert_eq!(judged(|case| drop(case.evidence.spent.remove(0))), spending);
        assert_eq!(judged(|case| case.evidence.spent[0].epoch = 9), spending);
    }
}
