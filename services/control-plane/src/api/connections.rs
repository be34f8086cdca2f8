//! Accounts at providers. A credential goes in and never comes out.

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::Status;
use sluicegate_contracts::ids::ConnectionId;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Creation, Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::{Page, nullable, nullable_secret, optional_secret, slug};
use crate::app::connections::{self, Changes, NewConnection};
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::store::Lock;
use crate::store::connections as rows;

/// Whether a connection may be used.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConnectionStatus {
    /// In use.
    Active,
    /// Taken out of use; can be enabled again.
    Disabled,
}

impl From<Status> for ConnectionStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Disabled => Self::Disabled,
        }
    }
}

impl From<ConnectionStatus> for Status {
    fn from(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Active => Self::Active,
            ConnectionStatus::Disabled => Self::Disabled,
        }
    }
}

/// How the last test of a connection went.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct LastTest {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    /// Whether the provider accepted the credential.
    pub(super) ok: bool,
    /// Time to the whole answer, in milliseconds.
    #[schema(required = true)]
    pub(super) latency_ms: Option<u64>,
    /// The provider's HTTP status.
    #[schema(required = true)]
    pub(super) status: Option<u16>,
    /// One sentence about it.
    #[schema(required = true)]
    pub(super) message: Option<String>,
}

/// An account at a provider.
#[derive(Serialize, ToSchema)]
struct Connection {
    /// Its id.
    #[schema(value_type = String, example = "con_01jd0000000000000000000000")]
    id: ConnectionId,
    /// Its name within the project; models of a compatible server are called `<slug>/<model>`.
    #[schema(example = "openai")]
    slug: String,
    /// Provider id.
    #[schema(example = "openai")]
    provider: String,
    /// Base URL including the version path.
    #[schema(example = "https://api.openai.com/v1")]
    base_url: String,
    /// End of the credential, when there is one.
    #[schema(required = true, example = "…wxyz")]
    credential_hint: Option<String>,
    /// Whether it may be used.
    status: ConnectionStatus,
    /// Lower is tried first.
    priority: i32,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// How its last test went, when it was tested.
    #[schema(required = true)]
    last_test: Option<LastTest>,
}

impl From<rows::Account> for Connection {
    fn from(row: rows::Account) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            provider: row.provider,
            base_url: row.base_url.as_str().trim_end_matches('/').to_owned(),
            credential_hint: row.credential.map(|credential| credential.hint),
            status: row.status.into(),
            priority: row.priority,
            created_at: row.created_at,
            last_test: row.last_test.and_then(|test| serde_json::from_value(test).ok()),
        }
    }
}

/// A new connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateConnection {
    /// Its name within the project.
    #[schema(example = "openai", min_length = 2, max_length = 63)]
    slug: String,
    /// Provider id, from the list of providers.
    #[schema(example = "openai")]
    provider: String,
    /// Base URL including the version path; the provider's own when absent.
    base_url: Option<String>,
    /// The credential; sealed at once and never shown again.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    credential: Option<SecretString>,
    /// Lower is tried first; 0 when absent.
    #[serde(default)]
    priority: i32,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateConnection {
    /// Base URL; null goes back to the provider's own. Another URL drops the credential unless it is sent again.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    base_url: Option<Option<String>>,
    /// A new credential; null forgets it.
    #[serde(default, deserialize_with = "nullable_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    credential: Option<Option<SecretString>>,
    /// Whether it may be used.
    status: Option<ConnectionStatus>,
    /// Lower is tried first.
    priority: Option<i32>,
}

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
    let (project, before, fetch) = (
        member.project,
        page.before::<Uuid>()?.map(ConnectionId::from),
        page.fetch()?,
    );
    let found = member
        .read(move |connection| rows::list(connection, project, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id.as_uuid(), Connection::from)?)
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
