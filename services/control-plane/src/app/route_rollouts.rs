//! Rollouts: a version of a route serves a growing share beside the published one, and takes its place or is halted. Persons drive
//! them through REST, the background by what both versions did.

use futures_util::FutureExt;
use serde_json::json;
use sluicegate_contracts::config::{Entity, Route};
use sluicegate_contracts::ids::{OrganizationId, ProjectId, RouteId};
use time::OffsetDateTime;

use super::{Ctx, Tx};
use crate::codes::Code;
use crate::domain::precondition::IfMatch;
use crate::domain::rollout::{Plan, Progress, State, Step};
use crate::domain::rollout_verdict::{Comparison, Verdict, judge};
use crate::domain::webhook_event::{Event, EventKind};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::rollout_figures::{self, Question};
use crate::store::route_rollouts::{self, Due, Rollout};
use crate::store::route_versions::{self, Publication};
use crate::store::routes::{self, LiveRoute};
use crate::store::{Connection, Lock, webhook_deliveries};

/// Refuses what would change the published version under a rollout.
///
/// # Errors
/// `rollout_under_way`.
pub(super) fn none_under_way(live: &LiveRoute) -> Result<()> {
    let Some(newer) = &live.rollout else {
        return Ok(());
    };
    let detail = format!(
        "Version {} is being rolled out. Complete or abort its rollout first, or roll back, which ends it.",
        newer.route.version
    );
    Err(Error::new(Code::RolloutUnderWay, detail))
}

/// Keeps `newer` as the next version and lets it serve the share of the first stage beside `live`.
///
/// # Errors
/// `validation_failed` when its names differ.
pub(super) async fn begin(
    tx: &mut Tx,
    live: &LiveRoute,
    newer: Route,
    publication: &Publication,
    plan: Plan,
) -> Result<LiveRoute> {
    let (now, organization, project) = (tx.ctx().now, newer.organization, newer.project);
    keeps_names(&live.route, &newer)?;
    route_versions::insert(tx.connection(), &newer, publication, now).await?;
    let rollout = Rollout {
        route: newer.id,
        version: newer.version,
        base_version: live.route.version,
        plan,
        progress: Progress::begun(now),
        revision: 1,
        started_by: tx.ctx().user(),
        started_at: now,
    };
    route_rollouts::insert(tx.connection(), organization, project, &rollout).await?;
    let detail = json!({
        "slug": newer.slug, "version": newer.version, "stages": rollout.plan.stages, "message": publication.message,
    });
    tx.audit("route_rollout.begin", newer.id, &detail);
    announced(tx, project, newer.id).await
}

/// A name belongs to the route, not to a version: nobody could tell which of the two a request with it means.
fn keeps_names(live: &Route, newer: &Route) -> Result<()> {
    let sorted = |route: &Route| {
        let mut aliases = route.aliases.clone();
        aliases.sort_unstable();
        aliases
    };
    let at = if live.slug != newer.slug {
        "/slug"
    } else if sorted(live) != sorted(newer) {
        "/aliases"
    } else {
        return Ok(());
    };
    let detail = "A rollout changes what a route does, not its names. Publish the new names at once, and roll out the rest.";
    Err(Error::field(at, "changed_in_rollout", detail))
}

/// Does the next step of a rollout that somebody looked at.
///
/// # Errors
/// `not_found` when the route never had one, `version_conflict`; `conflict` when it is not in a state for it.
pub async fn step(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    step: Step,
    if_match: &IfMatch,
) -> Result<Rollout> {
    let rollout = locked(tx, project, id).await?.ok_or_else(Error::not_found)?;
    if_match.check(i64::from(rollout.revision))?;
    apply(tx, project, rollout, step).await
}

/// Gives up the rollout of a route, which is locked; the published version serves everybody again.
///
/// # Errors
/// `not_found` when there is none.
pub(super) async fn give_up(tx: &mut Tx, project: ProjectId, id: RouteId) -> Result<LiveRoute> {
    let rollout = locked(tx, project, id).await?.ok_or_else(Error::not_found)?;
    apply(tx, project, rollout, Step::Abort).await?;
    let live = routes::find(tx.connection(), project, id, Lock::None).await?;
    live.ok_or_else(Error::not_found)
}

