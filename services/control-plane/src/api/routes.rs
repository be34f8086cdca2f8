//! Routes: named, versioned routing policies, callable as a model. Changing or deleting one requires `If-Match`.

use std::sync::Arc;

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use sluicegate_contracts::ids::RouteId;

use super::extract::document::Written;
use super::extract::{Developer, Document, InProject, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::route_shapes::{CreateRoute, Route, UpdateRoute};
use super::shapes::Page;
use crate::app::{route_supply, routes};
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::problem::Problem;
use crate::store::Lock;
use crate::store::routes as rows;

fn shown(live: rows::LiveRoute) -> Result<Reply> {
    Reply::state(i64::from(live.route.version), &Route::from(live))
}

/// List routes
#[utoipa::path(
    operation_id = "list_routes", tag = "routes",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The routes, newest first", body = Page<Route>),
    )
)]
#[get("/projects/{project}/routes")]
pub(super) async fn list_routes(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let (project, before, fetch) = (member.project, page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, project, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.route.id, Route::from)?)
}

/// Create a route
#[utoipa::path(
    operation_id = "create_route", tag = "routes", request_body(content(
        (CreateRoute = "application/json"), (CreateRoute = "application/yaml"))),
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
pub(super) async fn create_route(member: InProject<Developer>, body: Document<CreateRoute>) -> Result<Reply> {
    let Written { body, places, once } = body.checked()?;
    let message = body.message().map_err(|error| error.located(&places))?;
    let draft = body.draft().map_err(|error| error.located(&places))?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let project = member.project;
    let places = Arc::new(places);
    let within = Arc::clone(&places);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (live, warnings) = routes::create(tx, project, draft, message, host).await?;
                let (id, version) = (live.route.id, i64::from(live.route.version));
                let location = format!("/api/v1/projects/{project}/routes/{id}");
                let shown = Route::published(live, warnings, &within);
                Ok(Reply::created(location, &shown)?.at_revision(version))
            }
            .boxed()
        })
        .await
        .map_err(|error| error.located(&places))
}

/// Read a route
///
/// One that was never published is `not_published` (404): its draft has a path of its own.
#[utoipa::path(
    operation_id = "get_route", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The route", body = Route),
    )
)]
#[get("/projects/{project}/routes/{route}")]
pub(super) async fn get_route(member: InProject<Viewer>, id: PathId<RouteId>) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    let row = member
        .read(move |connection| rows::published(connection, project, id, Lock::None).boxed())
        .await?;
    shown(row)
}

/// Change a route
///
/// Publishes the next version. What is absent stays as it is.
#[utoipa::path(
    operation_id = "update_route", tag = "routes", request_body(content(
        (UpdateRoute = "application/json"), (UpdateRoute = "application/yaml"))),
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
    body: Document<UpdateRoute>,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let Written { body, places, .. } = body.checked()?;
    let message = body.message().map_err(|error| error.located(&places))?;
    let changes = body.changes().map_err(|error| error.located(&places))?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let (project, id) = (member.project, id.0);
    member
        .caller
        .change(
            move |tx| {
                async move { routes::update(tx, project, id, changes, message, &if_match, host).await }
                    .boxed()
            },
            |(live, warnings)| {
                let version = i64::from(live.route.version);
                Reply::state(version, &Route::published(live, warnings, &places))
            },
        )
        .await
        .map_err(|error| error.located(&places))
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
    member
        .caller
        .remove(move |tx| async move { routes::delete(tx, project, id, &if_match).await }.boxed())
        .await
}
