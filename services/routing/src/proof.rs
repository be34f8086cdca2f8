//! Proves that no call can reach an endpoint that a claim forbids, or shows one that can.
//!
//! A call can only ask for more than the levels above it do, so that the calls without demands of their own reach whatever any
//! call reaches: on the first choice, a retry, a fallback or a hedge, all of which come from what passed the same check. What
//! is left to look at is finite, and all of it is looked at: every candidate, for each constraint of the claim by itself, at
//! every moment at which a price changes; and of models that no catalog lists, one name of every class that any pattern of
//! names can tell apart ([`representatives`]).

use std::collections::BTreeSet;

use sluicegate_contracts::config::{Constraints, Level, Operation};
use sluicegate_contracts::time::UnixMillis;

use crate::capabilities::Needs;
use crate::constraints::{self, Demand};
use crate::eligibility::can_serve;
use crate::input::{Candidate, RequestFeatures, Target};
use crate::plan::RejectionCode;

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Candidates that were looked at.
    pub candidates: usize,
    /// Of those, how many a call can reach.
    pub reachable: usize,
    /// Each constraint of the claim.
    pub verdicts: Vec<Verdict>,
}

/// What was found of one constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its name, as in the wire format.
    pub constraint: &'static str,
    /// A call that reaches what it forbids; `None`: there is none.
    pub counterexample: Option<Counterexample>,
}

/// A call that reaches a forbidden endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counterexample {
    /// Position of its target.
    pub target: usize,
    /// Position of the candidate within the target.
    pub candidate: usize,
    /// When.
    pub at: UnixMillis,
    /// What the claim has against it.
    pub code: RejectionCode,
}

impl Proof {
    /// Whether nothing forbidden can be reached.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|it| it.counterexample.is_none())
    }
}

/// Looks for a call that reaches what `claim` forbids, from `now` on, while `demands` are in force.
#[must_use]
pub fn prove(claim: &Constraints, demands: &[Demand<'_>], targets: &[Target<'_>], now: UnixMillis) -> Proof {
    let parts = parts(claim);
    let mut proof = Proof {
        candidates: 0,
        reachable: 0,
        verdicts: Vec::new(),
    };
    let mut found: Vec<Option<Counterexample>> = vec![None; parts.len()];
    for (target, view) in targets.iter().enumerate() {
        for (candidate, it) in view.candidates.iter().enumerate() {
            proof.candidates += 1;
            let moments = moments(it, now);
            let reached = moments.into_iter().filter(|at| is_reached(it, demands, *at));
            let reached: Vec<UnixMillis> = reached.collect();
            proof.reachable += usize::from(!reached.is_empty());
            for (found, (_, part)) in found.iter_mut().zip(&parts).filter(|(found, _)| found.is_none()) {
                *found = reached.iter().find_map(|at| {
                    let code = violation(it, part, *at)?;
                    Some(Counterexample {
                        target,
                        candidate,
                        at: *at,
                        code,
                    })
                });
            }
        }
    }
    let verdicts = parts.iter().zip(found);
    proof.verdicts = verdicts
        .map(|((constraint, _), counterexample)| Verdict {
            constraint,
            counterexample,
        })
        .collect();
    proof
}

/// Whether some call without demands of its own would be sent there.
fn is_reached(candidate: &Candidate<'_>, demands: &[Demand<'_>], at: UnixMillis) -> bool {
    let asks = |operation| RequestFeatures {
        operation,
        stream: false,
        max_output_tokens: None,
        input_tokens: 0,
        conversation: false,
        // Whatever needs something in particular reaches no more.
        needs: Needs::NONE,
    };
    let operations = [
        Operation::ChatCompletions,
        Operation::Embeddings,
        Operation::Rerank,
    ];
    let mut operations = operations.into_iter();
    operations.any(|operation| can_serve(candidate, &asks(operation)).is_ok())
        && demands
            .iter()
            .all(|demand| constraints::check(candidate, *demand, at).is_ok())
}

/// What a claim has against a candidate. It is nobody's demand of the moment, so that a gateway answers for nothing of it.
fn violation(candidate: &Candidate<'_>, claim: &Constraints, at: UnixMillis) -> Option<RejectionCode> {
    let claim = Demand {
        level: Level::Organization,
        constraints: claim,
    };
    constraints::check(candidate, claim, at).err()
}

/// The moments from `now` on at which another price is in force.
fn moments(candidate: &Candidate<'_>, now: UnixMillis) -> BTreeSet<UnixMillis> {
    let cards = candidate.endpoint.map_or(&[][..], |it| it.prices());
    let bounds = cards.iter().flat_map(|card| [card.valid_from, card.valid_until]);
    let later = bounds.flatten().filter(|at| *at > now);
    later.chain([now]).collect()
}

/// The constraints of a claim one by one, so that each has its own verdict.
fn parts(claim: &Constraints) -> Vec<(&'static str, Constraints)> {
    let Constraints {
        processing,
        operator_home,
        author_home,
        max_retention_days,
        no_training,
        open_weights,
        distillable,
        licenses,
        quantizations,
        unknown_quantization,
        certifications,
        providers,
        models,
        max_price,
    } = claim;
    let part = |name, state: &dyn Fn(&mut Constraints)| {
        let mut part = Constraints::NONE;
        state(&mut part);
        (name, part)
    };
    let all = [
        part("processing", &|it| it.processing.clone_from(processing)),
        part("operator_home", &|it| it.operator_home.clone_from(operator_home)),
        part("author_home", &|it| it.author_home.clone_from(author_home)),
        part("max_retention_days", &|it| {
            it.max_retention_days = *max_retention_days;
        }),
        part("no_training", &|it| it.no_training = *no_training),
        part("open_weights", &|it| it.open_weights = *open_weights),
        part("distillable", &|it| it.distillable = *distillable),
        part("licenses", &|it| it.licenses.clone_from(licenses)),
        part("quantizations", &|it| {
            it.quantizations.clone_from(quantizations);
            // By itself it demands nothing.
            it.unknown_quantization = quantizations.is_some() && *unknown_quantization;
        }),
        part("certifications", &|it| {
            it.certifications.clone_from(certifications);
        }),
        part("providers", &|it| it.providers.clone_from(providers)),
        part("models", &|it| it.models.clone_from(models)),
        part("max_price", &|it| it.max_price = *max_price),
    ];
    let stated = all.into_iter().filter(|(_, part)| !part.are_none());
    stated.collect()
}

/// Names of models, one at least of every class that these patterns can tell apart.
#[must_use]
pub fn representatives<'p>(patterns: impl IntoIterator<Item = &'p str>) -> BTreeSet<String> {
    let patterns: BTreeSet<&str> = patterns.into_iter().collect();
    let mut names = BTreeSet::new();
    let prefixes = patterns.iter().filter_map(|it| it.strip_suffix('*'));
    for prefix in prefixes.chain([""]) {
        names.insert(prefix.to_owned());
        // Where every next character begins another pattern, these speak for the class, and the prefix alone is left of it.
        let is_free = |next: &char| {
            let longer = format!("{prefix}{next}");
            !patterns.iter().any(|it| it.starts_with(&longer))
        };
        let free = ('!'..='~').filter(|it| *it != '*').find(is_free);
        names.extend(free.map(|next| format!("{prefix}{next}")));
    }
    let exact = patterns.iter().filter(|it| !it.ends_with('*'));
    names.extend(exact.map(|it| (*it).to_owned()));
    names.remove("");
    names
}
