//! Organizations: the tenants.

use actix_web::{get, patch, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::constraint_shapes::{Constraints, WriteConstraints};
use super::extract::{Creation, InOrganization, Json, Owner, PageQuery, Session, SignedIn, Viewer};
use super::reply::Reply;
use super::shapes::{Page, display_name, slug};
use crate::app::organizations::{self, Changes};
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::store::organizations as rows;

/// A tenant.
#[derive(Serialize, ToSchema)]
struct Organization {
    /// Its id.
    #[schema(value_type = String, example = "org_01jd0000000000000000000000")]
    id: OrganizationId,
    /// Its name in URLs.
    #[schema(example = "acme")]
    slug: String,
    /// Its name for people.
    #[schema(example = "Acme")]
    name: String,
    /// What every endpoint must satisfy that serves calls of its projects.
    constraints: Constraints,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<rows::Organization> for Organization {
    fn from(row: rows::Organization) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            constraints: Constraints::from(&row.constraints),
            created_at: row.created_at,
        }
    }
}

/// A new tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateOrganization {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Its name in URLs; made from the name when absent.
    slug: Option<String>,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateOrganization {
    /// Its name for people.
    name: Option<String>,
    /// Its name in URLs.
    slug: Option<String>,
    /// What every endpoint must satisfy that serves its calls; takes the place of what was demanded.
    constraints: Option<WriteConstraints>,
}

fn shown(row: rows::Organization) -> Result<Reply> {
    Reply::state(row.revision, &Organization::from(row))
}

/// List my organizations
#[utoipa::path(
    operation_id = "list_organizations", tag = "organizations", params(PageQuery),
    responses(
        (status = 200, description = "The organizations you belong to, newest first", body = Page<Organization>),
    )
)]
#[get("/organizations")]
pub(super) async fn list_organizations(who: SignedIn, page: PageQuery) -> Result<Reply> {
    let (principal, before, fetch) = (who.principal, page.before()?, page.fetch()?);
    let found = who
        .look_up(move |connection| rows::list_of(connection, principal, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, Organization::from)?)
}

/// Create an organization
///
/// You become its owner; it gets a project called "default".
#[utoipa::path(
    operation_id = "create_organization", tag = "organizations", request_body = CreateOrganization,
    params(("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours")),
    responses(
        (status = 201, description = "Created", body = Organization),
    )
)]
#[post("/organizations")]
pub(super) async fn create_organization(
    session: Session,
    body: Creation<CreateOrganization>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let name = display_name(&body.name)?;
    let slug = body.slug.as_deref().map(slug).transpose()?;
    let owner = session.user;
    session
        .acting_for(ids::fresh())
        .create(once, move |tx| {
            async move {
                let (organization, _) = organizations::create(tx, owner, &name, slug).await?;
                let (id, revision) = (organization.id, organization.revision);
                let location = format!("/api/v1/organizations/{id}");
                Ok(Reply::created(location, &Organization::from(organization))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read an organization
#[utoipa::path(
    operation_id = "get_organization", tag = "organizations",
    params(("org" = String, Path, description = "Id or slug of the organization")),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The organization", body = Organization),
    )
)]
#[get("/organizations/{org}")]
pub(super) async fn get_organization(member: InOrganization<Viewer>) -> Result<Reply> {
    let id = member.organization;
    let row = member
        .find(move |connection| rows::find(connection, id).boxed())
        .await?;
    shown(row)
}

/// Change an organization
#[utoipa::path(
    operation_id = "update_organization", tag = "organizations", request_body = UpdateOrganization,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("owner"))),
    responses(
        (status = 200, description = "The organization as changed", body = Organization),
    )
)]
#[patch("/organizations/{org}")]
pub(super) async fn update_organization(
    member: InOrganization<Owner>,
    if_match: IfMatch,
    body: Json<UpdateOrganization>,
) -> Result<Reply> {
    let body = body.checked()?;
    let changes = Changes {
        name: body.name.as_deref().map(display_name).transpose()?,
        slug: body.slug.as_deref().map(slug).transpose()?,
        constraints: body.constraints.map(WriteConstraints::checked).transpose()?,
    };
    member
        .caller
        .change(
            move |tx| async move { organizations::update(tx, changes, &if_match).await }.boxed(),
            shown,
        )
        .await
}
