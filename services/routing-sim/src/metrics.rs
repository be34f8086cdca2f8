//! What a run is judged by.

use serde::Serialize;

use crate::scenario::Scenario;
use crate::simulation::Counts;
use crate::world::Request;

/// The figures of one run, over the requests after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// Requests counted.
    pub requests: f64,
    /// Share that got an answer.
    pub success: f64,
    /// Median seconds to the first token, of those.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Share whose first token came within the target.
    pub slo: f64,
    /// Thousandths of a dollar a request.
    pub cost: f64,
    /// Sends a request.
    pub attempts: f64,
    /// Refusals for their rate, a request.
    pub refused: f64,
    /// Hedges a request.
    pub hedges: f64,
    /// Mean loss.
    pub loss: f64,
    /// Share of the sends by endpoint.
    pub share: Vec<f64>,
}

/// Judges requests after a run, in whatever time it was.
#[must_use]
pub fn measure(scenario: &Scenario, requests: &[Request], counts: &Counts) -> Metrics {
    let scored: Vec<&Request> = requests.iter().filter(|it| it.at >= scenario.warmup_s).collect();
    let count = scored.len().max(1) as f64;
    let mut times: Vec<f64> = scored.iter().filter(|it| !it.failed).map(|it| it.ttft).collect();
    times.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let last = times.len().saturating_sub(1);
        let position = (share * times.len() as f64) as usize;
        times.get(position.min(last)).copied().unwrap_or(f64::NAN)
    };
    let sum = |of: &dyn Fn(&Request) -> f64| scored.iter().map(|it| of(it)).sum::<f64>() / count;
    let loss = |it: &Request| {
        let weights = &scenario.loss;
        let (wait, failure) = if it.failed {
            (weights.cap_s, weights.fail)
        } else {
            (it.ttft.min(weights.cap_s), 0.0)
        };
        weights.ttft_s * wait + weights.cost_musd * it.cost + failure
    };
    let sent: u64 = counts.sent.iter().sum();
    let all = requests.len().max(1) as f64;
    Metrics {
        requests: scored.len() as f64,
        success: times.len() as f64 / count,
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        slo: sum(&|it| f64::from(!it.failed && it.ttft <= scenario.slo_ttft_s)),
        cost: sum(&|it| it.cost),
        attempts: sent as f64 / all,
        refused: counts.refused as f64 / all,
        hedges: counts.hedges as f64 / all,
        loss: sum(&loss),
        share: counts
            .sent
            .iter()
            .map(|it| *it as f64 / sent.max(1) as f64)
            .collect(),
    }
}
