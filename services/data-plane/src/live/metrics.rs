//! What is counted of the conversation between workers. No tenant, account or model is ever a label.

use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use sluicegate_service_runtime::metrics::Registry;

#[derive(Debug, Clone)]
pub(super) struct Metrics {
    sightings: Family<KindLabels, Counter>,
    away: Gauge<i64, AtomicI64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

impl Metrics {
    /// Registers `endpoint_sightings` and `endpoint_sightings_away`.
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            sightings: registry.register(
                "endpoint_sightings",
                "What workers told each other of endpoints: said, heard, or malformed and left out",
                Family::default(),
            ),
            away: registry.register(
                "endpoint_sightings_away",
                "1 while this worker cannot hear the others and judges endpoints by its own calls",
                Gauge::default(),
            ),
        }
    }

    fn count(&self, kind: &'static str, count: u64) {
        if count > 0 {
            self.sightings.get_or_create(&KindLabels { kind }).inc_by(count);
        }
    }

    pub(super) fn said(&self, count: usize) {
        self.count("said", count as u64);
    }

    pub(super) fn heard(&self) {
        self.count("heard", 1);
    }

    pub(super) fn malformed(&self, count: u64) {
        self.count("malformed", count);
    }

    pub(super) fn away(&self, away: bool) {
        self.away.set(i64::from(away));
    }
}
