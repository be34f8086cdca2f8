//! Budgets. Changing the limit keeps the window that is open and raises the limit's version; changing when periods begin
//! opens a new one, with an account of its own. The scope never changes: other calls would be another budget.

use serde_json::json;
use sluicegate_contracts::config::{BudgetScope, Enforcement, Entity, EntityKind, Status, UnknownPrice};
use sluicegate_contracts::ids::{BudgetId, OrganizationId};
use sluicegate_metering::period::Interval;
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;

use super::Tx;
use crate::codes::Code;
use crate::domain::budget_adjusted::AdjustedWindows;
use crate::domain::budget_draft::{OnExceedDraft, Referents, ScheduleDraft, ScopeDraft, Terms, TermsDraft};
use crate::domain::instant::millis;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::store::budgets::{self, Budget};
use crate::store::{Connection, Lock, budget_relations, budget_schedules, referents};

/// Most budgets of an organization: workers look at all of them for each call.
const MAX_BUDGETS: i64 = 1_000;

/// What shall change; the rest stays as it is.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<String>,
    /// The limit, a decimal amount.
    pub limit: Option<String>,
    /// How long a period is.
    pub interval: Option<Interval>,
    /// The time zone.
    pub time_zone: Option<String>,
    /// Hour, weekday and day of the month at which periods begin.
    pub anchor: Option<[u8; 3]>,
    /// How strictly it is kept.
    pub enforcement: Option<Enforcement>,
    /// What happens without room.
    pub on_exceed: Option<OnExceedDraft>,
    /// Whether calls over the tenant's own connections count.
    pub counts_own_connections: Option<bool>,
    /// What happens without a price.
    pub unknown_price: Option<UnknownPrice>,
    /// When people are told.
    pub alert_thresholds: Option<Vec<u8>>,
    /// Whether it is in force.
    pub status: Option<Status>,
}

fn merged(current: &Terms, changes: Changes) -> TermsDraft {
    let TermsDraft {
        name,
        limit,
        schedule,
        enforcement,
        on_exceed,
        counts_own_connections,
        unknown_price,
        alert_thresholds,
    } = TermsDraft::of(current);
    let anchor = [schedule.hour, schedule.weekday, schedule.day];
    let [hour, weekday, day] = changes.anchor.unwrap_or(anchor);
    TermsDraft {
        name: changes.name.unwrap_or(name),
        limit: changes.limit.unwrap_or(limit),
        schedule: ScheduleDraft {
            interval: changes.interval.unwrap_or(schedule.interval),
            time_zone: changes.time_zone.unwrap_or(schedule.time_zone),
            hour,
            weekday,
            day,
        },
        enforcement: changes.enforcement.unwrap_or(enforcement),
        on_exceed: changes.on_exceed.unwrap_or(on_exceed),
        counts_own_connections: changes.counts_own_connections.unwrap_or(counts_own_connections),
        unknown_price: changes.unknown_price.unwrap_or(unknown_price),
        alert_thresholds: changes.alert_thresholds.unwrap_or(alert_thresholds),
    }
}

/// Looks up what a draft refers to.
async fn look_up(
    connection: &mut Connection,
    organization: OrganizationId,
    scope: &ScopeDraft,
    on_exceed: &OnExceedDraft,
) -> Result<Referents> {
    let mut known = Referents::default();
    if let Some(id) = scope.project.as_ref().and_then(|text| text.parse().ok()) {
        known.project = referents::project(connection, organization, id).await?;
    }
    if let Some(id) = scope.api_key.as_ref().and_then(|text| text.parse().ok()) {
        known.api_key = referents::api_key(connection, organization, id).await?;
    }
    if let Some(id) = scope.route.as_ref().and_then(|text| text.parse().ok()) {
        known.route = referents::route(connection, organization, id).await?;
    }
    if let OnExceedDraft::Route(text) = on_exceed
        && let Ok(id) = text.parse()
    {
        known.fallback = referents::route(connection, organization, id).await?;
    }
    Ok(known)
}

async fn checked(
    tx: &mut Tx,
    scope: &BudgetScope,
    draft: TermsDraft,
    known: &Referents,
    own: Option<BudgetId>,
) -> Result<Terms> {
    let organization = tx.organization()?;
    let neighbors = budget_relations::neighbors(tx.connection(), organization, scope, own).await?;
    draft.check(scope, known, &neighbors).map_err(Error::validation)
}

