//! Routes at their published versions, and the names they answer to. A version's document is the published entity.

use sluicegate_contracts::config::{Rollout, Route};
use sluicegate_contracts::ids::{ConnectionId, ProjectId, RouteId};
use sqlx::types::Json;
use time::OffsetDateTime;

use super::constraint::on_constraint;
use super::route_versions::{self, Publication};
use super::{Connection, Lock};
use crate::codes::Code;
use crate::domain::rollout::State;
use crate::error::{Error, Result};

/// A route at its published version.
#[derive(Debug, Clone)]
pub struct LiveRoute {
    /// The published entity.
    pub route: Route,
    /// When the route was created.
    pub created_at: OffsetDateTime,
    /// When this version was published.
    pub published_at: OffsetDateTime,
    /// The highest number of its versions: the published one's, or that of one which was rolled out since.
    pub last_version: u32,
    /// The version that is being rolled out beside it.
    pub rollout: Option<Underway>,
}

/// A version on its way to be the published one.
#[derive(Debug, Clone)]
pub struct Underway {
    /// The route as it has it.
    pub route: Route,
    /// Whether it serves, or is halted.
    pub state: State,
    /// How many of 100 conversations it serves.
    pub percent: u8,
}

impl LiveRoute {
    /// What workers are told: the published version, with the one that serves beside it.
    #[must_use]
    pub fn published(&self) -> Route {
        let serving = self.rollout.iter().find(|it| it.percent > 0);
        Route {
            rollout: serving.map(|newer| Rollout {
                version: newer.route.version,
                percent: newer.percent,
                rules: newer.route.rules.clone(),
            }),
            ..self.route.clone()
        }
    }
}

struct LiveRow {
    document: Json<Route>,
    created_at: OffsetDateTime,
    published_at: OffsetDateTime,
    last_version: i32,
    newer: Option<Json<Route>>,
    state: Option<String>,
    percent: Option<i32>,
}

impl TryFrom<LiveRow> for LiveRoute {
    type Error = Error;

    fn try_from(row: LiveRow) -> Result<Self> {
        let state = row.state.as_deref().and_then(State::named);
        Ok(Self {
            route: row.document.0,
            created_at: row.created_at,
            published_at: row.published_at,
            last_version: u32::try_from(row.last_version).map_err(Error::internal)?,
            rollout: match (row.newer, state) {
                (Some(newer), Some(state)) => Some(Underway {
                    route: newer.0,
                    state,
                    percent: u8::try_from(row.percent.unwrap_or(0)).map_err(Error::internal)?,
                }),
                (None, _) | (_, None) => None,
            },
        })
    }
}

pub(super) fn slug_taken() -> Error {
    Error::new(Code::SlugTaken, "Another route of the project has this slug.")
}

/// Why there is no published version of a route.
async fn unpublished(connection: &mut Connection, project: ProjectId, id: RouteId) -> Result<Error> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select 1 from routes where project_id = $1 and id = $2 and deleted_at is null) as "exists!""#,
        project.as_uuid(),
        id.as_uuid(),
    )
    .fetch_one(connection)
    .await?;
    let detail = "The route was never published. It has only a draft: read that, publish it, or discard it.";
    Ok(if exists {
        Error::new(Code::NotPublished, detail)
    } else {
        Error::not_found()
    })
}

/// Adds a route with its first version.
///
/// # Errors
/// `slug_taken`, `alias_taken`.
pub async fn insert(
    connection: &mut Connection,
    route: &Route,
    publication: &Publication,
    now: OffsetDateTime,
) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into routes (id, organization_id, project_id, slug, version, created_at) values ($1, $2, $3, $4, $5, $6)",
        route.id.as_uuid(),
        route.organization.as_uuid(),
        route.project.as_uuid(),
        route.slug,
        i32::try_from(route.version).map_err(Error::internal)?,
        now,
    )
    .execute(&mut *connection)
    .await;
    on_constraint(inserted, "routes_slug", slug_taken)?;
    insert_version(connection, route, publication, now).await
}

/// Publishes the next version of a route.
///
/// # Errors
/// `slug_taken`, `alias_taken`.
pub async fn publish(
    connection: &mut Connection,
    route: &Route,
    publication: &Publication,
    now: OffsetDateTime,
) -> Result<()> {
    let updated = sqlx::query!(
        "update routes set slug = $2, version = $3 where id = $1",
        route.id.as_uuid(),
        route.slug,
        i32::try_from(route.version).map_err(Error::internal)?,
    )
    .execute(&mut *connection)
    .await;
    on_constraint(updated, "routes_slug", slug_taken)?;
    insert_version(connection, route, publication, now).await
}

async fn insert_version(
    connection: &mut Connection,
    route: &Route,
    publication: &Publication,
    now: OffsetDateTime,
) -> Result<()> {
    route_versions::insert(connection, route, publication, now).await?;
    sqlx::query!(
        "delete from route_aliases where route_id = $1",
        route.id.as_uuid()
    )
    .execute(&mut *connection)
    .await?;
    let named = sqlx::query!(
        "insert into route_aliases (organization_id, project_id, route_id, alias)
         select $1, $2, $3, alias from unnest($4::text[]) as alias",
        route.organization.as_uuid(),
        route.project.as_uuid(),
        route.id.as_uuid(),
        &route.aliases,
    )
    .execute(connection)
    .await;
    on_constraint(named, "route_aliases_once", || {
        Error::new(
            Code::AliasTaken,
            "One of the aliases belongs to another route of the project.",
        )
    })?;
    Ok(())
}

