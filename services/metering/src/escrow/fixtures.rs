//! Accounts, epochs and messages for the tests of this module.

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use uuid::Uuid;

use super::message::{Ask, Claim, Epoch, Reconcile};
use super::path::{Path, Terms};

pub(super) fn at(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

pub(super) fn nanos(amount: i64) -> NanoUsd {
    NanoUsd::from_nanos(amount)
}

/// The first epoch of a worker.
pub(super) fn epoch(worker: u128) -> Epoch {
    Epoch {
        worker: WorkerId::from(Uuid::from_u128(worker)),
        number: 0,
    }
}

pub(super) fn account(budget: u128) -> AccountId {
    AccountId {
        budget: BudgetId::from(Uuid::from_u128(budget)),
        period: at(0),
        partition: None,
    }
}

/// In a period of a second, with an exposure of 4.
pub(super) fn terms(limit: i64) -> Terms {
    Terms {
        limit: nanos(limit),
        version: 1,
        exposure: nanos(4),
        end: at(1_000),
    }
}

/// A path over accounts of one limit, with an exposure that is never in the way.
pub(super) fn path(budgets: &[u128], limit: i64) -> Path {
    let terms = Terms {
        exposure: nanos(limit),
        end: at(i64::MAX),
        ..terms(limit)
    };
    Path::new(budgets.iter().map(|budget| (account(*budget), terms)).collect()).unwrap()
}

pub(super) fn claim(budget: u128, limit: i64, claim: i64) -> Claim {
    Claim {
        account: account(budget),
        terms: terms(limit),
        claim: nanos(claim),
        open: nanos(claim),
    }
}

/// In generation 1; asks are (path, want, min).
pub(super) fn reconcile(epoch: Epoch, op: u64, claims: &[Claim], asks: &[(&[usize], i64, i64)]) -> Reconcile {
    let ask = |(path, want, min): &(&[usize], i64, i64)| Ask {
        path: path.to_vec(),
        want: nanos(*want),
        min: nanos(*min),
    };
    Reconcile {
        generation: 1,
        epoch,
        op,
        claims: claims.to_vec(),
        asks: asks.iter().map(ask).collect(),
    }
}
