//! Every call that the provider billed is recorded once, at what it was billed.
//!
//! What a cost must be depends on what the record says it rests on (docs/billing.md): `reported` is the bill to the
//! nano-dollar; `uncertain` is at least the bill, because the call's worker or its provider died and nobody can tell
//! (decision 0004). An `estimated` cost is a count of what was seen, and is only shown.

use std::collections::BTreeMap;

use sluicegate_contracts::ids::RequestId;
use uuid::Uuid;

use super::{Rule, dollars};
use crate::evidence::{Evidence, Row};
use crate::load::call::{Call, Seen};

/// All rules about records.
pub(crate) fn rules(evidence: &Evidence, calls: &[Call]) -> Vec<Rule> {
    vec![
        once(evidence, calls),
        at_the_bill(evidence),
        as_told(evidence, calls),
        without_gaps(evidence),
    ]
}

fn rows(evidence: &Evidence) -> impl Iterator<Item = &Row> {
    evidence.rows.values().flatten()
}

fn once(evidence: &Evidence, calls: &[Call]) -> Rule {
    let mut findings = Vec::new();
    for (id, rows) in evidence.rows.iter().filter(|(_, rows)| rows.len() != 1) {
        findings.push(format!("{id} has {} records", rows.len()));
    }
    let billed = evidence
        .ledger
        .keys()
        .filter(|id| !evidence.rows.contains_key(*id));
    findings.extend(billed.map(|id| format!("{id} was billed {} and has no record", evidence.billed(id))));
    let by_trace = evidence.by_trace();
    let count = rows(evidence).count();
    if by_trace.len() != count {
        findings.push(format!("{count} records of only {} calls", by_trace.len()));
    }
    let made: BTreeMap<&str, &Call> = calls.iter().map(|call| (call.trace.as_str(), call)).collect();
    let strange = by_trace.keys().filter(|trace| !made.contains_key(*trace));
    findings.extend(strange.map(|trace| format!("a record of a call that nobody made: trace {trace}")));
    let detail = format!(
        "{} calls made, {} requests reached the provider, {count} records",
        calls.len(),
        evidence.ledger.len()
    );
    Rule::new("every billed call has one record", detail, findings)
}

fn at_the_bill(evidence: &Evidence) -> Rule {
    let mut findings = Vec::new();
    let mut kinds: BTreeMap<&str, (u64, i128, i128)> = BTreeMap::new();
    for row in rows(evidence) {
        let id = RequestId::from(row.id).to_string();
        let (billed, cost) = (
            i128::from(evidence.billed(&id)),
            row.cost_nanos.map_or(0, i128::from),
        );
        let is_right = match row.cost_evidence.as_str() {
            "reported" | "none" => cost == billed,
            "uncertain" => cost >= billed,
            "estimated" => true,
            _ => false,
        };
        if !is_right {
            let evidence = &row.cost_evidence;
            findings.push(format!(
                "{id} ({}, {evidence}) cost {cost} and was billed {billed}",
                row.outcome
            ));
        }
        let (count, recorded, of_bill) = kinds.entry(&row.cost_evidence).or_default();
        (*count, *recorded, *of_bill) = (*count + 1, *recorded + cost, *of_bill + billed);
    }
    let kinds = kinds.into_iter().map(|(kind, (count, recorded, billed))| {
        format!(
            "{count} {kind}: recorded {}, billed {}",
            dollars(recorded),
            dollars(billed)
        )
    });
    let detail = kinds.collect::<Vec<_>>().join("; ");
    Rule::new("costs equal the bill to the nano-dollar", detail, findings)
}

