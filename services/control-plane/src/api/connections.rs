//! Accounts at providers. A credential goes in and never comes out.

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use sluicegate_contracts::config::Status;
use sluicegate_contracts::ids::ConnectionId;

use super::connection_shapes::{Connection, CreateConnection, UpdateConnection};
use super::extract::{Creation, Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::{Page, slug};
use crate::app::connections::{self, Changes, NewConnection};
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::store::Lock;
use crate::store::connections as rows;

fn shown(row: rows::Account) -> Result<Reply> {
    Reply::state(row.revision, &Connection::from(row))
}

/// List connections
#[utoipa::path(
    operation_id = "list_connections", tag = "connections",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The connections, newest first", body = Page<Connection>),
    )
)]
#[get("/projects/{project}/connections")]
pub(super) async fn list_connections(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let (project, before, fetch) = (member.project, page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, project, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, Connection::from)?)
}

/// Create a connection
#[utoipa::path(
    operation_id = "create_connection", tag = "connections", request_body = CreateConnection,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 201, description = "Created", body = Connection),
    )
)]
#[post("/projects/{project}/connections")]
pub(super) async fn create_connection(
    member: InProject<Developer>,
    body: Creation<CreateConnection>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let input = NewConnection {
        slug: slug(&body.slug)?,
        provider: body.provider,
        base_url: body.base_url,
        settings: body.settings.unwrap_or_default().into(),
        credential: body.credential,
        priority: body.priority,
    };
    let project = member.project;
    member
        .caller
        .create(once, move |tx| {
            async move {
                let account = connections::create(tx, project, input).await?;
                let (id, revision) = (account.id, account.revision);
                let location = format!("/api/v1/projects/{project}/connections/{id}");
                Ok(Reply::created(location, &Connection::from(account))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a connection
#[utoipa::path(
    operation_id = "get_connection", tag = "connections",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("connection" = String, Path, description = "Id of the connection"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The connection", body = Connection),
    )
)]
#[get("/projects/{project}/connections/{connection}")]
pub(super) async fn get_connection(member: InProject<Viewer>, id: PathId<ConnectionId>) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    let row = member
        .find(move |connection| rows::find(connection, project, id, Lock::None).boxed())
        .await?;
    shown(row)
}

/// Change a connection
///
/// Another base URL drops the credential unless it is sent again: it was given for that address.
#[utoipa::path(
    operation_id = "update_connection", tag = "connections", request_body = UpdateConnection,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("connection" = String, Path, description = "Id of the connection"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The connection as changed", body = Connection),
    )
)]
#[patch("/projects/{project}/connections/{connection}")]
pub(super) async fn update_connection(
    member: InProject<Developer>,
    id: PathId<ConnectionId>,
    if_match: IfMatch,
    body: Json<UpdateConnection>,
) -> Result<Reply> {
    let body = body.checked()?;
    let changes = Changes {
        base_url: body.base_url,
        settings: body.settings.map(Into::into),
        credential: body.credential,
        status: body.status.map(Status::from),
        priority: body.priority,
    };
    let (project, id) = (member.project, id.0);
    member
        .caller
        .change(
            move |tx| async move { connections::update(tx, project, id, changes, &if_match).await }.boxed(),
            shown,
        )
        .await
}

/// Delete a connection
///
/// Refused while a route is pinned to it.
#[utoipa::path(
    operation_id = "delete_connection", tag = "connections",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("connection" = String, Path, description = "Id of the connection"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 204, description = "Deleted"),
    )
)]
#[delete("/projects/{project}/connections/{connection}")]
pub(super) async fn delete_connection(
    member: InProject<Developer>,
    id: PathId<ConnectionId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    member
        .caller
        .remove(move |tx| async move { connections::delete(tx, project, id, &if_match).await }.boxed())
        .await
}
