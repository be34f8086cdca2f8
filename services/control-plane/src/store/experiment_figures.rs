//! What the arms of an experiment did side by side, as their requests tell.

use sluicegate_contracts::ids::ProjectId;
use time::OffsetDateTime;

use super::Connection;
use crate::error::Result;

/// Requests that are looked at, the newest: more would say the same.
pub const MOST: i64 = 50_000;

/// What the requests of an arm came to.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "explained in the API shape")]
pub struct ArmFigures {
    pub arm: String,
    pub requests: i64,
    pub errors: i64,
    pub other_arm: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_nanos: i64,
    pub priced: i64,
    pub first_byte_p50_us: Option<i64>,
    pub first_byte_p95_us: Option<i64>,
    pub duration_p50_us: Option<i64>,
    pub duration_p95_us: Option<i64>,
}

/// Each arm that had requests in the window, by name. A request is of its arm wherever it went, so that arms stay comparable.
///
/// # Errors
/// When Postgres refuses.
pub async fn by_arm(
    connection: &mut Connection,
    project: ProjectId,
    experiment: &str,
    (from, to): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<ArmFigures>> {
    // An id is made when its request is received, so a day around the times bounds the partitions.
    let rows = sqlx::query_as!(
        ArmFigures,
        r#"with newest as (
            select arm, outcome, input_tokens, output_tokens, cost_nanos, decision ->> 'cause' as cause,
                case when outcome = 'served' then first_byte_us end as first_byte_us,
                case when outcome = 'served' then duration_us end as duration_us
            from requests
            where project_id = $1 and experiment = $2 and started_at >= $3 and started_at < $4
                and day >= $3::timestamptz::date - 1 and day <= $4::timestamptz::date + 1
            order by day desc, id desc limit $5
         )
         select arm as "arm!", count(*) as "requests!",
            count(*) filter (where outcome not in ('served', 'client_gone')) as "errors!",
            count(*) filter (where cause = 'other_arm') as "other_arm!",
            sum(input_tokens)::bigint as "input_tokens!", sum(output_tokens)::bigint as "output_tokens!",
            coalesce(sum(cost_nanos), 0)::bigint as "cost_nanos!", count(cost_nanos) as "priced!",
            percentile_disc(0.5) within group (order by first_byte_us) as first_byte_p50_us,
            percentile_disc(0.95) within group (order by first_byte_us) as first_byte_p95_us,
            percentile_disc(0.5) within group (order by duration_us) as duration_p50_us,
            percentile_disc(0.95) within group (order by duration_us) as duration_p95_us
         from newest where arm is not null group by arm order by arm"#,
        project.as_uuid(),
        experiment,
        from,
        to,
        MOST,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