/// A new budget. Its first window opens now.
///
/// # Errors
/// `validation_failed` with every finding; `conflict` when there are too many.
pub async fn create(tx: &mut Tx, scope: ScopeDraft, terms: TermsDraft) -> Result<Budget> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    if budget_relations::count(tx.connection(), organization).await? >= MAX_BUDGETS {
        let detail = "An organization has at most 1000 budgets; delete one first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let known = look_up(tx.connection(), organization, &scope, &terms.on_exceed).await?;
    let scope = scope.check(&known).map_err(Error::validation)?;
    let terms = checked(tx, &scope, terms, &known, None).await?;
    let peak = terms.limit;
    let budget = Budget {
        id: ids::fresh(),
        organization,
        scope,
        terms,
        opened_at: millis(now),
        limit_version: 1,
        peak,
        adjusted: AdjustedWindows::default(),
        status: Status::Active,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: now,
    };
    let (published, renew_at) = budget.published(now)?;
    budgets::insert(tx.connection(), &budget, renew_at).await?;
    audit(tx, &budget, "budget.create");
    tx.publish(&Entity::Budget(published))?;
    Ok(budget)
}

fn audit(tx: &mut Tx, budget: &Budget, action: &str) {
    let terms = &budget.terms;
    let detail = json!({
        "name": terms.name,
        "limit": terms.limit.to_string(),
        "enforcement": terms.enforcement,
        "status": budget.status,
        "opened_at": budget.opened_at,
    });
    tx.audit(action, budget.id, &detail);
}

/// The budget, kept from other writers, if it is at the revision asked for.
pub(super) async fn locked(tx: &mut Tx, id: BudgetId, if_match: &IfMatch) -> Result<Budget> {
    let organization = tx.organization()?;
    let found = budgets::find(tx.connection(), organization, id, Lock::ForUpdate).await?;
    let budget = found.ok_or_else(Error::not_found)?;
    if_match.check(budget.revision)?;
    Ok(budget)
}

/// Changes a budget's terms, and whether it is in force.
///
/// # Errors
/// `not_found`, `version_conflict`, `validation_failed` with every finding.
pub async fn update(tx: &mut Tx, id: BudgetId, changes: Changes, if_match: &IfMatch) -> Result<Budget> {
    let mut budget = locked(tx, id, if_match).await?;
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let status = changes.status.unwrap_or(budget.status);
    let draft = merged(&budget.terms, changes);
    let known = look_up(
        tx.connection(),
        organization,
        &ScopeDraft::default(),
        &draft.on_exceed,
    )
    .await?;
    let terms = checked(tx, &budget.scope.clone(), draft, &known, Some(id)).await?;
    if terms.limit != budget.terms.limit {
        budget.limit_version += 1;
    }
    let reopens = terms.schedule != budget.terms.schedule;
    budget.peak = if reopens {
        terms.limit
    } else {
        budget.peak.max(terms.limit)
    };
    budget.terms = terms;
    if !reopens {
        let open = budget.window_at(now)?;
        budget.peak = budget
            .peak
            .max(budget.adjusted.largest(budget.terms.limit, open.start));
    }
    budget.status = status;
    if reopens {
        // Later than the window before it, however often somebody changes their mind within a millisecond.
        budget.opened_at = millis(now).max(budget.opened_at.offset(1));
        budget_schedules::open(tx.connection(), &budget).await?;
    }
    save(tx, &mut budget, now).await?;
    audit(tx, &budget, "budget.update");
    Ok(budget)
}

/// Writes what changed, and tells workers.
pub(super) async fn save(tx: &mut Tx, budget: &mut Budget, now: OffsetDateTime) -> Result<()> {
    let (published, renew_at) = budget.published(now)?;
    budgets::update(tx.connection(), budget, renew_at).await?;
    tx.publish(&Entity::Budget(published))
}

/// Takes a budget out of use. What was spent stays on record.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn delete(tx: &mut Tx, id: BudgetId, if_match: &IfMatch) -> Result<()> {
    let budget = locked(tx, id, if_match).await?;
    let now = tx.ctx().now;
    budgets::delete(tx.connection(), id, now).await?;
    tx.audit("budget.delete", id, &json!({ "name": budget.terms.name }));
    tx.retract(EntityKind::Budget, id.as_uuid());
    Ok(())
}

/// Sends a budget's periods ahead anew, if it is still there. Nobody did anything, so nothing is audited.
///
/// # Errors
/// When Postgres refuses.
pub async fn renew(tx: &mut Tx, id: BudgetId) -> Result<()> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let Some(budget) = budgets::find(tx.connection(), organization, id, Lock::ForUpdate).await? else {
        return Ok(());
    };
    let (published, renew_at) = budget.published(now)?;
    budgets::renewed(tx.connection(), id, renew_at).await?;
    tx.publish(&Entity::Budget(published))
}
