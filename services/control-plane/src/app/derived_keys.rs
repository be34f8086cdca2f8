//! Keys that derive from other keys: they get no more than those have, and end with them.

use serde_json::json;
use sluicegate_contracts::config::{ApiKeyStatus, Enforcement, MAX_ANCESTORS, UnknownPrice};
use sluicegate_contracts::ids::{ApiKeyId, BudgetId, ProjectId};
use sluicegate_credentials::ApiKeySecret;
use sluicegate_metering::period::Interval;

use super::{Tx, api_keys, budgets, constraints};
use crate::codes::Code;
use crate::domain::budget_draft::{OnExceedDraft, ScheduleDraft, ScopeDraft, TermsDraft};
use crate::domain::identity::DisplayName;
use crate::domain::key_grants::{GrantChanges, KeyGrants};
use crate::error::{Error, Result};
use crate::store::api_keys::ApiKey;
use crate::store::derived_keys::{self, Above};
use crate::store::{Lock, api_keys as rows};

/// Most keys that derive from one key, directly or through others: workers hold all of them in memory.
const MAX_DESCENDANTS: i64 = 1_000;
/// Shares of a cap, in percent, at which people are told.
const USUAL_THRESHOLDS: [u8; 2] = [80, 100];

/// What a derived key is made from.
#[derive(Debug)]
pub struct Derivation {
    /// Its name for people.
    pub name: DisplayName,
    /// What it may do; what is absent it gets as the keys above it have it.
    pub grants: GrantChanges,
    /// Most it may spend.
    pub cap: Option<Cap>,
}

/// A limit of spend of one key.
#[derive(Debug, Clone)]
pub struct Cap {
    /// A decimal amount in US dollars.
    pub limit: String,
    /// In which time.
    pub interval: Interval,
    /// Whether calls over the organization's own connections count.
    pub counts_own_connections: bool,
}

/// A new key that derives from `parent`, its secret, and the budget that caps it.
///
/// # Errors
/// `not_found` without the parent, `validation_failed` for more than the keys above have, `conflict` when the parent does
/// not work, or is too far down, or has too many.
pub async fn derive(
    tx: &mut Tx,
    project: ProjectId,
    parent: ApiKeyId,
    input: Derivation,
) -> Result<(ApiKey, ApiKeySecret, Option<BudgetId>)> {
    let now = tx.ctx().now;
    let parent = rows::find(tx.connection(), project, parent, Lock::None).await?;
    let parent = parent.ok_or_else(Error::not_found)?;
    let ancestors: Vec<ApiKeyId> = [parent.id].into_iter().chain(parent.ancestors).collect();
    if ancestors.len() > MAX_ANCESTORS {
        let detail = "A key derives from at most 4 others: derive from one further up.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let above = derived_keys::hold(tx.connection(), project, &ancestors).await?;
    let above = working(above, ancestors.len(), now)?;
    let oldest = ancestors.last().copied().unwrap_or(parent.id);
    if derived_keys::count(tx.connection(), oldest).await? >= MAX_DESCENDANTS {
        let detail = "At most 1000 keys derive from one key: revoke some first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let inherited = KeyGrants::of_all(&above).ok_or_else(|| {
        Error::new(
            Code::Conflict,
            "The keys above it leave this key no model it may ask for.",
        )
    })?;
    let grants = inherited
        .changed(input.grants, &above, now)
        .map_err(Error::validation)?;
    constraints::check_key(tx, project, &grants.constraints).await?;
    let (key, secret) = api_keys::insert(tx, project, input.name, grants, ancestors).await?;
    tx.audit(
        "key.derive",
        key.id,
        &json!({
            "name": key.name,
            "project": project,
            "parent": parent.id,
            "constraints": key.grants.constraints,
        }),
    );
    let budget = match input.cap {
        Some(cap) => Some(self::cap(tx, &key, cap).await?),
        None => None,
    };
    Ok((key, secret, budget))
}

/// What the keys above may do, if all of them work.
fn working(above: Vec<Above>, expected: usize, now: time::OffsetDateTime) -> Result<Vec<KeyGrants>> {
    let works =
        |one: &Above| one.status == ApiKeyStatus::Active && one.grants.expires_at.is_none_or(|at| at > now);
    if above.len() != expected || !above.iter().all(works) {
        let detail = "The key, or one that it derives from, is switched off, expired or revoked.";
        return Err(Error::new(Code::Conflict, detail));
    }
    Ok(above.into_iter().map(|one| one.grants).collect())
}

/// Limits what a key, and those that derive from it, may spend.
///
/// # Errors
/// `validation_failed` at `/limit`, `conflict` when the organization has too many budgets.
pub async fn cap(tx: &mut Tx, key: &ApiKey, cap: Cap) -> Result<BudgetId> {
    let scope = ScopeDraft {
        api_key: Some(key.id.to_string()),
        ..ScopeDraft::default()
    };
    let terms = TermsDraft {
        name: key.name.clone(),
        limit: cap.limit,
        schedule: ScheduleDraft {
            interval: cap.interval,
            time_zone: "UTC".to_owned(),
            hour: 0,
            weekday: 1,
            day: 1,
        },
        enforcement: Enforcement::Hard,
        on_exceed: OnExceedDraft::Refuse,
        counts_own_connections: cap.counts_own_connections,
        unknown_price: UnknownPrice::Refuse,
        alert_thresholds: USUAL_THRESHOLDS.to_vec(),
    };
    Ok(budgets::create(tx, scope, terms).await?.id)
}
