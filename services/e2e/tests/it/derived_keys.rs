//! Keys that derive from a key, as their holders meet them: they spend what the key above them has and no more, stop with
//! it on every worker at once, and ask at any worker what is left.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::inference::{App, Seen};
use crate::harness::mock::{CHAT, Mock};
use crate::harness::rest::Tenant;
use crate::harness::stack::Stack;
use crate::harness::standalone::Standalone;
use crate::harness::{eventually, http_client};

/// A thousandth of a dollar; the bound of one call is about a twenty-fifth of it, its cost less than half of that.
const LIMIT: u64 = 1_000_000;
/// How soon spending has to show.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn derived_keys_share_what_their_parent_has_on_two_workers() {
    let stack = Stack::start(json!({})).await;
    let [first, second] = stack.inference();
    prove(&stack.control_plane.url, &[&first, &second], &stack.mock).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn derived_keys_share_what_their_parent_has_in_one_process() {
    let standalone = Standalone::start().await;
    let mock = Mock::start(standalone.folder(), json!({})).await;
    prove(&standalone.dashboard, &[&standalone.inference], &mock).await;
}

async fn prove(dashboard: &str, endpoints: &[&String], mock: &Mock) {
    let tenant = Tenant::sign_up(dashboard).await;
    tenant.connect(mock).await;
    let parent = tenant.create_key("team").await;
    tenant
        .create_budget_over("team", "0.001", json!({ "key": parent.id }))
        .await;
    let capped = json!({ "name": "capped", "limit": { "amount": "0.0003" } });
    let capped = tenant.derive_key(&parent, &capped).await;
    let free = tenant.derive_key(&parent, &json!({ "name": "free" })).await;
    let grandchild = tenant.derive_key(&free, &json!({ "name": "grandchild" })).await;

    let spent_alone = exhaust(&App::new(&capped.secret), endpoints, mock).await;
    assert!(
        spent_alone <= LIMIT * 3 / 10,
        "{spent_alone} is more than its cap"
    );
    exhaust(&App::new(&grandchild.secret), endpoints, mock).await;
    let billed = billed(mock);
    assert!(billed <= LIMIT, "{billed} was spent of {LIMIT}");
    assert!(
        billed >= LIMIT * 9 / 10,
        "only {billed} of {LIMIT} could be spent"
    );

    let left = |shown: &Value| shown["data"]["limit_remaining"].as_f64();
    eventually("the caller to see what it spent", SHOWN_WITHIN, async || {
        let shown = account(endpoints[0], &capped.secret, "/key").await.1;
        left(&shown).is_some_and(|left| (left * 1e9).round() as u64 == LIMIT * 3 / 10 - spent_alone)
    })
    .await;
    let (status, _) = account(endpoints[0], &capped.secret, "/keys").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let management = tenant.create_management_key().await;
    for endpoint in endpoints {
        let (status, keys) = account(endpoint, &management, "/keys").await;
        assert_eq!(
            (status, keys["data"].as_array().unwrap().len()),
            (StatusCode::OK, 4)
        );
    }

    tenant.disable_key(&parent).await;
    for endpoint in endpoints {
        for key in [&parent, &capped, &free, &grandchild] {
            let call = App::new(&key.secret)
                .chat_briefly(endpoint, CHAT, "Name rivers.", 20)
                .await;
            assert_eq!(call.seen, Seen::Refused(401, "invalid_api_key".to_owned()));
        }
    }
}

/// Calls until a budget refuses for good; what that cost.
async fn exhaust(app: &App, endpoints: &[&String], mock: &Mock) -> u64 {
    let before = billed(mock);
    for _ in 0..40 {
        let calls =
            (0..8).map(|n| app.chat_briefly(endpoints[n % endpoints.len()], CHAT, "Name rivers.", 20));
        let mut refused = 0;
        for call in join_all(calls).await {
            match call.seen {
                Seen::Answered => {}
                Seen::Refused(402, code) if code == "budget_exceeded" => refused += 1,
                other @ (Seen::Refused(..) | Seen::ErrorEvent(_) | Seen::Broken(_) | Seen::HungUp(_)) => {
                    panic!("{other:?}");
                }
            }
        }
        if refused == 8 {
            return billed(mock) - before;
        }
    }
    panic!("the budget was never used up");
}

fn billed(mock: &Mock) -> u64 {
    mock.entries().iter().map(|entry| entry.cost_nano_usd).sum()
}

/// What the account API of the worker behind this base URL answers.
async fn account(endpoint: &str, key: &str, path: &str) -> (StatusCode, Value) {
    let base = endpoint.trim_end_matches("/v1");
    let request = http_client().get(format!("{base}/api/v1{path}")).bearer_auth(key);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}
