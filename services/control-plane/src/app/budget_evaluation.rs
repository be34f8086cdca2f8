//! What budgets would say to a call, without asking for anything. Which of them are over it is decided as on workers.

use std::cmp::Reverse;

use sluicegate_backplane::Escrow;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::{BudgetCall, Enforcement, Status};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, RouteId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::escrow::exposure_cap;
use time::OffsetDateTime;

use super::budget_standing::{self, Standing, Window};
use crate::domain::budget_verdict::{Account, Verdict, verdict};
use crate::error::{Error, Result};
use crate::store::budgets::Budget;
use crate::store::{Connection, Lock, api_keys, budget_spend, budgets, referents};

/// More budgets than an organization can have.
const ALL_BUDGETS: i64 = 10_000;

/// A call that might be made.
#[derive(Debug, Clone)]
pub struct Question {
    /// The key.
    pub key: ApiKeyId,
    /// Whom it is for.
    pub end_user: Option<String>,
    /// The session it is part of.
    pub session: Option<String>,
    /// The tags it carries.
    pub tags: Vec<String>,
    /// The route that decides it.
    pub route: Option<RouteId>,
    /// The canonical model that serves it.
    pub model: String,
    /// Whether the tenant pays the provider itself.
    pub over_own_connection: bool,
    /// The most it can cost.
    pub cost: NanoUsd,
}

/// What one budget says.
#[derive(Debug)]
pub struct Opinion {
    /// The budget and its window; of a budget that is kept apart, the share of the call.
    pub standing: Standing,
    /// Most that one call may hold of it.
    pub most_per_call: NanoUsd,
    /// What it says.
    pub verdict: Verdict,
}

/// The budgets in force over the call, with what was spent on its accounts.
///
/// # Errors
/// `validation_failed` when the organization has no such key; when Postgres refuses.
pub async fn over(
    connection: &mut Connection,
    organization: OrganizationId,
    question: &Question,
    now: OffsetDateTime,
) -> Result<Vec<Standing>> {
    let unknown = || Error::field("/key", "unknown_key", "The organization has no such key.");
    let found = referents::api_key(connection, organization, question.key).await?;
    let (id, project) = found.ok_or_else(unknown)?;
    let key = api_keys::find(connection, project, id, Lock::None).await?;
    let key = key.ok_or_else(unknown)?.published();
    let call = BudgetCall {
        key: &key,
        end_user: question.end_user.as_deref(),
        session: question.session.as_deref(),
        tags: &question.tags,
        route: question.route,
        model: &question.model,
        over_own_connection: question.over_own_connection,
    };
    let mut found = budgets::list(connection, organization, None, None, ALL_BUDGETS).await?;
    found.retain(|budget| budget.status == Status::Active && covers(budget, &call));
    let accounts = found
        .iter()
        .map(|budget| {
            Ok(AccountId {
                budget: budget.id,
                period: budget.window_at(now)?.start,
                partition: budget.scope.share_of(&call),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let settled = budget_spend::settled_on(connection, organization, &accounts).await?;
    let standings = found.into_iter().zip(accounts).zip(settled);
    standings
        .map(|((budget, account), settled)| {
            let period = budget.window_at(now)?;
            let window = Window::open(&budget, period, account.partition, settled);
            Ok(Standing { budget, window })
        })
        .collect()
}

fn covers(budget: &Budget, call: &BudgetCall<'_>) -> bool {
    (budget.terms.counts_own_connections || !call.over_own_connection) && budget.scope.covers(call)
}

/// What the budgets say, the one that binds first: the strictest, and of several the one with the least to give.
pub async fn weigh(
    escrow: &Escrow,
    organization: OrganizationId,
    mut standings: Vec<Standing>,
    cost: NanoUsd,
) -> Vec<Opinion> {
    let windows = standings.iter_mut().map(|standing| &mut standing.window);
    budget_standing::add_held(escrow, organization, windows).await;
    let mut opinions: Vec<Opinion> = standings.into_iter().map(|one| opinion(one, cost)).collect();
    opinions.sort_by_key(|opinion| {
        let only_counts = opinion.standing.budget.terms.enforcement == Enforcement::Notify;
        let available = opinion.standing.window.available();
        (Reverse(opinion.verdict), only_counts, available)
    });
    opinions
}

fn opinion(standing: Standing, cost: NanoUsd) -> Opinion {
    let (terms, window) = (&standing.budget.terms, &standing.window);
    let limit = window.limit.unwrap_or_default();
    let account = Account {
        unspent: window.unspent().unwrap_or_default(),
        available: window.available().unwrap_or_default(),
        most_per_call: exposure_cap(standing.budget.peak.max(limit)),
    };
    let verdict = verdict(terms.enforcement, &terms.on_exceed, &account, cost);
    Opinion {
        most_per_call: account.most_per_call,
        verdict,
        standing,
    }
}
