//! Projects: where keys, connections and routes live.

use sluicegate_contracts::config::{BudgetRefusals, Constraints, Project as Published, Status};
use sluicegate_contracts::ids::{OrganizationId, ProjectId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::constraint::on_constraint;
use super::{Connection, constraints};
use crate::codes::Code;
use crate::domain::principal::Principal;
use crate::error::{Error, Result};

const QUOTA: &str = "insufficient_quota";

const fn refusals_text(refusals: BudgetRefusals) -> &'static str {
    match refusals {
        BudgetRefusals::PaymentRequired => "payment_required",
        BudgetRefusals::InsufficientQuota => QUOTA,
    }
}

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The tenant that owns it.
    pub organization: OrganizationId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What every endpoint must satisfy that serves its calls.
    pub constraints: Constraints,
    /// How callers of OpenAI's APIs are told that money is used up.
    pub budget_refusals: BudgetRefusals,
    /// Counts its changes.
    pub revision: i64,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

impl Project {
    /// As workers need to know it.
    #[must_use]
    pub fn published(&self) -> Published {
        Published {
            id: self.id,
            organization: self.organization,
            status: Status::Active,
            constraints: self.constraints.clone(),
            budget_refusals: self.budget_refusals,
        }
    }
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    slug: String,
    name: String,
    constraints: serde_json::Value,
    budget_refusals: String,
    revision: i64,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Project {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            slug: row.slug,
            name: row.name,
            constraints: constraints::read(row.constraints)?,
            budget_refusals: if row.budget_refusals == QUOTA {
                BudgetRefusals::InsufficientQuota
            } else {
                BudgetRefusals::PaymentRequired
            },
            revision: row.revision,
            created_at: row.created_at,
        })
    }
}

fn slug_taken() -> Error {
    Error::new(
        Code::SlugTaken,
        "Another project of the organization has this slug.",
    )
}

/// Adds a project.
///
/// # Errors
/// `slug_taken`.
pub async fn insert(connection: &mut Connection, project: &Project) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into projects (id, organization_id, slug, name, constraints, revision, created_at, budget_refusals)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        project.id.as_uuid(),
        project.organization.as_uuid(),
        project.slug,
        project.name,
        constraints::stored(&project.constraints)?,
        project.revision,
        project.created_at,
        refusals_text(project.budget_refusals),
    )
    .execute(connection)
    .await;
    on_constraint(inserted, "projects_slug", slug_taken)?;
    Ok(())
}

/// The project with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(connection: &mut Connection, id: ProjectId) -> Result<Option<Project>> {
    let row = sqlx::query_as!(
        Row,
        "select id, organization_id, slug, name, constraints, budget_refusals, revision, created_at from projects
         where id = $1 and deleted_at is null",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Project::try_from).transpose()
}

/// As [`find`], locked against other writers.
///
/// # Errors
/// When Postgres refuses.
pub async fn find_for_update(connection: &mut Connection, id: ProjectId) -> Result<Option<Project>> {
    let row = sqlx::query_as!(
        Row,
        "select id, organization_id, slug, name, constraints, budget_refusals, revision, created_at from projects
         where id = $1 and deleted_at is null for update",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Project::try_from).transpose()
}

/// The projects `principal` can see, newest first, created before `before`. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn list_of(
    connection: &mut Connection,
    principal: Principal,
    organization: Option<OrganizationId>,
    before: Option<ProjectId>,
    limit: i64,
) -> Result<Vec<Project>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, organization_id, slug, name, constraints, budget_refusals, revision, created_at from projects
         where organization_id in (select organization_id from grants where principal_id = $1)
            and ($2::uuid is null or organization_id = $2)
            and ($3::uuid is null or id < $3)
            and deleted_at is null
         order by id desc limit $4",
        principal.as_uuid(),
        organization.map(OrganizationId::as_uuid),
        before.map(ProjectId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Project::try_from).collect()
}

/// Writes everything that can change and counts the change.
///
/// # Errors
/// `slug_taken`.
pub async fn update(connection: &mut Connection, project: &mut Project) -> Result<()> {
    let updated = sqlx::query_scalar!(
        "update projects set slug = $2, name = $3, constraints = $4, budget_refusals = $5, revision = revision + 1
         where id = $1 returning revision",
        project.id.as_uuid(),
        project.slug,
        project.name,
        constraints::stored(&project.constraints)?,
        refusals_text(project.budget_refusals),
    )
    .fetch_one(connection)
    .await;
    project.revision = on_constraint(updated, "projects_slug", slug_taken)?;
    Ok(())
}

/// Takes a project out of use; its rows stay for the request log.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: ProjectId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update projects set deleted_at = $2 where id = $1",
        id.as_uuid(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
