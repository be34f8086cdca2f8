//! What the background tasks count. Labels are closed sets; nothing of a tenant appears.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use sluicegate_service_runtime::metrics::Registry;

/// Counters and gauges of all tasks. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct BackgroundMetrics {
    /// Configuration events the bus confirmed.
    pub config_published: Counter,
    /// Of those, how many no worker was bound to receive.
    pub config_returned: Counter,
    /// Configuration events the bus has not confirmed.
    pub config_unsent: Gauge,
    /// 1 in the process that relays, 0 in the others.
    pub config_relay_active: Gauge,
    /// Usage records stored.
    pub usage_stored: Counter,
    /// Usage records that had been stored before.
    pub usage_repeated: Counter,
    /// Usage records set aside.
    pub usage_dead_letters: Counter,
    /// Entries in the usage queue.
    pub usage_queue_entries: Gauge,
    /// Age of the oldest entry in the usage queue, in seconds.
    pub usage_queue_oldest: Gauge<f64, AtomicU64>,
    /// Sources with a hole in their records that stands open for a minute.
    pub usage_gaps: Gauge,
}

impl BackgroundMetrics {
    /// Registers all of them.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let counter = |name: &str, help: &str| registry.register(name, help, Counter::default());
        let gauge = |name: &str, help: &str| registry.register(name, help, Gauge::default());
        Self {
            config_published: counter(
                "config_events_published",
                "Configuration events the bus confirmed",
            ),
            config_returned: counter(
                "config_events_returned",
                "Published events that no worker was bound to receive",
            ),
            config_unsent: gauge(
                "config_events_unsent",
                "Configuration events the bus has not confirmed",
            ),
            config_relay_active: gauge(
                "config_relay_active",
                "1 in the process that relays configuration events",
            ),
            usage_stored: counter("usage_records_stored", "Usage records stored"),
            usage_repeated: counter(
                "usage_records_repeated",
                "Usage records that had been stored before",
            ),
            usage_dead_letters: counter("usage_records_dead_lettered", "Usage records set aside"),
            usage_queue_entries: gauge("usage_queue_entries", "Entries in the usage queue"),
            usage_queue_oldest: registry.register(
                "usage_queue_oldest_seconds",
                "Age of the oldest entry in the usage queue",
                Gauge::default(),
            ),
            usage_gaps: gauge(
                "usage_gaps",
                "Sources with a hole in their records older than a minute",
            ),
        }
    }
}
