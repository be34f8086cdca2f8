//! How soon a revoked key stops: by the broker, and by asking when the broker is dead.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::inference::App;
use crate::harness::rest::Tenant;
use crate::harness::services::Service;
use crate::harness::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stops_soon_with_and_without_the_broker() {
    let stack = Stack::start(json!({})).await;
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    let with_broker = slowest_stop(&stack, &tenant, 10, Duration::from_secs(5)).await;
    println!("a revoked key stopped on both workers within {with_broker:?} (10 keys)");
    stack.services.kill(Service::RabbitMq).await;
    let without = slowest_stop(&stack, &tenant, 5, Duration::from_secs(10)).await;
    println!("without the broker within {without:?} (5 keys)");
}

async fn slowest_stop(stack: &Stack, tenant: &Tenant, keys: usize, within: Duration) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..keys {
        let key = tenant.create_key(&format!("key {number}")).await;
        let app = App::new(&key.secret);
        let endpoints = stack.inference();
        for endpoint in &endpoints {
            let known = async || app.models_status(endpoint).await == Some(200);
            crate::harness::eventually("the key works", within, known).await;
        }
        let revoked = Instant::now();
        tenant.revoke_key(&key).await;
        for endpoint in &endpoints {
            let stopped = async || app.models_status(endpoint).await == Some(401);
            crate::harness::eventually("the key stops", within, stopped).await;
        }
        slowest = slowest.max(revoked.elapsed());
    }
    assert!(slowest < within, "{slowest:?}");
    slowest
}
