//! By how much one of two measures is higher at least, once chance is allowed for. Pure.
//!
//! Shares are bounded by Wilson's interval and their difference by Newcombe's (1998, method 10), which hold for small numbers and
//! for shares near none; means by the normal interval of their difference, with a variance for each.

/// One-sided 99.9 %: figures are looked at again and again while they grow, and each look is a chance to be wrong. The tests
/// below count how often that happens.
const Z: f64 = 3.09;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Those that count.
    pub hits: u64,
    /// All.
    pub of: u64,
}

/// The mean of so many values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// How many.
    pub of: u64,
    /// Their mean.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
}

impl Share {
    /// Hits of 1; of none, none.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.of == 0 {
            0.0
        } else {
            self.hits as f64 / self.of as f64
        }
    }

    fn bounds(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, p) = (self.of as f64, self.rate());
        let scale = 1.0 + Z * Z / n;
        let center = (p + Z * Z / (2.0 * n)) / scale;
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
        (center - half, center + half)
    }

    /// How much higher its rate is than that of `other` at least; below 0 when it may as well be lower.
    #[must_use]
    pub fn exceeds_by(self, other: Self) -> f64 {
        let (low, high) = (self.bounds().0, other.bounds().1);
        (self.rate() - other.rate()) - (self.rate() - low).hypot(high - other.rate())
    }
}

impl Mean {
    /// How much higher it is than `ratio` times `other` at least; below 0 when it may as well be lower.
    #[must_use]
    pub fn exceeds_by(self, ratio: f64, other: Self) -> f64 {
        if self.of < 2 || other.of < 2 {
            return f64::NEG_INFINITY;
        }
        let error = self.variance / self.of as f64 + ratio * ratio * other.variance / other.of as f64;
        (self.mean - ratio * other.mean) - Z * error.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_routing::Seed;

    fn share(hits: u64, of: u64) -> Share {
        Share { hits, of }
    }

    #[test]
    fn few_errors_prove_nothing_and_many_do() {
        let well = share(2, 950);
        for (errors, of, is_worse) in [
            (1, 20, false),
            (1, 50, false),
            (2, 50, false),
            (7, 50, true),
            (50, 50, true),
        ] {
            assert_eq!(
                share(errors, of).exceeds_by(well) > 0.02,
                is_worse,
                "{errors} of {of}"
            );
        }
        assert!(
            share(40, 50).exceeds_by(share(760, 950)) < 0.0,
            "both fail alike: the provider is down"
        );
        assert!(
            share(50, 50).exceeds_by(share(0, 0)) < 0.0,
            "nothing to compare with"
        );
        assert!(share(0, 0).exceeds_by(well) < 0.0);
    }

    #[test]
    fn the_interval_is_newcombes() {
        // Newcombe 1998, table II, contrast (a): 56/70 and 48/80 at 95 %: 0.0524 to 0.3339; at Z it is wider.
        let lower = share(56, 70).exceeds_by(share(48, 80));
        assert!((-0.05..0.0524).contains(&lower), "{lower}");
    }

    #[test]
    fn a_mean_is_higher_when_its_spread_leaves_no_doubt() {
        let mean = |of, mean, variance| Mean { of, mean, variance };
        let old = mean(1_000, 100.0, 10_000.0);
        assert!(
            mean(50, 200.0, 40_000.0).exceeds_by(1.5, old) < 0.0,
            "a few long answers"
        );
        assert!(mean(1_000, 200.0, 40_000.0).exceeds_by(1.5, old) > 0.0);
        assert!(mean(1_000, 149.0, 0.0).exceeds_by(1.5, mean(1_000, 100.0, 0.0)) < 0.0);
        assert!(mean(1, 900.0, 0.0).exceeds_by(1.5, old) < 0.0, "one says nothing");
    }

    /// Rollouts of versions that differ by nothing, looked at every 20 requests of the newer one: how many are halted.
    fn halted(rollouts: u64, percent: u64, error_rate: f64, margin: f64) -> usize {
        let mut draw = Seed::from_id(1).generator();
        let is_halted = |_: &u64| {
            let (mut new, mut old) = (share(0, 0), share(0, 0));
            while new.of < 2_000 {
                let served = if draw.below(100) < percent {
                    &mut new
                } else {
                    &mut old
                };
                served.of += 1;
                served.hits += u64::from(draw.unit() < error_rate);
                let is_look = new.of >= 50 && new.of.is_multiple_of(20);
                if is_look && old.of >= 50 && new.exceeds_by(old) > margin {
                    return true;
                }
            }
            false
        };
        (0..rollouts).filter(is_halted).count()
    }

    #[test]
    fn equal_versions_are_hardly_ever_halted_however_often_one_looks() {
        for (percent, error_rate) in [(5, 0.01), (25, 0.05), (50, 0.2), (5, 0.5)] {
            let wrong = halted(200, percent, error_rate, 0.02);
            assert!(wrong <= 2, "{wrong} of 200 at {percent} % and {error_rate}");
        }
    }
}
