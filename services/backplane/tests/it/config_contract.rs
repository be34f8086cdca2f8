//! What every config bus promises, run against both.

use sluicegate_backplane::{BackplaneError, ConfigBus};

use crate::services;
use crate::support::{event, expect_connected, head, next_message, prefix, version_of, worker};

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    holds(ConfigBus::memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_keeps_the_contract() {
    let server = services::rabbitmq().await;
    holds(|| ConfigBus::rabbitmq(&server.url(), &prefix()).unwrap()).await;
}

async fn holds(bus: impl Fn() -> ConfigBus) {
    every_subscriber_gets_every_message_in_order(bus()).await;
    a_message_without_subscribers_is_reported_as_returned(bus()).await;
    a_subscriber_sees_nothing_from_before_it_was_bound(bus()).await;
    waiting_in_a_select_loses_nothing(bus()).await;
    a_closed_bus_says_so(bus()).await;
}

async fn every_subscriber_gets_every_message_in_order(bus: ConfigBus) {
    let mut subscriptions = [bus.subscribe(worker()), bus.subscribe(worker())];
    for subscription in &mut subscriptions {
        expect_connected(subscription).await;
    }
    assert!(!bus.publish(&head(0)).await.unwrap().returned);
    let batch: Vec<_> = (1..=250).map(event).collect();
    let published = bus.publish_all(&batch).await.unwrap();
    assert_eq!(published.len(), 250);
    assert!(published.iter().all(|one| !one.returned));
    for subscription in &mut subscriptions {
        for version in 0..=250 {
            let message = next_message(subscription).await;
            assert_eq!(version_of(&message), version);
            let sent = if version == 0 { head(0) } else { event(version) };
            assert_eq!(
                serde_json::to_string(&message).unwrap(),
                serde_json::to_string(&sent).unwrap()
            );
        }
    }
}

async fn a_message_without_subscribers_is_reported_as_returned(bus: ConfigBus) {
    assert!(bus.publish(&event(1)).await.unwrap().returned);
    let mut subscription = bus.subscribe(worker());
    expect_connected(&mut subscription).await;
    assert!(!bus.publish(&event(2)).await.unwrap().returned);
}

async fn a_subscriber_sees_nothing_from_before_it_was_bound(bus: ConfigBus) {
    bus.publish(&event(1)).await.unwrap();
    let mut subscription = bus.subscribe(worker());
    expect_connected(&mut subscription).await;
    bus.publish(&event(2)).await.unwrap();
    assert_eq!(version_of(&next_message(&mut subscription).await), 2);
}

async fn waiting_in_a_select_loses_nothing(bus: ConfigBus) {
    let mut subscription = bus.subscribe(worker());
    let publishing = async {
        // Binding and receiving both happen in polls that are cut off again and again.
        let mut seen = Vec::new();
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(1));
        let mut sent = 0;
        while seen.len() < 50 {
            tokio::select! {
                item = subscription.next() => match item {
                    sluicegate_backplane::BusItem::Connected => {
                        let batch: Vec<_> = (1..=50).map(event).collect();
                        bus.publish_all(&batch).await.unwrap();
                        sent = 50;
                    }
                    sluicegate_backplane::BusItem::Message(message) => seen.push(version_of(&message)),
                    sluicegate_backplane::BusItem::Lost => panic!("lost after {sent}"),
                },
                _ = tick.tick() => {}
            }
        }
        seen
    };
    let seen = tokio::time::timeout(crate::support::PATIENCE, publishing)
        .await
        .unwrap();
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
}

async fn a_closed_bus_says_so(bus: ConfigBus) {
    bus.publish(&event(1)).await.unwrap();
    bus.clone().close().await;
    assert!(matches!(
        bus.publish(&event(2)).await,
        Err(BackplaneError::Closed)
    ));
}
