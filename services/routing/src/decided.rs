//! Writes down a decision: what could have served a request, in which order it stood, and what spoke against the rest.

use std::borrow::Cow;

use sluicegate_contracts::event::ConfigHead;
use sluicegate_contracts::usage::{
    DecidedCandidate, DecidedExperiment, DecidedFacts, DecidedReading, DecidedScore, Decision,
    MAX_CANDIDATES, RequestShape,
};

use crate::experiment::Drawn;
use crate::health::Standing;
use crate::input::{Bounds, Candidate, RequestFeatures, Target};
use crate::plan::{NoRoute, Plan, PlannedAttempt, Rejection};
use crate::rules::{Question, Reading, Readings};
use crate::select::Reason;
use crate::strategy::Score;

/// What a decision was made from, and came to.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// The configuration that was in force.
    pub config: ConfigHead,
    /// What was asked.
    pub features: &'a RequestFeatures,
    /// What kind of request it was.
    pub shape: RequestShape,
    /// The rule of the route that decided.
    pub rule: Option<&'a str>,
    /// The arm of its experiment that the request is of.
    pub drawn: Option<&'a Drawn<'a>>,
    /// What its conditions were told of endpoints and budgets.
    pub readings: &'a Readings,
    /// The language of the request, where one of them asks for it.
    pub language: Option<&'static str>,
    /// What could have served.
    pub targets: &'a [Target<'a>],
    /// What it can cost where, if that is to be written down.
    pub bounds: Option<&'a dyn Bounds>,
    /// What came of it.
    pub outcome: Result<&'a Plan, &'a NoRoute>,
}

impl Decided<'_> {
    /// The decision. Candidates are named where there was a choice, or where somebody wants to see them.
    #[must_use]
    pub fn written(&self, is_wanted: bool) -> Decision {
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
            rule: self.rule.map(str::to_owned),
            experiment: self.drawn.and_then(experiment),
            config: self.config,
            facts: DecidedFacts {
                input_tokens: self.features.input_tokens,
                max_output_tokens: self.features.max_output_tokens,
                stream: self.features.stream,
                shape: Some(self.shape),
                language: self.language.map(Cow::Borrowed),
                readings: self.readings.iter().map(reading).collect(),
            },
            candidates: ranked.chain(rejected).take(named).collect(),
            omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
            held_ms: 0,
            hedge: None,
        }
    }

    fn planned(&self, attempt: &PlannedAttempt, rank: u16) -> DecidedCandidate {
        let target = &self.targets[attempt.target];
        DecidedCandidate {
            rank: Some(rank),
            standing: standing(attempt.standing).map(Cow::Borrowed),
            score: attempt.score.map(|it| score(&it)),
            ..self.named(target, Some(&target.candidates[attempt.candidate]))
        }
    }

    fn rejected(&self, rejection: &Rejection) -> DecidedCandidate {
        let target = &self.targets[rejection.target];
        DecidedCandidate {
            rejected: Some(Cow::Borrowed(rejection.code.as_str())),
            level: rejection.level.map(|level| Cow::Borrowed(level.as_str())),
            ..self.named(target, rejection.candidate.map(|index| &target.candidates[index]))
        }
    }

    fn named(&self, target: &Target<'_>, candidate: Option<&Candidate<'_>>) -> DecidedCandidate {
        DecidedCandidate {
            model: target.model.to_owned(),
            provider: candidate.map(|it| it.provider.to_owned()),
            connection: candidate.and_then(|it| it.connection).map(|it| it.id),
            arm: target.arm.map(str::to_owned),
            rank: None,
            rejected: None,
            level: None,
            standing: None,
            score: None,
            bound: candidate.and_then(|it| self.bounds?.bound(it)),
        }
    }
}

fn experiment(drawn: &Drawn<'_>) -> Option<DecidedExperiment> {
    Some(DecidedExperiment {
        name: drawn.experiment.name.clone(),
        arm: drawn.arm()?.to_owned(),
        unit: Cow::Borrowed(drawn.unit),
    })
}

fn reading((question, found): (&Question, Option<Reading>)) -> DecidedReading {
    DecidedReading {
        measure: Cow::Borrowed(question.measure.name()),
        of: question.of.to_string(),
        over: question.over.as_deref().map(str::to_owned),
        thousandths: found.map(Reading::thousandths),
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
