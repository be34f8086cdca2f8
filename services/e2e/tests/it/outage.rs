//! What callers feel when the parts behind the workers are gone: nothing.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::eventually;
use crate::harness::inference::{App, Manner};
use crate::harness::mock::CHAT;
use crate::harness::rest::Tenant;
use crate::harness::services::Service;
use crate::harness::stack::Stack;

/// Calls each way during each outage.
const ROUNDS: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn known_keys_are_served_while_everything_behind_the_workers_is_dead() {
    let mut stack = Stack::start(json!({})).await;
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    let key = tenant.create_key("outage").await;
    tenant.connect(&stack.mock).await;
    let app = App::new(&key.secret);
    let mut ids = call_all(&app, &stack).await;

    stack.services.kill(Service::Redis).await;
    ids.extend(call_all(&app, &stack).await);
    stack.services.revive(Service::Redis).await;
    let took = arrived(&tenant, &ids).await;
    println!(
        "{} records arrived within {took:?} of Redis being back",
        ids.len()
    );

    stack.control_plane.kill();
    stack.services.kill(Service::Postgres).await;
    stack.services.kill(Service::RabbitMq).await;
    ids.extend(call_all(&app, &stack).await);
    // A worker that starts now has only its own disk to go by.
    stack.workers[0].kill();
    let begun = Instant::now();
    stack.workers[0].start().await;
    println!("a worker started from its disk within {:?}", begun.elapsed());
    ids.extend(call_all(&app, &stack).await);

    stack.services.revive(Service::Postgres).await;
    stack.services.revive(Service::RabbitMq).await;
    stack.control_plane.start().await;
    let took = arrived(&tenant, &ids).await;
    println!(
        "{} records arrived within {took:?} of everything being back",
        ids.len()
    );
    assert_eq!(stack.mock.by_request().len(), ids.len());
}

/// Whole and streamed, through each worker; every call has to be answered.
async fn call_all(app: &App, stack: &Stack) -> Vec<String> {
    let mut ids = Vec::new();
    for endpoint in &stack.inference() {
        for _ in 0..ROUNDS {
            for manner in [Manner::Whole, Manner::Streamed] {
                let call = app.chat(endpoint, CHAT, manner, "still there?").await;
                ids.push(call.answered().to_owned());
            }
        }
    }
    ids
}

async fn arrived(tenant: &Tenant, ids: &[String]) -> Duration {
    let begun = Instant::now();
    for id in ids {
        let there = async || tenant.request(id).await.is_some();
        eventually("the row of a request", Duration::from_secs(30), there).await;
    }
    begun.elapsed()
}
