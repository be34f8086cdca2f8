//! How much of an account one worker epoch may hold without proof in Postgres. When the fast store forgets, this is
//! what it has to presume of each epoch that has not spoken yet.

use sluicegate_contracts::money::NanoUsd;

/// Limits up to this may be held whole by one worker.
const WHOLE: i64 = 10_000_000_000;

/// X: the whole limit up to 10 USD, beyond that a tenth of it and at least 10 USD. `limit` is the largest the account
/// has had in its period, because an epoch may have used what a later limit does not show.
#[must_use]
pub fn exposure_cap(limit: NanoUsd) -> NanoUsd {
    let limit = limit.nanos().max(0);
    NanoUsd::from_nanos(limit.min(WHOLE.max(limit / 10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_limits_are_whole_and_large_ones_a_tenth() {
        let cap =
            |dollars: i64| exposure_cap(NanoUsd::from_nanos(dollars * 1_000_000_000)).nanos() / 1_000_000_000;
        assert_eq!(
            [cap(-1), cap(0), cap(1), cap(10), cap(50), cap(100), cap(1_000)],
            [0, 0, 1, 10, 10, 10, 100]
        );
    }
}