/// The routes of `project`, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    project: ProjectId,
    before: Option<RouteId>,
    limit: i64,
) -> Result<Vec<LiveRoute>> {
    let rows = sqlx::query_as!(
        LiveRow,
        r#"select version.document as "document: Json<Route>", routes.created_at, version.created_at as published_at,
            (select max(last.version) from route_versions last where last.route_id = routes.id) as "last_version!",
            newer.document as "newer?: Json<Route>", rollout.state as "state?",
            case when rollout.state = 'progressing' then rollout.stages[rollout.stage + 1] else 0 end as percent
         from routes join route_versions version
            on version.route_id = routes.id and version.version = routes.version
         left join route_rollouts rollout
            on rollout.route_id = routes.id and rollout.state in ('progressing', 'halted')
         left join route_versions newer
            on newer.route_id = rollout.route_id and newer.version = rollout.version
         where routes.project_id = $1 and routes.deleted_at is null and ($2::uuid is null or routes.id < $2)
         order by routes.id desc limit $3"#,
        project.as_uuid(),
        before.map(RouteId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(LiveRoute::try_from).collect()
}

/// The route with this id in `project`.
///
/// # Errors
/// `not_found`; `not_published` when it has only a draft.
pub async fn published(
    connection: &mut Connection,
    project: ProjectId,
    id: RouteId,
    lock: Lock,
) -> Result<LiveRoute> {
    match find(connection, project, id, lock).await? {
        Some(live) => Ok(live),
        None => Err(unpublished(connection, project, id).await?),
    }
}

/// The route with this id in `project`, if it was published.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    project: ProjectId,
    id: RouteId,
    lock: Lock,
) -> Result<Option<LiveRoute>> {
    if lock == Lock::ForUpdate {
        sqlx::query!("select id from routes where id = $1 for update", id.as_uuid())
            .fetch_optional(&mut *connection)
            .await?;
    }
    let row = sqlx::query_as!(
        LiveRow,
        r#"select version.document as "document: Json<Route>", routes.created_at, version.created_at as published_at,
            (select max(last.version) from route_versions last where last.route_id = routes.id) as "last_version!",
            newer.document as "newer?: Json<Route>", rollout.state as "state?",
            case when rollout.state = 'progressing' then rollout.stages[rollout.stage + 1] else 0 end as percent
         from routes join route_versions version
            on version.route_id = routes.id and version.version = routes.version
         left join route_rollouts rollout
            on rollout.route_id = routes.id and rollout.state in ('progressing', 'halted')
         left join route_versions newer
            on newer.route_id = rollout.route_id and newer.version = rollout.version
         where routes.project_id = $1 and routes.id = $2 and routes.deleted_at is null"#,
        project.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(LiveRoute::try_from).transpose()
}

/// Makes a version that was kept already the published one.
///
/// # Errors
/// When Postgres refuses.
pub async fn promote(connection: &mut Connection, id: RouteId, version: u32) -> Result<()> {
    sqlx::query!(
        "update routes set version = $2 where id = $1",
        id.as_uuid(),
        i32::try_from(version).map_err(Error::internal)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Slugs of the live routes of `project` with a target pinned to `account`, in the published version or in the one that is being
/// rolled out.
///
/// # Errors
/// When Postgres refuses.
pub async fn pinned_to(
    connection: &mut Connection,
    project: ProjectId,
    account: ConnectionId,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select distinct routes.slug from routes
         left join route_rollouts rollout
            on rollout.route_id = routes.id and rollout.state in ('progressing', 'halted')
         join route_versions version
            on version.route_id = routes.id and version.version in (routes.version, rollout.version)
         where routes.project_id = $1 and routes.deleted_at is null
            and (jsonb_path_exists(version.document, '$.targets[*].connection ? (@ == $pin)', jsonb_build_object('pin', $2::text))
                or jsonb_path_exists(version.document, '$.rules[*].targets[*].connection ? (@ == $pin)',
                    jsonb_build_object('pin', $2::text)))
         order by routes.slug",
        project.as_uuid(),
        account.to_string(),
    )
    .fetch_all(connection)
    .await?)
}

/// Takes a route out of use; its versions stay, its draft goes, its names become free.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: RouteId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!("delete from route_drafts where route_id = $1", id.as_uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from route_aliases where route_id = $1", id.as_uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "update routes set deleted_at = $2 where id = $1",
        id.as_uuid(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes every route of `project` out of use; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_all(
    connection: &mut Connection,
    project: ProjectId,
    now: OffsetDateTime,
) -> Result<Vec<RouteId>> {
    sqlx::query!(
        "delete from route_drafts where project_id = $1",
        project.as_uuid()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from route_aliases where project_id = $1",
        project.as_uuid()
    )
    .execute(&mut *connection)
    .await?;
    let ids = sqlx::query_scalar!(
        "update routes set deleted_at = $2 where project_id = $1 and deleted_at is null returning id",
        project.as_uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(RouteId::from).collect())
}
