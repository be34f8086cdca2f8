//! The run in numbers, for a person.

use std::collections::BTreeMap;
use std::fmt::Write;

use sluicegate_mock_provider::{Entry, Outcome};

use super::super::faults::Outage;
use super::super::load::Logged;
use super::books::{Books, name};
use crate::harness::inference::Seen;

impl Books {
    /// The run in numbers.
    pub(in super::super) fn summary(&self, calls: &[Logged], outages: &[Outage]) -> String {
        let mut text = format!("{} calls, {} kills\n", calls.len(), outages.len());
        list(&mut text, calls.iter().map(|logged| seen(&logged.call.seen)));
        self.tell_hang_ups(&mut text, calls);
        self.tell_ledger(&mut text);
        self.tell_rows(&mut text);
        text
    }

    /// How soon the provider stopped after its caller had gone.
    fn tell_hang_ups(&self, text: &mut String, calls: &[Logged]) {
        let rows = self.by_trace();
        let mut found = BTreeMap::<&str, Vec<(u64, u64)>>::new();
        for logged in calls {
            let Seen::HungUp(at) = logged.call.seen else {
                continue;
            };
            let row = rows.get(logged.call.trace.as_str());
            for entry in row.map_or(&[][..], |row| self.entries(&name(row))) {
                let unseen = entry.output_tokens.saturating_sub(logged.call.words() as u64);
                let late = entry.at_unix_ms.saturating_sub(at);
                let model = found.entry(&logged.call.asked.model).or_default();
                model.push((late, unseen));
            }
        }
        for (model, mut hang_ups) in found {
            hang_ups.sort_unstable();
            let late = spread(hang_ups.iter().map(|it| it.0));
            let unseen = spread(hang_ups.iter().map(|it| it.1));
            let _ = writeln!(
                text,
                "{} calls of {model} cancelled after {late} ms, {unseen} words unseen by the caller",
                hang_ups.len()
            );
        }
    }

    fn tell_ledger(&self, text: &mut String) {
        let entries = || self.ledger.values().flatten();
        let billed: u64 = entries().map(|entry| entry.cost_nano_usd).sum();
        let _ = writeln!(
            text,
            "ledger: {} calls of {} requests, {billed} nano-dollars",
            entries().count(),
            self.ledger.len()
        );
        list(text, entries().map(ending));
    }

    fn tell_rows(&self, text: &mut String) {
        let (count, cost, input, output) = self.row_sums;
        let _ = writeln!(
            text,
            "rows: {count}, {cost} nano-dollars, {input} + {output} tokens; epochs: {}",
            self.progress.len()
        );
        let mut kinds = BTreeMap::<_, (usize, i64, i64)>::new();
        for row in self.rows.values().flatten() {
            let tries = row.attempts.len();
            let (number, cost, billed) = kinds
                .entry((row.outcome.as_str(), row.cost_evidence.as_str(), tries))
                .or_default();
            *number += 1;
            *cost += row.cost_nanos.unwrap_or(0);
            *billed += self.billed(&name(row));
        }
        for ((outcome, evidence, tries), (number, cost, billed)) in kinds {
            let _ = writeln!(
                text,
                "  {number:>6} {outcome}, attempts {tries}, evidence {evidence}: {cost} recorded, {billed} billed"
            );
        }
    }
}

fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Answered => "answered".to_owned(),
        Seen::HungUp(_) => "hung up on".to_owned(),
        Seen::Refused(status, code) => format!("refused: {status} {code:?}"),
        Seen::ErrorEvent(code) => format!("cut off with an error event: {code:?}"),
        Seen::Broken(kind) => format!("broken: {kind:?}"),
    }
}

fn ending(entry: &Entry) -> String {
    let outcome = match entry.outcome {
        Outcome::Completed => "completed",
        Outcome::ClientLeft => "left by the gateway",
        Outcome::Cut => "cut",
        Outcome::Failed => "failed",
        Outcome::Refused => "refused",
    };
    match &entry.fault {
        Some(fault) => format!("{outcome}, script {fault:?}"),
        None => outcome.to_owned(),
    }
}

/// How often each kind occurs.
fn list(text: &mut String, kinds: impl Iterator<Item = String>) {
    let mut counts = BTreeMap::<String, usize>::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    for (kind, count) in counts {
        let _ = writeln!(text, "  {count:>6} {kind}");
    }
}

/// Median and largest.
fn spread(values: impl Iterator<Item = u64>) -> String {
    let mut sorted: Vec<u64> = values.collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    format!(
        "{median} (at most {})",
        sorted.last().copied().unwrap_or_default()
    )
}
