//! Time series over the hourly rollups. Reads rollups only, never single requests.

use sluicegate_contracts::ids::ProjectId;
use time::OffsetDateTime;

use super::Connection;
use crate::domain::usage_query::{GroupBy, UsageQuery};
use crate::error::Result;

/// One point of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRow {
    /// Start of the hour or day.
    pub at: OffsetDateTime,
    /// Model or key id, empty without grouping.
    pub group: String,
    /// The group's name for people, where it has one of its own.
    pub label: Option<String>,
    /// Requests.
    pub requests: i64,
    /// Of those, how many failed.
    pub errors: i64,
    /// Prompt tokens.
    pub input_tokens: i64,
    /// Generated tokens.
    pub output_tokens: i64,
    /// Cost in nano-USD.
    pub cost_nanos: i64,
}

/// The points of `query`, by group and time; empty hours are left out.
///
/// # Errors
/// When Postgres refuses.
pub async fn series(
    connection: &mut Connection,
    project: ProjectId,
    query: &UsageQuery,
) -> Result<Vec<SeriesRow>> {
    let by_model = query.group_by == GroupBy::Model;
    let by_key = query.group_by == GroupBy::Key;
    let rows = sqlx::query_as!(
        SeriesRow,
        r#"
        with points as (
            select date_trunc($4, hour, 'UTC') as at,
                   case when $5 then model when $6 then api_key_id::text else '' end as "group",
                   sum(requests)::bigint as requests, sum(errors)::bigint as errors,
                   sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,
                   sum(cost_nanos)::bigint as cost_nanos
            from usage_hourly
            where project_id = $1 and hour >= $2 and hour < $3
            group by 1, 2
        )
        select points.at as "at!", points."group" as "group!", api_keys.name as "label?",
               requests as "requests!", errors as "errors!", input_tokens as "input_tokens!",
               output_tokens as "output_tokens!", cost_nanos as "cost_nanos!"
        from points
        left join api_keys on $6 and api_keys.id::text = points."group"
        order by points."group", points.at
        "#,
        project.as_uuid(),
        query.from,
        query.to,
        query.grain.as_str(),
        by_model,
        by_key,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
