//! The request log of a project: what was asked, what served, what it cost. Metadata only.

use actix_web::{get, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::account::MAX_PARTITION_BYTES;
use sluicegate_contracts::ids::{ApiKeyId, ConnectionId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::AttemptRecord;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{InProject, PageQuery, PathId, Viewer};
use super::money::Money;
use super::reply::Reply;
use super::shapes::Page;
use crate::domain::replay::ArmOf;
use crate::error::{Error, Result};
use crate::store::requests::{self, LoggedRequest, RequestFilter};

/// One inference call.
#[derive(Serialize, ToSchema)]
struct Request {
    /// Its id, as in the `x-request-id` of the answer.
    #[schema(value_type = String, example = "req_01jd0000000000000000000000")]
    id: RequestId,
    /// When the gateway received it.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// `chat_completions`, `embeddings` or `rerank`.
    operation: String,
    /// The dialect the caller spoke, such as `openai_chat` or `anthropic_messages`.
    #[schema(required = true)]
    dialect: Option<String>,
    /// The dialect of the last attempt; the answer was translated where it is another one.
    #[schema(required = true)]
    upstream_dialect: Option<String>,
    /// What of the request or of its answer could not be said in the other dialect.
    #[schema(required = true, example = "seed, unknown_field:x_odd")]
    dropped: Option<String>,
    /// Model name as sent.
    model_requested: String,
    /// Canonical model that served.
    #[schema(required = true)]
    model_served: Option<String>,
    /// Provider of the last attempt.
    #[schema(required = true)]
    provider: Option<String>,
    /// The route that decided.
    #[schema(required = true)]
    route: Option<RequestRoute>,
    /// The arm that it is of; null: nothing was compared.
    #[schema(required = true)]
    experiment: Option<RequestExperiment>,
    /// The key that called.
    key: RequestKey,
    /// The end user it was made for, as the caller said in `x-sluicegate-user`.
    #[schema(required = true)]
    end_user: Option<String>,
    /// Its session, as the caller said in `x-sluicegate-session`.
    #[schema(required = true)]
    session: Option<String>,
    /// Its tags, as the caller said in `x-sluicegate-tags`.
    tags: Vec<String>,
    /// HTTP status the caller received.
    status: i32,
    /// `served`, `refused`, `failed`, `cut`, `client_gone` or `interrupted`.
    outcome: String,
    /// Error code the caller received.
    #[schema(required = true)]
    error_code: Option<String>,
    /// Whether a stream was asked for.
    stream: bool,
    /// Tokens over all attempts.
    tokens: Tokens,
    /// Cost over all priced attempts; null when the price is unknown.
    #[schema(required = true)]
    cost: Option<Money>,
    /// What the cost rests on.
    #[schema(value_type = CostEvidence)]
    cost_evidence: String,
    /// Milliseconds to the first byte of the answer, to the microsecond.
    #[schema(required = true)]
    ttft_ms: Option<f64>,
    /// Milliseconds to the last byte, to the microsecond.
    duration_ms: f64,
    /// The gateway's own share before the first attempt, in milliseconds to the microsecond.
    overhead_ms: f64,
    /// W3C trace id, when the caller sent one.
    #[schema(required = true)]
    trace_id: Option<String>,
    /// Upstream tries in the order in which they ended.
    attempts: Vec<Attempt>,
}

/// What a cost rests on: the provider's own count, the gateway's count, or a bound for what may have been billed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "names the values in the document; the store holds them as text"
)]
enum CostEvidence {
    Reported,
    Estimated,
    Uncertain,
    None,
}

/// A route version.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestRoute {
    /// Its slug then.
    slug: String,
    /// Its version then.
    version: i64,
}

impl RequestRoute {
    pub(super) fn of(slug: Option<String>, version: Option<i64>) -> Option<Self> {
        slug.zip(version).map(|(slug, version)| Self { slug, version })
    }
}

/// The arm of an experiment that a request is of, wherever it went.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestExperiment {
    /// Name of the experiment.
    #[schema(example = "sonnet-trial")]
    name: String,
    /// Name of the arm.
    #[schema(example = "control")]
    arm: String,
}

