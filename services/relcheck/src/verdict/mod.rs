//! What must hold after a run. Every rule is a pure function of the evidence, and has a test that makes it fail.

pub(crate) mod books;
pub(crate) mod budgets;
pub(crate) mod credit;
#[cfg(test)]
mod fixtures;
pub(crate) mod records;
pub(crate) mod service;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::AttemptRecord;

use crate::report::put;

/// Findings of a rule that are shown; neighbors tend to tell the same.
const SHOWN: usize = 8;

/// One rule, judged.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What must hold.
    promise: &'static str,
    /// The numbers it was judged by.
    detail: String,
    /// What is wrong; empty when it holds.
    pub(crate) findings: Vec<String>,
}

/// All rules of a run.
#[derive(Debug, Default)]
pub(crate) struct Verdict(Vec<Rule>);

impl Rule {
    pub(crate) fn new(promise: &'static str, detail: impl Into<String>, findings: Vec<String>) -> Self {
        let detail = detail.into();
        Self {
            promise,
            detail,
            findings,
        }
    }

    pub(crate) fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Verdict {
    pub(crate) fn add(&mut self, rules: impl IntoIterator<Item = Rule>) {
        self.0.extend(rules);
    }

    /// How many hold, and how many do not.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let held = self.0.iter().filter(|rule| rule.holds()).count();
        (held, self.0.len() - held)
    }

    /// Shows every rule, and findings of those that do not hold.
    pub(crate) fn show(&self) {
        for rule in &self.0 {
            let word = if rule.holds() { "ok    " } else { "BROKEN" };
            put(&format!("  {word} {}: {}", rule.promise, rule.detail));
            let step = 1 + rule.findings.len() / SHOWN;
            for finding in rule.findings.iter().step_by(step) {
                put(&format!("           {finding}"));
            }
            if step > 1 {
                put(&format!("           … of {} findings", rule.findings.len()));
            }
        }
    }
}

/// What prepaid credit pays of an attempt.
pub(crate) fn charge(attempt: &AttemptRecord) -> NanoUsd {
    attempt
        .credit
        .as_ref()
        .map_or(NanoUsd::ZERO, |credit| credit.charge)
}

/// Nano-dollars, for people.
pub(crate) fn dollars(nanos: impl Into<i128>) -> String {
    let nanos: i128 = nanos.into();
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    format!("{sign}{}.{:09} USD", nanos / 1_000_000_000, nanos % 1_000_000_000)
}
