//! Spending by day, model and endpoint, folded from the request log.

use sluicegate_contracts::ids::{ApiKeyId, EndpointId, OrganizationId, ProjectId};
use sluicegate_contracts::money::NanoUsd;
use time::Date;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// Which requests count.
#[derive(Debug, Clone)]
pub struct ActivityFilter {
    /// From this day.
    pub from: Date,
    /// To this day, which counts too.
    pub to: Date,
    /// Only of this key.
    pub key: Option<ApiKeyId>,
    /// Only of this project.
    pub project: Option<ProjectId>,
    /// Whether each project has rows of its own.
    pub by_project: bool,
}

/// What was done on a day with a model at an endpoint.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The day.
    pub day: Date,
    /// The model that served.
    pub model: String,
    /// The catalog row that served, when there was one.
    pub endpoint: Option<EndpointId>,
    /// The provider that served.
    pub provider: String,
    /// The project, when rows are kept apart by it.
    pub project: Option<ProjectId>,
    /// How often.
    pub requests: i64,
    /// Prompt tokens.
    pub input_tokens: i64,
    /// Generated tokens.
    pub output_tokens: i64,
    /// Those of them spent on reasoning.
    pub reasoning_tokens: i64,
    /// What it cost over the host's accounts at providers.
    pub credit_cost: NanoUsd,
    /// What it cost over connections of the tenant's own.
    pub own_cost: NanoUsd,
}

/// The activity of an organization, newest day first, most expensive first within a day.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    filter: &ActivityFilter,
    limit: i64,
) -> Result<Vec<Activity>> {
    let rows = sqlx::query!(
        r#"select day, model_served as "model!", (attempts -> -1 ->> 'endpoint') as endpoint, provider as "provider!",
            case when $6 then project_id end as project, count(*) as "requests!",
            sum(input_tokens)::bigint as "input!", sum(output_tokens)::bigint as "output!",
            sum(reasoning_tokens)::bigint as "reasoning!", coalesce(sum(cost_nanos), 0)::bigint as "cost!",
            sum(own_cost_nanos)::bigint as "own!"
         from requests
         where project_id in (select id from projects where organization_id = $1 and ($5::uuid is null or id = $5))
            and day between $2 and $3 and ($4::uuid is null or api_key_id = $4)
            and model_served is not null and provider is not null
         group by day, model_served, endpoint, provider, project
         order by day desc, 10 desc, model_served, endpoint limit $7"#,
        organization.as_uuid(),
        filter.from,
        filter.to,
        filter.key.map(ApiKeyId::as_uuid),
        filter.project.map(ProjectId::as_uuid),
        filter.by_project,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let activity = rows.into_iter().map(|row| Activity {
        day: row.day,
        model: row.model,
        endpoint: row.endpoint.and_then(|text| text.parse().ok()),
        provider: row.provider,
        project: row.project.map(|id: Uuid| id.into()),
        requests: row.requests,
        input_tokens: row.input,
        output_tokens: row.output,
        reasoning_tokens: row.reasoning,
        credit_cost: NanoUsd::from_nanos(row.cost - row.own),
        own_cost: NanoUsd::from_nanos(row.own),
    });
    Ok(activity.collect())
}
