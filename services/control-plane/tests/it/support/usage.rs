//! Usage records as workers write them.

use bytes::Bytes;
use sluicegate_backplane::UsageEntry;
use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId, RequestId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{
    AttemptOutcome, AttemptRecord, CreditUse, Evidence, Labels, Origin, Outcome, UsageRecord,
};
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use uuid::{Builder, Uuid};

use super::app::START_MILLIS;
use super::{Client, TestApp};

/// A worker that writes records for one project.
#[derive(Clone)]
pub struct Writer {
    pub worker: WorkerId,
    pub organization: OrganizationId,
    pub project: ProjectId,
    pub key: ApiKeyId,
}

/// A time-ordered id of that millisecond.
pub fn id_at(millis: i64, unique: u64) -> Uuid {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&unique.to_be_bytes());
    Builder::from_unix_timestamp_millis(millis.unsigned_abs(), &random).into_uuid()
}

impl Writer {
    pub fn of(client: &Client) -> Self {
        Self {
            worker: WorkerId::from(Uuid::now_v7()),
            organization: client.organization.parse().unwrap(),
            project: client.project.parse().unwrap(),
            key: ApiKeyId::from(Uuid::now_v7()),
        }
    }

    /// A served request: ten tokens in, five out, 412 nano-dollars; one second after the one before.
    pub fn record(&self, seq: u64) -> UsageRecord {
        let at = START_MILLIS + i64::try_from(seq).unwrap() * 1_000;
        // Requests of different workers differ, as their random parts do in life.
        let random: [u8; 8] = self.worker.as_uuid().as_bytes()[8..].try_into().unwrap();
        let unique = u64::from_be_bytes(random) ^ seq;
        let tokens = TokenUsage {
            input: 10,
            output: 5,
            ..TokenUsage::default()
        };
        UsageRecord {
            schema: SCHEMA_VERSION,
            request: RequestId::from(id_at(at, unique)),
            origin: Origin {
                worker: self.worker,
                epoch: 1,
                seq,
            },
            organization: self.organization,
            project: self.project,
            api_key: self.key,
            labels: Labels::default(),
            operation: Operation::ChatCompletions,
            dialect: Some("anthropic_messages".to_owned()),
            dropped: Some("server_tool:web_search".to_owned()),
            model_requested: "openai/gpt-4o-mini".to_owned(),
            model_served: Some("openai/gpt-4o-mini".to_owned()),
            route: None,
            decision: None,
            stream: true,
            outcome: Outcome::Served,
            status: 200,
            error_code: None,
            attempts: vec![AttemptRecord {
                connection: None,
                endpoint: None,
                provider: "openai".to_owned(),
                upstream_model: "gpt-4o-mini".to_owned(),
                dialect: Some("openai_chat".to_owned()),
                cause: None,
                outcome: AttemptOutcome::Served,
                status: Some(200),
                tokens,
                evidence: Evidence::Reported,
                cost: Some(NanoUsd::from_nanos(412)),
                price_version: Some(1),
                accounts: Vec::new(),
                credit: None,
                output_cap: None,
                session_budget: None,
                started_us: 300,
                first_byte_us: Some(20_000),
                duration_us: 89_750,
            }],
            tokens,
            cost: Some(NanoUsd::from_nanos(412)),
            started_at: UnixMillis::new(at),
            duration_us: 90_500,
            first_byte_us: Some(20_300),
            overhead_us: 312,
            trace_id: None,
        }
    }

    pub fn records(&self, seqs: impl IntoIterator<Item = u64>) -> Vec<UsageRecord> {
        seqs.into_iter().map(|seq| self.record(seq)).collect()
    }
}

pub fn entry(record: &UsageRecord) -> UsageEntry {
    UsageEntry {
        origin: record.origin,
        organization: record.organization,
        body: Bytes::from(serde_json::to_vec(record).unwrap()),
    }
}

pub fn entries(records: &[UsageRecord]) -> Vec<UsageEntry> {
    records.iter().map(entry).collect()
}

impl TestApp {
    /// A number the judge reads.
    pub async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.judge).await.unwrap()
    }
}

/// The same request, paid for with credit.
pub fn charged(mut record: UsageRecord, account: &AccountId, nanos: i64) -> UsageRecord {
    record.attempts[0].credit = Some(CreditUse {
        account: account.clone(),
        charge: NanoUsd::from_nanos(nanos),
    });
    record
}

/// Takes everything in that waits in the queue.
pub async fn drain(app: &TestApp) {
    let mut ingester = UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default());
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
}
