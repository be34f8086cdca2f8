//! Versions of routes: what was published when, by whom and why; and publishing one of them again.

use actix_web::{get, post, web};
use futures_util::FutureExt;
use serde::Deserialize;
use sluicegate_contracts::ids::RouteId;
use utoipa::ToSchema;

use super::extract::yaml::Places;
use super::extract::{Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::route_shapes::{Route, RouteVersion, read_message};
use super::shapes::Page;
use crate::app::{route_supply, routes as use_cases};
use crate::domain::precondition::IfMatch;
use crate::domain::publication_message::PublicationMessage;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::{Lock, route_versions, routes};

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
    )
)]
#[get("/projects/{project}/routes/{route}/versions")]
pub(super) async fn list_route_versions(
    member: InProject<Viewer>,
    id: PathId<RouteId>,
    page: PageQuery,
) -> Result<Reply> {
    let (project, id, before, fetch) = (member.project, id.0, page.before::<i64>()?, page.fetch()?);
    let organization = member.organization()?;
    let found = member
        .read(move |connection| {
            async move {
                routes::published(connection, project, id, Lock::None).await?;
                route_versions::list(connection, organization, id, before, fetch).await
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

/// A version in the path.
#[derive(Deserialize)]
struct Numbered {
    version: String,
}

/// Read a version of a route
#[utoipa::path(
    operation_id = "get_route_version", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("version" = u32, Path, description = "Its number"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The version as it was published", body = RouteVersion),
    )
)]
#[get("/projects/{project}/routes/{route}/versions/{version}")]
pub(super) async fn get_route_version(
    member: InProject<Viewer>,
    id: PathId<RouteId>,
    numbered: web::Path<Numbered>,
) -> Result<Reply> {
    let version: u32 = numbered.version.parse().map_err(|_| Error::not_found())?;
    let (organization, project, id) = (member.organization()?, member.project, id.0);
    let found = member
        .find(move |connection| {
            async move {
                routes::published(connection, project, id, Lock::None).await?;
                route_versions::find(connection, organization, id, version).await
            }
            .boxed()
        })
        .await?;
    Reply::ok(&RouteVersion::from(found))
}

/// A version that is to be published again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RollBackRoute {
    /// Its number.
    #[schema(minimum = 1)]
    to_version: u32,
    /// Why, for the list of versions and the audit log.
    #[schema(max_length = 1000)]
    message: Option<String>,
}

impl RollBackRoute {
    /// Why.
    ///
    /// # Errors
    /// `validation_failed`.
    fn message(&self) -> Result<Option<PublicationMessage>> {
        read_message(self.message.as_deref())
    }
}

/// Roll a route back
///
/// Publishes an older version again, as the next one. It is checked as a new one would be: what it names may be gone. A rollout that
/// is under way ends with it; with the number of the published version nothing else happens.
#[utoipa::path(
    operation_id = "roll_back_route", tag = "routes", request_body = RollBackRoute,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the version that is to be taken back"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The route at its new version", body = Route),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/rollback")]
pub(super) async fn roll_back_route(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
    body: Json<RollBackRoute>,
) -> Result<Reply> {
    let body = body.checked()?;
    let message = body.message()?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let (project, id, to) = (member.project, id.0, body.to_version);
    member
        .caller
        .change(
            move |tx| {
                async move { use_cases::roll_back(tx, project, id, to, message, &if_match, host).await }
                    .boxed()
            },
            |(live, warnings)| {
                let version = i64::from(live.route.version);
                Reply::state(version, &Route::published(live, warnings, &Places::default()))
            },
        )
        .await
}
