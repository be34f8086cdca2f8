//! The request log as a project's members read it. Written by `store::usage_records`.

use serde_json::Value;
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId, RequestId};
use sqlx::{FromRow, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use super::usage_records::day_of;
use crate::error::Result;

/// A request with the name of its key.
#[derive(Debug, Clone, FromRow)]
#[expect(
    missing_docs,
    reason = "columns of `requests`, explained in its migration and in the API shape"
)]
pub struct LoggedRequest {
    pub id: Uuid,
    pub project_id: Uuid,
    pub started_at: OffsetDateTime,
    pub operation: String,
    pub model_requested: String,
    pub model_served: Option<String>,
    pub provider: Option<String>,
    pub route_slug: Option<String>,
    pub route_version: Option<i64>,
    pub api_key_id: Uuid,
    pub key_name: Option<String>,
    pub status: i32,
    pub outcome: String,
    pub error_code: Option<String>,
    pub stream: bool,
    pub input_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub output_tokens: i64,
    pub reasoning_tokens: i64,
    pub cost_nanos: Option<i64>,
    pub cost_evidence: String,
    pub first_byte_us: Option<i64>,
    pub overhead_us: i64,
    pub duration_us: i64,
    pub trace_id: Option<String>,
    pub attempts: Value,
    pub dialect: Option<String>,
    pub upstream_dialect: Option<String>,
    pub dropped: Option<String>,
    pub end_user: Option<String>,
    pub session: Option<String>,
    pub tags: Vec<String>,
    pub experiment: Option<String>,
    pub arm: Option<String>,
    /// Read for one request at a time: it may be long.
    #[sqlx(default)]
    pub decision: Option<Value>,
}

/// Which requests to list.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// Only those that ended well (`true`) or in an error (`false`).
    pub ok: Option<bool>,
    /// Only those that asked for this model or were served by it.
    pub model: Option<String>,
    /// Only those of this key.
    pub key: Option<ApiKeyId>,
    /// Only those received at or after.
    pub from: Option<OffsetDateTime>,
    /// Only those received before.
    pub to: Option<OffsetDateTime>,
    /// Only those made for this end user.
    pub end_user: Option<String>,
    /// Only those of this session.
    pub session: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this experiment.
    pub experiment: Option<String>,
    /// Only those of an arm with this name.
    pub arm: Option<String>,
}

const COLUMNS: &str = "select r.id, r.project_id, r.started_at, r.operation, r.model_requested, r.model_served, r.provider, \
    r.route_slug, r.route_version, r.api_key_id, k.name as key_name, r.status, r.outcome, r.error_code, r.stream, \
    r.input_tokens, r.cache_read_tokens, r.cache_write_tokens, r.output_tokens, r.reasoning_tokens, r.cost_nanos, \
    r.cost_evidence, r.first_byte_us, r.overhead_us, r.duration_us, r.trace_id, r.attempts, \
    r.dialect, r.upstream_dialect, r.dropped, r.end_user, r.session, r.tags, r.experiment, r.arm";
const FROM: &str = " from requests r \
    left join api_keys k on k.organization_id = r.organization_id and k.id = r.api_key_id where ";

/// Requests of a project, newest first, before the one named by `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    project: ProjectId,
    filter: &RequestFilter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LoggedRequest>> {
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(FROM);
    query.push("r.project_id = ").push_bind(project.as_uuid());
    if let Some(before) = before {
        query.push(" and r.id < ").push_bind(before);
        // The day lets Postgres skip partitions; ids sort by day.
        if let Some(day) = day_of(before) {
            query.push(" and r.day <= ").push_bind(day);
        }
    }
    query.push(match filter.ok {
        Some(true) => " and r.outcome in ('served', 'client_gone')",
        Some(false) => " and r.outcome not in ('served', 'client_gone')",
        None => "",
    });
    if let Some(model) = &filter.model {
        query.push(" and (r.model_requested = ").push_bind(model);
        query.push(" or r.model_served = ").push_bind(model).push(")");
    }
    if let Some(key) = filter.key {
        query.push(" and r.api_key_id = ").push_bind(key.as_uuid());
    }
    if let Some(end_user) = &filter.end_user {
        query.push(" and r.end_user = ").push_bind(end_user);
    }
    if let Some(session) = &filter.session {
        query.push(" and r.session = ").push_bind(session);
    }
    if let Some(tag) = &filter.tag {
        query.push(" and ").push_bind(tag).push(" = any(r.tags)");
    }
    if let Some(experiment) = &filter.experiment {
        query.push(" and r.experiment = ").push_bind(experiment);
    }
    if let Some(arm) = &filter.arm {
        query.push(" and r.arm = ").push_bind(arm);
    }
    // An id is made when its request is received, so a day around the times bounds the partitions.
    if let Some(from) = filter.from {
        query.push(" and r.started_at >= ").push_bind(from);
        query
            .push(" and r.day >= ")
            .push_bind(from.date())
            .push("::date - 1");
    }
    if let Some(to) = filter.to {
        query.push(" and r.started_at < ").push_bind(to);
        query
            .push(" and r.day <= ")
            .push_bind(to.date())
            .push("::date + 1");
    }
    query
        .push(" order by r.day desc, r.id desc limit ")
        .push_bind(limit);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// One request of a project.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    project: ProjectId,
    request: RequestId,
) -> Result<Option<LoggedRequest>> {
    let Some(day) = day_of(request.as_uuid()) else {
        return Ok(None);
    };
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(", r.decision").push(FROM);
    query
        .push("r.project_id = ")
        .push_bind(project.as_uuid())
        .push(" and r.day = ")
        .push_bind(day);
    query.push(" and r.id = ").push_bind(request.as_uuid());
    Ok(query.build_query_as().fetch_optional(connection).await?)
}

/// One request of an organization.
///
/// # Errors
/// When Postgres refuses.
pub async fn find_of_organization(
    connection: &mut Connection,
    organization: OrganizationId,
    request: RequestId,
) -> Result<Option<LoggedRequest>> {
    let Some(day) = day_of(request.as_uuid()) else {
        return Ok(None);
    };
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(", r.decision").push(FROM);
    query
        .push("r.organization_id = ")
        .push_bind(organization.as_uuid())
        .push(" and r.day = ")
        .push_bind(day);
    query.push(" and r.id = ").push_bind(request.as_uuid());
    Ok(query.build_query_as().fetch_optional(connection).await?)
}
