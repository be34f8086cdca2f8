//! What the fast store of budgets is told, worked out from what Postgres knows: after it forgot, and when an epoch ends.

use std::collections::{BTreeMap, BTreeSet};

use sluicegate_contracts::account::{AccountId, SessionAccount};
use sluicegate_contracts::config::Period;
use sluicegate_contracts::ids::{BudgetId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Epoch, KEPT_MILLIS, Loaded, Settled, Terms, exposure_cap};
use sluicegate_metering::period::OutOfRange;

use super::budget_adjusted::AdjustedWindows;
use super::budget_window::{self, Opened};

/// A budget, as far as its accounts rest on it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its id.
    pub id: BudgetId,
    /// Most that may be spent in a period.
    pub limit: NanoUsd,
    /// Raised with each change of the limit.
    pub version: u64,
    /// The largest limit since its schedule opened.
    pub peak: NanoUsd,
    /// What adjustments add to the limits of single windows.
    pub adjusted: AdjustedWindows,
    /// The schedules it has had, oldest first.
    pub history: Vec<Opened>,
}

/// What an epoch spent on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The account.
    pub account: AccountId,
    /// The epoch.
    pub epoch: Epoch,
    /// The sum.
    pub settled: NanoUsd,
}

/// The lives of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lives {
    /// Whose.
    pub worker: WorkerId,
    /// The latest heard of.
    pub last: u32,
    /// Every epoch below is closed in every store. Those that are only settled are told as open, because closing them
    /// is still to come, and must not count twice.
    pub closed_below: u32,
}

/// What a store that forgot must be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Accounts on which something was spent.
    pub accounts: Vec<Loaded>,
    /// Epochs that may have spent more than Postgres knows.
    pub pending: Vec<Epoch>,
    /// The first epoch of each worker that is not closed.
    pub closed_below: Vec<(WorkerId, u32)>,
}

impl Kept {
    /// Start of the oldest window that the store may still hold an account of.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn oldest(&self, now: UnixMillis) -> Result<UnixMillis, OutOfRange> {
        let long_ago = now.offset(-KEPT_MILLIS);
        let holding = budget_window::holding(&self.history, long_ago)?;
        Ok(holding.map_or(UnixMillis::new(i64::MIN), |window| window.start))
    }

    fn window(&self, account: &AccountId) -> Result<Option<Period>, OutOfRange> {
        budget_window::window(&self.history, account.period)
    }

    fn terms(&self, account: &AccountId) -> Result<Option<Terms>, OutOfRange> {
        Ok(self.window(account)?.map(|window| Terms {
            limit: self
                .adjusted
                .limit(self.limit, account.period, account.partition.as_deref()),
            version: self.version,
            exposure: exposure_cap(self.peak),
            end: window.end,
        }))
    }
}

/// What is agreed about an account of a session's own cap. A cap that no record told yet is whatever a worker says next.
fn session_terms(account: &AccountId, end: UnixMillis, caps: &BTreeMap<AccountId, NanoUsd>) -> Terms {
    let known = caps.get(account);
    let limit = known.copied().unwrap_or(NanoUsd::ZERO);
    Terms {
        limit,
        version: known.map_or(0, |cap| SessionAccount::version(*cap)),
        exposure: exposure_cap(limit),
        end,
    }
}

/// The books of an organization. `spent` is sorted by account; `caps` are those of sessions.
///
/// # Errors
/// [`OutOfRange`] when a window leaves the calendar.
pub fn books(
    budgets: &[Kept],
    caps: &BTreeMap<AccountId, NanoUsd>,
    spent: &[Spent],
    lives: &[Lives],
) -> Result<Books, OutOfRange> {
    let known: BTreeMap<BudgetId, &Kept> = budgets.iter().map(|budget| (budget.id, budget)).collect();
    let closed_below: BTreeMap<WorkerId, u32> =
        lives.iter().map(|one| (one.worker, one.closed_below)).collect();
    let is_closed = |epoch: &Epoch| {
        closed_below
            .get(&epoch.worker)
            .is_some_and(|below| epoch.number < *below)
    };
    let mut pending: BTreeSet<Epoch> = BTreeSet::new();
    for one in lives {
        let open = one.closed_below.max(1)..=one.last;
        let worker = one.worker;
        pending.extend(open.map(|number| Epoch { worker, number }));
    }
    let mut accounts = Vec::new();
    for of_account in spent.chunk_by(|one, next| one.account == next.account) {
        let Some(account) = of_account.first().map(|one| &one.account) else {
            continue;
        };
        let terms = match (account.session_end(), known.get(&account.budget)) {
            (Some(end), _) => Some(session_terms(account, end, caps)),
            (None, Some(budget)) => budget.terms(account)?,
            (None, None) => None,
        };
        let Some(terms) = terms else { continue };
        let (closed, open): (Vec<&Spent>, Vec<&Spent>) =
            of_account.iter().partition(|one| is_closed(&one.epoch));
        // Also of workers that no heartbeat told of.
        pending.extend(open.iter().map(|one| one.epoch));
        accounts.push(Loaded {
            account: account.clone(),
            terms,
            base: closed.iter().map(|one| one.settled).sum(),
            spent: open.iter().map(|one| (one.epoch, one.settled)).collect(),
        });
    }
    Ok(Books {
        accounts,
        pending: pending.into_iter().collect(),
        closed_below: closed_below.into_iter().collect(),
    })
}

/// What is left of the claims of an epoch that ended: what it spent on windows that the store may still hold.
///
/// # Errors
/// [`OutOfRange`] when a window leaves the calendar.
pub fn settled(budgets: &[Kept], spent: &[Spent], now: UnixMillis) -> Result<Vec<Settled>, OutOfRange> {
    let mut settled = Vec::with_capacity(spent.len());
    for one in spent {
        let budget = budgets.iter().find(|budget| budget.id == one.account.budget);
        let window = budget
            .map(|budget| budget.window(&one.account))
            .transpose()?
            .flatten();
        let end = one.account.session_end().or(window.map(|window| window.end));
        if let Some(end) = end.filter(|end| *end > now.offset(-KEPT_MILLIS)) {
            settled.push(Settled {
                account: one.account.clone(),
                end,
                amount: one.settled,
            });
        }
    }
    Ok(settled)
}

#[cfg(test)]
#[path = "budget_books_tests.rs"]
mod tests;
