//! How budgets stand: the window that is open, what Postgres knows was spent in it, and what the fast store says workers
//! hold beyond that.

use sluicegate_backplane::Escrow;
use sluicegate_backplane::escrow::Balance;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::Period;
use sluicegate_contracts::ids::{BudgetId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use time::OffsetDateTime;

use crate::error::Result;
use crate::store::budgets::Budget;
use crate::store::{Connection, budget_spend};

/// A window of a budget.
#[derive(Debug, Clone)]
pub struct Window {
    /// From when to when.
    pub period: Period,
    /// Most that may be spent in the one that is open, by everybody who has the limit alone; `None` for a past one.
    pub limit: Option<NanoUsd>,
    /// What adjustments add to the limit of the budget.
    pub adjusted_by: NanoUsd,
    /// What was spent, as far as usage has arrived.
    pub settled: NanoUsd,
    /// The account that all of it counts on; `None` for a past window, and where everybody has one alone.
    pub account: Option<AccountId>,
    /// What workers hold of the account beyond what is settled; `None` where it is not known.
    pub held: Option<NanoUsd>,
}

/// A budget and the window that is open.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The budget.
    pub budget: Budget,
    /// The window.
    pub window: Window,
}

impl Window {
    /// The window of a budget that is open, or, when a share is named, of that share.
    #[must_use]
    pub fn open(budget: &Budget, period: Period, share: Option<String>, settled: NanoUsd) -> Self {
        let is_one = !budget.is_partitioned() || share.is_some();
        Self {
            period,
            limit: Some(budget.limit_in(period.start, share.as_deref())),
            adjusted_by: budget.adjusted.by(period.start, share.as_deref()),
            settled,
            account: is_one.then_some(AccountId {
                budget: budget.id,
                period: period.start,
                partition: share,
            }),
            held: None,
        }
    }

    /// One that is over, or, when a share is named, of that share.
    #[must_use]
    pub fn past(budget: &Budget, period: Period, share: Option<&str>, settled: NanoUsd) -> Self {
        Self {
            period,
            limit: None,
            adjusted_by: budget.adjusted.by(period.start, share),
            settled,
            account: None,
            held: None,
        }
    }

    /// What was not spent of the limit of the one account.
    #[must_use]
    pub fn unspent(&self) -> Option<NanoUsd> {
        let limit = self.limit.filter(|_| self.account.is_some())?;
        let left = limit.nanos().saturating_sub(self.settled.nanos());
        Some(NanoUsd::from_nanos(left.max(0)))
    }

    /// The part of that which no worker holds, as far as holds are known.
    #[must_use]
    pub fn available(&self) -> Option<NanoUsd> {
        let held = self.held.unwrap_or_default();
        let free = self.unspent()?.nanos().saturating_sub(held.nanos());
        Some(NanoUsd::from_nanos(free.max(0)))
    }
}

/// Reads what Postgres knows of the windows that are open at `now`, in the order given.
///
/// # Errors
/// When Postgres refuses, or a window leaves the calendar.
pub async fn read(
    connection: &mut Connection,
    organization: OrganizationId,
    budgets: Vec<Budget>,
    now: OffsetDateTime,
) -> Result<Vec<Standing>> {
    let periods = budgets
        .iter()
        .map(|budget| budget.window_at(now))
        .collect::<Result<Vec<Period>>>()?;
    let accounts: Vec<(BudgetId, UnixMillis)> = budgets
        .iter()
        .zip(&periods)
        .map(|(budget, period)| (budget.id, period.start))
        .collect();
    let settled = budget_spend::settled(connection, organization, &accounts).await?;
    let standings = budgets.into_iter().zip(periods).zip(settled);
    Ok(standings
        .map(|((budget, period), settled)| {
            let window = Window::open(&budget, period, None, settled);
            Standing { budget, window }
        })
        .collect())
}

/// Adds what workers hold, as far as the store tells: windows are shown all the same while it is away.
pub async fn add_held<'w>(
    escrow: &Escrow,
    organization: OrganizationId,
    windows: impl IntoIterator<Item = &'w mut Window>,
) {
    let windows = windows.into_iter();
    let (windows, accounts): (Vec<&mut Window>, Vec<AccountId>) = windows
        .filter_map(|window| {
            let account = window.account.clone()?;
            Some((window, account))
        })
        .unzip();
    let claims = claims(escrow, organization, &accounts).await;
    for (window, claimed) in windows.into_iter().zip(claims.into_iter().flatten()) {
        window.held = Some(held(claimed, window.settled));
    }
}

/// What nobody else can have of each account; `None` while the store is away, or does not know its past.
async fn claims(
    escrow: &Escrow,
    organization: OrganizationId,
    accounts: &[AccountId],
) -> Option<Vec<NanoUsd>> {
    if accounts.is_empty() {
        return Some(Vec::new());
    }
    match escrow.read(organization, accounts).await {
        Ok(balances) => Some(balances.into_iter().map(claimed).collect()),
        Err(error) => {
            tracing::debug!(%organization, %error, "what workers hold of budgets is not known");
            None
        }
    }
}

/// All that is claimed of an account, with what is presumed of workers that have not spoken since the store forgot: of that
/// no more than is left.
fn claimed(balance: Option<Balance>) -> NanoUsd {
    balance.map_or(NanoUsd::ZERO, |balance| {
        let left = balance.limit.nanos().saturating_sub(balance.claimed.nanos());
        let presumed = balance.presumed.nanos().min(left).max(0);
        NanoUsd::from_nanos(balance.claimed.nanos().saturating_add(presumed))
    })
}

/// What is claimed beyond what Postgres knows to be spent.
fn held(claimed: NanoUsd, settled: NanoUsd) -> NanoUsd {
    NanoUsd::from_nanos(claimed.nanos().saturating_sub(settled.nanos()).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(limit: i64, claimed: i64, presumed: i64) -> Option<Balance> {
        let nanos = NanoUsd::from_nanos;
        Some(Balance {
            limit: nanos(limit),
            claimed: nanos(claimed),
            open: nanos(0),
            presumed: nanos(presumed),
        })
    }

    #[test]
    fn presumptions_take_no_more_than_is_left_and_what_is_spent_is_not_held() {
        let told = |balance, settled| held(claimed(balance), NanoUsd::from_nanos(settled)).nanos();
        assert_eq!(told(None, 0), 0);
        assert_eq!(told(balance(100, 30, 0), 10), 20);
        assert_eq!(told(balance(100, 30, 50), 10), 70);
        assert_eq!(told(balance(100, 30, 500), 10), 90);
        // Calls cost beyond their holds, and the limit was lowered.
        assert_eq!(told(balance(100, 130, 500), 10), 120);
        // Usage that arrived between two looks.
        assert_eq!(told(balance(100, 30, 0), 40), 0);
    }
}
