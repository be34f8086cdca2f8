//! How much money a lease should have ready: what calls take in half a second, within what its accounts can spare.

use sluicegate_contracts::time::UnixMillis;

use super::lease::Lease;

/// A refill takes milliseconds; this covers one with ease, and is soon given back.
const HORIZON_MILLIS: i64 = 500;
/// A lease that no call has used for so long is given back.
const IDLE_MILLIS: i64 = 2_000;
/// Between two refills of a lease, so that an unsuccessful one does not repeat at once.
const REFILL_MILLIS: i64 = 5;
/// Shortest time over which a pace is measured.
const SAMPLE_MILLIS: i64 = 100;
/// Which part of what is left all leases together may have ready: one in so many.
const READY: i64 = 2;
/// The same where little is left: what a worker that is paused keeps from the others has to be a small part of a limit.
const READY_OF_LITTLE: i64 = 8;

/// The accounts of a path, as last heard: the scarcest of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Supply {
    /// What is left.
    pub(super) available: i64,
    /// Whether less than a twentieth of a limit is left.
    pub(super) is_scarce: bool,
}

/// The pace at which calls take money from a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    since: UnixMillis,
    taken: i64,
    per_milli: i64,
    no_refill_before: UnixMillis,
}

impl Pace {
    pub(super) fn new(now: UnixMillis) -> Self {
        Self {
            since: now,
            taken: 0,
            per_milli: 0,
            no_refill_before: now,
        }
    }

    /// Whether it is time for a refill, which then counts as asked for.
    pub(super) fn may_refill(&mut self, now: UnixMillis) -> bool {
        let may = now >= self.no_refill_before;
        if may {
            self.no_refill_before = now.offset(REFILL_MILLIS);
        }
        may
    }

    /// What the lease should have ready; zero means that every call is to ask for itself, because nobody uses the lease, or
    /// its share of what is left is less than a call takes.
    pub(super) fn target(
        &mut self,
        lease: &Lease,
        supply: Option<Supply>,
        workers: u32,
        now: UnixMillis,
    ) -> i64 {
        self.measure(lease.taken(), now);
        let latest = lease.latest();
        let Some(supply) = supply else {
            return 0;
        };
        let is_idle = now.get().saturating_sub(lease.used_at().get()) >= IDLE_MILLIS;
        let ready = if supply.is_scarce { READY_OF_LITTLE } else { READY };
        let share = supply.available / i64::from(workers.max(1)).saturating_mul(ready);
        if is_idle || lease.is_over(now) || share < latest {
            return 0;
        }
        let wanted = self.per_milli.saturating_mul(HORIZON_MILLIS).max(latest);
        wanted.min(share)
    }

    fn measure(&mut self, taken: i64, now: UnixMillis) {
        let elapsed = now.get().saturating_sub(self.since.get());
        if elapsed < SAMPLE_MILLIS {
            return;
        }
        let current = taken.saturating_sub(self.taken) / elapsed;
        // Half of the past counts, so that a pause between two calls is not taken for the end.
        self.per_milli = current.midpoint(self.per_milli);
        (self.since, self.taken) = (now, taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escrow::path::{Path, Terms};
    use sluicegate_contracts::account::AccountId;
    use sluicegate_contracts::ids::BudgetId;
    use sluicegate_contracts::money::NanoUsd;
    use uuid::Uuid;

    const PLENTY: Option<Supply> = Some(Supply {
        available: 1_000_000,
        is_scarce: false,
    });

    fn at(millis: i64) -> UnixMillis {
        UnixMillis::new(millis)
    }

    fn lease() -> Lease {
        let account = AccountId {
            budget: BudgetId::from(Uuid::from_u128(1)),
            period: at(0),
            partition: None,
        };
        let terms = Terms {
            limit: NanoUsd::from_nanos(1_000_000),
            version: 1,
            exposure: NanoUsd::from_nanos(1_000_000),
            end: at(100_000),
        };
        Lease::new(Path::new(vec![(account, terms)]).unwrap(), 0, at(0))
    }

    /// Ten calls a second of 100 each for two seconds.
    fn busy(lease: &Lease, pace: &mut Pace) {
        for tick in 1..=20 {
            lease.note_use(100, at(tick * 100));
            pace.target(lease, PLENTY, 1, at(tick * 100));
        }
    }

    #[test]
    fn a_lease_covers_half_a_second_of_calls() {
        let (lease, mut pace) = (lease(), Pace::new(at(0)));
        lease.note_use(100, at(1));
        assert_eq!(pace.target(&lease, PLENTY, 1, at(1)), 100);
        busy(&lease, &mut pace);
        // Integer halving settles one below the true pace of 1 a millisecond or at it.
        assert!((100..=500).contains(&pace.target(&lease, PLENTY, 1, at(2_000))));
    }

    #[test]
    fn a_lease_nobody_uses_is_given_back() {
        let (lease, mut pace) = (lease(), Pace::new(at(0)));
        busy(&lease, &mut pace);
        assert!(pace.target(&lease, PLENTY, 1, at(3_999)) > 0);
        assert_eq!(pace.target(&lease, PLENTY, 1, at(4_000)), 0);
        lease.note_use(100, at(99_999));
        assert!(pace.target(&lease, PLENTY, 1, at(99_999)) > 0);
        assert_eq!(
            pace.target(&lease, PLENTY, 1, at(100_000)),
            0,
            "the period is over"
        );
    }

    #[test]
    fn a_lease_has_its_share_of_what_is_left_or_nothing() {
        let (lease, mut pace) = (lease(), Pace::new(at(0)));
        lease.note_use(100, at(1));
        let mut target = |available, is_scarce, workers| {
            let supply = Some(Supply { available, is_scarce });
            pace.target(&lease, supply, workers, at(1))
        };
        assert_eq!(target(200, false, 1), 100, "half of what is left");
        assert_eq!(target(199, false, 1), 0, "less than a call is of no use");
        assert_eq!(target(1_600, false, 8), 100);
        assert_eq!(target(1_599, false, 8), 0);
        assert_eq!(target(800, true, 1), 100, "an eighth of little");
        assert_eq!(target(799, true, 1), 0);
        assert_eq!(pace.target(&lease, None, 1, at(1)), 0);
    }

    #[test]
    fn leases_shrink_with_what_is_left() {
        let (lease, mut pace) = (lease(), Pace::new(at(0)));
        // A thousand calls of 100 a second.
        for tick in 1..=20 {
            (0..100).for_each(|_| lease.note_use(100, at(tick * 100)));
            pace.target(&lease, PLENTY, 2, at(tick * 100));
        }
        let mut target = |available, is_scarce| {
            let supply = Some(Supply { available, is_scarce });
            pace.target(&lease, supply, 2, at(2_000))
        };
        let whole = target(1_000_000, false);
        assert!(whole > 40_000, "half a second of calls: {whole}");
        assert_eq!(
            target(1_000_000, true),
            whole,
            "much is much, whatever part of a limit it is"
        );
        assert_eq!(target(80_000, false), 20_000);
        assert_eq!(target(80_000, true), 5_000);
    }
}
