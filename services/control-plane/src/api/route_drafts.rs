//! Drafts of routes: one beside each published route, or of a route that is not published yet. No worker sees them.

use std::sync::Arc;

use actix_web::{delete, get, post, put, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluicegate_contracts::ids::{ProjectId, RouteId, UserId};
use sluicegate_contracts::time::UnixMillis;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::extract::document::stored;
use super::extract::yaml::Places;
use super::extract::{Developer, Document, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::route_checks::RouteCheck;
use super::route_rollout_shapes::WriteRouteRollout;
use super::route_shapes::{CreateRoute, Route};
use super::shapes::Page;
use crate::app::routes::PublishDraft;
use crate::app::{route_drafts, route_supply, routes};
use crate::domain::instant::millis;
use crate::domain::precondition::IfMatch;
use crate::domain::publication_message::PublicationMessage;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::Connection;
use crate::store::connections::Account;
use crate::store::route_drafts::{self as rows, Draft};

/// A draft, without its document.
#[derive(Serialize, ToSchema)]
struct RouteDraftSummary {
    /// Id of the route that it is a draft of.
    #[schema(value_type = String, example = "rt_01jd0000000000000000000000")]
    route: RouteId,
    /// Slug of the route: the published one, or the one kept for it.
    #[schema(example = "support")]
    slug: String,
    /// The published version that it is based on; null: none was published then.
    #[schema(required = true)]
    base_version: Option<u32>,
    /// The version that is published now; null: none.
    #[schema(required = true)]
    published_version: Option<u32>,
    /// The number that it gets when it is published: higher than that of every version so far, also of those given up.
    next_version: u32,
    /// Whether another version was published since; it cannot be published then before it takes that into account.
    is_stale: bool,
    /// Id of the user who wrote it.
    #[schema(value_type = Option<String>, required = true)]
    updated_by: Option<UserId>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

/// A draft, and what is found of it as things stand.
#[derive(Serialize, ToSchema)]
struct RouteDraft {
    /// Where it stands.
    #[serde(flatten)]
    summary: RouteDraftSummary,
    /// The document as it was written.
    #[schema(value_type = CreateRoute)]
    document: Value,
    /// What publishing it would find.
    check: RouteCheck,
}

impl RouteDraftSummary {
    fn of(draft: &Draft) -> Self {
        let version = |number: u32| (number > 0).then_some(number);
        Self {
            route: draft.route,
            slug: draft.slug.clone(),
            base_version: version(draft.base_version),
            published_version: version(draft.published_version),
            next_version: draft.last_version + 1,
            is_stale: draft.base_version != draft.published_version,
            updated_by: draft.updated_by,
            updated_at: draft.updated_at,
        }
    }
}

/// A draft with what is found of it.
async fn judged(
    connection: &mut Connection,
    project: ProjectId,
    draft: Draft,
    host: Vec<Account>,
    now: UnixMillis,
    places: &Places,
) -> Result<(u32, RouteDraft)> {
    let document = stored::<CreateRoute>(draft.document.clone())?.unpublished()?;
    let judgment = routes::check(connection, project, document, host, now).await?;
    let shown = RouteDraft {
        summary: RouteDraftSummary::of(&draft),
        document: draft.document,
        check: RouteCheck::of(judgment, places),
    };
    Ok((draft.revision, shown))
}

fn shown((revision, draft): (u32, RouteDraft)) -> Result<Reply> {
    Reply::state(i64::from(revision), &draft)
}

/// List drafts of routes
#[utoipa::path(
    operation_id = "list_route_drafts", tag = "routes",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The drafts, of the newest route first", body = Page<RouteDraftSummary>),
    )
)]
#[get("/projects/{project}/route-drafts")]
pub(super) async fn list_route_drafts(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let (organization, project) = (member.organization()?, member.project);
    let (before, fetch) = (page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, project, before, fetch).boxed())
        .await?;
    let shown = |row: Draft| RouteDraftSummary::of(&row);
    Reply::ok(&Page::of(&page, found, |row| row.route, shown)?)
}

/// Begin a draft of a new route
///
/// Publishes nothing. The slug is kept for the route, which exists for workers once the draft is published.
#[utoipa::path(
    operation_id = "begin_route_draft", tag = "routes", request_body(content(
        (CreateRoute = "application/json"), (CreateRoute = "application/yaml"))),
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 201, description = "The draft, and what is found of it", body = RouteDraft),
        (status = "default", description = "Problem: the document is not one of a route", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/route-drafts")]
pub(super) async fn begin_route_draft(member: InProject<Developer>, body: Document<Value>) -> Result<Reply> {
    let written = body.checked()?;
    let document: CreateRoute = written.read()?;
    let slug = document.slug.clone();
    document
        .unpublished()
        .map_err(|error| error.located(&written.places))?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let project = member.project;
    let places = Arc::new(written.places);
    let within = Arc::clone(&places);
    let value = written.body;
    member
        .caller
        .create(written.once, move |tx| {
            async move {
                let draft = route_drafts::begin(tx, project, &slug, &value).await?;
                let location = format!("/api/v1/projects/{project}/routes/{}/draft", draft.route);
                let now = millis(tx.ctx().now);
                let (revision, shown) = judged(tx.connection(), project, draft, host, now, &within).await?;
                Ok(Reply::created(location, &shown)?.at_revision(i64::from(revision)))
            }
            .boxed()
        })
        .await
        .map_err(|error| error.located(&places))
}

/// Read the draft of a route
#[utoipa::path(
    operation_id = "get_route_draft", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The draft, and what is found of it as things stand", body = RouteDraft),
    )
)]
#[get("/projects/{project}/routes/{route}/draft")]
pub(super) async fn get_route_draft(member: InProject<Viewer>, id: PathId<RouteId>) -> Result<Reply> {
    let host = route_supply::of_host(&member.caller.state).await?;
    let (organization, project, id) = (member.organization()?, member.project, id.0);
    let now = millis(member.caller.ctx.now);
    let found = member
        .read(move |connection| {
            async move {
                let draft = rows::find(connection, organization, project, id).await?;
                let draft = draft.ok_or_else(Error::not_found)?;
                judged(connection, project, draft, host, now, &Places::default()).await
            }
            .boxed()
        })
        .await?;
    shown(found)
}

