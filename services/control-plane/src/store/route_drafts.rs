//! Drafts of routes: what somebody works on. No worker reads them.

use serde_json::Value;
use sluicegate_contracts::ids::{OrganizationId, ProjectId, RouteId, UserId};
use sqlx::types::Json;
use time::OffsetDateTime;

use super::constraint::on_constraint;
use super::routes::slug_taken;
use super::{Connection, Lock};
use crate::error::{Error, Result};

/// A route as far as its draft is concerned.
#[derive(Debug, Clone)]
pub struct DraftedRoute {
    /// Its id.
    pub id: RouteId,
    /// The published version; 0: none.
    pub version: u32,
    /// Drafts it ever had; the revision of the one it has.
    pub drafts: u32,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// A draft.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Of which route.
    pub route: RouteId,
    /// The name of the route: the published one, or the one kept for it.
    pub slug: String,
    /// The published version; 0: none.
    pub published_version: u32,
    /// The highest number of its versions, published or not; 0: it has none.
    pub last_version: u32,
    /// The published version it was begun from; 0: none was published then.
    pub base_version: u32,
    /// Its entity tag.
    pub revision: u32,
    /// As its author wrote it.
    pub document: Value,
    /// Who wrote it.
    pub updated_by: Option<UserId>,
    /// When.
    pub updated_at: OffsetDateTime,
}

/// The route, published or not.
///
/// # Errors
/// When Postgres refuses.
pub async fn route(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    id: RouteId,
    lock: Lock,
) -> Result<Option<DraftedRoute>> {
    if lock == Lock::ForUpdate {
        sqlx::query!(
            "select id from routes where organization_id = $1 and id = $2 for update",
            organization.as_uuid(),
            id.as_uuid(),
        )
        .fetch_optional(&mut *connection)
        .await?;
    }
    let row = sqlx::query!(
        "select version, draft_revision, created_at from routes
         where organization_id = $1 and project_id = $2 and id = $3 and deleted_at is null",
        organization.as_uuid(),
        project.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(DraftedRoute {
        id,
        version: count(row.version)?,
        drafts: count(row.draft_revision)?,
        created_at: row.created_at,
    }))
}

/// Keeps a name for a route that is not published yet.
///
/// # Errors
/// `slug_taken`.
pub async fn reserve(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    id: RouteId,
    slug: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into routes (id, organization_id, project_id, slug, version, created_at) values ($1, $2, $3, $4, 0, $5)",
        id.as_uuid(),
        organization.as_uuid(),
        project.as_uuid(),
        slug,
        now,
    )
    .execute(connection)
    .await;
    on_constraint(inserted, "routes_slug", slug_taken)?;
    Ok(())
}

/// Keeps another name for a route that is not published yet; one that is keeps its own until it is published anew.
///
/// # Errors
/// `slug_taken`.
pub async fn rename(
    connection: &mut Connection,
    organization: OrganizationId,
    id: RouteId,
    slug: &str,
) -> Result<()> {
    let renamed = sqlx::query!(
        "update routes set slug = $3 where organization_id = $1 and id = $2 and version = 0",
        organization.as_uuid(),
        id.as_uuid(),
        slug,
    )
    .execute(connection)
    .await;
    on_constraint(renamed, "routes_slug", slug_taken)?;
    Ok(())
}

/// What is to be kept of a draft.
#[derive(Debug, Clone, Copy)]
pub struct Save<'a> {
    /// As its author wrote it.
    pub document: &'a Value,
    /// The published version it is based on; `None`: what was said before, or else the one that is published now.
    pub base_version: Option<u32>,
    /// Who wrote it.
    pub by: Option<UserId>,
    /// When.
    pub at: OffsetDateTime,
}

/// Keeps a draft in the place of the one before.
///
/// # Errors
/// When Postgres refuses.
pub async fn save(
    connection: &mut Connection,
    organization: OrganizationId,
    route: RouteId,
    save: Save<'_>,
) -> Result<()> {
    let base = save
        .base_version
        .map(i32::try_from)
        .transpose()
        .map_err(Error::internal)?;
    sqlx::query!(
        "with counted as (
            update routes set draft_revision = draft_revision + 1 where organization_id = $1 and id = $2
            returning organization_id, project_id, id, version, draft_revision
         )
         insert into route_drafts
            (organization_id, project_id, route_id, revision, base_version, document, updated_by, updated_at)
         select organization_id, project_id, id, draft_revision, coalesce($3, version), $4, $5, $6 from counted
         on conflict (route_id) do update set
            revision = excluded.revision, base_version = coalesce($3, route_drafts.base_version),
            document = excluded.document, updated_by = excluded.updated_by, updated_at = excluded.updated_at",
        organization.as_uuid(),
        route.as_uuid(),
        base,
        save.document,
        save.by.map(UserId::as_uuid),
        save.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the draft of a route.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, organization: OrganizationId, route: RouteId) -> Result<()> {
    sqlx::query!(
        "delete from route_drafts where organization_id = $1 and route_id = $2",
        organization.as_uuid(),
        route.as_uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The draft of a route.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    route: RouteId,
) -> Result<Option<Draft>> {
    let row = sqlx::query_as!(
        Row,
        r#"select draft.route_id, slug, version, base_version, revision, document as "document: Json<Value>", updated_by,
            updated_at,
            coalesce((select max(last.version) from route_versions last where last.route_id = routes.id), 0) as "last_version!"
         from route_drafts draft join routes on routes.id = draft.route_id
         where draft.organization_id = $1 and draft.project_id = $2 and draft.route_id = $3
            and routes.deleted_at is null"#,
        organization.as_uuid(),
        project.as_uuid(),
        route.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Draft::try_from).transpose()
}

/// The drafts of `project`, of the newest route first, those of routes created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    before: Option<RouteId>,
    limit: i64,
) -> Result<Vec<Draft>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select draft.route_id, slug, version, base_version, revision, document as "document: Json<Value>", updated_by,
            updated_at,
            coalesce((select max(last.version) from route_versions last where last.route_id = routes.id), 0) as "last_version!"
         from route_drafts draft join routes on routes.id = draft.route_id
         where draft.organization_id = $1 and draft.project_id = $2 and routes.deleted_at is null
            and ($3::uuid is null or draft.route_id < $3)
         order by draft.route_id desc limit $4"#,
        organization.as_uuid(),
        project.as_uuid(),
        before.map(RouteId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Draft::try_from).collect()
}

struct Row {
    route_id: uuid::Uuid,
    slug: String,
    version: i32,
    last_version: i32,
    base_version: i32,
    revision: i32,
    document: Json<Value>,
    updated_by: Option<uuid::Uuid>,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Draft {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            route: row.route_id.into(),
            slug: row.slug,
            published_version: count(row.version)?,
            last_version: count(row.last_version)?,
            base_version: count(row.base_version)?,
            revision: count(row.revision)?,
            document: row.document.0,
            updated_by: row.updated_by.map(UserId::from),
            updated_at: row.updated_at,
        })
    }
}

fn count(stored: i32) -> Result<u32> {
    u32::try_from(stored).map_err(Error::internal)
}