fn as_told(evidence: &Evidence, calls: &[Call]) -> Rule {
    let (mut findings, mut answered) = (Vec::new(), 0);
    for call in calls.iter().filter(|call| call.seen == Seen::Answered) {
        answered += 1;
        let row = call
            .id
            .as_ref()
            .and_then(|id| evidence.rows.get(id))
            .and_then(|rows| rows.first());
        let told = call.told_cost;
        match row {
            None => findings.push(format!("{:?} was answered and has no record", call.id)),
            Some(row)
                if told.is_none() || row.cost_nanos.and_then(|cost| u64::try_from(cost).ok()) != told =>
            {
                findings.push(format!(
                    "{:?} was told {told:?}, its record says {:?}",
                    call.id, row.cost_nanos
                ));
            }
            Some(_) => {}
        }
    }
    Rule::new(
        "answers tell the cost that is recorded",
        format!("{answered} answers"),
        findings,
    )
}

fn without_gaps(evidence: &Evidence) -> Rule {
    let mut positions = BTreeMap::<(Uuid, i64), Vec<i64>>::new();
    for row in rows(evidence) {
        positions
            .entry((row.worker_id, row.epoch))
            .or_default()
            .push(row.seq);
    }
    let reached: BTreeMap<(Uuid, i64), (i64, i64)> = evidence
        .progress
        .iter()
        .map(|progress| {
            (
                (progress.worker_id, progress.epoch),
                (progress.contiguous, progress.islands),
            )
        })
        .collect();
    let mut findings = Vec::new();
    let (epochs, records) = (positions.len(), rows(evidence).count());
    for ((worker, epoch), mut seqs) in positions {
        seqs.sort_unstable();
        let last = seqs.last().copied().unwrap_or_default();
        if !seqs.iter().copied().eq(1..=last) {
            findings.push(format!(
                "worker {worker}, epoch {epoch}: positions 1 to {last} are not there once each"
            ));
        }
        if reached.get(&(worker, epoch)) != Some(&(last, 0)) {
            let stands = reached.get(&(worker, epoch));
            findings.push(format!(
                "worker {worker}, epoch {epoch}: the watermark of {last} stands at {stands:?}"
            ));
        }
    }
    if evidence.dead_letters != 0 {
        findings.push(format!(
            "{} records were set aside as unreadable",
            evidence.dead_letters
        ));
    }
    let detail = format!("{records} positions in {epochs} lives of workers");
    Rule::new("no position of any worker is missing", detail, findings)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Case, broken};
    use super::*;

    fn judged(change: impl FnOnce(&mut Case)) -> Vec<&'static str> {
        let mut case = Case::sound();
        change(&mut case);
        broken(rules(&case.evidence, &case.calls))
    }

    #[test]
    fn sound_records_hold() {
        assert!(judged(|_| {}).is_empty());
    }

    #[test]
    fn a_lost_and_a_doubled_record_are_found() {
        let lost = judged(|case| drop(case.evidence.rows.remove(&Case::id(1))));
        assert!(lost.contains(&"every billed call has one record"));
        assert!(lost.contains(&"no position of any worker is missing"));
        let doubled = judged(|case| {
            let rows = case.evidence.rows.get_mut(&Case::id(1)).unwrap();
            rows.push(rows[0].clone());
        });
        assert!(doubled.contains(&"every billed call has one record"));
        let strange = judged(|case| drop(case.calls.remove(0)));
        assert_eq!(strange, ["every billed call has one record"]);
    }

    #[test]
    fn a_nano_dollar_is_found() {
        assert!(
            judged(|case| case.row(1).cost_nanos = Some(99))
                .contains(&"costs equal the bill to the nano-dollar")
        );
        // The worker of the second call was killed: more than the bill is right, less is not.
        assert!(judged(|case| case.row(2).cost_nanos = Some(700)).is_empty());
        let less = judged(|case| case.row(2).cost_nanos = Some(99));
        assert_eq!(less, ["costs equal the bill to the nano-dollar"]);
        let told = judged(|case| case.calls[0].told_cost = Some(101));
        assert_eq!(told, ["answers tell the cost that is recorded"]);
    }

    #[test]
    fn a_watermark_behind_and_a_dead_letter_are_found() {
        let behind = judged(|case| case.evidence.progress[0].contiguous = 1);
        assert_eq!(behind, ["no position of any worker is missing"]);
        let dead = judged(|case| case.evidence.dead_letters = 1);
        assert_eq!(dead, ["no position of any worker is missing"]);
    }
}
