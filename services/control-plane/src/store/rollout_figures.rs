//! What two versions of a route did side by side, as their requests tell.

use sluicegate_contracts::ids::{OrganizationId, ProjectId, RouteId};
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use super::Connection;
use crate::domain::instant::millis;
use crate::domain::rollout_verdict::{Comparison, Figures};
use crate::domain::significance::{Mean, Share};
use crate::error::{Error, Result};

/// Requests that are looked at, the newest: more would say the same.
const MOST: i64 = 50_000;
/// How far the time in a request's id may be from when it was received.
const SKEW: Duration = Duration::minutes(1);

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The tenant.
    pub organization: OrganizationId,
    /// The project.
    pub project: ProjectId,
    /// The route.
    pub route: RouteId,
    /// The version that is published.
    pub published: u32,
    /// The version that is rolled out.
    pub newer: u32,
    /// Requests from then until then.
    pub window: (OffsetDateTime, OffsetDateTime),
    /// From how many times the 95th percentile of the published version on an answer of the newer one is late.
    pub late_from: f64,
}

/// What both versions did.
///
/// # Errors
/// When Postgres refuses.
pub async fn compare(connection: &mut Connection, question: Question) -> Result<Comparison> {
    let (from, to) = question.window;
    let (published, newer) = (i64::from(question.published), i64::from(question.newer));
    // The id lets Postgres skip what came before the stage; ids sort by time. The percentile is taken once: where Postgres has no
    // statistics yet, as of a day that has just begun, it would take it anew for each request.
    let rows = sqlx::query_as!(
        Row,
        r#"with decided as (
            select route_version, outcome, cost_nanos, case when outcome = 'served' then first_byte_us end as first_byte_us
            from requests
            where organization_id = $1 and project_id = $2 and route_id = $3 and route_version in ($4, $5)
                and started_at >= $6 and started_at < $7 and id >= $8
                and day >= $6::timestamptz::date - 1 and day <= $7::timestamptz::date + 1
            order by day desc, id desc limit $9
         ), usual as materialized (
            select percentile_disc(0.95) within group (order by first_byte_us) as us from decided where route_version = $4
         )
         select route_version as "version!", count(*) as "requests!",
            count(*) filter (where outcome not in ('served', 'client_gone')) as "errors!",
            count(first_byte_us) as "timed!",
            count(*) filter (where first_byte_us > us * case when route_version = $5 then $10::float8 else 1 end) as "late!",
            percentile_disc(0.95) within group (order by first_byte_us) as p95,
            count(cost_nanos) filter (where outcome = 'served') as "priced!",
            (avg(cost_nanos) filter (where outcome = 'served'))::float8 as mean_cost,
            (var_samp(cost_nanos) filter (where outcome = 'served'))::float8 as cost_variance
         from decided cross join usual group by route_version"#,
        question.organization.as_uuid(),
        question.project.as_uuid(),
        question.route.as_uuid(),
        published,
        newer,
        from,
        to,
        first_id(from),
        MOST,
        question.late_from,
    )
    .fetch_all(connection)
    .await?;
    let mut comparison = Comparison::default();
    for row in rows {
        let side = if row.version == newer {
            &mut comparison.newer
        } else {
            &mut comparison.published
        };
        *side = row.try_into()?;
    }
    let looked_at = comparison.published.errors.of + comparison.newer.errors.of;
    comparison.is_cut = looked_at >= MOST.unsigned_abs();
    Ok(comparison)
}

/// Before every id of a request that was received since.
fn first_id(since: OffsetDateTime) -> Uuid {
    let since = millis(since - SKEW).get();
    Builder::from_unix_timestamp_millis(u64::try_from(since).unwrap_or(0), &[0; 10]).into_uuid()
}

struct Row {
    version: i64,
    requests: i64,
    errors: i64,
    timed: i64,
    late: i64,
    p95: Option<i64>,
    priced: i64,
    mean_cost: Option<f64>,
    cost_variance: Option<f64>,
}

impl TryFrom<Row> for Figures {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let count = |stored: i64| u64::try_from(stored).map_err(Error::internal);
        Ok(Self {
            errors: Share {
                hits: count(row.errors)?,
                of: count(row.requests)?,
            },
            late: Share {
                hits: count(row.late)?,
                of: count(row.timed)?,
            },
            ttft_p95_us: row.p95.map(count).transpose()?,
            cost: Mean {
                of: count(row.priced)?,
                mean: row.mean_cost.unwrap_or(0.0),
                variance: row.cost_variance.unwrap_or(0.0),
            },
        })
    }
}
