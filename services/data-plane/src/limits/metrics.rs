//! What the limiter counts. Labels are closed sets: no tenant, key or limit is ever one.

use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use sluicegate_contracts::config::RateMetric;
use sluicegate_service_runtime::metrics::Registry;

#[derive(Debug, Clone)]
pub(super) struct Metrics {
    decisions: Family<DeciderLabels, Counter>,
    refusals: Family<MetricLabels, Counter>,
    away: Gauge<i64, AtomicI64>,
}

/// From what a limit was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decider {
    /// What this worker held.
    Held,
    /// The store's answer.
    Store,
    /// This worker's part, because the store is away.
    Alone,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeciderLabels {
    by: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MetricLabels {
    metric: &'static str,
}

impl Metrics {
    /// Registers `rate_limit_decisions`, `rate_limit_refusals` and `rate_limit_store_away`.
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            decisions: registry.register(
                "rate_limit_decisions",
                "Decisions about single limits, by what they were made from",
                Family::default(),
            ),
            refusals: registry.register(
                "rate_limit_refusals",
                "Calls and attempts refused by a limit, by its metric",
                Family::default(),
            ),
            away: registry.register(
                "rate_limit_store_away",
                "1 while this worker keeps its part of the limits without the store",
                Gauge::default(),
            ),
        }
    }

    pub(super) fn decided(&self, by: Decider) {
        let by = match by {
            Decider::Held => "held",
            Decider::Store => "store",
            Decider::Alone => "alone",
        };
        self.decisions.get_or_create(&DeciderLabels { by }).inc();
    }

    pub(super) fn refused(&self, metric: RateMetric) {
        let metric = metric.as_str();
        self.refusals.get_or_create(&MetricLabels { metric }).inc();
    }

    pub(super) fn away(&self, away: bool) {
        self.away.set(i64::from(away));
    }
}
