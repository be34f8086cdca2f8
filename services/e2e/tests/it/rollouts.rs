//! A new version that fails is taken back before anybody looks: two workers send it its share, the control plane sees what becomes of
//! it, and the published version serves everybody again.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::inference::{App, Call, Seen};
use crate::harness::mock::{CHAT, SECOND_CHAT};
use crate::harness::rest::Tenant;
use crate::harness::stack::Stack;

/// The control plane looks every ten seconds; the rest is for a busy machine.
const HALTED_WITHIN: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_of_a_version_that_fails_is_halted_and_nobody_is_sent_there_any_more() {
    let fails = json!([{ "when": "always", "fault": { "status": { "code": 500 } } }]);
    let script = json!({ "models": { (SECOND_CHAT): { "faults": fails } } });
    let stack = Stack::start(json!({ "script": script })).await;
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    tenant.connect(&stack.mock).await;
    let app = App::new(&tenant.create_key("app").await.secret);
    let made = tenant.make("/routes", &routed(CHAT)).await;
    let route = made["id"].as_str().unwrap();
    let plan = json!({ "stages": [50], "hold_minutes": 60, "halt_when": { "min_requests": 20 } });
    tenant.roll_out(route, &routed(SECOND_CHAT), &plan).await;

    let begun = Instant::now();
    let (mut served, mut failed) = (0, 0);
    let halted = loop {
        for call in calls(&stack, &app).await {
            match call.seen {
                Seen::Answered => served += 1,
                Seen::Refused(..) => failed += 1,
                other @ (Seen::ErrorEvent(_) | Seen::Broken(_) | Seen::HungUp(_)) => panic!("{other:?}"),
            }
        }
        let rollout = tenant.rollout(route).await;
        if rollout["state"] == "halted" {
            break rollout;
        }
        assert_eq!(rollout["state"], "progressing", "{rollout}");
        assert!(begun.elapsed() < HALTED_WITHIN, "{rollout}");
    };
    println!(
        "halted after {:?}: {served} calls served, {failed} failed",
        begun.elapsed()
    );
    assert_eq!(halted["reason"]["code"], "error_rate", "{halted}");
    assert_eq!(halted["percent"], 0, "{halted}");
    let figures = &halted["figures"];
    assert_eq!(
        figures["newer"]["errors"], figures["newer"]["requests"],
        "{halted}"
    );
    assert_eq!(figures["published"]["errors"], 0, "{halted}");

    let everybody_is_served = async || {
        let calls = calls(&stack, &app).await;
        calls.iter().all(|call| call.seen == Seen::Answered)
    };
    eventually(
        "the workers know that it is halted",
        Duration::from_secs(10),
        everybody_is_served,
    )
    .await;
    for call in [calls(&stack, &app).await, calls(&stack, &app).await].concat() {
        let (id, mut row) = (call.answered(), None);
        eventually("the row of a request", Duration::from_secs(10), async || {
            row = tenant.request(id).await;
            row.is_some()
        })
        .await;
        assert_eq!(row.unwrap()["route"]["version"], 1);
    }
}

fn routed(model: &str) -> Value {
    json!({
        "slug": "support", "strategy": "ordered",
        "targets": [{ "model": format!("openai/{model}"), "connection": "openai" }],
        "retry": { "max_attempts": 1, "attempt_timeout_ms": 30_000 },
    })
}

/// Ten calls of each worker at once.
async fn calls(stack: &Stack, app: &App) -> Vec<Call> {
    let endpoints = stack.inference();
    let calls = endpoints.iter().cycle().take(20);
    join_all(calls.map(|endpoint| app.chat_briefly(endpoint, "route/support", "Name a river.", 20))).await
}
