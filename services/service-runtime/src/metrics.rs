//! One registry per process, shared by everything that counts, and its text exposition for the admin port.
//!
//! Metric names get the prefix `sluicegate_`. Labels are closed sets; a tenant, key or caller text is never a label.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Metric;

/// Buckets for times in seconds: 100 µs to 2 minutes, finer where a gateway's own share lies.
pub const DURATION_BUCKETS: [f64; 19] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    30.0, 60.0, 120.0,
];

/// Content type of [`Registry::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of this process. Clones share one registry.
#[derive(Clone)]
pub struct Registry(Arc<Mutex<prometheus_client::registry::Registry>>);

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        let registry = prometheus_client::registry::Registry::with_prefix("sluicegate");
        Self(Arc::new(Mutex::new(registry)))
    }

    /// Adds `metric` and hands it back; the caller keeps its clone and the registry shows it. `name` goes without the
    /// prefix and, for counters, without `_total`.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(name, help, metric.clone());
        metric
    }

    /// The text exposition of everything registered.
    ///
    /// # Errors
    /// When a metric fails to format itself.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(text)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn a_registered_metric_shows_with_the_prefix() {
        let registry = Registry::new();
        let calls = registry.register("calls", "Calls made", Counter::<u64>::default());
        calls.inc();
        assert!(registry.encode().unwrap().contains("sluicegate_calls_total 1"));
    }
}
