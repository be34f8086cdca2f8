//! The accounts that a call's cost counts on, and what is agreed about each.

use std::cmp::Reverse;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

/// What is agreed about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Most that may be spent in the period.
    pub limit: NanoUsd,
    /// Raised with every change of `limit`: the higher one is in force wherever two meet.
    pub version: u64,
    /// [`exposure_cap`](super::exposure_cap) of the largest limit of this period.
    pub exposure: NanoUsd,
    /// First instant after the period; `i64::MAX` for one without end.
    pub end: UnixMillis,
}

/// A set of accounts, at least one. Equal when the accounts are, whatever the terms.
#[derive(Debug, Clone)]
pub struct Path {
    entries: Arc<[(AccountId, Terms)]>,
}

impl Path {
    /// The path over `accounts`; `None` when there is none. Of an account named twice the newer terms count.
    #[must_use]
    pub fn new(mut accounts: Vec<(AccountId, Terms)>) -> Option<Self> {
        accounts.sort_by(|(a, a_terms), (b, b_terms)| {
            (a, Reverse(a_terms.version)).cmp(&(b, Reverse(b_terms.version)))
        });
        accounts.dedup_by(|later, earlier| later.0 == earlier.0);
        (!accounts.is_empty()).then(|| Self {
            entries: accounts.into(),
        })
    }

    /// The accounts, ascending, with their terms.
    #[must_use]
    pub fn entries(&self) -> &[(AccountId, Terms)] {
        &self.entries
    }

    /// The accounts, ascending.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.entries.iter().map(|(account, _)| account)
    }

    /// When the first of its periods ends.
    #[must_use]
    pub fn end(&self) -> UnixMillis {
        let ends = self.entries.iter().map(|(_, terms)| terms.end);
        ends.min().unwrap_or_default()
    }

    /// Grows whenever the terms of any account change.
    pub(crate) fn version(&self) -> u64 {
        let versions = self.entries.iter().map(|(_, terms)| terms.version);
        versions.fold(0, u64::wrapping_add)
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries) || self.accounts().eq(other.accounts())
    }
}

impl Eq for Path {}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.accounts().for_each(|account| account.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_contracts::ids::BudgetId;
    use uuid::Uuid;

    fn entry(budget: u128, version: u64) -> (AccountId, Terms) {
        let account = AccountId {
            budget: BudgetId::from(Uuid::from_u128(budget)),
            period: UnixMillis::new(0),
            partition: None,
        };
        let terms = Terms {
            limit: NanoUsd::from_nanos(i64::try_from(version).unwrap()),
            version,
            exposure: NanoUsd::ZERO,
            end: UnixMillis::new(1_000 - i64::try_from(budget).unwrap()),
        };
        (account, terms)
    }

    #[test]
    fn order_and_terms_do_not_matter_to_identity() {
        let path = Path::new(vec![entry(2, 1), entry(1, 1)]).unwrap();
        assert_eq!(path, Path::new(vec![entry(1, 7), entry(2, 1)]).unwrap());
        assert_ne!(path, Path::new(vec![entry(1, 1)]).unwrap());
        assert_eq!(path.end().get(), 998);
        assert!(Path::new(Vec::new()).is_none());
    }

    #[test]
    fn an_account_named_twice_counts_once_with_its_newer_terms() {
        let path = Path::new(vec![entry(1, 3), entry(1, 5), entry(1, 4)]).unwrap();
        assert_eq!(path.entries(), [entry(1, 5)]);
    }
}
