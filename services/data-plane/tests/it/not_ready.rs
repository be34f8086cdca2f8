//! A worker that cannot do its work says so and makes no calls.

use sluicegate_data_plane::pipeline::Limits;
use sluicegate_data_plane::snapshot::Snapshot;
use sluicegate_data_plane::usage::SpoolLimits;

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

#[actix_web::test]
async fn before_its_configuration_it_does_not_call_a_key_unknown() {
    let config = Config::new();
    let worker = Worker::serving(
        Snapshot::default(),
        &config,
        Limits::default(),
        vec![],
        SpoolLimits::default(),
    );
    let error = error_of(worker.chat(chat("sluicegate/echo", false)).await).await;
    assert_eq!(
        error,
        (
            503,
            "service_unavailable".into(),
            "not_ready".into(),
            None,
            "true".into()
        )
    );
}

#[actix_web::test]
async fn without_room_for_usage_nothing_is_sent() {
    let provider = Provider::start([Script::json(200, "{}")]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    let full = SpoolLimits {
        max_bytes: 0,
        ..SpoolLimits::default()
    };
    let allowed = vec!["127.0.0.0/8"];
    let worker = Worker::serving(config.snapshot(), &config, Limits::default(), allowed, full);
    let error = error_of(worker.chat(chat("a/m", false)).await).await;
    assert_eq!(
        error,
        (
            503,
            "service_unavailable".into(),
            "usage_unavailable".into(),
            None,
            "true".into()
        )
    );
    assert!(provider.received().is_empty());
}
