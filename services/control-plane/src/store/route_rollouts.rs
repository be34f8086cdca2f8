//! Rollouts of versions of routes, and what both versions did meanwhile.

use sluicegate_contracts::ids::{OrganizationId, ProjectId, RouteId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use super::route_versions::number;
use crate::domain::rollout::{Guards, Plan, Progress, Reason, State};
use crate::error::{Error, Result};

/// A rollout.
#[derive(Debug, Clone)]
pub struct Rollout {
    /// Of which route.
    pub route: RouteId,
    /// The version that is rolled out.
    pub version: u32,
    /// The version that was published when it began.
    pub base_version: u32,
    /// Its stages, and what halts it.
    pub plan: Plan,
    /// Where it has come to.
    pub progress: Progress,
    /// Counts its changes.
    pub revision: u32,
    /// Who began it.
    pub started_by: Option<UserId>,
    /// When.
    pub started_at: OffsetDateTime,
}

/// A rollout that is to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// The tenant.
    pub organization: OrganizationId,
    /// The project.
    pub project: ProjectId,
    /// The route.
    pub route: RouteId,
}

/// Begins a rollout.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    rollout: &Rollout,
) -> Result<()> {
    let plan = &rollout.plan;
    let stages: Vec<i32> = plan.stages.iter().copied().map(i32::from).collect();
    sqlx::query!(
        "insert into route_rollouts
            (organization_id, project_id, route_id, version, base_version, stages, hold_minutes, error_rate_points,
             cost_ratio, ttft_p95_ratio, min_requests, state, stage, stage_since, revision, started_by, started_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $16)",
        organization.as_uuid(),
        project.as_uuid(),
        rollout.route.as_uuid(),
        number(rollout.version)?,
        number(rollout.base_version)?,
        &stages,
        plan.hold_minutes.map(number).transpose()?,
        plan.guards.error_rate_points,
        plan.guards.cost_ratio,
        plan.guards.ttft_p95_ratio,
        number(plan.guards.min_requests)?,
        rollout.progress.state.as_str(),
        rollout.progress.since,
        number(rollout.revision)?,
        rollout.started_by.map(UserId::as_uuid),
        rollout.started_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes where a rollout has come to.
///
/// # Errors
/// When Postgres refuses.
pub async fn update(
    connection: &mut Connection,
    organization: OrganizationId,
    rollout: &Rollout,
) -> Result<()> {
    let progress = &rollout.progress;
    let reason = progress.reason.as_ref();
    sqlx::query!(
        "update route_rollouts set state = $4, stage = $5, stage_since = $6, stopped_at = $7, reason_code = $8, reason = $9,
            revision = $10
         where organization_id = $1 and route_id = $2 and version = $3",
        organization.as_uuid(),
        rollout.route.as_uuid(),
        number(rollout.version)?,
        progress.state.as_str(),
        i32::try_from(progress.stage).map_err(Error::internal)?,
        progress.since,
        progress.stopped_at,
        reason.map(|it| it.code.as_str()),
        reason.map(|it| it.detail.as_str()),
        number(rollout.revision)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest rollout of a route, under way or over.
///
/// # Errors
/// When Postgres refuses.
pub async fn newest(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    route: RouteId,
) -> Result<Option<Rollout>> {
    let row = sqlx::query_as!(
        Row,
        "select rollout.route_id, rollout.version, base_version, stages, hold_minutes, error_rate_points, cost_ratio,
            ttft_p95_ratio, min_requests, state, stage, stage_since, stopped_at, reason_code, reason, revision, started_by,
            started_at
         from route_rollouts rollout join routes on routes.id = rollout.route_id
         where rollout.organization_id = $1 and rollout.project_id = $2 and rollout.route_id = $3
            and routes.deleted_at is null
         order by rollout.version desc limit 1",
        organization.as_uuid(),
        project.as_uuid(),
        route.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Rollout::try_from).transpose()
}

/// Every rollout that progresses. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn progressing(connection: &mut Connection) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        "select rollout.organization_id, rollout.project_id, rollout.route_id
         from route_rollouts rollout join routes on routes.id = rollout.route_id
         where rollout.state = 'progressing' and routes.deleted_at is null
         order by rollout.stage_since",
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        organization: row.organization_id.into(),
        project: row.project_id.into(),
        route: row.route_id.into(),
    });
    Ok(due.collect())
}

struct Row {
    route_id: Uuid,
    version: i32,
    base_version: i32,
    stages: Vec<i32>,
    hold_minutes: Option<i32>,
    error_rate_points: Option<f64>,
    cost_ratio: Option<f64>,
    ttft_p95_ratio: Option<f64>,
    min_requests: i32,
    state: String,
    stage: i32,
    stage_since: OffsetDateTime,
    stopped_at: Option<OffsetDateTime>,
    reason_code: Option<String>,
    reason: Option<String>,
    revision: i32,
    started_by: Option<Uuid>,
    started_at: OffsetDateTime,
}

impl TryFrom<Row> for Rollout {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let count = |stored: i32| u32::try_from(stored).map_err(Error::internal);
        let state = State::named(&row.state);
        let stages = row.stages.into_iter().map(u8::try_from);
        Ok(Self {
            route: row.route_id.into(),
            version: count(row.version)?,
            base_version: count(row.base_version)?,
            plan: Plan {
                stages: stages
                    .collect::<std::result::Result<_, _>>()
                    .map_err(Error::internal)?,
                hold_minutes: row.hold_minutes.map(count).transpose()?,
                guards: Guards {
                    error_rate_points: row.error_rate_points,
                    cost_ratio: row.cost_ratio,
                    ttft_p95_ratio: row.ttft_p95_ratio,
                    min_requests: count(row.min_requests)?,
                },
            },
            progress: Progress {
                state: state.ok_or_else(|| Error::internal("a rollout in a state that is not known"))?,
                stage: usize::try_from(row.stage).map_err(Error::internal)?,
                since: row.stage_since,
                stopped_at: row.stopped_at,
                reason: row
                    .reason_code
                    .zip(row.reason)
                    .map(|(code, detail)| Reason { code, detail }),
            },
            revision: count(row.revision)?,
            started_by: row.started_by.map(UserId::from),
            started_at: row.started_at,
        })
    }
}
