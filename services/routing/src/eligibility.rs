//! Removes what cannot serve a request, with a code that says why. Called by [`crate::plan()`] only.
//!
//! Must stay true: a check here is certain, never a guess. A doubtful candidate is tried; the provider knows best.

use sluicegate_contracts::config::{Status, Strategy};
use smallvec::SmallVec;

use crate::input::{Candidate, Credential, RequestFeatures, RoutingInput, Selection};
use crate::plan::{Rejection, RejectionCode};

/// Whether a target may take part in the ordering. Notes what stands against it and against each candidate.
pub(crate) fn target_is_usable(
    input: &RoutingInput<'_>,
    target: usize,
    rejections: &mut SmallVec<[Rejection; 2]>,
) -> bool {
    let view = &input.targets[target];
    let weighted = matches!(
        input.selection,
        Selection::Route {
            strategy: Strategy::Weighted,
            ..
        }
    );
    let against_all = if weighted && view.weight == 0 {
        Some(RejectionCode::WeightZero)
    } else if view.candidates.is_empty() {
        Some(RejectionCode::CredentialMissing)
    } else {
        None
    };
    if let Some(code) = against_all {
        rejections.push(Rejection {
            target,
            candidate: None,
            code,
        });
        return false;
    }
    let before = rejections.len();
    rejections.extend(view.candidates.iter().enumerate().filter_map(|(candidate, it)| {
        let code = check(it, &input.features).err()?;
        Some(Rejection {
            target,
            candidate: Some(candidate),
            code,
        })
    }));
    rejections.len() - before < view.candidates.len()
}

/// Whether one candidate can serve the request.
///
/// # Errors
/// The first reason against it.
pub fn check(candidate: &Candidate<'_>, features: &RequestFeatures) -> Result<(), RejectionCode> {
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
