//! The config bus when its broker dies.

use std::time::Duration;

use sluicegate_backplane::{BackplaneError, BusItem, ConfigBus};
use tokio::time::timeout;

use crate::services::PrivateRabbit;
use crate::support::{event, expect_connected, next, next_message, prefix, retry, version_of, worker};

#[tokio::test(flavor = "multi_thread")]
async fn after_the_broker_was_killed_messages_flow_again() {
    let mut broker = PrivateRabbit::start().await;
    let bus = ConfigBus::rabbitmq(&broker.url(), &prefix()).unwrap();
    let mut subscription = bus.subscribe(worker());
    expect_connected(&mut subscription).await;
    bus.publish(&event(1)).await.unwrap();
    assert_eq!(version_of(&next_message(&mut subscription).await), 1);

    broker.kill();
    assert!(matches!(next(&mut subscription).await, BusItem::Lost));
    let refused = bus.publish(&event(2)).await;
    assert!(
        matches!(refused, Err(BackplaneError::Unavailable { .. })),
        "{refused:?}"
    );
    // One outage is told once, however many attempts fail meanwhile.
    let quiet = timeout(Duration::from_millis(500), subscription.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");

    broker.restart().await;
    expect_connected(&mut subscription).await;
    let published = retry(async || bus.publish(&event(3)).await).await;
    assert!(!published.returned, "the rebuilt queue is bound");
    assert_eq!(version_of(&next_message(&mut subscription).await), 3);
    bus.close().await;
}

#[tokio::test]
async fn a_broker_that_is_away_from_the_start_is_told_at_once() {
    // Port 1 of the loopback address: nothing listens there, and connecting is refused.
    let bus = ConfigBus::rabbitmq("amqp://guest:guest@127.0.0.1:1/%2f", "test").unwrap();
    let mut subscription = bus.subscribe(worker());
    assert!(matches!(next(&mut subscription).await, BusItem::Lost));
    let first = bus.publish(&event(1)).await;
    assert!(matches!(first, Err(BackplaneError::Unavailable { .. })));
    let second = bus.publish(&event(1)).await.unwrap_err();
    assert!(
        !format!("{second} {second:?}").contains("guest"),
        "no address in errors"
    );
}

#[test]
fn an_address_of_another_kind_is_refused() {
    let refused = ConfigBus::rabbitmq("redis://user:secret@host/0", "test").unwrap_err();
    assert!(matches!(refused, BackplaneError::Address { scheme: "amqp" }));
}
