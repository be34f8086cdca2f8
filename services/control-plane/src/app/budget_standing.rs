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
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From when to when.
    pub period: Period,
    /// The limit of the one that is open; `None` for a past one, and for all shares of a limit that everybody has alone.
    pub limit: Option<NanoUsd>,
    /// What was spent, as far as usage has arrived.
    pub settled: NanoUsd,
    /// What workers hold beyond that; `None` where it is not known.
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

impl Standing {
    /// The account that all of its calls count on; `None` where everybody has one alone.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        (!self.budget.is_partitioned()).then(|| AccountId {
            budget: self.budget.id,
            period: self.window.period.start,
            partition: None,
        })
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
            let limit = (!budget.is_partitioned()).then_some(budget.terms.limit);
            let held = None;
            let window = Window {
                period,
                limit,
                settled,
                held,
            };
            Standing { budget, window }
        })
        .collect())
}

/// Adds what workers hold, as far as the store tells: budgets are shown all the same while it is away.
pub async fn add_held(escrow: &Escrow, organization: OrganizationId, standings: &mut [Standing]) {
    let accounts: Vec<AccountId> = standings.iter().filter_map(Standing::account).collect();
    let Some(claims) = claims(escrow, organization, &accounts).await else {
        return;
    };
    let shared = standings
        .iter_mut()
        .filter(|standing| !standing.budget.is_partitioned());
    for (standing, claimed) in shared.zip(claims) {
        standing.window.held = Some(held(claimed, standing.window.settled));
    }
}

/// As [`add_held`], for the windows of one account's budget.
pub async fn add_held_on(
    escrow: &Escrow,
    organization: OrganizationId,
    account: AccountId,
    windows: &mut [Window],
) {
    let open = windows
        .iter_mut()
        .find(|window| window.period.start == account.period);
    if let (Some(window), Some(claims)) = (open, claims(escrow, organization, &[account]).await)
        && let Some(claimed) = claims.first()
    {
        window.held = Some(held(*claimed, window.settled));
    }
}

/// What nobody else can have of each account; `None` while the store is away, or does not know its past.
pub async fn claims(
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
#[must_use]
pub fn held(claimed: NanoUsd, settled: NanoUsd) -> NanoUsd {
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
