//! Keys as the account API shows and writes them: each with the one limit that caps it, and what it spent.

use serde_json::Number;
use sluicegate_contracts::config::ApiKeyStatus;
use sluicegate_contracts::ids::{ApiKeyId, BudgetId, OrganizationId, ProjectId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_credentials::ApiKeySecret;
use time::OffsetDateTime;

use super::derived_keys::{self, Cap};
use super::{Tx, api_keys, budgets};
use crate::domain::identity::DisplayName;
use crate::domain::key_cap::{self, LimitReset};
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::store::api_keys::ApiKey;
use crate::store::budgets::Budget;
use crate::store::key_usage::{self, KeyUsage};
use crate::store::{Connection, Lock, api_keys as key_rows, budget_spend, budgets as budget_rows};

/// More budgets than an organization can have.
const ALL_BUDGETS: i64 = 10_000;

/// A key with its cap and its spending.
#[derive(Debug, Clone)]
pub struct KeyAccount {
    /// The key.
    pub key: ApiKey,
    /// The budget that caps it, and what is left of it in the window that is open.
    pub cap: Option<(Budget, NanoUsd)>,
    /// What it spent, with the keys that derive from it.
    pub usage: KeyUsage,
}

/// A limit, as written.
#[derive(Debug, Clone, Default)]
pub struct CapChanges {
    /// Most that may be spent, in US dollars; `Some(None)` takes the limit away.
    pub limit: Option<Option<Number>>,
    /// When it starts afresh; `Some(None)` means never.
    pub reset: Option<Option<LimitReset>>,
    /// Whether calls over the organization's own connections count.
    pub counts_own_connections: Option<bool>,
}

/// What shall change of a key.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<DisplayName>,
    /// Whether it is switched off.
    pub disabled: Option<bool>,
    /// Its limit.
    pub cap: CapChanges,
}

/// A JSON number of US dollars, as a decimal: to the nano-dollar, and in no other notation.
fn decimal(limit: &Number) -> Result<String> {
    let refused = || Error::field("/limit", "out_of_range", "Use an amount above 0, in US dollars.");
    let amount = limit
        .as_f64()
        .filter(|amount| amount.is_finite())
        .ok_or_else(refused)?;
    Ok(format!("{amount:.9}"))
}

/// The keys with their caps and their spending, in the order given.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_keys(
    connection: &mut Connection,
    organization: OrganizationId,
    keys: Vec<ApiKey>,
    now: OffsetDateTime,
) -> Result<Vec<KeyAccount>> {
    let ids: Vec<ApiKeyId> = keys.iter().map(|key| key.id).collect();
    let usage = key_usage::of_keys(connection, &ids, key_cap::current(now)).await?;
    let budgets = budget_rows::list(connection, organization, None, None, ALL_BUDGETS).await?;
    // Newest first, so that the oldest is the one that stays.
    let mut caps: Vec<Option<&Budget>> = vec![None; keys.len()];
    for budget in &budgets {
        let capped = budget
            .scope
            .api_key
            .and_then(|key| ids.iter().position(|id| *id == key));
        if let Some(place) = capped
            && key_cap::is_cap(ids[place], &budget.scope, &budget.terms, budget.status)
        {
            caps[place] = Some(budget);
        }
    }
    let windows = caps
        .iter()
        .flatten()
        .map(|cap| Ok((cap.id, cap.window_at(now)?.start)));
    let windows = windows.collect::<Result<Vec<(BudgetId, UnixMillis)>>>()?;
    let settled = budget_spend::settled(connection, organization, &windows).await?;
    let caps_by_window = caps.iter().flatten().zip(&windows).zip(settled);
    let left: Vec<NanoUsd> = caps_by_window
        .map(|((cap, (_, start)), settled)| {
            let left = cap.limit_in(*start, None).nanos().saturating_sub(settled.nanos());
            NanoUsd::from_nanos(left.max(0))
        })
        .collect();
    let mut left = left.into_iter();
    let accounts = keys.into_iter().zip(caps).map(|(key, cap)| KeyAccount {
        usage: usage.get(&key.id).copied().unwrap_or_default(),
        cap: cap.map(|cap| (cap.clone(), left.next().unwrap_or_default())),
        key,
    });
    Ok(accounts.collect())
}

/// One key with its cap and its spending.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_key(connection: &mut Connection, key: ApiKey, now: OffsetDateTime) -> Result<KeyAccount> {
    let organization = key.organization;
    let accounts = of_keys(connection, organization, vec![key], now).await?;
    accounts.into_iter().next().ok_or_else(Error::not_found)
}

/// A new key, with a cap when one is named.
///
/// # Errors
/// `validation_failed`, `conflict`.
pub async fn create(
    tx: &mut Tx,
    project: ProjectId,
    input: api_keys::NewKey,
    cap: CapChanges,
) -> Result<(KeyAccount, ApiKeySecret)> {
    let now = tx.ctx().now;
    let (key, secret) = api_keys::create(tx, project, input).await?;
    set_cap(tx, &key, None, cap).await?;
    Ok((of_key(tx.connection(), key, now).await?, secret))
}

/// Changes a key and its cap.
///
/// # Errors
/// `not_found`, `validation_failed`, `conflict`.
pub async fn update(tx: &mut Tx, project: ProjectId, id: ApiKeyId, changes: Changes) -> Result<KeyAccount> {
    let (now, any) = (tx.ctx().now, IfMatch::new(None));
    let key = key_rows::find(tx.connection(), project, id, Lock::ForUpdate).await?;
    let mut key = key.ok_or_else(Error::not_found)?;
    if changes.name.is_some() {
        let named = api_keys::Changes {
            name: changes.name,
            ..api_keys::Changes::default()
        };
        key = api_keys::update(tx, project, id, named, &any).await?;
    }
    if let Some(disabled) = changes.disabled {
        let status = if disabled {
            ApiKeyStatus::Disabled
        } else {
            ApiKeyStatus::Active
        };
        key = api_keys::switch(tx, project, id, status, &any).await?;
    }
    let account = of_key(tx.connection(), key.clone(), now).await?;
    set_cap(tx, &key, account.cap.map(|(budget, _)| budget.id), changes.cap).await?;
    of_key(tx.connection(), key, now).await
}

/// Makes, changes or takes away the budget that caps a key.
async fn set_cap(tx: &mut Tx, key: &ApiKey, cap: Option<BudgetId>, changes: CapChanges) -> Result<()> {
    let CapChanges {
        limit,
        reset,
        counts_own_connections,
    } = changes;
    if limit.is_none() && reset.is_none() && counts_own_connections.is_none() {
        return Ok(());
    }
    let Some(cap) = cap else {
        let Some(limit) = limit.flatten() else {
            if reset.flatten().is_some() {
                let detail = "A reset says when a limit starts afresh: name a limit.";
                return Err(Error::field("/limit_reset", "without_limit", detail));
            }
            return Ok(());
        };
        let cap = Cap {
            limit: decimal(&limit)?,
            interval: LimitReset::interval(reset.flatten()),
            counts_own_connections: counts_own_connections.unwrap_or(true),
        };
        return derived_keys::cap(tx, key, cap).await.map(drop);
    };
    let any = IfMatch::new(None);
    match limit {
        Some(None) => budgets::delete(tx, cap, &any).await,
        Some(Some(_)) | None => {
            let limit = limit.flatten().as_ref().map(decimal).transpose()?;
            let changes = budgets::Changes {
                limit,
                interval: reset.map(LimitReset::interval),
                counts_own_connections,
                ..budgets::Changes::default()
            };
            budgets::update(tx, cap, changes, &any).await.map(drop)
        }
    }
}
