//! Versions of routes: what was published when, by whom and why, and what became of it; and publishing one of them again.

use actix_web::{get, post, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{RouteId, UserId};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::yaml::Places;
use super::extract::{Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::route_retry::RouteRetry;
use super::route_shapes::{Route, RouteRule, RouteTarget, read_message, rules_of};
use super::route_strategy::RouteStrategy;
use super::shapes::Page;
use crate::app::{route_supply, routes as use_cases};
use crate::domain::precondition::IfMatch;
use crate::domain::publication_message::PublicationMessage;
use crate::domain::version_state::VersionState;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::{Lock, route_versions, routes};

/// What became of a version of a route.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RouteVersionState {
    /// It is to take the place of the published one: its rollout is under way, or halted.
    RollingOut,
    /// It is the published one.
    Published,
    /// It was the published one before another.
    Superseded,
    /// Its rollout was aborted: it never was the published one.
    GivenUp,
}

impl From<VersionState> for RouteVersionState {
    fn from(state: VersionState) -> Self {
        match state {
            VersionState::RollingOut => Self::RollingOut,
            VersionState::Published => Self::Published,
            VersionState::Superseded => Self::Superseded,
            VersionState::GivenUp => Self::GivenUp,
        }
    }
}

/// One version of a route. What it says never changes, its state does.
#[derive(Serialize, ToSchema)]
struct RouteVersion {
    /// Its number, from 1.
    version: u32,
    /// What became of it.
    state: RouteVersionState,
    /// The slug at that version.
    slug: String,
    /// Further model names.
    aliases: Vec<String>,
    /// Its rules.
    rules: Vec<RouteRule>,
    /// How targets of the last rule were ordered.
    strategy: RouteStrategy,
    /// Where requests went that no other rule took.
    targets: Vec<RouteTarget>,
    /// Retries of the last rule.
    retry: RouteRetry,
    /// Id of the user who published it, or began its rollout.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
    /// Why, in their words.
    #[schema(required = true)]
    message: Option<String>,
    /// The older version that it is again; null: it is new.
    #[schema(required = true)]
    restores: Option<u32>,
    /// When it was published, or its rollout begun.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<route_versions::RouteVersion> for RouteVersion {
    fn from(row: route_versions::RouteVersion) -> Self {
        let (rules, last) = rules_of(row.route.rules);
        Self {
            version: row.route.version,
            state: row.state.into(),
            slug: row.route.slug,
            aliases: row.route.aliases,
            rules,
            strategy: last.strategy,
            targets: last.targets,
            retry: last.retry,
            created_by: row.publication.by,
            message: row.publication.message,
            restores: row.publication.restores,
            created_at: row.created_at,
        }
    }
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
