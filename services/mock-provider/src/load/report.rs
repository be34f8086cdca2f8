//! What a load run saw: counts, and latencies as quantiles of exact samples.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Most samples kept of one kind; runs are sized below it.
const MAX_SAMPLES: usize = 4_000_000;

/// The outcome of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Measured time in seconds.
    pub seconds: f64,
    /// Good answers.
    pub ok: u64,
    /// Good answers a second.
    pub per_second: f64,
    /// Requests that failed without a status.
    pub errors: u64,
    /// Answers by a status other than 200.
    pub bad_status: BTreeMap<u16, u64>,
    /// Stamped chunks received.
    pub chunks: u64,
    /// From request to the end of the answer, in microseconds.
    pub latency_us: Quantiles,
    /// From request to the first stamped chunk, in microseconds.
    pub first_chunk_us: Quantiles,
    /// From a chunk's stamp to its arrival, in microseconds.
    pub transit_us: Quantiles,
}

/// Quantiles of samples; zeros when there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// Samples.
    pub count: usize,
    /// Half are below.
    pub p50: u32,
    /// 90 in 100 are below.
    pub p90: u32,
    /// 99 in 100 are below.
    pub p99: u32,
    /// 999 in 1000 are below.
    pub p999: u32,
    /// The largest.
    pub max: u32,
}

#[derive(Debug, Default)]
pub(super) struct Samples(Vec<u32>);

impl Samples {
    pub(super) fn add(&mut self, value: Duration) {
        if self.0.len() < MAX_SAMPLES {
            self.0.push(u32::try_from(value.as_micros()).unwrap_or(u32::MAX));
        }
    }

    pub(super) fn quantiles(mut self) -> Quantiles {
        self.0.sort_unstable();
        let at = |per_mille: usize| {
            let rank = (self.0.len() * per_mille).div_ceil(1000).max(1);
            self.0.get(rank - 1).copied().unwrap_or(0)
        };
        Quantiles {
            count: self.0.len(),
            p50: at(500),
            p90: at(900),
            p99: at(990),
            p999: at(999),
            max: at(1000),
        }
    }
}

/// Counts of a run while it goes on.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) ok: u64,
    pub(super) errors: u64,
    pub(super) bad_status: BTreeMap<u16, u64>,
    pub(super) chunks: u64,
    pub(super) latency: Samples,
    pub(super) first_chunk: Samples,
    pub(super) transit: Samples,
}

impl Tally {
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    pub(super) fn report(self, measured: Duration) -> Report {
        let seconds = measured.as_secs_f64();
        Report {
            seconds,
            ok: self.ok,
            per_second: if seconds > 0.0 {
                self.ok as f64 / seconds
            } else {
                0.0
            },
            errors: self.errors,
            bad_status: self.bad_status,
            chunks: self.chunks,
            latency_us: self.latency.quantiles(),
            first_chunk_us: self.first_chunk.quantiles(),
            transit_us: self.transit.quantiles(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact() {
        let mut samples = Samples::default();
        (1..=1000u64)
            .rev()
            .for_each(|n| samples.add(Duration::from_micros(n)));
        let expected = Quantiles {
            count: 1000,
            p50: 500,
            p90: 900,
            p99: 990,
            p999: 999,
            max: 1000,
        };
        assert_eq!(samples.quantiles(), expected);
        let mut one = Samples::default();
        one.add(Duration::from_micros(7));
        assert_eq!(
            one.quantiles(),
            Quantiles {
                count: 1,
                p50: 7,
                p90: 7,
                p99: 7,
                p999: 7,
                max: 7
            }
        );
        assert_eq!(Samples::default().quantiles(), Quantiles::default());
    }
}
