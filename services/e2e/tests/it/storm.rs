//! The fault test that the usage promise rests on: under load every part is killed with -9 in turn and started again,
//! callers hang up, and the provider fails, breaks off and falls silent; after the quiet the books must agree. The
//! verdict comes only from outside evidence: the callers' log, the provider's ledger and the rows in Postgres.
//!
//! A run prints its seed; `SLUICEGATE_TEST_SEED` repeats one (which call meets which fault still depends on timing).

mod faults;
mod load;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::rest::Tenant;
use crate::harness::stack::Stack;

/// Calls that make the verdict worth something.
const CALLS: u64 = 5_000;
/// From the last fault until every record must have arrived.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

fn seed() -> u64 {
    let given = std::env::var("SLUICEGATE_TEST_SEED").ok();
    given.map_or_else(rand::random, |text| text.parse().expect("a seed is a number"))
}

/// How the provider behaves: slow enough that each kill meets calls in flight, with faults rare enough that most calls
/// are answered.
fn provider(seed: u64) -> Value {
    let rule = |per_mille: u16, fault: Value| json!({ "when": { "per_mille": per_mille }, "fault": fault });
    let faults = [
        rule(20, json!({ "status": { "code": 500 } })),
        rule(15, json!({ "status": { "code": 429 } })),
        rule(10, json!({ "cut_chunks": 4 })),
        rule(6, json!({ "stall": { "after_chunks": 4 } })),
        rule(5, json!({ "error_event": 4 })),
    ];
    json!({ "seed": seed, "script": {
        "default": { "first_token_ms": 25, "chunk_interval_ms": 4, "faults": faults },
        "models": {
            load::LONG: { "first_token_ms": 25, "chunk_interval_ms": 4, "output_tokens": verdict::LONG_WORDS },
            load::LATE: { "first_token_ms": 8_000 },
        },
    } })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_billed_call_is_recorded_once_whatever_is_killed() {
    let seed = seed();
    println!("Seed {seed}");
    let begun = Instant::now();
    let mut stack = Stack::start(provider(seed)).await;
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    let key = tenant.create_key("storm").await;
    tenant.connect(&stack.mock).await;

    let load = load::Load::start(seed, &key, stack.inference());
    let outages = faults::kill_each_in_turn(&mut stack, seed).await;
    load.until_calls(CALLS).await;
    let calls = Arc::new(load.stop().await);
    let storm = begun.elapsed();

    let books = verdict::Books::when_quiet(&stack, &calls, &outages, QUIET_WITHIN).await;
    let quiet = begun.elapsed() - storm;
    println!("{}", books.summary(&calls, &outages));
    println!("storm {storm:?}, from its end until the books were complete {quiet:?}");
    books.judge(&calls, &outages);
    for worker in &mut stack.workers {
        assert!(worker.is_alive());
    }
    assert!(stack.control_plane.is_alive());
}
