//! Reads the books and holds them against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

use sluicegate_contracts::ids::RequestId;
use sluicegate_mock_provider::Entry;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::faults::{Outage, Victim};
use super::load::Logged;
use crate::harness::inference::Seen;
use crate::harness::stack::Stack;

/// How long callers may feel a worker's death after it is ready again: their broken connections.
const AFTERMATH: Duration = Duration::from_secs(1);

/// A row of `requests`.
#[derive(Debug, Clone, FromRow)]
struct Row {
    id: Uuid,
    worker_id: Uuid,
    epoch: i64,
    seq: i64,
    outcome: String,
    cost_evidence: String,
    cost_nanos: Option<i64>,
    input_tokens: i64,
    output_tokens: i64,
}

/// How far the ingester says that a worker's epoch is accounted for.
#[derive(Debug, FromRow)]
struct Progress {
    worker_id: Uuid,
    epoch: i64,
    contiguous: i64,
    islands: i64,
}

/// Requests, cost and tokens (input, output), once summed over the rows and once over the rollups.
type Sums = (i64, i64, i64, i64);

const ROW_SUMS: &str =
    "select count(*), coalesce(sum(cost_nanos), 0)::bigint, coalesce(sum(input_tokens), 0)::bigint,
    coalesce(sum(output_tokens), 0)::bigint from requests";
const ROLLUP_SUMS: &str = "select coalesce(sum(requests), 0)::bigint, coalesce(sum(cost_nanos), 0)::bigint,
    coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint from usage_hourly";

/// All evidence of a run.
#[derive(Default)]
pub(super) struct Books {
    ledger: BTreeMap<String, Vec<Entry>>,
    rows: BTreeMap<String, Vec<Row>>,
    progress: Vec<Progress>,
    row_sums: Sums,
    rollup_sums: Sums,
    dead_letters: i64,
}

