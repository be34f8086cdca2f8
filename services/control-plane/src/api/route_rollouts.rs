//! The rollout of a route: how it stands, and the few things that can be done with it. `publish_route_draft` begins one.

use actix_web::{get, post};
use futures_util::FutureExt;
use sluicegate_contracts::ids::RouteId;

use super::extract::{Developer, InProject, PathId, Viewer};
use super::reply::Reply;
use super::route_rollout_shapes::RouteRollout;
use crate::app::route_rollouts;
use crate::domain::precondition::IfMatch;
use crate::domain::rollout::{Reason, Step};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::route_rollouts as rows;

/// Read the rollout of a route
///
/// The newest: the one that is under way, or the last that was. Its figures are those of the stage that it has come to.
#[utoipa::path(
    operation_id = "get_route_rollout", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The rollout", body = RouteRollout),
    )
)]
#[get("/projects/{project}/routes/{route}/rollout")]
pub(super) async fn get_route_rollout(member: InProject<Viewer>, id: PathId<RouteId>) -> Result<Reply> {
    let (organization, project, id, now) = (member.organization()?, member.project, id.0, member.ctx.now);
    let (rollout, seen) = member
        .read(move |connection| {
            async move {
                let rollout = rows::newest(connection, organization, project, id).await?;
                let rollout = rollout.ok_or_else(Error::not_found)?;
                let seen = route_rollouts::seen(connection, organization, project, &rollout, now).await?;
                Ok((rollout, seen))
            }
            .boxed()
        })
        .await?;
    let revision = i64::from(rollout.revision);
    Reply::state(revision, &RouteRollout::of(rollout, &seen, now))
}

/// Does a step and shows the rollout after it.
async fn step(member: InProject<Developer>, id: RouteId, if_match: IfMatch, step: Step) -> Result<Reply> {
    let (organization, project, now) = (member.organization()?, member.project, member.ctx.now);
    member
        .caller
        .change(
            move |tx| {
                async move {
                    let rollout = route_rollouts::step(tx, project, id, step, &if_match).await?;
                    let connection = tx.connection();
                    let seen = route_rollouts::seen(connection, organization, project, &rollout, now).await?;
                    Ok((rollout, seen))
                }
                .boxed()
            },
            |(rollout, seen)| {
                let revision = i64::from(rollout.revision);
                Reply::state(revision, &RouteRollout::of(rollout, &seen, now))
            },
        )
        .await
}

/// Advance the rollout of a route
///
/// Goes on to the next stage at once. After the last one the version is the published one.
#[utoipa::path(
    operation_id = "advance_route_rollout", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the rollout that was looked at"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The rollout after it", body = RouteRollout),
        (status = "default", description = "Problem: `conflict` when the rollout is not in a state for it", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/rollout/advance")]
pub(super) async fn advance_route_rollout(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    step(member, id.0, if_match, Step::Advance).await
}

/// Halt the rollout of a route
///
/// The newer version serves nobody until the rollout is resumed, completed or aborted.
#[utoipa::path(
    operation_id = "halt_route_rollout", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the rollout that was looked at"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The rollout after it", body = RouteRollout),
        (status = "default", description = "Problem: `conflict` when the rollout is not in a state for it", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/rollout/halt")]
pub(super) async fn halt_route_rollout(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    step(member, id.0, if_match, Step::Halt(Reason::by_hand())).await
}

/// Resume a halted rollout of a route
///
/// The newer version serves the share of its stage again, and both versions are compared anew.
#[utoipa::path(
    operation_id = "resume_route_rollout", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the rollout that was looked at"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The rollout after it", body = RouteRollout),
        (status = "default", description = "Problem: `conflict` when the rollout is not in a state for it", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/rollout/resume")]
pub(super) async fn resume_route_rollout(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    step(member, id.0, if_match, Step::Resume).await
}

/// Complete the rollout of a route
///
/// Leaves out the stages that are left: the newer version is the published one.
#[utoipa::path(
    operation_id = "complete_route_rollout", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the rollout that was looked at"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The rollout after it", body = RouteRollout),
        (status = "default", description = "Problem: `conflict` when the rollout is not in a state for it", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/rollout/complete")]
pub(super) async fn complete_route_rollout(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    step(member, id.0, if_match, Step::Complete).await
}

/// Abort the rollout of a route
///
/// Gives the newer version up: the published one serves everybody again.
#[utoipa::path(
    operation_id = "abort_route_rollout", tag = "routes",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
        ("If-Match" = Option<String>, Header, description = "ETag of the rollout that was looked at"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The rollout after it", body = RouteRollout),
        (status = "default", description = "Problem: `conflict` when the rollout is not in a state for it", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/rollout/abort")]
pub(super) async fn abort_route_rollout(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    if_match: IfMatch,
) -> Result<Reply> {
    step(member, id.0, if_match, Step::Abort).await
}
