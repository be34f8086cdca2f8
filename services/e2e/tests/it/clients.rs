//! The official OpenAI clients through two workers, by the drivers of `conformance`; and every call that the provider
//! billed for them is in the list of requests, with its tokens and its cost. One process is what the whole suite runs
//! against.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::harness::mock::{CHAT, EMBEDDING, assert_as_billed};
use crate::harness::rest::{Key, Tenant};
use crate::harness::stack::Stack;
use crate::harness::{eventually, repository};

/// What the drivers prove at each worker.
const FEATURES: [&str; 8] = [
    "plain",
    "stream",
    "embeddings",
    "list_models",
    "bad_key",
    "bad_request",
    "not_found",
    "usage",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_official_openai_clients_work_through_two_workers_and_every_call_is_on_the_bill() {
    let stack = Stack::start(json!({})).await;
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    tenant.connect(&stack.mock).await;
    // The names under which drivers look for models.
    tenant.publish("conformance-openai", CHAT).await;
    tenant.publish("conformance-openai-embedding", EMBEDDING).await;
    let key = tenant.create_key("clients").await;
    for worker in &stack.workers {
        drive(&worker.url, &key, stack.mock.origin());
    }
    let billed: Vec<_> = stack
        .mock
        .entries()
        .into_iter()
        .filter(|it| it.cost_nano_usd > 0)
        .collect();
    let requests: BTreeSet<_> = billed.iter().map(|entry| entry.request_id.clone()).collect();
    assert_eq!(requests.len(), billed.len(), "a call was billed twice");
    // Two clients at two workers, and each feature with an answer makes at least one call.
    assert!(billed.len() >= 16, "only {} calls were billed", billed.len());
    for entry in &billed {
        let id = entry.request_id.as_deref().unwrap();
        let mut row = None;
        eventually("the row of a request", Duration::from_secs(2), async || {
            row = tenant.request(id).await;
            row.is_some()
        })
        .await;
        assert_as_billed(&row.unwrap(), entry);
    }
}

fn drive(url: &str, key: &Key, mock: &str) {
    let output = Command::new("python3")
        .arg(repository().join("services/e2e/conformance/run.py"))
        .args([
            "--clients",
            "openai-python",
            "openai-node",
            "--upstreams",
            "openai",
            "--sessions",
        ])
        .arg("--features")
        .args(FEATURES)
        .env("SLUICEGATE_CONFORMANCE_URL", url)
        .env("SLUICEGATE_CONFORMANCE_KEY", &key.secret)
        .env("SLUICEGATE_CONFORMANCE_MOCK", mock)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    let expected = format!("{} passed, 0 failed, 0 skipped", 2 * FEATURES.len());
    assert!(said.contains(&expected), "{said}\n{complaint}");
}
