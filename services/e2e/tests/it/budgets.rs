//! A budget as its owner meets it: made over REST, kept by two workers at once, and counted to the nano-dollar by the
//! provider's own ledger.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::eventually;
use crate::harness::inference::{App, Seen};
use crate::harness::mock::{CHAT, Mock};
use crate::harness::rest::{Tenant, nanos};
use crate::harness::stack::Stack;
use crate::harness::standalone::Standalone;

/// A thousandth of a dollar; the bound of one call is about a twenty-fifth of it, its cost less than half of that.
const LIMIT: u64 = 1_000_000;
/// How soon everything not spent has to be back.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_keep_one_budget() {
    let stack = Stack::start(json!({})).await;
    let [first, second] = stack.inference();
    prove(&stack.control_plane.url, &[&first, &second], &stack.mock).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standalone_keeps_a_budget() {
    let standalone = Standalone::start().await;
    let mock = Mock::start(standalone.folder(), json!({})).await;
    prove(&standalone.dashboard, &[&standalone.inference], &mock).await;
}

async fn prove(dashboard: &str, endpoints: &[&String], mock: &Mock) {
    let tenant = Tenant::sign_up(dashboard).await;
    let key = tenant.create_key("team").await;
    tenant.connect(mock).await;
    let budget = tenant.create_budget("team", "0.001").await;
    let app = App::new(&key.secret);

    let mut refused = 0;
    let mut others = Vec::new();
    for _ in 0..40 {
        let calls =
            (0..16).map(|n| app.chat_briefly(endpoints[n % endpoints.len()], CHAT, "Name rivers.", 20));
        for call in join_all(calls).await {
            match call.seen {
                Seen::Answered => {}
                Seen::Refused(402, code) if code == "budget_exceeded" => refused += 1,
                other @ (Seen::Refused(..) | Seen::ErrorEvent(_) | Seen::Broken(_) | Seen::HungUp(_)) => {
                    others.push(other);
                }
            }
        }
        if refused >= 16 {
            break;
        }
    }
    assert!(others.is_empty(), "{others:?}");
    assert!(refused >= 16, "the budget was never used up");
    let billed: u64 = mock.entries().iter().map(|entry| entry.cost_nano_usd).sum();
    assert!(billed <= LIMIT, "{billed} was spent of {LIMIT}");
    // A call is refused when its bound does not fit, so at most one bound is left.
    assert!(
        billed >= LIMIT * 9 / 10,
        "only {billed} of {LIMIT} could be spent"
    );
    eventually("the window to show what was spent", SETTLED_WITHIN, async || {
        nanos(&tenant.current_window(&budget).await["settled"]) == Some(billed)
    })
    .await;
}
