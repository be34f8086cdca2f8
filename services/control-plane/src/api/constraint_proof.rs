//! Whether any call of a project can reach an endpoint that constraints forbid.

use actix_web::post;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{Constraints, Level};
use sluicegate_contracts::ids::{ApiKeyId, ConnectionId, OrganizationId};
use sluicegate_routing::proof::Verdict;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::constraint_shapes::WriteConstraints;
use super::extract::{InProject, Json, Viewer};
use super::reply::Reply;
use crate::app::constraint_proof::{self, World};
use crate::domain::instant::millis;
use crate::error::{Error, Result};
use crate::store::database::Scope;

/// What is to be proved, and under what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProveConstraints {
    /// What shall hold for every call, whatever it asks for.
    claim: WriteConstraints,
    /// As if the project demanded this; absent: what it demands now. The organization's constraints are in force in any case.
    constraints: Option<WriteConstraints>,
    /// Only for the calls of this key, so that its constraints and the names on its list of models count too.
    #[schema(value_type = Option<String>, example = "key_01jd0000000000000000000000")]
    key: Option<ApiKeyId>,
}

/// What was looked at, and what was found.
#[derive(Serialize, ToSchema)]
struct ConstraintProof {
    /// Whether nothing that the claim forbids can be reached.
    holds: bool,
    /// Models over accounts that were looked at: all there are, and one name of each class for models that no catalog lists.
    candidates: usize,
    /// Of those, how many some call can reach.
    reachable: usize,
    /// Each constraint of the claim.
    constraints: Vec<ProvedConstraint>,
}

/// What was found of one constraint.
#[derive(Serialize, ToSchema)]
struct ProvedConstraint {
    /// Its name.
    #[schema(example = "processing")]
    constraint: &'static str,
    /// Whether nothing that it forbids can be reached.
    holds: bool,
    /// A call that reaches what it forbids.
    #[schema(required = true)]
    counterexample: Option<ReachedEndpoint>,
}

/// A call that reaches a forbidden endpoint.
#[derive(Serialize, ToSchema)]
struct ReachedEndpoint {
    /// The model asked for.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// The provider that is reached.
    #[schema(example = "openai")]
    provider: String,
    /// Over which connection; null: over an account that is resold to the organization.
    #[schema(value_type = Option<String>, required = true, example = "con_01jd0000000000000000000000")]
    connection: Option<ConnectionId>,
    /// When: now, or once another price is in force.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What the claim has against it, as a refused call names it.
    #[schema(example = "region_blocked")]
    code: &'static str,
}

/// Prove constraints
///
/// Looks at every model over every account of the project, at all prices to come, and says for each constraint of the claim
/// that no call can reach what it forbids, or shows one that can. What is not known of an endpoint counts against it.
#[utoipa::path(
    operation_id = "prove_constraints", tag = "projects", request_body = ProveConstraints,
    params(("project" = String, Path, description = "Id of the project")),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "What was found", body = ConstraintProof),
    )
)]
#[post("/projects/{project}/constraints/proof")]
pub(super) async fn prove_constraints(
    member: InProject<Viewer>,
    body: Json<ProveConstraints>,
) -> Result<Reply> {
    let body = body.checked()?;
    let claim = body.claim.checked_at("/claim")?;
    let instead = body.constraints.map(WriteConstraints::checked).transpose()?;
    let (organization, project, key) = (member.caller.organization()?, member.project, body.key);
    let (mut levels, own, names) = member
        .read(move |connection| {
            async move {
                let levels = constraint_proof::levels(connection, organization, project, key).await?;
                let names = match key {
                    None => None,
                    Some(key) => constraint_proof::names(connection, project, key).await?,
                };
                let own = constraint_proof::own(connection, organization, project).await?;
                Ok((levels, own, names))
            }
            .boxed()
        })
        .await?;
    replace_project(&mut levels, instead);
    let mut world = member
        .caller
        .state
        .within(Scope::System, move |connection| {
            own.with_shared(connection, organization).boxed()
        })
        .await?
        .asked_by(names);
    let proof = world.prove(&claim, &levels, millis(member.ctx.now));
    let constraints = proof.verdicts.iter().map(|it| shown(it, &world, organization));
    Reply::ok(&ConstraintProof {
        holds: proof.holds(),
        candidates: proof.candidates,
        reachable: proof.reachable,
        constraints: constraints.collect::<Result<_>>()?,
    })
}

fn replace_project(levels: &mut [(Level, Constraints)], instead: Option<Constraints>) {
    let of_project = levels.iter_mut().find(|(level, _)| *level == Level::Project);
    if let (Some((_, constraints)), Some(instead)) = (of_project, instead) {
        *constraints = instead;
    }
}

fn shown(verdict: &Verdict, world: &World, organization: OrganizationId) -> Result<ProvedConstraint> {
    let counterexample = verdict.counterexample.map(|found| {
        let place = world.place(found.target, found.candidate);
        let place = place.ok_or_else(|| Error::internal("a counterexample without a place"))?;
        let at = i128::from(found.at.get()) * 1_000_000;
        Ok::<_, Error>(ReachedEndpoint {
            model: place.model.to_owned(),
            provider: place.account.provider.clone(),
            connection: (place.account.organization == organization).then_some(place.account.id),
            at: OffsetDateTime::from_unix_timestamp_nanos(at).map_err(Error::internal)?,
            code: found.code.as_str(),
        })
    });
    Ok(ProvedConstraint {
        constraint: verdict.constraint,
        holds: verdict.counterexample.is_none(),
        counterexample: counterexample.transpose()?,
    })
}
