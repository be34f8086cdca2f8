//! What the request path counts. Labels are closed sets: no tenant, key, model or caller text is ever one.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use sluicegate_contracts::usage::{AttemptRecord, UsageRecord};
use sluicegate_service_runtime::metrics::{DURATION_BUCKETS, Registry};

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Counters of the request path. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    attempts: Family<AttemptLabels, Counter>,
    hedges: Family<HedgeLabels, Counter>,
    unknown_callers: Counter,
    lost_records: Counter,
    tokens: Family<TokenLabels, Counter>,
    overhead: Histogram,
    first_byte: Histograms<OperationLabels>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HedgeLabels {
    /// `sent`, or why not.
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

impl Metrics {
    /// Registers `inference_requests`, `inference_attempts`, `inference_hedges`, `inference_unknown_callers`,
    /// `usage_records_lost`, `inference_tokens`, `inference_overhead_seconds` and `inference_first_byte_seconds`.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        let first_byte: Histograms<OperationLabels> =
            Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS));
        Self {
            requests: registry.register(
                "inference_requests",
                "Requests of known callers by outcome",
                Family::default(),
            ),
            attempts: registry.register(
                "inference_attempts",
                "Upstream tries by outcome",
                Family::default(),
            ),
            hedges: registry.register(
                "inference_hedges",
                "Requests that were late, by whether they were sent a second time",
                Family::default(),
            ),
            unknown_callers: registry.register(
                "inference_unknown_callers",
                "Requests without a usable key",
                Counter::default(),
            ),
            lost_records: registry.register(
                "usage_records_lost",
                "Usage records that could not be written to the spool",
                Counter::default(),
            ),
            tokens: registry.register("inference_tokens", "Tokens by direction", Family::default()),
            overhead: registry.register(
                "inference_overhead_seconds",
                "From receipt to the start of the first upstream try",
                Histogram::new(DURATION_BUCKETS),
            ),
            first_byte: registry.register(
                "inference_first_byte_seconds",
                "From receipt to the first byte of the answer",
                first_byte,
            ),
        }
    }

    pub(crate) fn lost_record(&self) {
        self.lost_records.inc();
    }

    pub(crate) fn unknown_caller(&self) {
        self.unknown_callers.inc();
    }

    pub(crate) fn attempt(&self, attempt: &AttemptRecord) {
        self.attempts
            .get_or_create(&AttemptLabels {
                outcome: attempt.outcome.as_str(),
            })
            .inc();
    }

    pub(crate) fn hedge(&self, what: &'static str) {
        self.hedges.get_or_create(&HedgeLabels { what }).inc();
    }

    pub(crate) fn request(&self, record: &UsageRecord) {
        let operation = record.operation.as_str();
        self.requests
            .get_or_create(&RequestLabels {
                operation,
                outcome: record.outcome.as_str(),
            })
            .inc();
        if !record.attempts.is_empty() {
            self.overhead.observe(seconds(record.overhead_us));
        }
        if let Some(first_byte) = record.first_byte_us {
            self.first_byte
                .get_or_create(&OperationLabels { operation })
                .observe(seconds(first_byte));
        }
        for (direction, count) in [("input", record.tokens.input), ("output", record.tokens.output)] {
            if count > 0 {
                self.tokens
                    .get_or_create(&TokenLabels { direction })
                    .inc_by(count);
            }
        }
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}
