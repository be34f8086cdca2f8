//! Sources of signals: where the values of a signal are fetched from, instead of being pushed.

use actix_web::{delete, get, put, web};
use futures_util::FutureExt;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Developer, InProject, Json};
use super::reply::Reply;
use super::shapes::optional_secret;
use super::signals::Named;
use crate::app::signal_sources::{self, Draft};
use crate::domain::signal_source::Terms;
use crate::error::Result;
use crate::problem::Problem;
use crate::store::signal_sources as rows;

/// Where a signal's values come from, and what came of the last fetch.
#[derive(Serialize, ToSchema)]
struct SignalSource {
    /// Name of the signal.
    #[schema(example = "load")]
    signal: String,
    /// What is fetched.
    #[schema(example = "https://metrics.example.com/api/load")]
    url: String,
    /// Whether a header `authorization` is sent. Its value is never shown.
    has_authorization: bool,
    /// Where in the answer the value is, as a JSON pointer.
    #[schema(example = "/data/0/load")]
    pointer: String,
    /// Seconds from one fetch to the next.
    every_seconds: u32,
    /// For how long a value counts.
    ttl_seconds: u32,
    /// When it is fetched next.
    #[serde(with = "time::serde::rfc3339")]
    next_fetch_at: OffsetDateTime,
    /// When it was fetched last.
    #[serde(with = "time::serde::rfc3339::option")]
    last_fetch_at: Option<OffsetDateTime>,
    /// Why that brought no value; null when it did.
    #[schema(example = "the answer had status 503")]
    last_error: Option<String>,
}

impl From<rows::SignalSource> for SignalSource {
    fn from(row: rows::SignalSource) -> Self {
        Self {
            signal: row.name,
            url: row.url,
            has_authorization: row.authorization.is_some(),
            ttl_seconds: row.terms.ttl_seconds(),
            every_seconds: row.terms.every_seconds,
            pointer: row.terms.pointer,
            next_fetch_at: row.next_fetch_at,
            last_fetch_at: row.last_fetch_at,
            last_error: row.last_error,
        }
    }
}

/// Where to fetch a signal's values from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetSignalSource {
    /// Answers `GET` with 200 and JSON. Redirects are not followed; addresses that are not public need the operator's leave.
    #[schema(example = "https://metrics.example.com/api/load")]
    url: String,
    /// Sent as the header `authorization`; stored sealed, never shown.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    authorization: Option<SecretString>,
    /// Where in the answer the value is, as a JSON pointer; left out: the whole answer.
    #[serde(default)]
    #[schema(example = "/data/0/load")]
    pointer: String,
    /// Seconds from one fetch to the next.
    #[schema(minimum = 10, maximum = 86_400, example = 60)]
    every_seconds: u32,
    /// For how long a value counts; left out: for three intervals.
    #[schema(maximum = 604_800, example = 180)]
    ttl_seconds: Option<u32>,
}

/// Read the source of a signal
#[utoipa::path(
    operation_id = "get_signal_source", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("signal" = String, Path, description = "Name of the signal"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The source, and what came of the last fetch", body = SignalSource),
    )
)]
#[get("/projects/{project}/signals/{signal}/source")]
pub(super) async fn get_signal_source(
    member: InProject<Developer>,
    named: web::Path<Named>,
) -> Result<Reply> {
    let (organization, project, name) = (member.organization()?, member.project, named.into_inner().signal);
    let row = member
        .find(move |connection| {
            async move { rows::find(connection, organization, project, &name).await }.boxed()
        })
        .await?;
    Reply::ok(&SignalSource::from(row))
}

/// Set the source of a signal
///
/// Its value is fetched at once, and then every so often, as if somebody pushed it. When a fetch fails, the last value counts until
/// it is stale; `last_error` says why.
#[utoipa::path(
    operation_id = "set_signal_source", tag = "routes", request_body = SetSignalSource,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("signal" = String, Path, description = "Name of the signal, which need not be there yet"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The source; nothing is fetched yet", body = SignalSource),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/projects/{project}/signals/{signal}/source")]
pub(super) async fn set_signal_source(
    member: InProject<Developer>,
    named: web::Path<Named>,
    body: Json<SetSignalSource>,
) -> Result<Reply> {
    let body = body.checked()?;
    let draft = Draft {
        name: named.into_inner().signal,
        url: body.url,
        authorization: body.authorization,
        terms: Terms {
            pointer: body.pointer,
            every_seconds: body.every_seconds,
            ttl_seconds: body.ttl_seconds,
        },
    };
    let project = member.project;
    member
        .caller
        .change(
            move |tx| async move { signal_sources::set(tx, project, draft).await }.boxed(),
            |row| Reply::ok(&SignalSource::from(row)),
        )
        .await
}

/// Delete the source of a signal
///
/// The last value counts until it is stale.
#[utoipa::path(
    operation_id = "delete_signal_source", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("signal" = String, Path, description = "Name of the signal"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 204, description = "Deleted: values of the signal are pushed again"),
    )
)]
#[delete("/projects/{project}/signals/{signal}/source")]
pub(super) async fn delete_signal_source(
    member: InProject<Developer>,
    named: web::Path<Named>,
) -> Result<Reply> {
    let (project, name) = (member.project, named.into_inner().signal);
    member
        .caller
        .remove(move |tx| async move { signal_sources::delete(tx, project, &name).await }.boxed())
        .await
}
