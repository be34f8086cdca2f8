//! The versions of routes: written once, never changed. What became of each is told by its route and its rollout.

use sluicegate_contracts::config::Route;
use sluicegate_contracts::ids::{OrganizationId, RouteId, UserId};
use sqlx::types::Json;
use time::OffsetDateTime;

use super::Connection;
use crate::domain::rollout::State;
use crate::domain::version_state::VersionState;
use crate::error::{Error, Result};

/// How a version comes to be.
#[derive(Debug, Clone, Default)]
pub struct Publication {
    /// Who publishes it; `None`: a program.
    pub by: Option<UserId>,
    /// Why, in their words.
    pub message: Option<String>,
    /// The older version that it is again.
    pub restores: Option<u32>,
}

/// One version of a route.
#[derive(Debug, Clone)]
pub struct RouteVersion {
    /// The entity as this version has it.
    pub route: Route,
    /// What became of it.
    pub state: VersionState,
    /// How it came to be.
    pub publication: Publication,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Keeps a version.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(
    connection: &mut Connection,
    route: &Route,
    publication: &Publication,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into route_versions
            (organization_id, route_id, version, document, created_by, created_at, message, restores)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        route.organization.as_uuid(),
        route.id.as_uuid(),
        number(route.version)?,
        Json(route) as _,
        publication.by.map(UserId::as_uuid),
        now,
        publication.message,
        publication.restores.map(number).transpose()?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The versions of a route before version `before`, newest first.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    id: RouteId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<RouteVersion>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select version.document as "document: Json<Route>", version.created_by, version.created_at, version.message,
            version.restores, routes.version as published, rollout.state as "rollout?"
         from route_versions version join routes on routes.id = version.route_id
         left join route_rollouts rollout
            on rollout.route_id = version.route_id and rollout.version = version.version
         where version.organization_id = $1 and version.route_id = $2 and ($3::bigint is null or version.version < $3)
         order by version.version desc limit $4"#,
        organization.as_uuid(),
        id.as_uuid(),
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(RouteVersion::try_from).collect()
}

/// One version of a route.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: RouteId,
    version: u32,
) -> Result<Option<RouteVersion>> {
    // A number that no version can have is the number of none.
    let Ok(version) = i32::try_from(version) else {
        return Ok(None);
    };
    let row = sqlx::query_as!(
        Row,
        r#"select version.document as "document: Json<Route>", version.created_by, version.created_at, version.message,
            version.restores, routes.version as published, rollout.state as "rollout?"
         from route_versions version join routes on routes.id = version.route_id
         left join route_rollouts rollout
            on rollout.route_id = version.route_id and rollout.version = version.version
         where version.organization_id = $1 and version.route_id = $2 and version.version = $3"#,
        organization.as_uuid(),
        id.as_uuid(),
        version,
    )
    .fetch_optional(connection)
    .await?;
    row.map(RouteVersion::try_from).transpose()
}

struct Row {
    document: Json<Route>,
    created_by: Option<uuid::Uuid>,
    created_at: OffsetDateTime,
    message: Option<String>,
    restores: Option<i32>,
    published: i32,
    rollout: Option<String>,
}

impl TryFrom<Row> for RouteVersion {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let route = row.document.0;
        let published = u32::try_from(row.published).map_err(Error::internal)?;
        let rollout = row.rollout.as_deref().and_then(State::named);
        Ok(Self {
            state: VersionState::of(route.version, published, rollout),
            route,
            publication: Publication {
                by: row.created_by.map(UserId::from),
                message: row.message,
                restores: row
                    .restores
                    .map(u32::try_from)
                    .transpose()
                    .map_err(Error::internal)?,
            },
            created_at: row.created_at,
        })
    }
}

/// The number of the next version of a route: it only grows, whatever became of the last.
///
/// # Errors
/// When Postgres refuses.
pub async fn next(connection: &mut Connection, organization: OrganizationId, id: RouteId) -> Result<u32> {
    let last = sqlx::query_scalar!(
        r#"select coalesce(max(version), 0) as "last!" from route_versions where organization_id = $1 and route_id = $2"#,
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(last).map_err(Error::internal)? + 1)
}

pub(super) fn number(version: u32) -> Result<i32> {
    i32::try_from(version).map_err(Error::internal)
}
