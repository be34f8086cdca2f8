//! Changes of what may be spent in the window that is open, and in no other. To workers and their store it is a new limit of
//! one account with a higher version, so it holds as any limit does; what was spent stays what it was.

use serde_json::json;
use sluicegate_contracts::account::partition_value;
use sluicegate_contracts::ids::BudgetId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_service_runtime::ids;

use super::{Tx, budgets};
use crate::codes::Code;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, FieldError, Result};
use crate::store::budget_adjustments::{self, Adjustment};
use crate::store::budgets::Budget;

/// Most changes of one window.
const MAX_OF_A_WINDOW: i64 = 100;
/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// A change, as written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// How much more may be spent, a decimal amount; below zero for less.
    pub amount: String,
    /// Why.
    pub reason: String,
    /// Whose share of a budget that everybody has alone; `None`: everybody's.
    pub partition: Option<String>,
}

impl Draft {
    fn check(&self) -> Result<(NanoUsd, String)> {
        let mut findings = Vec::new();
        let amount = self.amount.parse::<NanoUsd>();
        let amount = amount.ok().filter(|amount| *amount != NanoUsd::ZERO);
        if amount.is_none() {
            let detail = "Use an amount other than 0, with at most 9 decimals; below 0 to lower the limit.";
            findings.push(FieldError::new("/amount/amount", "out_of_range", detail));
        }
        let reason = self.reason.trim().to_owned();
        let is_text =
            (1..=MAX_REASON).contains(&reason.chars().count()) && !reason.chars().any(char::is_control);
        if !is_text {
            let detail = "Say why in 1 to 500 characters on one line.";
            findings.push(FieldError::new("/reason", "invalid", detail));
        }
        match amount.filter(|_| is_text) {
            Some(amount) => Ok((amount, reason)),
            None => Err(Error::validation(findings)),
        }
    }
}

/// The share that is meant, as calls name it.
fn share(partition: Option<&str>, budget: &Budget) -> Result<Option<String>> {
    let Some(partition) = partition else {
        return Ok(None);
    };
    let refused = |code, detail| Err(Error::field("/partition", code, detail));
    if !budget.is_partitioned() {
        let detail = "Nobody has this budget alone: leave out whose share it is.";
        return refused("not_partitioned", detail);
    }
    if partition.trim().is_empty() {
        return refused("invalid", "Name an end user or a session.");
    }
    Ok(Some(partition_value(partition).into_owned()))
}

/// Changes the limit of the window that is open.
///
/// # Errors
/// `not_found`, `validation_failed`, `conflict` when the window has been changed too often.
pub async fn adjust(tx: &mut Tx, id: BudgetId, draft: Draft) -> Result<Adjustment> {
    let (amount, reason) = draft.check()?;
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let mut budget = budgets::locked(tx, id, &IfMatch::new(None)).await?;
    let window = budget.window_at(now)?;
    let partition = share(draft.partition.as_deref(), &budget)?;
    if budget_adjustments::count(tx.connection(), organization, id, window.start).await? >= MAX_OF_A_WINDOW {
        let detail = "A window takes at most 100 adjustments; change the budget's limit instead.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let limit = budget
        .adjusted
        .limit_with(budget.terms.limit, window.start, partition.as_deref(), amount);
    let limit = limit.ok_or_else(|| {
        let detail = format!(
            "The window may spend {} USD; with this it must be more than 0 and less than 9007199.254740992.",
            budget.limit_in(window.start, partition.as_deref())
        );
        Error::field("/amount/amount", "out_of_range", detail)
    })?;
    budget.adjusted.add(window.start, partition.as_deref(), amount);
    budget.limit_version += 1;
    // What everybody gets more, those with a share of their own get as well.
    let largest = budget.adjusted.largest(budget.terms.limit, window.start);
    budget.peak = budget.peak.max(largest);
    budgets::save(tx, &mut budget, now).await?;
    let adjustment = Adjustment {
        id: ids::fresh(),
        organization,
        budget: id,
        period_start: window.start,
        partition,
        amount,
        limit,
        reason,
        created_by: tx.ctx().user(),
        created_at: now,
    };
    budget_adjustments::insert(tx.connection(), &adjustment).await?;
    let detail = json!({
        "adjustment": adjustment.id,
        "amount": amount.to_string(),
        "limit": limit.to_string(),
        "window": window.start,
        "partition": adjustment.partition,
        "reason": adjustment.reason,
    });
    tx.audit("budget.adjust", id, &detail);
    Ok(adjustment)
}
