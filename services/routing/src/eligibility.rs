//! Removes what cannot serve a request, with a code that says why. Called by [`crate::plan()`] only.
//!
//! Must stay true: a check here is certain, never a guess. A doubtful candidate is tried; the provider knows best.

use sluicegate_contracts::config::{Level, Status, Strategy};
use smallvec::SmallVec;

use crate::constraints;
use crate::experiment::Turn;
use crate::facts::Known;
use crate::input::{Candidate, Ceiling, Credential, RequestFeatures, RoutingInput, Selection};
use crate::plan::{Rejection, RejectionCode};

/// Positions of targets and of their candidates.
pub(crate) type Candidates = SmallVec<[(usize, usize); 8]>;

/// What can serve a request, and what cannot.
pub(crate) struct Admitted {
    /// As listed.
    pub(crate) eligible: Candidates,
    /// Everything else, with what stands against it.
    pub(crate) rejections: SmallVec<[Rejection; 2]>,
}

/// Looks at every target and candidate once.
pub(crate) fn admit(input: &RoutingInput<'_>) -> Admitted {
    let most = input.targets.iter().map(|it| it.candidates.len()).sum();
    let mut admitted = Admitted {
        eligible: SmallVec::with_capacity(most),
        rejections: SmallVec::new(),
    };
    for (target, view) in input.targets.iter().enumerate() {
        if let Some(code) = against_all(input, target) {
            admitted.rejections.push(Rejection {
                target,
                candidate: None,
                code,
                level: None,
            });
            continue;
        }
        for (candidate, it) in view.candidates.iter().enumerate() {
            match check(it, input) {
                Ok(()) => admitted.eligible.push((target, candidate)),
                Err(Against { code, level }) => admitted.rejections.push(Rejection {
                    target,
                    candidate: Some(candidate),
                    code,
                    level,
                }),
            }
        }
    }
    admitted
}

/// What stands against a target as a whole.
fn against_all(input: &RoutingInput<'_>, target: usize) -> Option<RejectionCode> {
    let view = &input.targets[target];
    let weighted = matches!(
        input.selection,
        Selection::Route {
            strategy: Strategy::Weighted,
            ..
        }
    );
    if (weighted && view.weight == 0) || view.turn == Turn::Never {
        Some(RejectionCode::WeightZero)
    } else if view.candidates.is_empty() {
        Some(RejectionCode::CredentialMissing)
    } else {
        None
    }
}

/// What stands against one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Against {
    /// Why.
    pub code: RejectionCode,
    /// Whose constraint it is; `None`: nobody's, it could not serve anyway.
    pub level: Option<Level>,
}

/// Whether one candidate can and may serve the request: first what it is and can do, then what is demanded of it.
///
/// # Errors
/// The first reason against it.
pub fn check(candidate: &Candidate<'_>, input: &RoutingInput<'_>) -> Result<(), Against> {
    can_serve(candidate, &input.features).map_err(|code| Against { code, level: None })?;
    input.features.needs.check(Known::of(candidate))?;
    for demand in input.demands {
        constraints::check(candidate, *demand, input.now).map_err(|code| Against {
            code,
            level: Some(demand.level),
        })?;
    }
    if let Some(ceiling) = input.ceiling {
        within(ceiling, candidate).map_err(|code| Against {
            code,
            level: Some(Level::Request),
        })?;
    }
    Ok(())
}

fn within(ceiling: Ceiling<'_>, candidate: &Candidate<'_>) -> Result<(), RejectionCode> {
    match ceiling.bounds.bound(candidate) {
        None => Err(RejectionCode::PriceUnknown),
        Some(bound) if bound > ceiling.most => Err(RejectionCode::CostAboveCap),
        Some(_) => Ok(()),
    }
}

pub(crate) fn can_serve(candidate: &Candidate<'_>, features: &RequestFeatures) -> Result<(), RejectionCode> {
    if let Some(connection) = candidate.connection
        && connection.status != Status::Active
    {
        return Err(RejectionCode::CredentialDisabled);
    }
    if candidate.credential == Credential::Missing {
        return Err(RejectionCode::CredentialMissing);
    }
    let Some(endpoint) = candidate.endpoint else {
        return Ok(());
    };
    if endpoint.status != Status::Active {
        return Err(RejectionCode::Deprecated);
    }
    if !endpoint.operations.contains(&features.operation) {
        return Err(RejectionCode::ModalityUnsupported);
    }
    match (features.max_output_tokens, endpoint.context_window) {
        (Some(wanted), Some(window)) if wanted > window => Err(RejectionCode::ContextTooSmall),
        _ => Ok(()),
    }
}
