//! A rate limit as its owner meets it: made over REST, kept by two workers at once, and judged by when the provider saw
//! which call. Without Redis calls go on.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::eventually;
use crate::harness::inference::{App, Seen};
use crate::harness::mock::{CHAT, Mock};
use crate::harness::rest::Tenant;
use crate::harness::services::Service;
use crate::harness::stack::Stack;

const A_MINUTE: u64 = 600;
const BURST: u64 = 60;
/// Between a call's admission and its end, when the provider notes it.
const SLACK_MS: u64 = 700;
const CALLERS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_keep_one_limit_and_serve_without_redis() {
    let stack = Stack::start(json!({})).await;
    let endpoints = stack.inference();
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    let key = tenant.create_key("limited").await;
    tenant.connect(&stack.mock).await;
    tenant.limit_requests(A_MINUTE, BURST).await;
    let app = App::new(&key.secret);

    let begun = Instant::now();
    let served = hammer(&app, &endpoints, Duration::from_secs(5)).await;
    // The bucket was full, and nobody was refused falsely but for what one worker holds while the other refuses.
    let most = BURST + refill(begun.elapsed());
    assert!(
        served * 10 >= most * 9,
        "{served} of {most} calls were let through"
    );
    never_more_than_the_limit(&stack.mock);
    assert!(tenant.left_of_limit().await.unwrap() <= BURST / 4);

    stack.services.kill(Service::Redis).await;
    let begun = Instant::now();
    let served = hammer(&app, &endpoints, Duration::from_secs(4)).await;
    let (refilled, burst) = (refill(begun.elapsed()), BURST + 2);
    assert!(
        served * 10 >= refilled * 7,
        "{served} of {refilled} calls went on without Redis"
    );
    assert!(served <= refilled + burst, "{served} passed without Redis");

    stack.services.revive(Service::Redis).await;
    let is_back = async || tenant.left_of_limit().await.is_some();
    eventually("the store of limits to be back", Duration::from_secs(30), is_back).await;
    let served = hammer(&app, &endpoints, Duration::from_secs(2)).await;
    assert!(served > 0);
}

fn refill(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap() * A_MINUTE / 60_000
}

/// Calls as fast as the callers can; gives how many were answered. All others were refused by the limit.
async fn hammer(app: &App, endpoints: &[String], time: Duration) -> u64 {
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|caller| async move {
        let (mut answered, mut others) = (0_u64, Vec::new());
        for call in 0.. {
            if begun.elapsed() >= time {
                break;
            }
            let endpoint = &endpoints[(caller + call) % endpoints.len()];
            match app.chat_briefly(endpoint, CHAT, "Name a river.", 8).await.seen {
                Seen::Answered => answered += 1,
                Seen::Refused(429, code) if code == "rate_limit_exceeded" => {}
                other @ (Seen::Refused(..) | Seen::ErrorEvent(_) | Seen::Broken(_) | Seen::HungUp(_)) => {
                    others.push(other);
                }
            }
        }
        assert!(others.is_empty(), "{others:?}");
        answered
    });
    join_all(callers).await.into_iter().sum()
}

fn never_more_than_the_limit(mock: &Mock) {
    let mut times: Vec<u64> = mock.entries().iter().map(|entry| entry.at_unix_ms).collect();
    times.sort_unstable();
    for (first, from) in times.iter().enumerate() {
        for (last, until) in times.iter().enumerate().skip(first) {
            let (count, ms) = ((last - first + 1) as u64, until - from + SLACK_MS);
            let most = BURST + ms * A_MINUTE / 60_000 + 1;
            assert!(count <= most, "{count} calls in {} ms", until - from);
        }
    }
}
