//! Puts the usable targets of a route in order: the first serves, the others are its fallbacks.
//!
//! One file per strategy. Each takes positions of usable targets and returns the same positions in another order.

mod ordered;
mod weighted;

use sluicegate_contracts::config::Strategy;
use smallvec::SmallVec;

use crate::input::RoutingInput;

/// Positions of targets within the input.
pub(crate) type Targets = SmallVec<[usize; 8]>;

/// Orders `usable` by the route's strategy.
pub(crate) fn order(strategy: Strategy, input: &RoutingInput<'_>, usable: Targets) -> Targets {
    match strategy {
        Strategy::Ordered => ordered::order(usable),
        Strategy::Weighted => weighted::order(input, usable),
    }
}
