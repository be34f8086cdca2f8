//! The ledger across restarts, and the control interface.

use std::io::Write;

use serde_json::{Value, json};
use sluicegate_mock_provider::{Config, Entry, LedgerKind, MockProvider, Outcome};

use crate::client::{chat, complete, config, http, post, start};

#[tokio::test]
async fn the_ledger_file_survives_and_a_torn_line_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let on_file = || Config {
        ledger: LedgerKind::File(path.clone()),
        ..config()
    };
    let mock = MockProvider::start(on_file()).unwrap();
    complete(&mock, &chat("m", json!({}))).await;
    complete(&mock, &chat("m", json!({}))).await;
    let before = mock.entries();
    mock.stop().await;

    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"{\"call_id\":\"torn")
        .unwrap();
    let mock = MockProvider::start(on_file()).unwrap();
    assert_eq!(mock.entries(), before);
    complete(&mock, &chat("m", json!({}))).await;
    let lines = std::fs::read_to_string(&path).unwrap();
    let entries: Vec<Entry> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries, mock.entries());
    assert_eq!(
        (entries.len(), mock.totals().billed, mock.ledger().is_intact()),
        (3, 3, true)
    );
    let ids: std::collections::BTreeSet<_> = entries.iter().map(|e| &e.call_id).collect();
    assert_eq!(ids.len(), 3, "ids are not used again after a restart");
    mock.stop().await;
}

#[tokio::test]
async fn script_and_ledger_are_reachable_over_http() {
    let mock = start();
    let url = |path: &str| format!("{}/__mock/{path}", mock.base_url());
    let refuse = json!({"model": "m", "behaviour": {"faults": [{"when": {"first": 1}, "fault": {"status": {"code": 503}}}]}});
    let set = http().put(url("behaviour")).json(&refuse).send().await.unwrap();
    assert_eq!(set.status(), 204);
    assert_eq!(
        post(&mock, "/v1/chat/completions", &chat("m", json!({})))
            .await
            .status(),
        503
    );
    let headers = http()
        .post(format!("{}/v1/chat/completions", mock.base_url()))
        .header("x-request-id", "req-1")
        .header("idempotency-key", "idem-1")
        .json(&chat("m", json!({})))
        .send();
    assert_eq!(headers.await.unwrap().status(), 200);

    let script: Value = http()
        .get(url("script"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(script["models"]["m"]["faults"][0]["when"]["first"], 1);
    let ledger = http()
        .get(url("ledger"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let entries: Vec<Entry> = ledger
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries, mock.entries());
    assert_eq!(
        (
            entries[1].request_id.as_deref(),
            entries[1].idempotency_key.as_deref()
        ),
        (Some("req-1"), Some("idem-1"))
    );
    assert_eq!(
        entries.iter().map(|entry| entry.outcome).collect::<Vec<_>>(),
        [Outcome::Refused, Outcome::Completed]
    );
    let totals: Value = http()
        .get(url("totals"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&totals["billed"], &totals["refused"], &totals["intact"]),
        (&1.into(), &1.into(), &true.into())
    );

    let wrong = http()
        .put(url("script"))
        .json(&json!({"nonsense": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 400);
    assert_eq!(http().post(url("reset")).send().await.unwrap().status(), 204);
    assert_eq!((mock.entries().len(), mock.totals().requests), (0, 0));
    // The count of first calls starts anew.
    assert_eq!(
        post(&mock, "/v1/chat/completions", &chat("m", json!({})))
            .await
            .status(),
        503
    );
}