async fn locked(tx: &mut Tx, project: ProjectId, id: RouteId) -> Result<Option<Rollout>> {
    let organization = tx.organization()?;
    routes::find(tx.connection(), project, id, Lock::ForUpdate).await?;
    route_rollouts::newest(tx.connection(), organization, project, id).await
}

async fn apply(tx: &mut Tx, project: ProjectId, mut rollout: Rollout, step: Step) -> Result<Rollout> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let (before, action) = (rollout.progress, step.action());
    let after = before.after(step, &rollout.plan, now);
    rollout.progress = after.map_err(|detail| Error::new(Code::Conflict, detail))?;
    rollout.revision += 1;
    route_rollouts::update(tx.connection(), organization, &rollout).await?;
    let state = rollout.progress.state;
    if state == State::Completed {
        routes::promote(tx.connection(), rollout.route, rollout.version).await?;
    }
    let live = announced(tx, project, rollout.route).await?;
    let reason = rollout
        .progress
        .reason
        .as_ref()
        .filter(|_| state == State::Halted);
    let data = json!({
        "route": rollout.route, "slug": live.route.slug, "version": rollout.version,
        "percent": rollout.progress.percent(&rollout.plan),
        "reason": reason.map(|it| json!({ "code": it.code, "detail": it.detail })),
    });
    tx.audit(action, rollout.route, &data);
    let kind = match state {
        State::Halted => Some(EventKind::RolloutHalted),
        State::Completed => Some(EventKind::RolloutCompleted),
        State::Progressing | State::Aborted => None,
    };
    if let Some(kind) = kind {
        let event = Event {
            id: format!("{}_{}_{}", rollout.route, rollout.version, rollout.revision),
            organization,
            project: Some(project),
            kind,
            data,
        };
        webhook_deliveries::announce(tx.connection(), &event, now).await?;
    }
    Ok(rollout)
}

/// Tells workers how a route stands.
async fn announced(tx: &mut Tx, project: ProjectId, id: RouteId) -> Result<LiveRoute> {
    let live = routes::find(tx.connection(), project, id, Lock::None).await?;
    let live = live.ok_or_else(Error::not_found)?;
    tx.publish(&Entity::Route(live.published()))?;
    Ok(live)
}

/// What both versions did in the stage of a rollout.
///
/// # Errors
/// When Postgres refuses.
pub async fn seen(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    rollout: &Rollout,
    now: OffsetDateTime,
) -> Result<Comparison> {
    let progress = &rollout.progress;
    let question = Question {
        organization,
        project,
        route: rollout.route,
        published: rollout.base_version,
        newer: rollout.version,
        window: (progress.since, progress.stopped_at.unwrap_or(now)),
        late_from: rollout.plan.guards.ttft_p95_ratio.unwrap_or(1.0),
    };
    rollout_figures::compare(connection, question).await
}

/// Judges a rollout by what its versions did, and does what follows. When somebody else was faster, nothing.
///
/// # Errors
/// When Postgres refuses.
pub async fn look(state: &AppState, due: Due, task: &'static str, now: OffsetDateTime) -> Result<()> {
    let Due {
        organization,
        project,
        route,
    } = due;
    let scope = Scope::Tenant {
        organization,
        user: None,
    };
    let found = state
        .within(scope, move |connection| {
            async move {
                let Some(rollout) = route_rollouts::newest(connection, organization, project, route).await?
                else {
                    return Ok(None);
                };
                let seen = seen(connection, organization, project, &rollout, now).await?;
                Ok(Some((rollout, seen)))
            }
            .boxed()
        })
        .await?;
    let Some((rollout, seen)) = found.filter(|(rollout, _)| rollout.progress.state == State::Progressing)
    else {
        return Ok(());
    };
    let Verdict::Do(step) = judge(&rollout.plan, &rollout.progress, &seen, now) else {
        return Ok(());
    };
    let looked_at = (rollout.version, rollout.revision);
    state
        .write(Ctx::system_for(task, organization, now), move |tx| {
            async move {
                let current = locked(tx, project, route).await?;
                let same = current.filter(|it| (it.version, it.revision) == looked_at);
                if let Some(rollout) = same {
                    apply(tx, project, rollout, step).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
    Ok(())
}
