//! How long to wait before the same endpoint is tried again: exponential with full jitter, drawn from the seed.
//!
//! Full jitter (anything from 0 to the ceiling) spreads a crowd of retries best; the ceiling doubles with each try.

use std::time::Duration;

use crate::seed::Seed;

const FIRST_CEILING: Duration = Duration::from_millis(250);
const LAST_CEILING: Duration = Duration::from_secs(8);

/// The wait before retry number `retry` (from 0).
#[must_use]
pub fn wait(seed: Seed, retry: u32) -> Duration {
    let ceiling = FIRST_CEILING
        .saturating_mul(2_u32.saturating_pow(retry))
        .min(LAST_CEILING);
    let micros = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX);
    let mut generator = seed.branch(u64::from(retry)).generator();
    Duration::from_micros(generator.below(micros.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_stays_below_its_ceiling_and_is_reproducible(id: u128, retry: u32) {
            let ceiling = FIRST_CEILING.saturating_mul(2_u32.saturating_pow(retry)).min(LAST_CEILING);
            let waited = wait(Seed::from_id(id), retry);
            prop_assert!(waited <= ceiling);
            prop_assert_eq!(waited, wait(Seed::from_id(id), retry));
        }
    }

    #[test]
    fn waits_use_the_whole_range() {
        let waits = (0..1_000).map(|id| wait(Seed::from_id(id), 0));
        let (mut low, mut high) = (0, 0);
        for waited in waits {
            low += u32::from(waited < FIRST_CEILING / 4);
            high += u32::from(waited > FIRST_CEILING * 3 / 4);
        }
        assert!(low > 200 && high > 200, "{low} {high}");
    }
}
