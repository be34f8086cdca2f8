//! Reads the evidence: rows and sums from Postgres, the provider's ledger from its file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::usage::AttemptRecord;
use sluicegate_mock_provider::Entry;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::super::faults::Outage;
use super::super::load::Logged;
use crate::harness::stack::Stack;

/// A row of `requests`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) trace_id: Option<String>,
    pub(super) worker_id: Uuid,
    pub(super) epoch: i64,
    pub(super) seq: i64,
    pub(super) outcome: String,
    pub(super) status: i32,
    pub(super) cost_evidence: String,
    pub(super) cost_nanos: Option<i64>,
    pub(super) input_tokens: i64,
    pub(super) output_tokens: i64,
    #[sqlx(json)]
    pub(super) attempts: Vec<AttemptRecord>,
}

/// How far the ingester says that a worker's epoch is accounted for.
#[derive(Debug, FromRow)]
pub(super) struct Progress {
    pub(super) worker_id: Uuid,
    pub(super) epoch: i64,
    pub(super) contiguous: i64,
    pub(super) islands: i64,
}

/// Requests, cost and tokens (input, output), once summed over the rows and once over the rollups.
pub(super) type Sums = (i64, i64, i64, i64);

const ROWS: &str = "select id, trace_id, worker_id, epoch, seq, outcome, status, cost_evidence, cost_nanos, \
    input_tokens, output_tokens, attempts from requests";
const PROGRESS: &str =
    "select worker_id, epoch, contiguous, cardinality(islands)::bigint as islands from usage_progress";
const ROW_SUMS: &str =
    "select count(*), coalesce(sum(cost_nanos), 0)::bigint, coalesce(sum(input_tokens), 0)::bigint,
    coalesce(sum(output_tokens), 0)::bigint from requests";
const ROLLUP_SUMS: &str = "select coalesce(sum(requests), 0)::bigint, coalesce(sum(cost_nanos), 0)::bigint,
    coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint from usage_hourly";

/// All evidence of a run but the callers' log.
#[derive(Default)]
pub(in super::super) struct Books {
    /// By request, each in the order in which the calls reached the provider.
    pub(super) ledger: BTreeMap<String, Vec<Entry>>,
    pub(super) rows: BTreeMap<String, Vec<Row>>,
    pub(super) progress: Vec<Progress>,
    pub(super) row_sums: Sums,
    pub(super) rollup_sums: Sums,
    pub(super) dead_letters: i64,
}

impl Books {
    /// Reads until nothing is wrong with the books or the time is over.
    pub(in super::super) async fn when_quiet(
        stack: &Stack,
        calls: &[Logged],
        outages: &[Outage],
        within: Duration,
    ) -> Self {
        let begun = Instant::now();
        loop {
            let books = Self::read(stack).await;
            if books.findings(calls, outages).is_empty() || begun.elapsed() > within {
                return books;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn read(stack: &Stack) -> Self {
        let mut database = PgConnection::connect(&stack.services.database_url).await.unwrap();
        let listed: Vec<Row> = sqlx::query_as(ROWS).fetch_all(&mut database).await.unwrap();
        let progress = sqlx::query_as(PROGRESS).fetch_all(&mut database).await.unwrap();
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
        let mut ledger = stack.mock.by_request();
        for entries in ledger.values_mut() {
            entries.sort_by_key(arrival);
        }
        Self {
            ledger,
            rows,
            progress,
            row_sums,
            rollup_sums,
            dead_letters,
        }
    }

    /// Whether every position up to each epoch's last is accounted for.
    pub(super) fn is_accounted_for(&self) -> bool {
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

    /// Positions by worker and epoch.
    pub(super) fn sequences(&self) -> BTreeMap<(Uuid, i64), Vec<i64>> {
        let mut found = BTreeMap::<_, Vec<i64>>::new();
        for row in self.rows.values().flatten() {
            found.entry((row.worker_id, row.epoch)).or_default().push(row.seq);
        }
        for seqs in found.values_mut() {
            seqs.sort_unstable();
        }
        found
    }

    /// What the provider did for a request.
    pub(super) fn entries(&self, id: &str) -> &[Entry] {
        self.ledger.get(id).map_or(&[], Vec::as_slice)
    }

    /// What the provider billed for a request, in nano-dollars.
    pub(super) fn billed(&self, id: &str) -> i64 {
        let sum: u64 = self.entries(id).iter().map(|entry| entry.cost_nano_usd).sum();
        i64::try_from(sum).unwrap()
    }

    /// Rows by the trace that their callers gave them.
    pub(super) fn by_trace(&self) -> BTreeMap<&str, &Row> {
        let rows = self.rows.values().flatten();
        rows.filter_map(|row| Some((row.trace_id.as_deref()?, row)))
            .collect()
    }
}

/// The number the provider gave a call when it came in; the ledger itself is in the order of ends.
fn arrival(entry: &Entry) -> u64 {
    let number = entry.call_id.rsplit_once('-').map(|(_, number)| number.parse());
    number.unwrap().unwrap()
}

/// The text form of a row's id.
pub(super) fn name(row: &Row) -> String {
    RequestId::from(row.id).to_string()
}
