//! Drawn by weight without replacement, so that fallbacks are shared out by weight too. Called by [`super::order`].

use super::Targets;
use crate::input::RoutingInput;

/// Draws one target after the other; each draw is proportional to the weights still in the urn.
pub(super) fn order(input: &RoutingInput<'_>, mut urn: Targets) -> Targets {
    let weight = |target: &usize| u64::from(input.targets[*target].weight);
    let mut generator = input.seed.generator();
    let mut drawn = Targets::with_capacity(urn.len());
    while !urn.is_empty() {
        let total = urn.iter().map(weight).sum();
        let mut ticket = generator.below(total);
        let winner = urn
            .iter()
            .position(|target| match ticket.checked_sub(weight(target)) {
                Some(rest) => {
                    ticket = rest;
                    false
                }
                None => true,
            });
        // The ticket is below the total, so there is a winner unless every weight is 0: then as listed.
        drawn.push(urn.remove(winner.unwrap_or(0)));
    }
    drawn
}
