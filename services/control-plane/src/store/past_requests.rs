//! Requests of the past as they can be decided again: what their records say of them, and nothing of what they said.

use serde::Deserialize;
use serde_json::Value;
use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId, RequestId};
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{AttemptOutcome, AttemptRecord, Decision};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::domain::instant::millis;
use crate::domain::past_request::{EndpointKey, PastRequest, ServedBy};
use crate::error::Result;

/// The newest requests that a route of this name decided in a window, the newest first.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_route(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    slug: &str,
    (from, to): (OffsetDateTime, OffsetDateTime),
    limit: i64,
) -> Result<Vec<PastRequest>> {
    // An id is made when its request is received, so a day around the times bounds the partitions.
    let rows = sqlx::query_as!(
        Row,
        r#"select id, started_at, operation, dialect, model_requested, api_key_id, end_user, session,
            tags as "tags: Vec<String>", attempts, decision
         from requests
         where organization_id = $1 and project_id = $2 and route_slug = $3
            and started_at >= $4 and started_at < $5 and day >= $4::timestamptz::date - 1 and day <= $5::timestamptz::date + 1
         order by day desc, id desc limit $6"#,
        organization.as_uuid(),
        project.as_uuid(),
        slug,
        from,
        to,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(Row::read).collect())
}

struct Row {
    id: Uuid,
    started_at: OffsetDateTime,
    operation: String,
    dialect: Option<String>,
    model_requested: String,
    api_key_id: Uuid,
    end_user: Option<String>,
    session: Option<String>,
    tags: Vec<String>,
    attempts: Value,
    decision: Option<Value>,
}

impl Row {
    /// `None`: a newer release wrote what this one cannot read.
    fn read(self) -> Option<PastRequest> {
        let attempts: Vec<AttemptRecord> = Vec::deserialize(&self.attempts).unwrap_or_default();
        let served = attempts.iter().find(|it| it.outcome == AttemptOutcome::Served);
        let key = ApiKeyId::from(self.api_key_id);
        let decision = self.decision.map(serde_json::from_value::<Decision>);
        Some(PastRequest {
            id: RequestId::from(self.id),
            at: millis(self.started_at),
            operation: Operation::deserialize(Value::String(self.operation)).ok()?,
            dialect: self.dialect,
            model: self.model_requested,
            key: (key, key.to_string()),
            user: self.end_user,
            session: self.session,
            tags: self.tags,
            facts: decision.and_then(std::result::Result::ok).map(|it| it.facts),
            tokens: served.map_or_else(TokenUsage::default, |it| it.tokens),
            served: served.map(|it| ServedBy {
                way: EndpointKey {
                    provider: it.provider.clone(),
                    upstream_model: it.upstream_model.clone(),
                    connection: it.connection,
                },
                first_byte_us: it.first_byte_us,
            }),
        })
    }
}