impl RequestExperiment {
    fn of(name: Option<String>, arm: Option<String>) -> Option<Self> {
        name.zip(arm).map(|(name, arm)| Self { name, arm })
    }
}

impl From<&ArmOf> for RequestExperiment {
    fn from(of: &ArmOf) -> Self {
        Self {
            name: of.experiment.clone(),
            arm: of.arm.clone(),
        }
    }
}

/// A key.
#[derive(Serialize, ToSchema)]
struct RequestKey {
    /// Its id.
    #[schema(value_type = String, example = "key_01jd0000000000000000000000")]
    id: ApiKeyId,
    /// Its name now.
    name: String,
}

/// Token counts. `input` includes cached tokens, `output` includes reasoning.
#[derive(Serialize, ToSchema)]
struct Tokens {
    /// Prompt tokens.
    input: i64,
    /// Generated tokens.
    output: i64,
    /// Prompt tokens read from the provider's cache.
    cache_read: i64,
    /// Prompt tokens written to the provider's cache.
    cache_write: i64,
    /// Generated tokens spent on reasoning.
    reasoning: i64,
}

/// One upstream try.
#[derive(Serialize, ToSchema)]
pub(super) struct Attempt {
    /// Counted from 0.
    index: usize,
    /// Provider id.
    provider: String,
    /// The connection used; null for the built-in echo.
    #[schema(required = true, value_type = Option<String>, example = "con_01jd0000000000000000000000")]
    connection: Option<ConnectionId>,
    /// Model name sent to the provider.
    upstream_model: String,
    /// The dialect spoken with the provider.
    #[schema(required = true)]
    dialect: Option<String>,
    /// The provider's HTTP status.
    #[schema(required = true)]
    status: Option<u16>,
    /// Why it was made: as the decision says, `retry`, `fallback` or `hedge`; absent in what older workers recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// How it ended.
    outcome: &'static str,
    /// Its length in milliseconds, to the microsecond.
    duration_ms: f64,
    /// Milliseconds to the provider's first body byte, to the microsecond.
    #[schema(required = true)]
    ttft_ms: Option<f64>,
    /// Its cost; null when the price is unknown.
    #[schema(required = true)]
    cost: Option<Money>,
}

impl Attempt {
    pub(super) fn of((index, record): (usize, AttemptRecord)) -> Self {
        Self {
            index,
            provider: record.provider,
            connection: record.connection,
            upstream_model: record.upstream_model,
            dialect: record.dialect,
            status: record.status,
            cause: record.cause.map(Into::into),
            outcome: record.outcome.as_str(),
            duration_ms: millis(record.duration_us),
            ttft_ms: record.first_byte_us.map(millis),
            cost: record.cost.map(Money::from),
        }
    }
}

/// The tries of a row; a row of another release whose tries cannot be read shows none.
pub(super) fn attempts(row: &LoggedRequest) -> Vec<AttemptRecord> {
    Vec::deserialize(&row.attempts).unwrap_or_default()
}

/// The store's microseconds, none of them lost: much of what the gateway times is shorter than a millisecond.
fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

impl From<LoggedRequest> for Request {
    fn from(row: LoggedRequest) -> Self {
        let attempts = attempts(&row);
        Self {
            id: row.id.into(),
            started_at: row.started_at,
            operation: row.operation,
            dialect: row.dialect,
            upstream_dialect: row.upstream_dialect,
            dropped: row.dropped,
            model_requested: row.model_requested,
            model_served: row.model_served,
            provider: row.provider,
            route: RequestRoute::of(row.route_slug, row.route_version),
            experiment: RequestExperiment::of(row.experiment, row.arm),
            key: RequestKey {
                id: row.api_key_id.into(),
                name: row.key_name.unwrap_or_default(),
            },
            end_user: row.end_user,
            session: row.session,
            tags: row.tags,
            status: row.status,
            outcome: row.outcome,
            error_code: row.error_code,
            stream: row.stream,
            tokens: Tokens {
                input: row.input_tokens,
                output: row.output_tokens,
                cache_read: row.cache_read_tokens,
                cache_write: row.cache_write_tokens,
                reasoning: row.reasoning_tokens,
            },
            cost: row.cost_nanos.map(|nanos| NanoUsd::from_nanos(nanos).into()),
            cost_evidence: row.cost_evidence,
            ttft_ms: row.first_byte_us.map(|micros| millis(micros.unsigned_abs())),
            duration_ms: millis(row.duration_us.unsigned_abs()),
            overhead_ms: millis(row.overhead_us.unsigned_abs()),
            trace_id: row.trace_id,
            attempts: attempts.into_iter().enumerate().map(Attempt::of).collect(),
        }
    }
}

