//! The decision: which candidates are tried, in order, and why the others are not.
//!
//! Must stay true: an ineligible candidate is never planned; every candidate is either planned or rejected, once.

use sluicegate_contracts::config::Strategy;
use smallvec::SmallVec;

use crate::input::{RoutingInput, Selection};
use crate::{eligibility, strategy};

/// Attempts in order, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// At least one.
    pub attempts: SmallVec<[PlannedAttempt; 4]>,
    /// Candidates and targets that cannot serve this request.
    pub rejections: SmallVec<[Rejection; 2]>,
}

/// One planned try, by position in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedAttempt {
    /// Position of its target.
    pub target: usize,
    /// Position of its candidate within the target.
    pub candidate: usize,
    /// Why it stands where it stands.
    pub cause: Cause,
}

/// Why an attempt is made. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The caller named the model.
    Direct,
    /// The caller used an alias of a route.
    Alias,
    /// First eligible target of a route, as listed.
    Rule,
    /// Drawn by weight.
    Weight,
    /// The same endpoint again.
    Retry,
    /// An earlier attempt failed.
    Fallback,
    /// A budget had no room, and names this route for that case.
    BudgetSwitch,
}

impl Cause {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Alias => "alias",
            Self::Rule => "rule",
            Self::Weight => "weight",
            Self::Retry => "retry",
            Self::Fallback => "fallback",
            Self::BudgetSwitch => "budget_switch",
        }
    }
}

/// Something that cannot serve this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// Position of the target.
    pub target: usize,
    /// Position of the candidate; `None`: the target as a whole.
    pub candidate: Option<usize>,
    /// Why.
    pub code: RejectionCode,
}

/// Why a candidate cannot serve. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionCode {
    /// No connection of the project reaches the model, or its credential could not be unsealed.
    CredentialMissing,
    /// The connection was switched off.
    CredentialDisabled,
    /// The endpoint does not offer the operation.
    ModalityUnsupported,
    /// More tokens are asked for than the model's context holds.
    ContextTooSmall,
    /// The endpoint was taken out of the catalog.
    Deprecated,
    /// The target's weight is 0.
    WeightZero,
}

impl RejectionCode {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CredentialMissing => "credential_missing",
            Self::CredentialDisabled => "credential_disabled",
            Self::ModalityUnsupported => "modality_unsupported",
            Self::ContextTooSmall => "context_too_small",
            Self::Deprecated => "deprecated",
            Self::WeightZero => "weight_zero",
        }
    }
}

/// Nothing that was named can serve this request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no target can serve this request")]
pub struct NoRoute {
    /// What stands against each candidate.
    pub rejections: SmallVec<[Rejection; 2]>,
}

/// Plans a request.
///
/// # Errors
/// [`NoRoute`] when no candidate is eligible.
pub fn plan(input: &RoutingInput<'_>) -> Result<Plan, NoRoute> {
    let mut rejections = SmallVec::new();
    let usable: SmallVec<[usize; 8]> = (0..input.targets.len())
        .filter(|target| eligibility::target_is_usable(input, *target, &mut rejections))
        .collect();
    let order = match input.selection {
        // Several targets without a route do not occur; if they did, as listed is the least surprising order.
        Selection::Direct => usable,
        Selection::Route { strategy, .. } => strategy::order(strategy, input, usable),
    };
    let first_cause = match input.selection {
        Selection::Direct => Cause::Direct,
        Selection::Route { by_alias: true, .. } => Cause::Alias,
        Selection::Route {
            strategy: Strategy::Ordered,
            ..
        } => Cause::Rule,
        Selection::Route {
            strategy: Strategy::Weighted,
            ..
        } => Cause::Weight,
    };

    let mut attempts: SmallVec<[PlannedAttempt; 4]> = SmallVec::new();
    for target in order {
        let candidates = input.targets[target].candidates.iter().enumerate();
        for (candidate, _) in candidates.filter(|(_, it)| eligibility::check(it, &input.features).is_ok()) {
            let cause = if attempts.is_empty() {
                first_cause
            } else {
                Cause::Fallback
            };
            attempts.push(PlannedAttempt {
                target,
                candidate,
                cause,
            });
        }
    }
    if attempts.is_empty() {
        Err(NoRoute { rejections })
    } else {
        Ok(Plan { attempts, rejections })
    }
}
