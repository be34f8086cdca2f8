//! What a decision was made from and between, in REST: of requests that were made, and of those that might be.

use serde::Serialize;
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_contracts::usage::{
    AttemptOutcome, AttemptRecord, DecidedCandidate, DecidedExperiment, DecidedFacts, DecidedReading,
    DecidedScore,
};
use utoipa::ToSchema;

use super::money::Money;

/// What of a request counted.
#[derive(Serialize, ToSchema)]
pub(super) struct DecisionFacts {
    /// Prompt tokens, estimated.
    input_tokens: u32,
    /// The caller's cap on generated tokens.
    #[schema(required = true)]
    max_output_tokens: Option<u64>,
    /// Whether a stream was asked for.
    stream: bool,
    /// The language of what its user said last, empty where that could not be told; null: no condition asked.
    #[schema(required = true, example = "de")]
    language: Option<String>,
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

impl From<DecidedFacts> for DecisionFacts {
    fn from(facts: DecidedFacts) -> Self {
        Self {
            input_tokens: facts.input_tokens,
            max_output_tokens: facts.max_output_tokens,
            stream: facts.stream,
            language: facts.language.map(Into::into),
            readings: facts.readings.into_iter().map(Into::into).collect(),
        }
    }
}

/// The arm of an experiment that a request is of, wherever it went.
#[derive(Serialize, ToSchema)]
pub(super) struct DecisionExperiment {
    /// Name of the experiment.
    #[schema(example = "sonnet-trial")]
    name: String,
    /// Name of the arm.
    #[schema(example = "control")]
    arm: String,
    /// What was drawn for: `session`, `user`, `key`, `header` or `metadata` where the request said it, else `request`.
    unit: String,
}

impl From<DecidedExperiment> for DecisionExperiment {
    fn from(decided: DecidedExperiment) -> Self {
        Self {
            name: decided.name,
            arm: decided.arm,
            unit: decided.unit.into_owned(),
        }
    }
}

/// Something a request could have gone to.
#[derive(Serialize, ToSchema)]
pub(super) struct DecisionCandidate {
    /// The model, as the route or the request names it.
    model: String,
    /// Its provider; null where the target as a whole was left out.
    #[schema(required = true)]
    provider: Option<String>,
    /// The account.
    #[schema(required = true, value_type = Option<String>, example = "con_01jd0000000000000000000000")]
    connection: Option<ConnectionId>,
    /// The arm that it is of; null: it stands in for all of them, or there are none.
    #[schema(required = true)]
    arm: Option<String>,
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
    /// The most that the request could cost there; null: not known, or nobody asked.
    #[schema(required = true)]
    bound: Option<Money>,
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
    pub(super) fn of(candidate: DecidedCandidate, attempts: &[AttemptRecord]) -> Self {
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
            arm: candidate.arm,
            outcome,
            rank: candidate.rank,
            reason: candidate.rejected.map(Into::into),
            level: candidate.level.map(Into::into),
            standing: candidate.standing.map(Into::into),
            score: candidate.score.map(CandidateScore::from),
            bound: candidate.bound.map(Money::from),
        }
    }
}
