//! Routes: named, versioned routing policies, callable as a model. Changing or deleting one requires `If-Match`.

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use sluicegate_contracts::ids::{ConnectionId, RouteId, UserId};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Creation, Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::routes::{self, Changes};
use crate::domain::precondition::IfMatch;
use crate::domain::route_draft::{RouteDraft, TargetDraft};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::Lock;
use crate::store::routes as rows;

/// How the targets of a route are put in order.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RouteStrategy {
    /// As listed: the first that can serve, the others as fallbacks.
    Ordered,
    /// Drawn by weight; the rest of the draw are the fallbacks.
    Weighted,
}

impl From<config::Strategy> for RouteStrategy {
    fn from(strategy: config::Strategy) -> Self {
        match strategy {
            config::Strategy::Ordered => Self::Ordered,
            config::Strategy::Weighted => Self::Weighted,
        }
    }
}

impl From<RouteStrategy> for config::Strategy {
    fn from(strategy: RouteStrategy) -> Self {
        match strategy {
            RouteStrategy::Ordered => Self::Ordered,
            RouteStrategy::Weighted => Self::Weighted,
        }
    }
}

/// Where a route sends requests.
#[derive(Serialize, ToSchema)]
struct RouteTarget {
    /// A model name as a caller could send it; never another route.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// Serve only through this connection; null means any that reaches the model.
    #[schema(value_type = Option<String>, required = true)]
    connection: Option<ConnectionId>,
    /// Share of traffic under `weighted`.
    weight: u32,
}

/// Retries before the first byte has reached the caller.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RouteRetry {
    /// Upper bound of attempts over all targets.
    #[schema(minimum = 1, maximum = 10)]
    max_attempts: u32,
    /// How long one attempt may take to its response headers, in milliseconds.
    #[schema(minimum = 1000, maximum = 600_000)]
    attempt_timeout_ms: u64,
}

impl From<RouteRetry> for config::RetryPolicy {
    fn from(retry: RouteRetry) -> Self {
        Self {
            max_attempts: retry.max_attempts,
            attempt_timeout_ms: retry.attempt_timeout_ms,
        }
    }
}

/// A route at its published version.
#[derive(Serialize, ToSchema)]
struct Route {
    /// Its id.
    #[schema(value_type = String, example = "rt_01jd0000000000000000000000")]
    id: RouteId,
    /// Callers name it `route/<slug>`.
    #[schema(example = "support")]
    slug: String,
    /// Further model names that mean this route.
    aliases: Vec<String>,
    /// The published version; also the ETag.
    version: u32,
    /// How targets are ordered.
    strategy: RouteStrategy,
    /// Where requests go.
    targets: Vec<RouteTarget>,
    /// Retries.
    retry: RouteRetry,
    /// When the route was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When this version was published.
    #[serde(with = "time::serde::rfc3339")]
    published_at: OffsetDateTime,
}

impl Route {
    fn of(route: config::Route, created_at: OffsetDateTime, published_at: OffsetDateTime) -> Self {
        let targets = route.targets.into_iter().map(|target| RouteTarget {
            model: target.model,
            connection: target.connection,
            weight: target.weight,
        });
        Self {
            id: route.id,
            slug: route.slug,
            aliases: route.aliases,
            version: route.version,
            strategy: route.strategy.into(),
            targets: targets.collect(),
            retry: RouteRetry {
                max_attempts: route.retry.max_attempts,
                attempt_timeout_ms: route.retry.attempt_timeout_ms,
            },
            created_at,
            published_at,
        }
    }
}

impl From<rows::LiveRoute> for Route {
    fn from(live: rows::LiveRoute) -> Self {
        Self::of(live.route, live.created_at, live.published_at)
    }
}

/// One version of a route, never changed.
#[derive(Serialize, ToSchema)]
struct RouteVersion {
    /// Its number, from 1.
    version: u32,
    /// The slug at that version.
    slug: String,
    /// Further model names.
    aliases: Vec<String>,
    /// How targets were ordered.
    strategy: RouteStrategy,
    /// Where requests went.
    targets: Vec<RouteTarget>,
    /// Retries.
    retry: RouteRetry,
    /// Id of the user who published it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
    /// When it was published.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<rows::RouteVersion> for RouteVersion {
    fn from(row: rows::RouteVersion) -> Self {
        let route = Route::of(row.route, row.created_at, row.created_at);
        Self {
            version: route.version,
            slug: route.slug,
            aliases: route.aliases,
            strategy: route.strategy,
            targets: route.targets,
            retry: route.retry,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// A target as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WriteRouteTarget {
    /// A model name as a caller could send it; never another route.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// Id or slug of the only connection that may serve it.
    connection: Option<String>,
    /// Share of traffic under `weighted`; 1 when absent, 0 never serves.
    #[serde(default = "one")]
    weight: u32,
}

const fn one() -> u32 {
    1
}

impl From<WriteRouteTarget> for TargetDraft {
    fn from(target: WriteRouteTarget) -> Self {
        Self {
            model: target.model,
            connection: target.connection,
            weight: target.weight,
        }
    }
}

fn drafts(targets: Vec<WriteRouteTarget>) -> Vec<TargetDraft> {
    targets.into_iter().map(TargetDraft::from).collect()
}

/// A new route.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateRoute {
    /// Callers name it `route/<slug>`.
    #[schema(example = "support", min_length = 2, max_length = 63)]
    slug: String,
    /// Further model names that mean this route.
    #[serde(default)]
    aliases: Vec<String>,
    /// How targets are ordered.
    strategy: RouteStrategy,
    /// 1 to 20 targets.
    #[schema(min_items = 1, max_items = 20)]
    targets: Vec<WriteRouteTarget>,
    /// Retries; three attempts of up to two minutes when absent.
    retry: Option<RouteRetry>,
}

/// What shall change; the rest stays as published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateRoute {
    /// Callers name it `route/<slug>`.
    slug: Option<String>,
    /// Further model names that mean this route.
    aliases: Option<Vec<String>>,
    /// How targets are ordered.
    strategy: Option<RouteStrategy>,
    /// All targets anew.
    targets: Option<Vec<WriteRouteTarget>>,
    /// Retries.
    retry: Option<RouteRetry>,
}