/// How requests ended.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RequestStatus {
    /// Served, or the caller hung up.
    Ok,
    /// Refused, failed, cut or interrupted.
    Error,
}

/// Which requests to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RequestsQuery {
    /// How they ended.
    #[param(inline)]
    status: Option<RequestStatus>,
    /// Asked for, or served by, this model.
    model: Option<String>,
    /// Of this key.
    key: Option<String>,
    /// Made for this end user.
    end_user: Option<String>,
    /// Of this session.
    session: Option<String>,
    /// With this tag.
    tag: Option<String>,
    /// Of this experiment.
    experiment: Option<String>,
    /// Of an arm with this name.
    arm: Option<String>,
    /// Received at or after.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<OffsetDateTime>,
    /// Received before.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<OffsetDateTime>,
}

impl RequestsQuery {
    fn filter(self) -> Result<RequestFilter> {
        let refused = |_| Error::field("key", "invalid", "Use the id of a key.");
        Ok(RequestFilter {
            ok: self.status.map(|status| matches!(status, RequestStatus::Ok)),
            model: self.model,
            key: self.key.map(|key| key.parse().map_err(refused)).transpose()?,
            from: self.from,
            to: self.to,
            end_user: label("end_user", self.end_user)?,
            session: label("session", self.session)?,
            tag: label("tag", self.tag)?,
            experiment: label("experiment", self.experiment)?,
            arm: label("arm", self.arm)?,
        })
    }
}

/// Postgres text cannot hold NUL, and no label does.
fn label(parameter: &str, value: Option<String>) -> Result<Option<String>> {
    let sound = value.as_ref().is_none_or(|value| {
        (1..=MAX_PARTITION_BYTES).contains(&value.len()) && !value.chars().any(char::is_control)
    });
    let detail = "Use 1 to 128 bytes of text without control characters.";
    sound
        .then_some(value)
        .ok_or_else(|| Error::field(parameter, "invalid", detail))
}

/// List requests
#[utoipa::path(
    operation_id = "list_requests", tag = "usage",
    params(("project" = String, Path, description = "Id, or slug with ?organization="), RequestsQuery, PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "Requests, newest first", body = Page<Request>),
    )
)]
#[get("/projects/{project}/requests")]
pub(super) async fn list_requests(
    caller: InProject<Viewer>,
    query: web::Query<RequestsQuery>,
    page: PageQuery,
) -> Result<Reply> {
    let (fetch, before, project) = (page.fetch()?, page.before::<Uuid>()?, caller.project);
    let filter = query.into_inner().filter()?;
    let rows = caller
        .read(move |connection| {
            async move { requests::list(connection, project, &filter, before, fetch).await }.boxed()
        })
        .await?;
    Reply::ok(&Page::of(&page, rows, |row| row.id, Request::from)?)
}

/// Read a request
#[utoipa::path(
    operation_id = "get_request", tag = "usage",
    params(
        ("project" = String, Path, description = "Id, or slug with ?organization="),
        ("request" = String, Path, description = "Id"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The request", body = Request),
    )
)]
#[get("/projects/{project}/requests/{request}")]
pub(super) async fn get_request(caller: InProject<Viewer>, request: PathId<RequestId>) -> Result<Reply> {
    let (project, PathId(id)) = (caller.project, request);
    let row = caller
        .read(move |connection| requests::find(connection, project, id).boxed())
        .await?;
    Reply::ok(&Request::from(row.ok_or_else(Error::not_found)?))
}
