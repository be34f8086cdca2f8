//! How much of an organization's credit is reserved for workers at a time. Pure.
//!
//! Too little, and a call is refused although there is credit; too much, and credit cannot be refunded because it is
//! reserved. A small credit is reserved whole. Of a larger one a half is: more than anybody uses before the next pass.

use sluicegate_contracts::money::NanoUsd;

/// Credit up to here is reserved whole.
pub const SMALL: NanoUsd = NanoUsd::from_nanos(10_000_000_000);

/// What to reserve in addition, given what can be drawn and what is in flight. Nothing while three quarters of the tranche
/// are there, so that a busy organization's limit does not change with every batch.
#[must_use]
pub fn wanted(available: NanoUsd, in_flight: NanoUsd) -> NanoUsd {
    let (available, in_flight) = (available.nanos().max(0), in_flight.nanos().max(0));
    let whole = available.saturating_add(in_flight);
    let tranche = (whole / 2).max(SMALL.nanos()).min(whole);
    let is_full = tranche < whole && in_flight >= tranche / 4 * 3;
    let missing = (tranche - in_flight).clamp(0, available);
    NanoUsd::from_nanos(if is_full { 0 } else { missing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DOLLAR: i64 = 1_000_000_000;

    fn dollars(available: i64, in_flight: i64) -> i64 {
        let nanos = |dollars: i64| NanoUsd::from_nanos(dollars * DOLLAR);
        wanted(nanos(available), nanos(in_flight)).nanos() / DOLLAR
    }

    #[test]
    fn a_small_credit_is_reserved_whole_and_a_large_one_by_half() {
        assert_eq!(dollars(0, 0), 0);
        assert_eq!(dollars(3, 0), 3);
        assert_eq!(dollars(10, 0), 10);
        assert_eq!(dollars(15, 0), 10);
        assert_eq!(dollars(100, 0), 50);
        // After a batch of use: nothing until more than a quarter of the tranche is gone.
        assert_eq!(dollars(50, 40), 0);
        assert_eq!(dollars(50, 30), 0);
        assert_eq!(dollars(51, 29), 11);
        // The last of it is reserved whole.
        assert_eq!(dollars(4, 5), 4);
    }

    proptest! {
        #[test]
        fn what_is_wanted_is_there_and_small_credit_is_never_idle(available in 0..NanoUsd::MAX.nanos(), in_flight in 0..NanoUsd::MAX.nanos()) {
            let want = wanted(NanoUsd::from_nanos(available), NanoUsd::from_nanos(in_flight)).nanos();
            prop_assert!((0..=available).contains(&want));
            if available.saturating_add(in_flight) <= SMALL.nanos() {
                prop_assert_eq!(want, available);
            }
            // Nobody waits for credit while half of the smallest tranche is not even reserved.
            prop_assert!(available == 0 || want > 0 || in_flight >= SMALL.nanos() / 2);
        }
    }
}
