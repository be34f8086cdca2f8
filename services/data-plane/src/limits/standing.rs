//! How the limits over a call stand, as its answer tells: of each metric the tightest.

use std::time::Duration;

use sluicegate_contracts::config::RateMetric;
use sluicegate_metering::bucket::Standing;

use super::index::Limit;
use super::shown;

/// How one limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Most that can be left.
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Until all of it is there again.
    pub(crate) reset_after: Duration,
}

/// See the module. Concurrency is not told: no dialect has words for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standings {
    pub(crate) requests: Option<Shown>,
    pub(crate) input_tokens: Option<Shown>,
    pub(crate) output_tokens: Option<Shown>,
}

impl Standings {
    /// Notes how a limit stands, unless a tighter one is known.
    pub(super) fn note(&mut self, metric: RateMetric, shown: Shown) {
        if let Some(place) = self.place(metric) {
            *place = Some(place.map_or(shown, |known| known.tighter(shown)));
        }
    }

    /// Notes how the limit stands that refused the call: the one that matters, even where another has less left.
    pub(super) fn refused(&mut self, limit: &Limit, standing: Standing) {
        if let Some(place) = self.place(limit.rule.metric) {
            *place = Some(shown(limit, standing));
        }
    }

    fn place(&mut self, metric: RateMetric) -> Option<&mut Option<Shown>> {
        match metric {
            RateMetric::Requests => Some(&mut self.requests),
            RateMetric::InputTokens => Some(&mut self.input_tokens),
            RateMetric::OutputTokens => Some(&mut self.output_tokens),
            RateMetric::Concurrency => None,
        }
    }

    /// The tighter of the limits of tokens, for dialects that know only one kind.
    pub(crate) fn tokens(&self) -> Option<Shown> {
        match (self.input_tokens, self.output_tokens) {
            (Some(input), Some(output)) => Some(input.tighter(output)),
            (one, other) => one.or(other),
        }
    }
}

impl Shown {
    /// Of two, the one of which the smaller part is left.
    fn tighter(self, other: Self) -> Self {
        let cross = |one: Self, two: Self| u128::from(one.remaining) * u128::from(two.limit);
        if cross(other, self) < cross(self, other) {
            other
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(limit: u64, remaining: u64) -> Shown {
        Shown {
            limit,
            remaining,
            reset_after: Duration::ZERO,
        }
    }

    #[test]
    fn of_each_metric_the_tightest_is_told() {
        let mut standings = Standings::default();
        standings.note(RateMetric::Requests, shown(100, 50));
        standings.note(RateMetric::Requests, shown(1_000, 400));
        standings.note(RateMetric::Requests, shown(10, 9));
        standings.note(RateMetric::Concurrency, shown(1, 0));
        assert_eq!(standings.requests, Some(shown(1_000, 400)));
        assert_eq!(standings.tokens(), None);
        standings.note(RateMetric::OutputTokens, shown(u64::MAX, 1));
        assert_eq!(standings.tokens(), Some(shown(u64::MAX, 1)));
        standings.note(RateMetric::InputTokens, shown(u64::MAX, 0));
        assert_eq!(standings.tokens(), Some(shown(u64::MAX, 0)));
    }
}
