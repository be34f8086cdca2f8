//! The official OpenAI SDKs against both ways of running: complete, stream, embed, list models, and raise the exception
//! an application is told to catch. The proofs are in `services/e2e/sdk`, in the SDKs' own languages;
//! `deploy/scripts/sdk.sh` fetches what they need.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::harness::mock::{CHAT, EMBEDDING, Mock};
use crate::harness::repository;
use crate::harness::rest::{Key, Tenant};
use crate::harness::stack::Stack;
use crate::harness::standalone::Standalone;

/// Fewest proofs a script makes; one that proves nothing must not pass.
const PROOFS: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdks_work_against_standalone() {
    let standalone = Standalone::start().await;
    let mock = Mock::start(standalone.folder(), json!({})).await;
    let key = customer(&standalone.dashboard, &mock).await;
    prove(&standalone.inference, &key);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdks_work_against_two_workers() {
    let stack = Stack::start(json!({})).await;
    let key = customer(&stack.control_plane.url, &stack.mock).await;
    for endpoint in stack.inference() {
        prove(&endpoint, &key);
    }
}

async fn customer(dashboard: &str, mock: &Mock) -> Key {
    let tenant = Tenant::sign_up(dashboard).await;
    tenant.connect(mock).await;
    tenant.create_key("sdk").await
}

fn prove(endpoint: &str, key: &Key) {
    let scripts = repository().join("services/e2e/sdk");
    let python = repository().join(".sluicegate/venv/sdk/bin/python");
    for (program, script, needed) in [
        (python.clone(), "python/check.py", python),
        (
            PathBuf::from("node"),
            "node/check.js",
            scripts.join("node/node_modules/openai"),
        ),
    ] {
        assert!(
            needed.exists(),
            "{} is missing: run deploy/scripts/sdk.sh",
            needed.display()
        );
        let output = Command::new(program)
            .arg(scripts.join(script))
            .args([CHAT, EMBEDDING])
            .env("OPENAI_BASE_URL", endpoint)
            .env("OPENAI_API_KEY", &key.secret)
            .output()
            .unwrap();
        let (said, complaint) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{script}:\n{said}\n{complaint}");
        assert!(
            said.lines().count() >= PROOFS,
            "{script} proved too little:\n{said}"
        );
    }
}
