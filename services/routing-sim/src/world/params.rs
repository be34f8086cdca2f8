//! What an endpoint is like at a moment: its base values, and what its phases make of them.

use crate::scenario::{EndpointSpec, ErrorKind, Field, Phase};

/// An endpoint at a moment.
#[derive(Debug, Clone)]
pub struct Params {
    /// Median time to first token when idle.
    pub ttft_ms: f64,
    /// Its lognormal spread.
    pub sigma: f64,
    /// Per uncached input token, on top of it.
    pub prefill_us: f64,
    /// Per output token.
    pub tpot_ms: f64,
    /// Requests at once.
    pub slots: f64,
    /// How many wait before the rest is refused.
    pub queue_max: f64,
    /// Share of the slots that others hold.
    pub bg_load: f64,
    /// Probability of a failure.
    pub err: f64,
    /// How it fails.
    pub err_kind: ErrorKind,
    /// Probability that the first token stalls.
    pub tail_p: f64,
    /// How many times as long it takes then.
    pub tail_x: f64,
    /// Probability that a stream is cut; used at process level only.
    pub drop_p: f64,
    /// Requests a minute; 0: no limit.
    pub rpm: f64,
    /// Tokens a minute; 0: no limit.
    pub tpm: f64,
    /// How many seconds of its limits may be used at once.
    pub burst_s: f64,
    /// USD per million input tokens.
    pub price_in: f64,
    /// USD per million output tokens.
    pub price_out: f64,
    /// Share of the price that cached input costs; 1: no cache.
    pub cached_factor: f64,
    /// How long a conversation stays in the cache.
    pub cache_ttl_s: f64,
}

impl Params {
    /// The base values of an endpoint.
    #[must_use]
    pub fn base(spec: &EndpointSpec) -> Self {
        let mut params = Self {
            ttft_ms: 400.0,
            sigma: 0.5,
            prefill_us: 30.0,
            tpot_ms: 12.0,
            slots: 1_000.0,
            queue_max: 200.0,
            bg_load: 0.0,
            err: 0.0,
            err_kind: spec.err_kind,
            tail_p: 0.0,
            tail_x: 1.0,
            drop_p: 0.0,
            rpm: 0.0,
            tpm: 0.0,
            burst_s: 10.0,
            price_in: 1.0,
            price_out: 3.0,
            cached_factor: 1.0,
            cache_ttl_s: 300.0,
        };
        for (field, value) in &spec.values {
            *params.field(*field) = *value;
        }
        params
    }

    /// These values under `phases`, at `now`.
    #[must_use]
    pub fn at(&self, phases: &[Phase], now: f64) -> Self {
        let mut params = self.clone();
        for phase in phases {
            if now < phase.from || (now >= phase.to && !phase.keep) {
                continue;
            }
            let share = if phase.ramp {
                ((now - phase.from) / (phase.to - phase.from)).min(1.0)
            } else {
                1.0
            };
            for (field, value) in &phase.set.values {
                let slot = params.field(*field);
                *slot = if phase.ramp {
                    *slot + (value - *slot) * share
                } else {
                    *value
                };
            }
            params.err_kind = phase.set.err_kind.unwrap_or(params.err_kind);
            for (field, factor) in &phase.mul {
                *params.field(*field) *= 1.0 + (factor - 1.0) * share;
            }
        }
        params
    }

    /// Requests and tokens that a full bucket holds.
    #[must_use]
    pub fn buckets(&self) -> (f64, f64) {
        (self.rpm * self.burst_s / 60.0, self.tpm * self.burst_s / 60.0)
    }

    /// Whether the provider limits rates at all.
    #[must_use]
    pub fn limited(&self) -> bool {
        self.rpm > 0.0 || self.tpm > 0.0
    }

    /// Slots that are ours.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        self.slots * (1.0 - self.bg_load)
    }

    /// What a request costs, in thousandths of a dollar.
    #[must_use]
    pub fn price(&self, input: f64, output: f64, cached: f64) -> f64 {
        ((input - cached) * self.price_in
            + cached * self.price_in * self.cached_factor
            + output * self.price_out)
            / 1e3
    }

    const fn field(&mut self, field: Field) -> &mut f64 {
        match field {
            Field::TtftMs => &mut self.ttft_ms,
            Field::Sigma => &mut self.sigma,
            Field::PrefillUs => &mut self.prefill_us,
            Field::TpotMs => &mut self.tpot_ms,
            Field::Slots => &mut self.slots,
            Field::QueueMax => &mut self.queue_max,
            Field::BgLoad => &mut self.bg_load,
            Field::Err => &mut self.err,
            Field::TailP => &mut self.tail_p,
            Field::TailX => &mut self.tail_x,
            Field::DropP => &mut self.drop_p,
            Field::Rpm => &mut self.rpm,
            Field::Tpm => &mut self.tpm,
            Field::BurstS => &mut self.burst_s,
            Field::PriceIn => &mut self.price_in,
            Field::PriceOut => &mut self.price_out,
            Field::CachedFactor => &mut self.cached_factor,
            Field::CacheTtlS => &mut self.cache_ttl_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{BUILT_IN, parse};

    use super::*;

    #[test]
    fn a_ramp_moves_and_stays_and_a_window_ends() {
        let drift = parse(BUILT_IN[1].1).unwrap();
        let at = |now| {
            Params::base(&drift.endpoints[0])
                .at(&drift.endpoints[0].phases, now)
                .ttft_ms
        };
        assert_eq!(
            [at(0.0), at(250.0), at(400.0)].map(f64::round),
            [300.0, 750.0, 1_200.0]
        );

        let hole = parse(BUILT_IN[4].1).unwrap();
        let at = |now| Params::base(&hole.endpoints[0]).at(&hole.endpoints[0].phases, now);
        assert_eq!(
            (at(149.0).err_kind, at(150.0).err_kind),
            (ErrorKind::ServerError, ErrorKind::Hang)
        );
        assert!(at(200.0).err > 0.9 && at(240.0).err < 0.1);
    }
}
