//! Why a request went where it went: what it could have gone to, in which order, and what stood against the rest.

use actix_web::get;
use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::ids::{ConnectionId, RequestId};
use sluicegate_contracts::usage::{
    AttemptOutcome, AttemptRecord, DecidedCandidate, DecidedReading, DecidedScore, Decision,
};
use utoipa::ToSchema;

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
    /// Why the first in order was the first: `direct`, `alias`, `rule`, `weight`, `score`, `capacity` or `budget_switch`; null
    /// when nothing could serve.
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
    /// Upstream tries, in order.
    attempts: Vec<Attempt>,
}

/// What of a request counted.
#[derive(Serialize, ToSchema)]
struct DecisionFacts {
    /// Prompt tokens, estimated.
    input_tokens: u32,
    /// The caller's cap on generated tokens.
    #[schema(required = true)]
    max_output_tokens: Option<u64>,
    /// Whether a stream was asked for.
    stream: bool,
    /// What conditions of the route were told of endpoints and budgets.
    readings: Vec<DecisionReading>,
}

/// One thing that conditions of a route asked.
#[derive(Serialize, ToSchema)]
struct DecisionReading {
    /// The function that asked, such as `health.success_rate`.
    measure: String,
    /// Of what: a model, a provider, or a budget.
    of: String,
    /// The slug of the only account that counted.
    #[schema(required = true)]
    over: Option<String>,
    /// What was found, to the next thousandth; of true and false, 1 and 0. Null: it was not known, and the value counted that
    /// the condition gives for that.
    #[schema(required = true)]
    value: Option<f64>,
}

impl From<DecidedReading> for DecisionReading {
    fn from(reading: DecidedReading) -> Self {
        Self {
            measure: reading.measure.into_owned(),
            of: reading.of,
            over: reading.over,
            value: reading.thousandths.map(|it| it as f64 / 1e3),
        }
    }
}

/// Something a request could have gone to.
#[derive(Serialize, ToSchema)]
struct DecisionCandidate {
    /// The model, as the route or the request names it.
    model: String,
    /// Its provider; null where the target as a whole was left out.
    #[schema(required = true)]
    provider: Option<String>,
    /// The account.
    #[schema(required = true, value_type = Option<String>, example = "con_01jd0000000000000000000000")]
    connection: Option<ConnectionId>,
    /// What became of it.
    outcome: CandidateOutcome,
    /// Where it stood in the order, from 1; null: it was left out.
    #[schema(required = true)]
    rank: Option<u16>,
    /// Why it was left out, such as `price_above_cap`.
    #[schema(required = true)]
    reason: Option<String>,
    /// Whose constraint left it out: `organization`, `project`, `route`, `key` or `request`; null: nobody's.
    #[schema(required = true)]
    level: Option<String>,
    /// How it fared: `full`, `drained`, `broken` or `on_trial`; null: nothing spoke against it.
    #[schema(required = true)]
    standing: Option<String>,
    /// What its score was made of, where measures decided.
    #[schema(required = true)]
    score: Option<CandidateScore>,
}

/// What became of a candidate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CandidateOutcome {
    /// It served.
    Selected,
    /// It was tried and did not serve.
    Tried,
    /// It could have served.
    Standby,
    /// It was left out.
    Rejected,
}

/// The terms of a score; the lowest sum is the best. Their unit is what the route wants: seconds, or thousandths of a dollar.
#[derive(Serialize, ToSchema)]
struct CandidateScore {
    /// How it came to its place: `score`, `drawn` among near-equals, `visited` because it was long unused, or `last_resort`.
    by: String,
    /// Their sum.
    total: f64,
    /// Time until it brings something.
    latency: f64,
    /// Cost.
    cost: f64,
    /// What a prompt that stays warm is worth; negative.
    cache: f64,
    /// Expected cost of a failure.
    failure: f64,
    /// How little its rate limits have left.
    headroom: f64,
    /// Its quality; negative.
    quality: f64,
    /// Expected cost of missing the route's target, or of passing its price.
    target: f64,
    /// How full it is.
    load: f64,
}

impl From<DecidedScore> for CandidateScore {
    fn from(score: DecidedScore) -> Self {
        let unit = |thousandths: i64| thousandths as f64 / 1e3;
        let DecidedScore {
            by,
            latency,
            cost,
            cache,
            failure,
            headroom,
            quality,
            target,
            load,
        } = score;
        Self {
            by: by.into_owned(),
            total: unit(latency + cost + cache + failure + headroom + quality + target + load),
            latency: unit(latency),
            cost: unit(cost),
            cache: unit(cache),
            failure: unit(failure),
            headroom: unit(headroom),
            quality: unit(quality),
            target: unit(target),
            load: unit(load),
        }
    }
}

impl DecisionCandidate {
    fn of(candidate: DecidedCandidate, attempts: &[AttemptRecord]) -> Self {
        let is_it = |attempt: &&AttemptRecord| {
            Some(&attempt.provider) == candidate.provider.as_ref()
                && attempt.connection == candidate.connection
        };
        let mut tries = attempts.iter().filter(is_it);
        let outcome = match candidate.rank {
            None => CandidateOutcome::Rejected,
            Some(_) if tries.clone().any(|it| it.outcome == AttemptOutcome::Served) => {
                CandidateOutcome::Selected
            }
            Some(_) if tries.next().is_some() => CandidateOutcome::Tried,
            Some(_) => CandidateOutcome::Standby,
        };
        Self {
            model: candidate.model,
            provider: candidate.provider,
            connection: candidate.connection,
            outcome,
            rank: candidate.rank,
            reason: candidate.rejected.map(Into::into),
            level: candidate.level.map(Into::into),
            standing: candidate.standing.map(Into::into),
            score: candidate.score.map(CandidateScore::from),
        }
    }
}

/// What happened, in a sentence.
fn summary(row: &LoggedRequest, decision: &Decision, attempts: &[AttemptRecord]) -> String {
    let failed = attempts.iter().filter(|it| it.outcome != AttemptOutcome::Served);
    let failures = failed.map(|it| match it.status {
        Some(status) => format!("{} answered {status}", it.provider),
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
            cause: decision.cause.map(Into::into),
            config_version: decision.config.version.0,
            config_hash: format!("{:016x}", decision.config.state_hash.0),
            facts: DecisionFacts {
                input_tokens: decision.facts.input_tokens,
                max_output_tokens: decision.facts.max_output_tokens,
                stream: decision.facts.stream,
                readings: decision.facts.readings.into_iter().map(Into::into).collect(),
            },
            candidates: decision
                .candidates
                .into_iter()
                .map(|it| DecisionCandidate::of(it, &tries))
                .collect(),
            omitted: decision.omitted,
            held_ms: decision.held_ms,
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
