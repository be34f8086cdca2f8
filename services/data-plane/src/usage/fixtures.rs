//! Intents and records for the tests of this module, from numbers.

use std::borrow::Cow;

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::{Origin, Outcome, UsageRecord};
use uuid::Uuid;

use super::Intent;
use super::intent::interrupted;

pub(super) fn request(n: u64) -> RequestId {
    Uuid::from_u128(u128::from(n)).into()
}

/// The `attempt`-th attempt of request `n`; its cost is bounded by 10 nano-USD.
pub(super) fn intent(n: u64, attempt: u64) -> Intent<'static> {
    Intent {
        request: request(n),
        organization: Uuid::from_u128(1).into(),
        project: Uuid::from_u128(2).into(),
        api_key: Uuid::from_u128(3).into(),
        labels: Cow::default(),
        operation: Operation::ChatCompletions,
        dialect: None,
        model_requested: Cow::Borrowed("gpt-4o-mini"),
        model_served: Some(Cow::Borrowed("openai/gpt-4o-mini")),
        route: None,
        stream: true,
        started_at: UnixMillis::new(1_700_000_000_000),
        trace_id: None,
        connection: None,
        endpoint: None,
        provider: Cow::Borrowed("openai"),
        upstream_model: Cow::Borrowed("gpt-4o-mini"),
        upstream_dialect: None,
        cause: Some(Cow::Borrowed("direct")),
        attempt_started_us: attempt,
        cost_bound: Some(NanoUsd::from_nanos(10)),
        price_version: Some(1),
        accounts: Cow::Borrowed(&[]),
        credit: None,
    }
}

/// The record of request `n` that was served after one attempt.
pub(super) fn record(n: u64) -> impl FnOnce(Origin) -> UsageRecord {
    move |origin| {
        let mut record = interrupted(origin, &[intent(n, 1)]).unwrap();
        record.outcome = Outcome::Served;
        record.status = 200;
        record.cost = Some(NanoUsd::from_nanos(4));
        record
    }
}

/// A directory in memory where there is one: these tests sync thousands of times and never cut the power.
pub(super) fn data_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}