/// Of which version a draft takes account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Rebase {
    /// The published version that the document takes into account; absent: the one that the draft was based on, or for the
    /// first draft the published one.
    #[param(minimum = 1)]
    base_version: Option<u32>,
}

/// Write the draft of a route
///
/// Replaces the whole document. Publishes nothing.
#[utoipa::path(
    operation_id = "write_route_draft", tag = "routes", request_body(content(
        (CreateRoute = "application/json"), (CreateRoute = "application/yaml"))),
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the draft that is replaced; required where there is one"),
        Rebase,
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The draft, and what is found of it", body = RouteDraft),
        (status = "default", description = "Problem: the document is not one of a route", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/projects/{project}/routes/{route}/draft")]
pub(super) async fn write_route_draft(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
    rebase: web::Query<Rebase>,
    body: Document<Value>,
) -> Result<Reply> {
    let written = body.checked()?;
    let document: CreateRoute = written.read()?;
    let slug = document.slug.clone();
    document
        .unpublished()
        .map_err(|error| error.located(&written.places))?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let (project, id, base) = (member.project, id.0, rebase.base_version);
    let places = Arc::new(written.places);
    let within = Arc::clone(&places);
    let value = written.body;
    member
        .caller
        .change(
            move |tx| {
                async move {
                    let draft = route_drafts::write(tx, project, id, (&slug, &value), base, if_match).await?;
                    let now = millis(tx.ctx().now);
                    judged(tx.connection(), project, draft, host, now, &within).await
                }
                .boxed()
            },
            shown,
        )
        .await
        .map_err(|error| error.located(&places))
}

/// Discard the draft of a route
///
/// A route that was never published goes with it.
#[utoipa::path(
    operation_id = "discard_route_draft", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = String, Header, description = "ETag of the draft"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 204, description = "Discarded"),
    )
)]
#[delete("/projects/{project}/routes/{route}/draft")]
pub(super) async fn discard_route_draft(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let (project, id) = (member.project, id.0);
    member
        .caller
        .remove(move |tx| async move { route_drafts::discard(tx, project, id, &if_match).await }.boxed())
        .await
}

/// Why a draft is published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublishRouteDraft {
    /// For the list of versions and the audit log.
    #[schema(min_length = 1, max_length = 1000, example = "Prefer the EU for support.")]
    message: String,
    /// In which stages it takes the place of the published version; absent: at once.
    rollout: Option<WriteRouteRollout>,
}

impl PublishRouteDraft {
    /// How.
    ///
    /// # Errors
    /// `validation_failed`.
    fn how(self) -> Result<PublishDraft> {
        let message = PublicationMessage::parse(&self.message);
        Ok(PublishDraft {
            message: message.map_err(|finding| Error::validation(vec![finding]))?,
            rollout: self.rollout.map(WriteRouteRollout::checked).transpose()?,
        })
    }
}

/// Publish the draft of a route
///
/// It becomes the next version, and the draft is gone. With a `rollout` it serves a share of the conversations at first, which grows
/// stage by stage, and is halted by itself when it does worse than the published version. Refused with `draft_stale` when another
/// version was published since it was begun, and with `rollout_under_way` while another one is being rolled out.
#[utoipa::path(
    operation_id = "publish_route_draft", tag = "routes", request_body = PublishRouteDraft,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = String, Header, description = "ETag of the draft that was looked at"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The route at its new version; with a rollout at the one that is still published", body = Route),
        (status = "default", description = "Problem; `errors` points to every finding in the document", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/draft/publish")]
pub(super) async fn publish_route_draft(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
    body: Json<PublishRouteDraft>,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let how = body.checked()?.how()?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let (project, id) = (member.project, id.0);
    let read = |document| stored::<CreateRoute>(document)?.unpublished();
    member
        .caller
        .change(
            move |tx| {
                async move { route_drafts::publish(tx, project, id, &if_match, read, how, host).await }
                    .boxed()
            },
            |(live, warnings)| {
                let version = i64::from(live.route.version);
                Reply::state(version, &Route::published(live, warnings, &Places::default()))
            },
        )
        .await
}
