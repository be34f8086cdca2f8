//! What must hold for every request, every call and the books as a whole.

use std::collections::BTreeMap;

use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_mock_provider::{Entry, Outcome};

use super::super::faults::{Outage, Victim};
use super::super::load::{LATE, LONG, Logged};
use super::attempts::{bound, total, weakest, wrong};
use super::books::{Books, Row, name};
use super::{AFTERMATH, CANCELLED_WITHIN, LONG_WORDS, MOST_ATTEMPTS, UNRECORDED};
use crate::harness::inference::{Break, Seen};

impl Books {
    /// Panics with everything that is wrong.
    pub(in super::super) fn judge(&self, calls: &[Logged], outages: &[Outage]) {
        let wrong = self.findings(calls, outages);
        // From all of them: neighbors tend to tell the same.
        let shown: Vec<&String> = wrong.iter().step_by(1 + wrong.len() / 20).collect();
        assert!(
            wrong.is_empty(),
            "{} findings, among them: {shown:#?}",
            wrong.len()
        );
    }

    /// Everything that is wrong.
    pub(super) fn findings(&self, calls: &[Logged], outages: &[Outage]) -> Vec<String> {
        let by_trace: BTreeMap<&str, &Logged> = calls
            .iter()
            .map(|logged| (logged.call.trace.as_str(), logged))
            .collect();
        let mut wrong = self.wrong_books();
        for (id, rows) in &self.rows {
            let [row] = &rows[..] else {
                wrong.push(format!("{id} has {} rows", rows.len()));
                continue;
            };
            match row.trace_id.as_deref().and_then(|trace| by_trace.get(trace)) {
                Some(logged) => wrong.extend(self.wrong_about_row(row, logged, outages)),
                None => wrong.push(format!("{id} was called by nobody: {row:?}")),
            }
        }
        let rows = self.by_trace();
        let doubled = self.rows.values().flatten().count() - rows.len();
        if doubled > 0 {
            wrong.push(format!("{doubled} calls have a second row"));
        }
        for id in self.ledger.keys().filter(|id| !self.rows.contains_key(*id)) {
            wrong.push(format!("{id} has no row and was billed {}", self.billed(id)));
        }
        for logged in calls {
            let row = rows.get(logged.call.trace.as_str()).copied();
            wrong.extend(self.wrong_about_call(logged, row, outages));
        }
        wrong.extend(self.unproven(calls));
        wrong
    }

    /// What is wrong with positions, watermarks, sums and dead letters.
    fn wrong_books(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (epoch, seqs) in self.sequences() {
            let last = i64::try_from(seqs.len()).unwrap();
            if !seqs.iter().copied().eq(1..=last) {
                wrong.push(format!(
                    "the positions of {epoch:?} are not 1 to {last} without a gap"
                ));
            }
        }
        if !self.is_accounted_for() {
            wrong.push(format!("the watermarks did not arrive: {:?}", self.progress));
        }
        if self.row_sums != self.rollup_sums {
            wrong.push(format!(
                "rows sum up to {:?}, rollups to {:?}",
                self.row_sums, self.rollup_sums
            ));
        }
        if self.dead_letters != 0 {
            wrong.push(format!("{} dead letters", self.dead_letters));
        }
        wrong
    }

    /// What is wrong about a row, by the ledger and by what its caller did.
    fn wrong_about_row(&self, row: &Row, logged: &Logged, outages: &[Outage]) -> Vec<String> {
        let entries = self.entries(&name(row));
        let mut wrong = if row.outcome == "interrupted" {
            self.wrong_interruption(row, logged, outages)
        } else {
            wrong_attempts(row, entries, logged)
        };
        let sum = |tokens: fn(&sluicegate_contracts::tokens::TokenUsage) -> u64| {
            let all = row.attempts.iter().map(|attempt| tokens(&attempt.tokens));
            i64::try_from(all.sum::<u64>()).unwrap()
        };
        let of_attempts = (
            sum(|tokens| tokens.input),
            sum(|tokens| tokens.output),
            total(&row.attempts),
            weakest(&row.attempts),
        );
        let stated = (
            row.input_tokens,
            row.output_tokens,
            row.cost_nanos,
            row.cost_evidence.as_str(),
        );
        if stated != of_attempts {
            wrong.push(format!("its attempts come to {of_attempts:?}"));
        }
        let billed = self.billed(&name(row));
        if matches!(&*row.cost_evidence, "reported" | "none") && row.cost_nanos != Some(billed) {
            wrong.push(format!("it was billed {billed}"));
        }
        if row.outcome == "client_gone" && !matches!(logged.call.seen, Seen::HungUp(_)) {
            wrong.push(format!(
                "its caller did not hang up but saw {:?}",
                logged.call.seen
            ));
        }
        let about = |what| format!("{}: {what}: {row:?}, ledger {entries:?}", name(row));
        wrong.into_iter().map(about).collect()
    }

