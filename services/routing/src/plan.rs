//! The decision: which candidates are tried, in order, and why the others are not.
//!
//! Must stay true: an ineligible candidate is never planned; every candidate is either planned or rejected, once.

use std::time::Duration;

use sluicegate_contracts::config::{Level, Strategy};
use smallvec::SmallVec;

use crate::eligibility::Admitted;
use crate::experiment::Turn;
use crate::health::{Moment, Standing};
use crate::input::{RoutingInput, Selection};
use crate::outlook::{Outlook, Place};
use crate::seed::Seed;
use crate::select::Pool;
use crate::strategy::Score;
use crate::{eligibility, preferences, strategy};

/// Longest that a request is held while everything it could go to is out of its rate, over all plans.
pub const LONGEST_HOLD: Duration = Duration::from_secs(5);
/// Shortest, so that nobody asks again and again.
const SHORTEST_HOLD: Duration = Duration::from_millis(10);
/// Share of a hold by which requests are spread that were held for the same.
const SPREAD: f64 = 0.1;
/// Another use of the request's seed than the draws of strategies.
const HOLD: u64 = 0x686f_6c64;

/// What is tried, in order.
pub(crate) type Attempts = SmallVec<[PlannedAttempt; 4]>;

/// Attempts in order, and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// At least one.
    pub attempts: SmallVec<[PlannedAttempt; 4]>,
    /// Candidates and targets that cannot serve this request.
    pub rejections: SmallVec<[Rejection; 2]>,
    /// Set: all of them are out of their rate, and would refuse. To plan again after this long is better.
    pub hold: Option<Duration>,
}

/// One planned try, by position in the input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedAttempt {
    /// Position of its target.
    pub target: usize,
    /// Position of its candidate within the target.
    pub candidate: usize,
    /// Why it stands where it stands.
    pub cause: Cause,
    /// Whether it takes a call at present, as far as is known.
    pub standing: Standing,
    /// What speaks for it, where measures ordered the candidates.
    pub score: Option<Score>,
}