/// List routes
#[utoipa::path(
    operation_id = "list_routes", tag = "routes",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The routes, newest first", body = Page<Route>),
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/projects/{project}/routes")]
pub(super) async fn list_routes(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let (project, before, fetch) = (
        member.project,
        page.before::<Uuid>()?.map(RouteId::from),
        page.fetch()?,
    );
    let found = member
        .read(move |connection| rows::list(connection, project, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(
        &page,
        found,
        |row| row.route.id.as_uuid(),
        Route::from,
    )?)
}

/// Create a route
#[utoipa::path(
    operation_id = "create_route", tag = "routes", request_body = CreateRoute,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 201, description = "Created and published as version 1", body = Route),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes")]
pub(super) async fn create_route(member: InProject<Developer>, body: Creation<CreateRoute>) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let draft = RouteDraft {
        slug: body.slug,
        aliases: body.aliases,
        strategy: body.strategy.into(),
        targets: drafts(body.targets),
        retry: body.retry.map(config::RetryPolicy::from).unwrap_or_default(),
    };
    let project = member.project;
    member
        .caller
        .create(once, move |tx| {
            async move {
                let live = routes::create(tx, project, draft).await?;
                let (id, version) = (live.route.id, i64::from(live.route.version));
                let location = format!("/api/v1/projects/{project}/routes/{id}");
                Ok(Reply::created(location, &Route::from(live))?.at_revision(version))
            }
            .boxed()
        })
        .await
}

/// Read a route
#[utoipa::path(
    operation_id = "get_route", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The route", body = Route),
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/projects/{project}/routes/{route}")]
pub(super) async fn get_route(member: InProject<Viewer>, id: PathId<RouteId>) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    let found = member
        .read(move |connection| rows::find(connection, project, id, Lock::None).boxed())
        .await?;
    let live = found.ok_or_else(Error::not_found)?;
    let version = i64::from(live.route.version);
    Ok(Reply::ok(&Route::from(live))?.at_revision(version))
}

/// Change a route
///
/// Publishes the next version. What is absent stays as it is.
#[utoipa::path(
    operation_id = "update_route", tag = "routes", request_body = UpdateRoute,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = String, Header, description = "ETag of the version the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The route at its new version", body = Route),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/projects/{project}/routes/{route}")]
pub(super) async fn update_route(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
    body: Json<UpdateRoute>,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let body = body.checked()?;
    let changes = Changes {
        slug: body.slug,
        aliases: body.aliases,
        strategy: body.strategy.map(config::Strategy::from),
        targets: body.targets.map(drafts),
        retry: body.retry.map(config::RetryPolicy::from),
    };
    let (project, id) = (member.project, id.0);
    let written = member
        .caller
        .write(move |tx| async move { routes::update(tx, project, id, changes, &if_match).await }.boxed())
        .await?;
    let version = i64::from(written.value.route.version);
    Ok(Reply::ok(&Route::from(written.value))?
        .at_revision(version)
        .at_version(written.version))
}

/// Delete a route
#[utoipa::path(
    operation_id = "delete_route", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = String, Header, description = "ETag of the version the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 204, description = "Deleted"),
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/projects/{project}/routes/{route}")]
pub(super) async fn delete_route(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let (project, id) = (member.project, id.0);
    let written = member
        .caller
        .write(move |tx| async move { routes::delete(tx, project, id, &if_match).await }.boxed())
        .await?;
    Ok(Reply::no_content().at_version(written.version))
}

/// List the versions of a route
#[utoipa::path(
    operation_id = "list_route_versions", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        PageQuery,
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The versions, newest first", body = Page<RouteVersion>),
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/projects/{project}/routes/{route}/versions")]
pub(super) async fn list_route_versions(
    member: InProject<Viewer>,
    id: PathId<RouteId>,
    page: PageQuery,
) -> Result<Reply> {
    let (project, id, before, fetch) = (member.project, id.0, page.before::<i64>()?, page.fetch()?);
    let found = member
        .read(move |connection| {
            async move {
                rows::find(connection, project, id, Lock::None)
                    .await?
                    .ok_or_else(Error::not_found)?;
                rows::versions(connection, id, before, fetch).await
            }
            .boxed()
        })
        .await?;
    Reply::ok(&Page::of(
        &page,
        found,
        |row| i64::from(row.route.version),
        RouteVersion::from,
    )?)
}
