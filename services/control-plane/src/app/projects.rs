//! Projects. Deleting one takes everything in it out of service.

use serde_json::json;
use sluicegate_contracts::config::{BudgetRefusals, Constraints, Entity, EntityKind};
use sluicegate_contracts::ids::ProjectId;
use sluicegate_service_runtime::ids;

use super::{Tx, constraints};
use crate::domain::identity::{DisplayName, Slug};
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::store::projects::{self, Project};
use crate::store::{api_keys, budgets, connections, rate_limits, routes, signal_sources, signals};

/// A new project of the tenant.
///
/// # Errors
/// `slug_taken`.
pub async fn create(tx: &mut Tx, name: &DisplayName, slug: Option<Slug>) -> Result<Project> {
    let project = Project {
        id: ids::fresh(),
        organization: tx.organization()?,
        slug: slug
            .unwrap_or_else(|| Slug::from_name(name.as_str(), "project", None))
            .as_str()
            .to_owned(),
        name: name.as_str().to_owned(),
        constraints: Constraints::NONE,
        budget_refusals: BudgetRefusals::default(),
        revision: 1,
        created_at: tx.ctx().now,
    };
    projects::insert(tx.connection(), &project).await?;
    tx.audit(
        "project.create",
        project.id,
        &json!({ "slug": project.slug, "name": project.name }),
    );
    tx.publish(&Entity::Project(project.published()))?;
    Ok(project)
}

/// What shall change.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name for people.
    pub name: Option<DisplayName>,
    /// The name in URLs.
    pub slug: Option<Slug>,
    /// The constraints, which are sound by themselves.
    pub constraints: Option<Constraints>,
    /// How callers of OpenAI's APIs are told that money is used up.
    pub budget_refusals: Option<BudgetRefusals>,
}

/// Changes what a project is called, and what it demands of endpoints.
///
/// # Errors
/// `slug_taken`, `version_conflict`, `validation_failed`.
pub async fn update(tx: &mut Tx, id: ProjectId, changes: Changes, if_match: &IfMatch) -> Result<Project> {
    let mut project = locked(tx, id, if_match).await?;
    if let Some(name) = changes.name {
        name.as_str().clone_into(&mut project.name);
    }
    if let Some(slug) = changes.slug {
        slug.as_str().clone_into(&mut project.slug);
    }
    let matters_to_workers = changes.constraints.is_some() || changes.budget_refusals.is_some();
    if let Some(changed) = changes.constraints {
        constraints::check_project(tx, &changed).await?;
        project.constraints = changed;
    }
    project.budget_refusals = changes.budget_refusals.unwrap_or(project.budget_refusals);
    projects::update(tx.connection(), &mut project).await?;
    let detail = json!({
        "slug": project.slug,
        "name": project.name,
        "constraints": project.constraints,
        "budget_refusals": project.budget_refusals,
    });
    tx.audit("project.update", id, &detail);
    if matters_to_workers {
        tx.publish(&Entity::Project(project.published()))?;
    }
    Ok(project)
}

/// Takes a project and everything in it out of service.
///
/// # Errors
/// `version_conflict`.
pub async fn delete(tx: &mut Tx, id: ProjectId, if_match: &IfMatch) -> Result<()> {
    locked(tx, id, if_match).await?;
    let now = tx.ctx().now;
    for key in api_keys::revoke_all(tx.connection(), id, now).await? {
        tx.retract(EntityKind::ApiKey, key.as_uuid());
    }
    for route in routes::delete_all(tx.connection(), id, now).await? {
        tx.retract(EntityKind::Route, route.as_uuid());
    }
    for budget in budgets::delete_all(tx.connection(), id, now).await? {
        tx.retract(EntityKind::Budget, budget.as_uuid());
    }
    for limit in rate_limits::delete_all(tx.connection(), id, now).await? {
        tx.retract(EntityKind::RateLimit, limit.as_uuid());
    }
    for connection in connections::delete_all(tx.connection(), id, now).await? {
        tx.retract(EntityKind::Connection, connection.as_uuid());
    }
    let organization = tx.organization()?;
    signal_sources::delete_all(tx.connection(), organization, id).await?;
    for signal in signals::delete_all(tx.connection(), id).await? {
        tx.retract(EntityKind::Signal, signal.as_uuid());
    }
    projects::delete(tx.connection(), id, now).await?;
    tx.retract(EntityKind::Project, id.as_uuid());
    tx.audit_plain("project.delete", id);
    Ok(())
}

async fn locked(tx: &mut Tx, id: ProjectId, if_match: &IfMatch) -> Result<Project> {
    let project = projects::find_for_update(tx.connection(), id)
        .await?
        .ok_or_else(Error::not_found)?;
    if_match.check(project.revision)?;
    Ok(project)
}
