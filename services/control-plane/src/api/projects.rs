//! Projects: where keys, connections and routes live.

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use sluicegate_contracts::ids::{OrganizationId, ProjectId};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::constraint_shapes::{Constraints, WriteConstraints};
use super::extract::access::{self, Admin};
use super::extract::{Creation, InProject, Json, PageQuery, SignedIn, Viewer};
use super::reply::Reply;
use super::shapes::{Page, display_name, slug};
use crate::app::projects::{self, Changes};
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::store::projects as rows;

/// How callers of OpenAI's APIs are told that a budget or prepaid credit is used up. Never is such a call worth a retry.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BudgetRefusals {
    /// 402 with the code `budget_exceeded`.
    PaymentRequired,
    /// As OpenAI says it: 429 with the code `insufficient_quota`, for clients that know no other.
    InsufficientQuota,
}

impl From<config::BudgetRefusals> for BudgetRefusals {
    fn from(refusals: config::BudgetRefusals) -> Self {
        match refusals {
            config::BudgetRefusals::PaymentRequired => Self::PaymentRequired,
            config::BudgetRefusals::InsufficientQuota => Self::InsufficientQuota,
        }
    }
}

impl From<BudgetRefusals> for config::BudgetRefusals {
    fn from(refusals: BudgetRefusals) -> Self {
        match refusals {
            BudgetRefusals::PaymentRequired => Self::PaymentRequired,
            BudgetRefusals::InsufficientQuota => Self::InsufficientQuota,
        }
    }
}

/// A project.
#[derive(Serialize, ToSchema)]
struct Project {
    /// Its id.
    #[schema(value_type = String, example = "prj_01jd0000000000000000000000")]
    id: ProjectId,
    /// The organization that owns it.
    #[schema(value_type = String, example = "org_01jd0000000000000000000000")]
    organization: OrganizationId,
    /// Its name in URLs.
    #[schema(example = "default")]
    slug: String,
    /// Its name for people.
    #[schema(example = "default")]
    name: String,
    /// What every endpoint must satisfy that serves its calls.
    constraints: Constraints,
    /// How callers of OpenAI's APIs are told that a budget or prepaid credit is used up.
    budget_refusals: BudgetRefusals,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<rows::Project> for Project {
    fn from(row: rows::Project) -> Self {
        Self {
            id: row.id,
            organization: row.organization,
            slug: row.slug,
            name: row.name,
            constraints: Constraints::from(&row.constraints),
            budget_refusals: row.budget_refusals.into(),
            created_at: row.created_at,
        }
    }
}

/// A new project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateProject {
    /// Id or slug of the organization that will own it.
    #[schema(example = "org_01jd0000000000000000000000")]
    organization: String,
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Its name in URLs; made from the name when absent.
    slug: Option<String>,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateProject {
    /// Its name for people.
    name: Option<String>,
    /// Its name in URLs.
    slug: Option<String>,
    /// What every endpoint must satisfy that serves its calls; takes the place of what was demanded.
    constraints: Option<WriteConstraints>,
    /// How callers of OpenAI's APIs are told that a budget or prepaid credit is used up.
    budget_refusals: Option<BudgetRefusals>,
}

/// Which projects to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfOrganization {
    /// Only those of this organization (id).
    organization: Option<String>,
}

fn shown(row: rows::Project) -> Result<Reply> {
    Reply::state(row.revision, &Project::from(row))
}

/// List my projects
#[utoipa::path(
    operation_id = "list_projects", tag = "projects", params(OfOrganization, PageQuery),
    responses(
        (status = 200, description = "The projects you can see, newest first", body = Page<Project>),
    )
)]
#[get("/projects")]
pub(super) async fn list_projects(
    who: SignedIn,
    page: PageQuery,
    of: actix_web::web::Query<OfOrganization>,
) -> Result<Reply> {
    let organization = match &of.organization {
        Some(named) => Some(access::to_organization::<Viewer>(&who, named).await?.organization),
        None => None,
    };
    let (principal, before, fetch) = (who.principal, page.before()?, page.fetch()?);
    let found = who
        .look_up(move |connection| rows::list_of(connection, principal, organization, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, Project::from)?)
}

/// Create a project
#[utoipa::path(
    operation_id = "create_project", tag = "projects", request_body = CreateProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours")),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Created", body = Project),
    )
)]
#[post("/projects")]
pub(super) async fn create_project(who: SignedIn, body: Creation<CreateProject>) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let organization = access::to_organization::<Admin>(&who, &body.organization)
        .await?
        .organization;
    let name = display_name(&body.name)?;
    let slug = body.slug.as_deref().map(slug).transpose()?;
    who.acting_for(organization)
        .create(once, move |tx| {
            async move {
                let project = projects::create(tx, &name, slug).await?;
                let (id, revision) = (project.id, project.revision);
                let location = format!("/api/v1/projects/{id}");
                Ok(Reply::created(location, &Project::from(project))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a project
#[utoipa::path(
    operation_id = "get_project", tag = "projects",
    params(
        ("project" = String, Path, description = "Id of the project, or its slug together with `organization`"),
        ("organization" = Option<String>, Query, description = "Id or slug of the organization, when `project` is a slug"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The project", body = Project),
    )
)]
#[get("/projects/{project}")]
pub(super) async fn get_project(member: InProject<Viewer>) -> Result<Reply> {
    let id = member.project;
    let row = member
        .find(move |connection| rows::find(connection, id).boxed())
        .await?;
    shown(row)
}

/// Change a project
#[utoipa::path(
    operation_id = "update_project", tag = "projects", request_body = UpdateProject,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The project as changed", body = Project),
    )
)]
#[patch("/projects/{project}")]
pub(super) async fn update_project(
    member: InProject<Admin>,
    if_match: IfMatch,
    body: Json<UpdateProject>,
) -> Result<Reply> {
    let body = body.checked()?;
    let changes = Changes {
        name: body.name.as_deref().map(display_name).transpose()?,
        slug: body.slug.as_deref().map(slug).transpose()?,
        constraints: body.constraints.map(WriteConstraints::checked).transpose()?,
        budget_refusals: body.budget_refusals.map(config::BudgetRefusals::from),
    };
    let id = member.project;
    member
        .caller
        .change(
            move |tx| async move { projects::update(tx, id, changes, &if_match).await }.boxed(),
            shown,
        )
        .await
}

/// Delete a project
///
/// Its keys, connections and routes stop working at once. Logged requests stay.
#[utoipa::path(
    operation_id = "delete_project", tag = "projects",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Deleted"),
    )
)]
#[delete("/projects/{project}")]
pub(super) async fn delete_project(member: InProject<Admin>, if_match: IfMatch) -> Result<Reply> {
    let id = member.project;
    member
        .caller
        .remove(move |tx| async move { projects::delete(tx, id, &if_match).await }.boxed())
        .await
}