    /// A request that a kill met: its record knows only what was about to be tried.
    fn wrong_interruption(&self, row: &Row, logged: &Logged, outages: &[Outage]) -> Vec<String> {
        let mut wrong = Vec::new();
        // The worker may still have been busy with a call whose caller had just left.
        let killed = |outage: &Outage| {
            outage.victim == Victim::Worker(logged.worker)
                && logged.began <= outage.ready
                && outage.killed <= logged.ended + CANCELLED_WITHIN
        };
        if !outages.iter().any(killed) {
            wrong.push("its worker was not killed meanwhile".to_owned());
        }
        let tries = row.attempts.len();
        let entries = self.entries(&name(row)).len();
        if entries > tries {
            wrong.push(format!("the provider was called {entries} times"));
        }
        let billed = self.billed(&name(row));
        let most = i64::try_from(bound(&logged.call) * tries as u64).unwrap();
        if !row.cost_nanos.is_some_and(|cost| (billed..=most).contains(&cost)) {
            wrong.push(format!("it was billed {billed} of at most {most}"));
        }
        wrong
    }

    /// What is wrong about a call, by what its caller saw.
    fn wrong_about_call(&self, logged: &Logged, row: Option<&Row>, outages: &[Outage]) -> Option<String> {
        let call = &logged.call;
        let explained = is_explained(logged, outages);
        let about = |what: &str| Some(format!("{what}: {logged:?}, row {row:?}"));
        let Some(row) = row else {
            return match &call.seen {
                Seen::Refused(_, code) if explained && UNRECORDED.contains(&code.as_str()) => None,
                _ if call.id.is_some() => about("it has an id and no row"),
                Seen::Broken(_) if !explained => about("it broke though its worker was there"),
                Seen::Answered
                | Seen::Refused(..)
                | Seen::ErrorEvent(_)
                | Seen::Broken(_)
                | Seen::HungUp(_) => None,
            };
        };
        match &call.seen {
            Seen::Answered if !is_answered(logged, row) => about("it was answered otherwise"),
            Seen::Refused(status, _) if row.outcome != "failed" || row.status != i32::from(*status) => {
                about("it was refused otherwise")
            }
            Seen::ErrorEvent(_) if row.outcome != "cut" => about("it was cut"),
            Seen::Refused(..) | Seen::ErrorEvent(_) if !explained && !gave_up_rightly(row) => {
                about("nothing kept it from being answered")
            }
            Seen::Broken(Break::Truncated) => about("its answer looks proper and is not whole"),
            Seen::Broken(_) if !explained => about("it broke though its worker was there"),
            Seen::HungUp(at) => self
                .wrong_cancellation(row, logged, *at)
                .and_then(|it| about(&it)),
            Seen::Answered | Seen::Refused(..) | Seen::ErrorEvent(_) | Seen::Broken(_) => None,
        }
    }

    /// A caller that hung up at `at` is noted, and the provider stops its work. Where nobody could have stayed to the
    /// end, that work was not done.
    fn wrong_cancellation(&self, row: &Row, logged: &Logged, at: u64) -> Option<String> {
        let in_the_middle = [LONG, LATE].contains(&logged.call.asked.model.as_str());
        if in_the_middle && !matches!(&*row.outcome, "client_gone" | "interrupted") {
            return Some("its caller hung up".to_owned());
        }
        let late = at + u64::try_from(CANCELLED_WITHIN.as_millis()).unwrap();
        let stopped = |entry: &Entry| {
            let undone = entry.outcome == Outcome::ClientLeft && entry.output_tokens < LONG_WORDS;
            entry.at_unix_ms <= late && (undone || !in_the_middle)
        };
        let unstopped = self.entries(&name(row)).iter().find(|entry| !stopped(entry))?;
        Some(format!("the provider went on: {unstopped:?}"))
    }

