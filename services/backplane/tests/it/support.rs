//! Values and waits shared by the cases.

use std::time::Duration;

use bytes::Bytes;
use sluicegate_backplane::{BackplaneError, BusItem, ConfigSubscription, Delivery, UsageEntry, UsageQueue};
use sluicegate_contracts::event::{ConfigEvent, ConfigHead, ConfigMessage, ConfigVersion, StateHash};
use sluicegate_contracts::ids::{OrganizationId, WorkerId};
use sluicegate_contracts::usage::Origin;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// How long to wait for something that must happen; generous, since it only bounds a failing run.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Keys and exchanges of one test, apart from all others on a shared server.
pub(crate) fn prefix() -> String {
    format!("test-{}", Uuid::now_v7().simple())
}

pub(crate) fn worker() -> WorkerId {
    WorkerId::from(Uuid::now_v7())
}

pub(crate) fn event(version: u64) -> ConfigMessage {
    ConfigMessage::Event(ConfigEvent {
        schema: 1,
        version: ConfigVersion(version),
        kind: "project".to_owned(),
        id: Uuid::from_u128(u128::from(version)),
        blocked: false,
        body: Some(serde_json::value::to_raw_value(&serde_json::json!({ "v": version })).unwrap()),
    })
}

pub(crate) fn head(version: u64) -> ConfigMessage {
    ConfigMessage::Head(ConfigHead {
        version: ConfigVersion(version),
        state_hash: StateHash(u64::MAX),
    })
}

pub(crate) fn version_of(message: &ConfigMessage) -> u64 {
    match message {
        ConfigMessage::Event(event) => event.version.0,
        ConfigMessage::Head(head) => head.version.0,
    }
}

pub(crate) async fn next(subscription: &mut ConfigSubscription) -> BusItem {
    timeout(PATIENCE, subscription.next())
        .await
        .expect("the bus stays silent")
}

pub(crate) async fn next_message(subscription: &mut ConfigSubscription) -> ConfigMessage {
    match next(subscription).await {
        BusItem::Message(message) => message,
        other @ (BusItem::Connected | BusItem::Lost) => panic!("expected a message, got {other:?}"),
    }
}

pub(crate) async fn expect_connected(subscription: &mut ConfigSubscription) {
    let item = next(subscription).await;
    assert!(matches!(item, BusItem::Connected), "{item:?}");
}

pub(crate) fn entry(worker: WorkerId, seq: u64) -> UsageEntry {
    UsageEntry {
        origin: Origin {
            worker,
            epoch: 3,
            seq,
        },
        organization: OrganizationId::from(Uuid::from_u128(77)),
        body: Bytes::from(format!("{{\"record\":{seq}}}\0\u{1F600}")),
    }
}

pub(crate) fn entries(worker: WorkerId, seqs: impl IntoIterator<Item = u64>) -> Vec<UsageEntry> {
    seqs.into_iter().map(|seq| entry(worker, seq)).collect()
}

pub(crate) fn seqs(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries
        .iter()
        .map(|delivery| delivery.entry.as_ref().expect("a well-formed entry").origin.seq)
        .collect()
}

/// Reads until `count` entries came.
pub(crate) async fn read_all(queue: &UsageQueue, consumer: &str, count: usize) -> Vec<Delivery> {
    let deadline = Instant::now() + PATIENCE;
    let mut all = Vec::new();
    while all.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} entries came", all.len());
        all.extend(retry(async || queue.read(consumer, count, Duration::from_millis(200)).await).await);
    }
    all
}

/// Repeats `call` while the service is away.
pub(crate) async fn retry<T>(mut call: impl AsyncFnMut() -> Result<T, BackplaneError>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(Instant::now() < deadline, "still failing: {error:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}