impl PlannedAttempt {
    /// Where it goes to.
    pub(crate) const fn place(&self) -> Place {
        (self.target, self.candidate)
    }
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
    /// Of the arm that the request is drawn into.
    Experiment,
    /// Not of the request's arm: nothing of that may serve, or the request's own wishes put another first.
    OtherArm,
    /// Drawn by weight.
    Weight,
    /// Best by what is measured.
    Score,
    /// What stood before it is known not to take the call.
    Capacity,
    /// The same endpoint again.
    Retry,
    /// An earlier attempt failed.
    Fallback,
    /// An earlier attempt is late, and may still answer.
    Hedge,
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
            Self::Experiment => "experiment",
            Self::OtherArm => "other_arm",
            Self::Weight => "weight",
            Self::Score => "score",
            Self::Capacity => "capacity",
            Self::Retry => "retry",
            Self::Fallback => "fallback",
            Self::Hedge => "hedge",
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
    /// Whose constraint it is; `None`: nobody's, it could not serve anyway.
    pub level: Option<Level>,
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
    /// The model calls no tools, or is not known to where that is required.
    ToolsUnsupported,
    /// The model's answers cannot be held to a JSON schema, or are not known to where that is required.
    SchemaUnsupported,
    /// The model does not think before it answers, or is not known to where that is required.
    ReasoningUnsupported,
    /// The endpoint was taken out of the catalog.
    Deprecated,
    /// The target's weight, or that of its arm, is 0.
    WeightZero,
    /// The provider is not among those that may serve.
    ProviderExcluded,
    /// The model is not among those that may serve.
    ModelExcluded,
    /// Requests are not known to be processed, or the operator to be at home, where it is demanded.
    RegionBlocked,
    /// The provider is not known to keep requests no longer than demanded.
    RetentionRequired,
    /// The provider is not known to leave requests out of its training.
    TrainingExcluded,
    /// The model is not known to come from where, or to be under the terms that are demanded.
    ProvenanceExcluded,
    /// The model is not known to be served in the number format demanded.
    VariantExcluded,
    /// The operator is not known to hold a certificate that is demanded.
    CertificationMissing,
    /// A price is above what is allowed.
    PriceAboveCap,
    /// No price is known to compare with what is allowed.
    PriceUnknown,
    /// The request can cost more there than its caller allows.
    CostAboveCap,
    /// The caller wants no fallback, and another comes first.
    FallbackExcluded,
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
            Self::ToolsUnsupported => "tools_unsupported",
            Self::SchemaUnsupported => "schema_unsupported",
            Self::ReasoningUnsupported => "reasoning_unsupported",
            Self::Deprecated => "deprecated",
            Self::WeightZero => "weight_zero",
            Self::ProviderExcluded => "provider_excluded",
            Self::ModelExcluded => "model_excluded",
            Self::RegionBlocked => "region_blocked",
            Self::RetentionRequired => "retention_required",
            Self::TrainingExcluded => "training_excluded",
            Self::ProvenanceExcluded => "provenance_excluded",
            Self::VariantExcluded => "variant_excluded",
            Self::CertificationMissing => "certification_missing",
            Self::PriceAboveCap => "price_above_cap",
            Self::PriceUnknown => "price_unknown",
            Self::CostAboveCap => "cost_above_cap",
            Self::FallbackExcluded => "fallback_excluded",
        }
    }

    /// Whether it is a demand, a wish or a parameter that stands against a candidate which could serve without.
    #[must_use]
    pub const fn is_by_choice(self) -> bool {
        match self {
            Self::ToolsUnsupported
            | Self::SchemaUnsupported
            | Self::ReasoningUnsupported
            | Self::ProviderExcluded
            | Self::ModelExcluded
            | Self::RegionBlocked
            | Self::RetentionRequired
            | Self::TrainingExcluded
            | Self::ProvenanceExcluded
            | Self::VariantExcluded
            | Self::CertificationMissing
            | Self::PriceAboveCap
            | Self::PriceUnknown
            | Self::CostAboveCap
            | Self::FallbackExcluded => true,
            Self::CredentialMissing
            | Self::CredentialDisabled
            | Self::ModalityUnsupported
            | Self::ContextTooSmall
            | Self::Deprecated
            | Self::WeightZero => false,
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

impl NoRoute {
    /// Whether only its size stands against the request.
    #[must_use]
    pub fn is_for_size(&self) -> bool {
        let mut codes = self.rejections.iter().map(|it| it.code);
        !self.rejections.is_empty() && codes.all(|code| code == RejectionCode::ContextTooSmall)
    }

    /// Whether asked with other parameters, demands or wishes something could serve it: somebody chose that, and it is no
    /// fault of this moment.
    #[must_use]
    pub fn is_by_choice(&self) -> bool {
        self.rejections.iter().any(|it| it.code.is_by_choice())
    }
}

/// Plans a request. The pool is what the calls of its route share: it earns allowances, and lends them.
///
/// # Errors
/// [`NoRoute`] when no candidate is eligible.
pub fn plan(input: &RoutingInput<'_>, pool: &mut Pool) -> Result<Plan, NoRoute> {
    let Admitted {
        eligible,
        mut rejections,
    } = eligibility::admit(input);
    if input.held.is_zero() {
        pool.arrived();
    }
    let outlook = Outlook::of(input, eligible, pool);
    let mut attempts = strategy::order(input, &outlook, pool);
    preferences::sort(input, &outlook, &mut attempts);
    let wanted_first = attempts.first().map(PlannedAttempt::place);
    outlook.push_back_unwell(&mut attempts);
    preferences::leave_out(input, &mut attempts, &mut rejections);
    let Some(first) = attempts.first_mut() else {
        return Err(NoRoute { rejections });
    };
    first.cause = if Some(first.place()) == wanted_first {
        first_cause(input, wanted_first)
    } else {
        Cause::Capacity
    };
    let hold = hold(&attempts, outlook.now, input.held, input.seed);
    Ok(Plan {
        attempts,
        rejections,
        hold,
    })
}

/// Until the first of the attempts is back, if all are out of their rate and the request may be held so long.
fn hold(attempts: &[PlannedAttempt], now: Moment, held: Duration, seed: Seed) -> Option<Duration> {
    let soonest = attempts
        .iter()
        .try_fold(Duration::MAX, |soonest, it| match it.standing {
            Standing::Drained(until) => Some(soonest.min(until.wait(now))),
            Standing::Ready | Standing::Full | Standing::Broken(_) | Standing::OnTrial => None,
        })?;
    if held.saturating_add(soonest) > LONGEST_HOLD {
        return None;
    }
    let spread = SPREAD * seed.branch(HOLD).generator().unit();
    Some(soonest.mul_f64(1.0 + spread).max(SHORTEST_HOLD))
}

/// Why what the route, or the caller, wants first is first.
fn first_cause(input: &RoutingInput<'_>, first: Option<Place>) -> Cause {
    let is_experiment = input.targets.iter().any(|it| it.turn != Turn::Shared);
    match &input.selection {
        Selection::Direct => Cause::Direct,
        Selection::Route { by_alias: true, .. } => Cause::Alias,
        Selection::Route { .. } if is_experiment => {
            match first.map_or(Turn::Shared, |(target, _)| input.targets[target].turn) {
                Turn::Own => Cause::Experiment,
                Turn::Shared | Turn::Other(_) | Turn::Never => Cause::OtherArm,
            }
        }
        Selection::Route { strategy, .. } => match strategy {
            Strategy::Ordered => Cause::Rule,
            Strategy::Weighted => Cause::Weight,
            Strategy::Fastest
            | Strategy::Cheapest
            | Strategy::LeastLoaded
            | Strategy::CheapestWithin { .. }
            | Strategy::FastestUnder { .. }
            | Strategy::Balanced { .. } => Cause::Score,
        },
    }
}
