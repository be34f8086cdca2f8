//! Writes down a decision: what could have served a request, in which order it stood, and what spoke against the rest.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use sluicegate_contracts::event::ConfigHead;
use sluicegate_contracts::usage::{
    DecidedCandidate, DecidedFacts, DecidedReading, DecidedScore, Decision, MAX_CANDIDATES, RequestShape,
    RouteRef,
};
use sluicegate_routing::health::Standing;
use sluicegate_routing::rules::{Question, Reading, Readings};
use sluicegate_routing::select::Reason;
use sluicegate_routing::{
    Candidate, NoRoute, Plan, PlannedAttempt, Rejection, RequestFeatures, Score, Target,
};

use crate::error::{ErrorKind, GatewayError};

/// What a decision was made from, and came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decided<'a> {
    pub(super) config: ConfigHead,
    pub(super) features: &'a RequestFeatures,
    pub(super) shape: RequestShape,
    pub(super) readings: &'a Readings,
    pub(super) targets: &'a [Target<'a>],
    pub(super) outcome: Result<&'a Plan, &'a NoRoute>,
}

impl Decided<'_> {
    /// The decision. Candidates are named where there was a choice, or where somebody wants to see them.
    pub(super) fn written(&self, is_wanted: bool) -> Decision {
        let (attempts, rejections) = match self.outcome {
            Ok(plan) => (plan.attempts.as_slice(), plan.rejections.as_slice()),
            Err(none) => (&[][..], none.rejections.as_slice()),
        };
        let all = attempts.len() + rejections.len();
        let named = if all > 1 || is_wanted || attempts.is_empty() {
            all.min(MAX_CANDIDATES)
        } else {
            0
        };
        let omitted = if named == 0 { 0 } else { all - named };
        let ranked = attempts
            .iter()
            .zip(1..)
            .map(|(attempt, rank)| self.planned(attempt, rank));
        let rejected = rejections.iter().map(|rejection| self.rejected(rejection));
        Decision {
            cause: attempts.first().map(|it| Cow::Borrowed(it.cause.as_str())),
            config: self.config,
            facts: DecidedFacts {
                input_tokens: self.features.input_tokens,
                max_output_tokens: self.features.max_output_tokens,
                stream: self.features.stream,
                shape: Some(self.shape),
                readings: self.readings.iter().map(reading).collect(),
            },
            candidates: ranked.chain(rejected).take(named).collect(),
            omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
            held_ms: 0,
        }
    }

    fn planned(&self, attempt: &PlannedAttempt, rank: u16) -> DecidedCandidate {
        let target = &self.targets[attempt.target];
        DecidedCandidate {
            rank: Some(rank),
            standing: standing(attempt.standing).map(Cow::Borrowed),
            score: attempt.score.map(|it| score(&it)),
            ..named(target, Some(&target.candidates[attempt.candidate]))
        }
    }

    fn rejected(&self, rejection: &Rejection) -> DecidedCandidate {
        let target = &self.targets[rejection.target];
        DecidedCandidate {
            rejected: Some(Cow::Borrowed(rejection.code.as_str())),
            level: rejection.level.map(|level| Cow::Borrowed(level.as_str())),
            ..named(target, rejection.candidate.map(|index| &target.candidates[index]))
        }
    }
}

fn reading((question, found): (&Question, Option<Reading>)) -> DecidedReading {
    DecidedReading {
        measure: Cow::Borrowed(question.measure.name()),
        of: question.of.to_string(),
        over: question.over.as_deref().map(str::to_owned),
        thousandths: found.map(Reading::thousandths),
    }
}

fn named(target: &Target<'_>, candidate: Option<&Candidate<'_>>) -> DecidedCandidate {
    DecidedCandidate {
        model: target.model.to_owned(),
        provider: candidate.map(|it| it.provider.to_owned()),
        connection: candidate.and_then(|it| it.connection).map(|it| it.id),
        rank: None,
        rejected: None,
        level: None,
        standing: None,
        score: None,
    }
}

const fn standing(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Ready => None,
        Standing::Full => Some("full"),
        Standing::Drained(_) => Some("drained"),
        Standing::Broken(_) => Some("broken"),
        Standing::OnTrial => Some("on_trial"),
    }
}

fn score(score: &Score) -> DecidedScore {
    let by = match score.reason {
        Reason::Score => "score",
        Reason::Drawn => "drawn",
        Reason::Visited => "visited",
        Reason::LastResort => "last_resort",
    };
    let thousandths = |term: f32| (f64::from(term) * 1e3).round() as i64;
    let terms = &score.terms;
    DecidedScore {
        by: Cow::Borrowed(by),
        latency: thousandths(terms.latency),
        cost: thousandths(terms.cost),
        cache: thousandths(terms.cache),
        failure: thousandths(terms.failure),
        headroom: thousandths(terms.headroom),
        quality: thousandths(terms.quality),
        target: thousandths(terms.target),
        load: thousandths(terms.load),
    }
}

/// The answer to a request that is not to be sent anywhere.
#[derive(Debug, Serialize)]
struct DryRun<'a> {
    object: &'static str,
    model: &'a str,
    route: Option<&'a RouteRef>,
    /// Who would be tried first; null: nobody can serve.
    first: Option<&'a DecidedCandidate>,
    decision: &'a Decision,
}

/// Shows a decision to the caller that asked for it alone.
///
/// # Errors
/// 500 when it cannot be written.
pub(super) fn shown(
    model: &str,
    route: Option<&RouteRef>,
    decision: &Decision,
) -> Result<Bytes, GatewayError> {
    let document = DryRun {
        object: "sluicegate.decision",
        model,
        route,
        first: decision.candidates.first().filter(|it| it.rank.is_some()),
        decision,
    };
    serde_json::to_vec(&document).map(Bytes::from).map_err(|_| {
        let message = "The decision cannot be written down.";
        GatewayError::new(ErrorKind::Internal, message)
    })
}
