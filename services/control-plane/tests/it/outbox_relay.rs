//! The configuration log reaches the bus: whole, in order, at worst twice.

use std::time::Duration;

use sluicegate_backplane::{BusItem, ConfigBus, ConfigSubscription};
use sluicegate_contracts::event::{ConfigMessage, StateHash};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::outbox_relay::OutboxRelay;
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::TestApp;

const UNSENT: &str = "select count(*) from config_outbox where sent_at is null";
const HEAD: &str = "select version from config_head";

fn relay(app: &TestApp, bus: &ConfigBus, metrics: &BackgroundMetrics) -> OutboxRelay {
    OutboxRelay::new(app.state.clone(), bus.clone(), metrics.clone())
}

/// Everything that has arrived by now.
async fn arrived(subscription: &mut ConfigSubscription) -> Vec<ConfigMessage> {
    let mut messages = Vec::new();
    while let Ok(item) = timeout(Duration::from_millis(50), subscription.next()).await {
        match item {
            BusItem::Message(message) => messages.push(message),
            BusItem::Connected => {}
            BusItem::Lost => panic!("lost"),
        }
    }
    messages
}

fn versions(messages: &[ConfigMessage]) -> Vec<i64> {
    let version = |message: &ConfigMessage| match message {
        ConfigMessage::Event(event) => Some(event.version.0.cast_signed()),
        ConfigMessage::Head(_) => None,
    };
    messages.iter().filter_map(version).collect()
}

async fn listening(bus: &ConfigBus) -> ConfigSubscription {
    let mut subscription = bus.subscribe(WorkerId::from(Uuid::now_v7()));
    assert!(matches!(subscription.next().await, BusItem::Connected));
    subscription
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_change_arrives_in_order_and_hashes_to_the_head(pool: PgPool) {
    let app = TestApp::start(&pool);
    let mut subscription = listening(&app.bus).await;
    let metrics = BackgroundMetrics::default();
    let mut relay = relay(&app, &app.bus, &metrics);
    app.sign_up("Ada").await;
    app.sign_up("Bob").await;
    let newest = app.number(HEAD).await;
    assert!(newest >= 4);
    relay.pass().await.unwrap();
    let messages = arrived(&mut subscription).await;
    assert_eq!(versions(&messages), (1..=newest).collect::<Vec<_>>());
    assert_eq!(app.number(UNSENT).await, 0);
    assert_eq!(
        (metrics.config_published.get(), metrics.config_returned.get()),
        (newest.unsigned_abs(), 0)
    );
    let mut hash = StateHash::default();
    for message in &messages {
        match message {
            ConfigMessage::Event(event) => hash = hash.toggle(event.hash()),
            ConfigMessage::Head(head) => {
                assert_eq!((head.version.0.cast_signed(), head.state_hash), (newest, hash));
            }
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_crash_before_the_note_publishes_again_and_leaves_no_hole(pool: PgPool) {
    let app = TestApp::start(&pool);
    let mut subscription = listening(&app.bus).await;
    let metrics = BackgroundMetrics::default();
    app.sign_up("Ada").await;
    let newest = app.number(HEAD).await;
    let mut killed = relay(&app, &app.bus, &metrics);
    killed.pass().await.unwrap();
    drop(killed);
    // Killed after the confirmation and before the commit of the note: the log looks as it did before.
    sqlx::query("update config_outbox set sent_at = null where version > 1")
        .execute(&app.judge)
        .await
        .unwrap();
    let mut successor = relay(&app, &app.bus, &metrics);
    // The lock of the killed session goes when Postgres notices.
    while app.number(UNSENT).await > 0 {
        successor.pass().await.unwrap();
    }
    let expected: Vec<i64> = (1..=newest).chain(2..=newest).collect();
    assert_eq!(versions(&arrived(&mut subscription).await), expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_relays_and_another_takes_over(pool: PgPool) {
    let app = TestApp::start(&pool);
    let mut subscription = listening(&app.bus).await;
    let (first, second) = (BackgroundMetrics::default(), BackgroundMetrics::default());
    let mut leader = relay(&app, &app.bus, &first);
    let mut standby = relay(&app, &app.bus, &second);
    leader.pass().await.unwrap();
    app.sign_up("Ada").await;
    standby.pass().await.unwrap();
    assert_eq!(
        (first.config_relay_active.get(), second.config_relay_active.get()),
        (1, 0)
    );
    assert!(
        arrived(&mut subscription)
            .await
            .iter()
            .all(|one| matches!(one, ConfigMessage::Head(_)))
    );
    drop(leader);
    while app.number(UNSENT).await > 0 {
        standby.pass().await.unwrap();
    }
    assert_eq!(second.config_relay_active.get(), 1);
    let newest = app.number(HEAD).await;
    assert_eq!(
        versions(&arrived(&mut subscription).await),
        (1..=newest).collect::<Vec<_>>()
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_bus_that_is_away_costs_nothing_but_time(pool: PgPool) {
    let app = TestApp::start(&pool);
    let metrics = BackgroundMetrics::default();
    app.sign_up("Ada").await;
    let newest = app.number(HEAD).await;
    let away = ConfigBus::memory();
    away.close().await;
    let mut relay_without = relay(&app, &away, &metrics);
    assert!(relay_without.pass().await.is_err());
    assert_eq!(
        (app.number(UNSENT).await, metrics.config_unsent.get()),
        (newest, newest)
    );
    assert_eq!(metrics.config_relay_active.get(), 1, "the lock is kept");
    drop(relay_without);
    // Nobody is bound: counted, and still noted as sent, because workers pull when they bind.
    let mut relay = relay(&app, &app.bus, &metrics);
    while app.number(UNSENT).await > 0 {
        relay.pass().await.unwrap();
    }
    assert_eq!(metrics.config_returned.get(), newest.unsigned_abs());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_head_is_told_every_second(pool: PgPool) {
    let app = TestApp::start(&pool);
    let mut subscription = listening(&app.bus).await;
    let mut relay = relay(&app, &app.bus, &BackgroundMetrics::default());
    for (advance, heads) in [(0, 1), (999, 0), (1, 1), (250, 0), (750, 1)] {
        app.advance(Duration::from_millis(advance));
        relay.pass().await.unwrap();
        assert_eq!(arrived(&mut subscription).await.len(), heads);
    }
}
