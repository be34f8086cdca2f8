//! Why a request went where it went: what it could have gone to, in which order, and what stood against the rest.

use actix_web::get;
use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::usage::{AttemptOutcome, AttemptRecord, DecidedHedge, Decision};
use utoipa::ToSchema;

use super::decision_shapes::{DecisionCandidate, DecisionExperiment, DecisionFacts};
use super::extract::{InProject, PathId, Viewer};
use super::reply::Reply;
use super::requests::{Attempt, RequestRoute, attempts};
use crate::error::{Error, Result};
use crate::store::requests::{self, LoggedRequest};

/// A decision, and what came of it.
#[derive(Serialize, ToSchema)]
struct RequestDecision {
    /// The request.
    #[schema(value_type = String, example = "req_01jd0000000000000000000000")]
    request: RequestId,
    /// One sentence for a person.
    #[schema(example = "Served by groq on attempt 2 of 2; openai answered 429.")]
    summary: String,
    /// Model name as sent.
    model_requested: String,
    /// Canonical model that served.
    #[schema(required = true)]
    model_served: Option<String>,
    /// The route that decided.
    #[schema(required = true)]
    route: Option<RequestRoute>,
    /// The rule of the route that decided.
    #[schema(required = true, example = "long-prompts")]
    rule: Option<String>,
    /// The arm that it was of; null: the rule compared none.
    #[schema(required = true)]
    experiment: Option<DecisionExperiment>,
    /// Why the first in order was the first: `direct`, `alias`, `rule`, `experiment`, `other_arm`, `weight`, `score`, `capacity`
    /// or `budget_switch`; null when nothing could serve.
    #[schema(required = true)]
    cause: Option<String>,
    /// Version of the configuration that was in force.
    config_version: u64,
    /// Hash of that configuration, in hexadecimal: the same hash, request id and state of the endpoints give the same decision.
    #[schema(example = "00c0ffee00c0ffee")]
    config_hash: String,
    /// What of the request counted.
    facts: DecisionFacts,
    /// What it could have gone to: in their order those that could serve, then those that were left out. Empty where there
    /// was no choice.
    candidates: Vec<DecisionCandidate>,
    /// Further candidates that were not noted.
    omitted: u32,
    /// How long it was held in milliseconds, because everything it could go to was out of its rate; the candidates stand as
    /// they did after that.
    held_ms: u64,
    /// What followed when its first attempt was late; absent: it was not, or the route does not hedge.
    #[serde(skip_serializing_if = "Option::is_none")]
    hedge: Option<DecisionHedge>,
    /// Upstream tries in the order in which they ended.
    attempts: Vec<Attempt>,
}

/// What followed when an attempt was late.
#[derive(Serialize, ToSchema)]
struct DecisionHedge {
    /// After how many milliseconds it was.
    after_ms: u64,
    /// Where the request was sent a second time, by its rank; null: nowhere.
    #[schema(required = true)]
    rank: Option<u16>,
    /// Why it was not: `attempts` (the route allows no more), `share` (as many as may be were), `candidates` (nothing else may
    /// serve and has room to spare), `max_cost`, `refused` (a limit or a budget has no room) or `unrecorded`.
    #[schema(required = true)]
    withheld: Option<String>,
}

impl From<DecidedHedge> for DecisionHedge {
    fn from(hedge: DecidedHedge) -> Self {
        Self {
            after_ms: hedge.after_ms,
            rank: hedge.rank,
            withheld: hedge.withheld.map(Into::into),
        }
    }
}

/// What happened, in a sentence.
fn summary(row: &LoggedRequest, decision: &Decision, attempts: &[AttemptRecord]) -> String {
    let failed = attempts.iter().filter(|it| it.outcome != AttemptOutcome::Served);
    let failures = failed.map(|it| match it.status {
        Some(status) => format!("{} answered {status}", it.provider),
        None if it.outcome == AttemptOutcome::Superseded => format!("{} was slower", it.provider),
        None => format!("{} {}", it.provider, it.outcome.as_str().replace('_', " ")),
    });
    let failures: Vec<String> = failures.collect();
    let tail = if failures.is_empty() {
        String::new()
    } else {
        format!("; {}", failures.join(", "))
    };
    let served = attempts
        .iter()
        .position(|it| it.outcome == AttemptOutcome::Served);
    match served {
        Some(index) => format!(
            "Served by {} on attempt {} of {}{tail}.",
            attempts[index].provider,
            index + 1,
            attempts.len()
        ),
        None if attempts.is_empty() && decision.cause.is_none() => {
            "Nothing could serve it; each candidate says why.".to_owned()
        }
        None if attempts.is_empty() => {
            let code = row.error_code.as_deref().unwrap_or("no error");
            format!("Refused before it was sent anywhere ({code}).")
        }
        None => format!("Not served after {} attempts{tail}.", attempts.len()),
    }
}

impl RequestDecision {
    fn of(mut row: LoggedRequest) -> Option<Self> {
        let decision: Decision = serde_json::from_value(row.decision.take()?).ok()?;
        let tries = attempts(&row);
        Some(Self {
            request: row.id.into(),
            summary: summary(&row, &decision, &tries),
            model_requested: row.model_requested,
            model_served: row.model_served,
            route: RequestRoute::of(row.route_slug, row.route_version),
            rule: decision.rule,
            experiment: decision.experiment.map(DecisionExperiment::from),
            cause: decision.cause.map(Into::into),
            config_version: decision.config.version.0,
            config_hash: format!("{:016x}", decision.config.state_hash.0),
            facts: decision.facts.into(),
            candidates: decision
                .candidates
                .into_iter()
                .map(|it| DecisionCandidate::of(it, &tries))
                .collect(),
            omitted: decision.omitted,
            held_ms: decision.held_ms,
            hedge: decision.hedge.map(DecisionHedge::from),
            attempts: tries.into_iter().enumerate().map(Attempt::of).collect(),
        })
    }
}

/// Read why a request went where it went
///
/// A request that was refused before anything was decided has no decision.
#[utoipa::path(
    operation_id = "get_request_decision", tag = "usage",
    params(
        ("project" = String, Path, description = "Id, or slug with ?organization="),
        ("request" = String, Path, description = "Id"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The decision", body = RequestDecision),
    )
)]
#[get("/projects/{project}/requests/{request}/decision")]
pub(super) async fn get_request_decision(
    caller: InProject<Viewer>,
    request: PathId<RequestId>,
) -> Result<Reply> {
    let (project, PathId(id)) = (caller.project, request);
    let row = caller
        .read(move |connection| requests::find(connection, project, id).boxed())
        .await?;
    let decision = row.and_then(RequestDecision::of).ok_or_else(Error::not_found)?;
    Reply::ok(&decision)
}
