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

use crate::eligibility::Candidates;
use crate::experiment::Turn;
use crate::input::{RoutingInput, Selection};
use crate::outlook::{Outlook, Place};
use crate::select::{Objective, Pool, Reason, Terms, Weights};

/// Positions of targets within the input.
type Targets = SmallVec<[usize; 8]>;

/// Candidates in order.
pub(crate) struct Order {
    pub(crate) places: Candidates,
    /// Where measures ordered them: what the score of each is made of, in the order in which they were looked at.
    pub(crate) scores: Vec<Option<Score>>,
}

/// What speaks for a candidate, and why it stands where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The terms of the score.
    pub terms: Terms,
    /// How it came to its place.
    pub reason: Reason,
}

/// Orders what may serve by the route's strategy.
pub(crate) fn order(
    input: &RoutingInput<'_>,
    outlook: &Outlook,
    eligible: Candidates,
    pool: &mut Pool,
) -> Order {
    let strategy = match input.selection {
        // A model stands before those that its caller would fall back to.
        Selection::Direct => Strategy::Ordered,
        Selection::Route { strategy, .. } => strategy,
    };
    let by_target = |order: fn(&RoutingInput<'_>, Targets) -> Targets| {
        let mut targets: Targets = eligible.iter().map(|(target, _)| *target).collect();
        targets.dedup();
        let of = |target| eligible.iter().copied().filter(move |(of, _)| *of == target);
        let mut places = Candidates::with_capacity(eligible.len());
        places.extend(order(input, targets).into_iter().flat_map(of));
        by_arm(input, &mut places);
        Order {
            places,
            scores: Vec::new(),
        }
    };
    match (strategy, objective(strategy)) {
        (_, Some(objective)) => measured::order(input, outlook, eligible, &objective, pool),
        (Strategy::Weighted, None) => by_target(weighted::order),
        (_, None) => by_target(ordered::order),
    }
}

/// Puts the candidates of each arm together, in the turn of the arms and each as it stood.
fn by_arm(input: &RoutingInput<'_>, places: &mut Candidates) {
    // Sorting would take memory, and mostly nothing is compared.
    if !places.is_sorted_by_key(|at| turn(input, *at)) {
        places.sort_by_key(|at| turn(input, *at));
    }
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
