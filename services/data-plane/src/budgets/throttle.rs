//! Calls let through over soft budgets that are used up, so many a minute.
//!
//! Each worker counts for itself: what it lets through is its share of the fleet's, not less. Callers know nothing but
//! [`Throttles::admit`], so that a count of the fleet can take its place.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::{Bucket, Rate};

/// Accounts that are counted before those whose buckets are full again are let go of.
const MANY: usize = 1_024;
const MINUTE: Duration = Duration::from_secs(60);

/// The buckets of one worker.
#[derive(Debug, Default)]
pub(crate) struct Throttles {
    buckets: Mutex<HashMap<AccountId, (Rate, Bucket)>>,
}

impl Throttles {
    /// Lets a call through over an account that is used up.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(crate) fn admit(
        &self,
        account: &AccountId,
        requests_per_minute: u32,
        now: UnixMillis,
    ) -> Result<(), Duration> {
        // A rate of nothing lets nothing through.
        let rate = Rate::per_minute(u64::from(requests_per_minute)).map_err(|_| MINUTE)?;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, (rate, bucket)| bucket.standing(rate, now).reset_after_ms > 0);
        }
        let (known, bucket) = buckets
            .entry(account.clone())
            .or_insert_with(|| (rate, Bucket::full(&rate, now)));
        *bucket = bucket.under(known, &rate, now);
        *known = rate;
        bucket
            .take(&rate, 1, now)
            .map_err(|wait| wait.retry_after_ms.map_or(MINUTE, Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::ids::BudgetId;
    use uuid::Uuid;

    use super::*;

    fn account(n: u128) -> AccountId {
        AccountId {
            budget: BudgetId::from(Uuid::from_u128(n)),
            period: UnixMillis::default(),
            partition: None,
        }
    }

    #[test]
    fn each_account_lets_so_many_through_in_a_minute() {
        let throttles = Throttles::default();
        let admit = |n, at| throttles.admit(&account(n), 2, UnixMillis::new(at));
        assert_eq!((admit(1, 0), admit(1, 0)), (Ok(()), Ok(())));
        assert_eq!(admit(1, 0), Err(Duration::from_secs(30)));
        assert_eq!(admit(2, 0), Ok(()));
        assert_eq!(admit(1, 30_000), Ok(()));
        assert_eq!(admit(1, 30_000), Err(Duration::from_secs(30)));
    }

    #[test]
    fn buckets_that_are_full_again_are_let_go_of() {
        let throttles = Throttles::default();
        for n in 0..2_000 {
            assert_eq!(
                throttles.admit(
                    &account(n),
                    60,
                    UnixMillis::new(i64::try_from(n).unwrap() * 1_000)
                ),
                Ok(())
            );
        }
        assert!(throttles.buckets.lock().unwrap().len() <= MANY);
    }
}
