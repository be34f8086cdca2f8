//! Rate limits. Scope and metric never change: other calls, or another metric, would be another limit.

use serde_json::json;
use sluicegate_contracts::config::{Entity, EntityKind, RateMetric, Status};
use sluicegate_contracts::ids::RateLimitId;
use sluicegate_service_runtime::ids;

use super::Tx;
use crate::codes::Code;
use crate::domain::precondition::IfMatch;
use crate::domain::rate_limit_draft::{Rate, RateScopeDraft, Referents};
use crate::error::{Error, Result};
use crate::store::rate_limits::{self, RateLimit};
use crate::store::{Lock, referents};

/// Most rate limits of an organization: every project of it files those over it anew when one changes.
const MAX_RATE_LIMITS: i64 = 1_000;

/// What shall change; the rest stays as it is.
#[derive(Debug, Default)]
pub struct Changes {
    /// How much.
    pub amount: Option<u64>,
    /// How much at once after a pause; `Some(None)` follows the amount.
    pub burst: Option<Option<u64>>,
    /// Whether it is in force.
    pub status: Option<Status>,
}

/// A new rate limit.
///
/// # Errors
/// `validation_failed` with every finding; `conflict` when there are too many.
pub async fn create(
    tx: &mut Tx,
    scope: RateScopeDraft,
    metric: RateMetric,
    amount: u64,
    burst: Option<u64>,
) -> Result<RateLimit> {
    let organization = tx.organization()?;
    if rate_limits::count(tx.connection(), organization).await? >= MAX_RATE_LIMITS {
        let detail = "An organization has at most 1000 rate limits; delete one first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let mut known = Referents::default();
    if let Some(id) = scope.project.as_ref().and_then(|text| text.parse().ok()) {
        known.project = referents::project(tx.connection(), organization, id).await?;
    }
    if let Some(id) = scope.api_key.as_ref().and_then(|text| text.parse().ok()) {
        known.api_key = referents::api_key(tx.connection(), organization, id).await?;
    }
    let (scope, rate) = match (scope.check(&known), Rate::checked(metric, amount, burst)) {
        (Ok(scope), Ok(rate)) => (scope, rate),
        (scope, rate) => {
            let findings = scope.err().into_iter().chain(rate.err()).flatten();
            return Err(Error::validation(findings.collect()));
        }
    };
    let limit = RateLimit {
        id: ids::fresh(),
        organization,
        scope,
        metric,
        rate,
        status: Status::Active,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: tx.ctx().now,
    };
    rate_limits::insert(tx.connection(), &limit).await?;
    announce(tx, &limit, "rate_limit.create")?;
    Ok(limit)
}

fn announce(tx: &mut Tx, limit: &RateLimit, action: &str) -> Result<()> {
    let detail = json!({
        "metric": limit.metric,
        "amount": limit.rate.amount,
        "burst": limit.rate.burst,
        "status": limit.status,
    });
    tx.audit(action, limit.id, &detail);
    tx.publish(&Entity::RateLimit(limit.published()))
}

async fn locked(tx: &mut Tx, id: RateLimitId, if_match: &IfMatch) -> Result<RateLimit> {
    let organization = tx.organization()?;
    let found = rate_limits::find(tx.connection(), organization, id, Lock::ForUpdate).await?;
    let limit = found.ok_or_else(Error::not_found)?;
    if_match.check(limit.revision)?;
    Ok(limit)
}

/// Changes how much, and whether it is in force.
///
/// # Errors
/// `not_found`, `version_conflict`, `validation_failed` with every finding.
pub async fn update(tx: &mut Tx, id: RateLimitId, changes: Changes, if_match: &IfMatch) -> Result<RateLimit> {
    let mut limit = locked(tx, id, if_match).await?;
    let amount = changes.amount.unwrap_or(limit.rate.amount);
    // A burst that followed the amount goes on following it.
    let own = (limit.rate.burst != limit.rate.amount).then_some(limit.rate.burst);
    let burst = changes.burst.unwrap_or(own);
    limit.rate = Rate::checked(limit.metric, amount, burst).map_err(Error::validation)?;
    limit.status = changes.status.unwrap_or(limit.status);
    rate_limits::update(tx.connection(), &mut limit).await?;
    announce(tx, &limit, "rate_limit.update")?;
    Ok(limit)
}

/// Takes a rate limit out of use.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn delete(tx: &mut Tx, id: RateLimitId, if_match: &IfMatch) -> Result<()> {
    let limit = locked(tx, id, if_match).await?;
    let now = tx.ctx().now;
    rate_limits::delete(tx.connection(), id, now).await?;
    tx.audit("rate_limit.delete", id, &json!({ "metric": limit.metric }));
    tx.retract(EntityKind::RateLimit, id.as_uuid());
    Ok(())
}