impl Books {
    /// Reads until the books are complete or the time is over.
    pub(super) async fn when_quiet(stack: &Stack, calls: &[Logged], within: Duration) -> Self {
        let begun = Instant::now();
        loop {
            let books = Self::read(stack).await;
            if books.missing(calls).is_empty() && books.is_accounted_for() || begun.elapsed() > within {
                return books;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn read(stack: &Stack) -> Self {
        let mut database = PgConnection::connect(&stack.services.database_url).await.unwrap();
        let listed: Vec<Row> = sqlx::query_as(
            "select id, worker_id, epoch, seq, outcome, cost_evidence, cost_nanos, input_tokens, output_tokens
             from requests",
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        let progress = sqlx::query_as(
            "select worker_id, epoch, contiguous, cardinality(islands)::bigint as islands from usage_progress",
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        let row_sums = sqlx::query_as(ROW_SUMS).fetch_one(&mut database).await.unwrap();
        let rollup_sums = sqlx::query_as(ROLLUP_SUMS)
            .fetch_one(&mut database)
            .await
            .unwrap();
        let dead_letters = sqlx::query_scalar("select count(*) from usage_dead_letters")
            .fetch_one(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
        let mut rows = BTreeMap::<String, Vec<Row>>::new();
        for row in listed {
            rows.entry(RequestId::from(row.id).to_string())
                .or_default()
                .push(row);
        }
        Self {
            ledger: stack.mock.by_request(),
            rows,
            progress,
            row_sums,
            rollup_sums,
            dead_letters,
        }
    }

    /// Requests that were billed or answered and have no row.
    fn missing(&self, calls: &[Logged]) -> BTreeSet<String> {
        let answered = calls.iter().filter(|logged| logged.call.seen == Seen::Answered);
        let answered = answered.filter_map(|logged| logged.call.id.clone());
        let mut expected: BTreeSet<String> = self.ledger.keys().cloned().chain(answered).collect();
        expected.retain(|id| !self.rows.contains_key(id));
        expected
    }

    /// Whether every position up to each epoch's last is accounted for.
    fn is_accounted_for(&self) -> bool {
        let reached: BTreeMap<(Uuid, i64), i64> = self
            .progress
            .iter()
            .filter(|progress| progress.islands == 0)
            .map(|progress| ((progress.worker_id, progress.epoch), progress.contiguous))
            .collect();
        self.sequences()
            .iter()
            .all(|(epoch, seqs)| reached.get(epoch) == seqs.last())
    }

    fn sequences(&self) -> BTreeMap<(Uuid, i64), Vec<i64>> {
        let mut found = BTreeMap::<_, Vec<i64>>::new();
        for row in self.rows.values().flatten() {
            found.entry((row.worker_id, row.epoch)).or_default().push(row.seq);
        }
        for seqs in found.values_mut() {
            seqs.sort_unstable();
        }
        found
    }

    fn billed(&self, id: &str) -> i64 {
        let entries = self.ledger.get(id).map_or(&[][..], Vec::as_slice);
        let sum: u64 = entries.iter().map(|entry| entry.cost_nano_usd).sum();
        i64::try_from(sum).unwrap()
    }

    /// Panics with everything that is wrong.
    pub(super) fn judge(&self, calls: &[Logged], outages: &[Outage]) {
        let wrong = self.findings(calls, outages);
        let shown = &wrong[..wrong.len().min(20)];
        assert!(
            wrong.is_empty(),
            "{} findings:\n{}",
            wrong.len(),
            shown.join("\n")
        );
    }

    fn findings(&self, calls: &[Logged], outages: &[Outage]) -> Vec<String> {
        let mut wrong = Vec::new();
        wrong.extend(self.missing(calls).iter().map(|id| format!("{id} has no row")));
        for (id, rows) in &self.rows {
            let [row] = &rows[..] else {
                wrong.push(format!("{id} has {} rows", rows.len()));
                continue;
            };
            // More than billed is allowed only where nobody can know; a cost that is not known is never enough.
            let billed = self.billed(id);
            let enough = row.cost_nanos.is_some_and(|cost| match &*row.cost_evidence {
                "uncertain" => cost >= billed,
                _ => cost == billed,
            });
            if !enough {
                wrong.push(format!("{id} was billed {billed}: {row:?}"));
            }
        }
        wrong.extend(calls.iter().filter_map(|logged| self.wrong_about(logged)));
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
        if !self
            .rows
            .values()
            .flatten()
            .any(|row| row.outcome == "interrupted")
        {
            wrong.push("no kill met a call in flight, so nothing is proven about those".to_owned());
        }
        if self.dead_letters != 0 {
            wrong.push(format!("{} dead letters", self.dead_letters));
        }
        wrong.extend(unexplained(calls, outages));
        wrong
    }

    /// What is wrong about a call that was answered.
    fn wrong_about(&self, logged: &Logged) -> Option<String> {
        if logged.call.seen != Seen::Answered {
            return None;
        }
        let id = logged.call.answered();
        let row = self.rows.get(id)?.first()?;
        let entries = self.ledger.get(id).map_or(0, Vec::len);
        let tokens = (row.input_tokens, row.output_tokens);
        let told = logged.call.told.is_none_or(|(input, output)| {
            (i64::try_from(input), i64::try_from(output)) == (Ok(tokens.0), Ok(tokens.1))
        });
        let right = row.outcome == "served"
            && row.cost_evidence == "reported"
            && row.cost_nanos == Some(self.billed(id))
            && entries == 1
            && told;
        (!right).then(|| {
            format!(
                "{id} was answered ({:?}) and billed {entries} times: {row:?}",
                logged.call.told
            )
        })
    }

    /// The run in numbers.
    pub(super) fn summary(&self, calls: &[Logged], outages: &[Outage]) -> String {
        let count = |seen: fn(&Seen) -> bool| calls.iter().filter(|logged| seen(&logged.call.seen)).count();
        let mut kinds = BTreeMap::<(&str, &str), usize>::new();
        for row in self.rows.values().flatten() {
            *kinds.entry((&row.outcome, &row.cost_evidence)).or_default() += 1;
        }
        let billed: i64 = self.ledger.keys().map(|id| self.billed(id)).sum();
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{} calls ({} answered, {} refused, {} broken), {} kills",
            calls.len(),
            count(|seen| *seen == Seen::Answered),
            count(|seen| matches!(seen, Seen::Refused(..))),
            count(|seen| *seen == Seen::Broken),
            outages.len(),
        );
        let entries: usize = self.ledger.values().map(Vec::len).sum();
        let _ = writeln!(
            text,
            "ledger: {entries} billed calls of {} requests, {billed} nano-dollars",
            self.ledger.len()
        );
        let (rows, cost, input, output) = self.row_sums;
        let _ = writeln!(
            text,
            "rows: {rows}, {cost} nano-dollars, {input} + {output} tokens"
        );
        for ((outcome, evidence), number) in kinds {
            let _ = writeln!(text, "  {number:>6} {outcome}, {evidence}");
        }
        let unbilled = self
            .rows
            .keys()
            .filter(|id| !self.ledger.contains_key(*id))
            .count();
        let _ = write!(
            text,
            "rows of requests the provider did not bill: {unbilled}; epochs: {}",
            self.progress.len()
        );
        text
    }
}

/// Calls that failed although the worker they went to was not being killed.
fn unexplained(calls: &[Logged], outages: &[Outage]) -> Vec<String> {
    let is_explained = |logged: &Logged| {
        outages.iter().any(|outage| {
            outage.victim == Victim::Worker(logged.worker)
                && logged.ended >= outage.killed
                && logged.began <= outage.ready + AFTERMATH
        })
    };
    let failed = calls.iter().filter(|logged| logged.call.seen != Seen::Answered);
    failed
        .filter(|logged| !is_explained(logged))
        .map(|logged| {
            let during = outages
                .iter()
                .find(|outage| logged.ended >= outage.killed && logged.began <= outage.ready);
            let during = during.map(|outage| outage.victim);
            format!(
                "a call to worker {} failed during {during:?}: {:?}",
                logged.worker, logged.call
            )
        })
        .collect()
}

mod tests {
    use sluicegate_mock_provider::Outcome;

    use super::*;
    use crate::harness::inference::Call;

    const WORKER: Uuid = Uuid::from_u128(9);

    /// Two requests: the first was answered, the second met a kill and was billed 30 of at most 70.
    fn sound() -> (Books, Vec<Logged>) {
        let row = |number: u128, outcome: &str, cost_evidence: &str, cost: i64| Row {
            id: Uuid::from_u128(number),
            worker_id: WORKER,
            epoch: 1,
            seq: i64::try_from(number).unwrap(),
            outcome: outcome.to_owned(),
            cost_evidence: cost_evidence.to_owned(),
            cost_nanos: Some(cost),
            input_tokens: 4,
            output_tokens: 6,
        };
        let mut books = Books {
            progress: vec![Progress {
                worker_id: WORKER,
                epoch: 1,
                contiguous: 2,
                islands: 0,
            }],
            row_sums: (2, 120, 8, 12),
            rollup_sums: (2, 120, 8, 12),
            ..Books::default()
        };
        for (row, billed) in [
            (row(1, "served", "reported", 50), 50),
            (row(2, "interrupted", "uncertain", 70), 30),
        ] {
            let id = name(row.id.as_u128());
            books.ledger.insert(id.clone(), vec![entry(billed)]);
            books.rows.insert(id, vec![row]);
        }
        (books, vec![answered(1)])
    }

    fn name(number: u128) -> String {
        RequestId::from(Uuid::from_u128(number)).to_string()
    }

    fn entry(cost_nano_usd: u64) -> Entry {
        Entry {
            call_id: String::new(),
            at_unix_ms: 0,
            endpoint: String::new(),
            model: String::new(),
            stream: false,
            request_id: None,
            idempotency_key: None,
            outcome: Outcome::Completed,
            fault: None,
            input_tokens: 4,
            cached_input_tokens: 0,
            output_tokens: 6,
            reasoning_tokens: 0,
            cost_nano_usd,
        }
    }

    fn answered(number: u128) -> Logged {
        Logged {
            worker: 0,
            began: Instant::now(),
            ended: Instant::now(),
            call: Call {
                id: Some(name(number)),
                seen: Seen::Answered,
                told: Some((4, 6)),
                text: String::new(),
            },
        }
    }

    /// The findings after something was made wrong.
    fn after(change: impl FnOnce(&mut Books, &mut Vec<Logged>)) -> String {
        let (mut books, mut calls) = sound();
        change(&mut books, &mut calls);
        books.findings(&calls, &[]).join("\n")
    }

    fn row(books: &mut Books, number: u128) -> &mut Row {
        &mut books.rows.get_mut(&name(number)).unwrap()[0]
    }

    #[test]
    fn sound_books_pass() {
        assert_eq!(after(|_, _| {}), "");
    }

    #[test]
    fn a_lost_and_a_doubled_record_are_found() {
        let lost = after(|books, _| drop(books.rows.remove(&name(1))));
        assert!(
            lost.contains("has no row") && lost.contains("without a gap"),
            "{lost}"
        );
        let doubled = after(|books, _| {
            let twin = row(books, 1).clone();
            books.rows.get_mut(&name(1)).unwrap().push(twin);
        });
        assert!(doubled.contains("has 2 rows"), "{doubled}");
        let unheard = after(|_, calls| calls.push(answered(3)));
        assert!(unheard.contains(&format!("{} has no row", name(3))), "{unheard}");
    }

    #[test]
    fn a_cost_next_to_the_bill_is_found() {
        for cost in [Some(49), Some(51), None] {
            let found = after(|books, _| row(books, 1).cost_nanos = cost);
            assert!(found.contains("was billed 50"), "{found}");
        }
        for cost in [Some(29), None] {
            let found = after(|books, _| row(books, 2).cost_nanos = cost);
            assert!(found.contains("was billed 30"), "{found}");
        }
        let twice = after(|books, _| books.ledger.get_mut(&name(1)).unwrap().push(entry(0)));
        assert!(twice.contains("billed 2 times"), "{twice}");
        let guessed = after(|books, _| "uncertain".clone_into(&mut row(books, 1).cost_evidence));
        assert!(guessed.contains("was answered"), "{guessed}");
        let told = after(|_, calls| calls[0].call.told = Some((4, 7)));
        assert!(told.contains("was answered"), "{told}");
    }

    #[test]
    fn a_wrong_sum_and_a_late_watermark_are_found() {
        let sums = after(|books, _| books.rollup_sums.0 = 3);
        assert!(sums.contains("rollups"), "{sums}");
        let late = after(|books, _| books.progress[0].contiguous = 1);
        assert!(late.contains("watermarks"), "{late}");
        let dead = after(|books, _| books.dead_letters = 1);
        assert!(dead.contains("dead letters"), "{dead}");
        let untested = after(|books, _| "served".clone_into(&mut row(books, 2).outcome));
        assert!(untested.contains("in flight"), "{untested}");
    }

    #[test]
    fn a_call_may_fail_only_while_its_own_worker_is_away() {
        let (books, mut calls) = sound();
        let at = Instant::now();
        let outage = |victim| {
            [Outage {
                victim,
                killed: at - Duration::from_secs(1),
                ready: at + Duration::from_secs(60),
            }]
        };
        calls.push(answered(2));
        calls[1].call.seen = Seen::Broken;
        assert_eq!(books.findings(&calls, &outage(Victim::Worker(0))), [""; 0]);
        assert_eq!(books.findings(&calls, &outage(Victim::Worker(1))).len(), 1);
        assert_eq!(books.findings(&calls, &outage(Victim::ControlPlane)).len(), 1);
    }
}
