//! Keys in the words of OpenRouter. Amounts are JSON numbers of US dollars, as its clients expect them.

use serde::Serialize;
use sluicegate_contracts::config::ApiKeyStatus;
use sluicegate_contracts::ids::{ApiKeyId, ProjectId, UserId};
use sluicegate_contracts::money::NanoUsd;
use time::OffsetDateTime;

use crate::app::key_accounts::KeyAccount;
use crate::domain::key_cap::LimitReset;
use crate::store::key_usage::KeyUsage;

/// The envelope of every answer.
#[derive(Debug, Serialize)]
pub(super) struct Data<T> {
    pub(super) data: T,
}

/// An amount as a JSON number, which is exact for people and nearly so for money.
pub(super) fn dollars(amount: NanoUsd) -> f64 {
    amount.nanos() as f64 / 1e9
}

/// The limit of a key and what is left of it.
#[derive(Debug, Serialize)]
pub(super) struct Limit {
    limit: Option<f64>,
    limit_remaining: Option<f64>,
    limit_reset: Option<LimitReset>,
    include_byok_in_limit: bool,
}

/// What a key spent: over the host's accounts, and, as `byok_usage`, over connections of the tenant's own.
#[derive(Debug, Serialize)]
pub(super) struct Spending {
    usage: f64,
    usage_daily: f64,
    usage_weekly: f64,
    usage_monthly: f64,
    byok_usage: f64,
    byok_usage_daily: f64,
    byok_usage_weekly: f64,
    byok_usage_monthly: f64,
}

/// A key as a manager sees it.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    hash: ApiKeyId,
    name: String,
    label: String,
    disabled: bool,
    #[serde(flatten)]
    limit: Limit,
    #[serde(flatten)]
    spending: Spending,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Not kept.
    updated_at: Option<()>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    creator_user_id: Option<UserId>,
    workspace_id: ProjectId,
}

impl Limit {
    pub(super) fn none() -> Self {
        Self {
            limit: None,
            limit_remaining: None,
            limit_reset: None,
            include_byok_in_limit: true,
        }
    }
}

impl From<&KeyAccount> for Limit {
    fn from(account: &KeyAccount) -> Self {
        let Some((budget, left)) = &account.cap else {
            return Self::none();
        };
        Self {
            limit: Some(dollars(budget.terms.limit)),
            limit_remaining: Some(dollars(*left)),
            limit_reset: LimitReset::of(budget.terms.schedule.interval),
            include_byok_in_limit: budget.terms.counts_own_connections,
        }
    }
}

impl From<KeyUsage> for Spending {
    fn from(usage: KeyUsage) -> Self {
        Self {
            usage: dollars(usage.credit.total),
            usage_daily: dollars(usage.credit.daily),
            usage_weekly: dollars(usage.credit.weekly),
            usage_monthly: dollars(usage.credit.monthly),
            byok_usage: dollars(usage.own.total),
            byok_usage_daily: dollars(usage.own.daily),
            byok_usage_weekly: dollars(usage.own.weekly),
            byok_usage_monthly: dollars(usage.own.monthly),
        }
    }
}

impl From<KeyAccount> for Key {
    fn from(account: KeyAccount) -> Self {
        let (limit, spending) = (Limit::from(&account), account.usage.into());
        let key = account.key;
        Self {
            hash: key.id,
            name: key.name,
            label: key.hint,
            disabled: key.status == ApiKeyStatus::Disabled,
            limit,
            spending,
            created_at: key.created_at,
            updated_at: None,
            expires_at: key.grants.expires_at,
            creator_user_id: key.created_by,
            workspace_id: key.project,
        }
    }
}
