//! Signals: named values that are pushed from outside and asked for in conditions of routes.

use actix_web::{delete, get, put, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::SignalValue;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Developer, InProject, Json, PageQuery, Viewer};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::signals::{self, Push};
use crate::error::Result;
use crate::problem::Problem;
use crate::store::signals as rows;

/// A signal at its newest value.
#[derive(Serialize, ToSchema)]
struct Signal {
    /// Conditions ask for it as `signal("load", 0.0)`.
    #[schema(example = "load")]
    name: String,
    /// A number, a text, true or false.
    #[schema(value_type = Value)]
    value: SignalValue,
    /// When it becomes stale; conditions then take the value that they name themselves.
    #[serde(with = "time::serde::rfc3339")]
    good_until: OffsetDateTime,
    /// When it was pushed.
    #[serde(with = "time::serde::rfc3339")]
    pushed_at: OffsetDateTime,
}

impl From<rows::Signal> for Signal {
    fn from(row: rows::Signal) -> Self {
        Self {
            name: row.name,
            value: row.value,
            good_until: row.good_until,
            pushed_at: row.pushed_at,
        }
    }
}

/// A new value of a signal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PushSignal {
    /// A number, a text of at most 256 bytes, true or false.
    #[schema(value_type = Value)]
    value: SignalValue,
    /// For how long it counts.
    #[schema(minimum = 1, maximum = 604_800, example = 120)]
    ttl_seconds: u32,
}

/// The name in the path.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) signal: String,
}

/// List signals
#[utoipa::path(
    operation_id = "list_signals", tag = "routes",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The signals by name, stale ones too", body = Page<Signal>),
    )
)]
#[get("/projects/{project}/signals")]
pub(super) async fn list_signals(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let (project, after, fetch) = (member.project, page.before::<String>()?, page.fetch()?);
    let found = member
        .read(move |connection| {
            async move { rows::list(connection, project, after.as_deref(), fetch).await }.boxed()
        })
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.name.clone(), Signal::from)?)
}

/// Read a signal
#[utoipa::path(
    operation_id = "get_signal", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("signal" = String, Path, description = "Name of the signal"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The signal", body = Signal),
    )
)]
#[get("/projects/{project}/signals/{signal}")]
pub(super) async fn get_signal(member: InProject<Viewer>, named: web::Path<Named>) -> Result<Reply> {
    let (project, name) = (member.project, named.into_inner().signal);
    let row = member
        .find(move |connection| async move { rows::find(connection, project, &name).await }.boxed())
        .await?;
    Reply::ok(&Signal::from(row))
}

/// Push a signal
///
/// Workers act on the value within a second or two, and until it is stale.
#[utoipa::path(
    operation_id = "push_signal", tag = "routes", request_body = PushSignal,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("signal" = String, Path, description = "Name of the signal: 1 to 64 letters, digits, dots, dashes and underscores"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The signal at its new value", body = Signal),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/projects/{project}/signals/{signal}")]
pub(super) async fn push_signal(
    member: InProject<Developer>,
    named: web::Path<Named>,
    body: Json<PushSignal>,
) -> Result<Reply> {
    let body = body.checked()?;
    let push = Push {
        name: named.into_inner().signal,
        value: body.value,
        ttl_seconds: body.ttl_seconds,
    };
    let project = member.project;
    member
        .caller
        .change(
            move |tx| async move { signals::push(tx, project, push).await }.boxed(),
            |row| Reply::ok(&Signal::from(row)),
        )
        .await
}

/// Delete a signal
#[utoipa::path(
    operation_id = "delete_signal", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("signal" = String, Path, description = "Name of the signal"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 204, description = "Deleted: conditions take the value that they name themselves"),
    )
)]
#[delete("/projects/{project}/signals/{signal}")]
pub(super) async fn delete_signal(member: InProject<Developer>, named: web::Path<Named>) -> Result<Reply> {
    let (project, name) = (member.project, named.into_inner().signal);
    member
        .caller
        .remove(move |tx| async move { signals::delete(tx, project, &name).await }.boxed())
        .await
}