    /// What did not happen, so that nothing is proven about it.
    fn unproven(&self, calls: &[Logged]) -> Vec<String> {
        let rows = || self.rows.values().flatten();
        let by_trace = self.by_trace();
        let cancelled = |model| {
            calls.iter().any(|logged| {
                let row = by_trace.get(logged.call.trace.as_str());
                logged.call.asked.model == model
                    && row.is_some_and(|row| {
                        row.outcome == "client_gone" && !self.entries(&name(row)).is_empty()
                    })
            })
        };
        let ended = |outcome, evidence| {
            let mut attempts = rows().flat_map(|row| &row.attempts);
            attempts.any(|attempt| (attempt.outcome, attempt.evidence) == (outcome, evidence))
        };
        [
            (
                "a kill of a worker",
                rows().any(|row| row.outcome == "interrupted"),
            ),
            ("a hang-up in the middle of a stream", cancelled(LONG)),
            ("a hang-up before a whole answer", cancelled(LATE)),
            (
                "an answer to a second attempt",
                rows().any(|row| row.outcome == "served" && row.attempts.len() > 1),
            ),
            ("a 429", ended(AttemptOutcome::RateLimited, Evidence::NotBilled)),
            ("a 500", ended(AttemptOutcome::ServerError, Evidence::NotBilled)),
            (
                "an error event",
                ended(AttemptOutcome::ServerError, Evidence::Estimated),
            ),
            ("a cut stream", ended(AttemptOutcome::Cut, Evidence::Estimated)),
            (
                "a cut whole answer",
                ended(AttemptOutcome::Cut, Evidence::Uncertain),
            ),
            (
                "a stalled stream",
                ended(AttemptOutcome::TimedOut, Evidence::Estimated),
            ),
            (
                "a stalled whole answer",
                ended(AttemptOutcome::TimedOut, Evidence::Uncertain),
            ),
        ]
        .into_iter()
        .filter(|(_, happened)| !happened)
        .map(|(what, _)| format!("nothing is proven about {what}: none met a call in flight"))
        .collect()
    }
}

/// What is wrong about the attempts of a request that its worker lived to record.
fn wrong_attempts(row: &Row, entries: &[Entry], logged: &Logged) -> Vec<String> {
    let mut wrong = Vec::new();
    let attempts = &row.attempts;
    // Only the last call may not have reached the provider, because its caller was gone before.
    if !(entries.len()..=entries.len() + 1).contains(&attempts.len()) {
        wrong.push(format!("the provider was called {} times", entries.len()));
    }
    let told = entries.iter().map(Some).chain(std::iter::repeat(None));
    for (number, (attempt, entry)) in (1..).zip(attempts.iter().zip(told)) {
        let what = self::wrong(attempt, entry, &logged.call);
        wrong.extend(what.map(|what| format!("attempt {number}: {what}")));
        if number == attempts.len() && !logged.call.text.is_empty() && attempt.evidence == Evidence::Uncertain
        {
            wrong.push("its caller has text, so there was something to count".to_owned());
        }
        if number < attempts.len() && attempt.outcome == AttemptOutcome::Served {
            wrong.push(format!("it went on after attempt {number} was served"));
        }
    }
    wrong
}

/// Whether the row says the same as the answer its caller has.
fn is_answered(logged: &Logged, row: &Row) -> bool {
    let call = &logged.call;
    let tokens = (row.input_tokens, row.output_tokens);
    let told = call.told.is_none_or(|(input, output)| {
        (i64::try_from(input), i64::try_from(output)) == (Ok(tokens.0), Ok(tokens.1))
    });
    // Who is told tokens is told the cost.
    let told_cost = call.told.is_none()
        || row
            .cost_nanos
            .is_some_and(|stated| call.told_cost == u64::try_from(stated).ok());
    let last = row.attempts.last();
    row.outcome == "served"
        && last.is_some_and(|it| (it.outcome, it.evidence) == (AttemptOutcome::Served, Evidence::Reported))
        && told
        && told_cost
}

/// Whether the provider failed the request, and every further attempt that was due was made.
fn gave_up_rightly(row: &Row) -> bool {
    let Some(last) = row.attempts.last() else {
        return false;
    };
    let begun = row.outcome == "cut";
    last.outcome != AttemptOutcome::Served
        // What was shown is never tried again, and a time-out may have been billed.
        && (begun || last.outcome == AttemptOutcome::TimedOut || row.attempts.len() == MOST_ATTEMPTS)
}

/// Whether the worker a call went to was killed meanwhile, or had just come back.
fn is_explained(logged: &Logged, outages: &[Outage]) -> bool {
    outages.iter().any(|outage| {
        outage.victim == Victim::Worker(logged.worker)
            && logged.ended >= outage.killed
            && logged.began <= outage.ready + AFTERMATH
    })
}
