//! In which order the route would have its candidates tried: the first serves, the others are its fallbacks.
//!
//! One file per kind. Each takes what may serve and returns the same in another order; none lets anything in. Where the route
//! compares arms, those of the request's arm come first, and a strategy orders those of one arm among themselves.

mod measured;
mod ordered;
mod weighted;

use std::time::Duration;

use sluicegate_contracts::config::Strategy;
use sluicegate_contracts::money::NanoUsd;
use smallvec::SmallVec;

use crate::experiment::Turn;
use crate::input::{RoutingInput, Selection};
use crate::outlook::{Outlook, Place};
use crate::plan::{Attempts, PlannedAttempt};
use crate::select::{Objective, Pool, Reason, Terms, Weights};

/// Positions of targets within the input.
type Targets = SmallVec<[usize; 8]>;

/// What speaks for a candidate, and why it stands where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The terms of the score.
    pub terms: Terms,
    /// How it came to its place.
    pub reason: Reason,
}

/// Orders what may serve by the route's strategy.
pub(crate) fn order(input: &RoutingInput<'_>, outlook: &Outlook, pool: &mut Pool) -> Attempts {
    let strategy = match input.selection {
        // A model stands before those that its caller would fall back to.
        Selection::Direct => Strategy::Ordered,
        Selection::Route { strategy, .. } => strategy,
    };
    match (strategy, objective(strategy)) {
        (_, Some(objective)) => measured::order(input, outlook, &objective, pool),
        (Strategy::Weighted, None) => by_target(input, outlook, weighted::order),
        (_, None) => by_target(input, outlook, ordered::order),
    }
}

/// One target after the other; the candidates of each as listed.
fn by_target(
    input: &RoutingInput<'_>,
    outlook: &Outlook,
    order: fn(&RoutingInput<'_>, Targets) -> Targets,
) -> Attempts {
    let eligible = outlook.eligible();
    let mut targets: Targets = eligible.iter().map(|(target, _)| *target).collect();
    targets.dedup();
    let mut attempts = Attempts::with_capacity(eligible.len());
    for target in order(input, targets) {
        let its = |position: &usize| eligible[*position].0 == target;
        let positions = (0..eligible.len()).filter(its);
        attempts.extend(positions.map(|position| outlook.attempt(position, None)));
    }
    // The candidates of each arm together, each as it stood. Sorting would take memory, and mostly nothing is compared.
    let its_turn = |it: &PlannedAttempt| turn(input, it.place());
    if !attempts.is_sorted_by_key(its_turn) {
        attempts.sort_by_key(its_turn);
    }
    attempts
}

/// When it is the turn of a candidate's target.
fn turn(input: &RoutingInput<'_>, (target, _): Place) -> Turn {
    input.targets[target].turn
}

/// What a strategy wants of endpoints; `None` where their author has put them in order.
#[must_use]
pub fn objective(strategy: Strategy) -> Option<Objective> {
    let milli_usd = |amount: NanoUsd| amount.nanos() as f64 / 1e6;
    Some(match strategy {
        Strategy::Ordered | Strategy::Weighted => return None,
        Strategy::Fastest => Objective::Fastest,
        Strategy::Cheapest => Objective::Cheapest,
        Strategy::LeastLoaded => Objective::LeastLoaded,
        Strategy::CheapestWithin { milliseconds } => {
            Objective::CheapestMeeting(Duration::from_millis(u64::from(milliseconds)))
        }
        Strategy::FastestUnder { cost } => Objective::FastestUnder(milli_usd(cost)),
        Strategy::Balanced { second } => Objective::Balanced(Weights {
            seconds: milli_usd(second),
            milli_usd: 1.0,
            ..Weights::default()
        }),
    })
}
