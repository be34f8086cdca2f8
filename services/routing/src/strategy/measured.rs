//! By what is measured of each candidate, over all targets. Called by [`super::order`].

use std::time::Duration;

use super::{Order, Score, by_arm, turn};
use crate::eligibility::Candidates;
use crate::input::RoutingInput;
use crate::outlook::{Outlook, Place};
use crate::select::{Ask, Objective, Pool, rank};

/// Another use of the request's seed than the draw by weight.
const DRAW: u64 = 0x6d65_6173_7572_6564;

/// Ranks all of `eligible`, those of one arm after those of the other.
pub(super) fn order(
    input: &RoutingInput<'_>,
    outlook: &Outlook,
    mut eligible: Candidates,
    objective: &Objective,
    pool: &mut Pool,
) -> Order {
    if outlook.contenders().is_empty() {
        return Order {
            places: eligible,
            scores: Vec::new(),
        };
    }
    let ask = Ask {
        now: outlook.now,
        seed: input.seed.branch(DRAW),
        input_tokens: input.features.input_tokens,
        output_tokens: outlook.output_tokens,
        conversation: input.features.conversation,
        held: Duration::ZERO,
        tries_left: u32::try_from(eligible.len()).unwrap_or(u32::MAX),
    };
    let mut order = Order {
        places: Candidates::with_capacity(eligible.len()),
        scores: vec![None; outlook.contenders().len()],
    };
    by_arm(input, &mut eligible);
    let mut arms = eligible.chunk_by(|one, next| turn(input, *one) == turn(input, *next));
    if let Some(first) = arms.next() {
        order.append(first, outlook, &ask, objective, pool);
    }
    // What stands in for the arm of the request takes nothing of what the calls of the route share.
    for other in arms {
        order.append(other, outlook, &ask, objective, &mut pool.clone());
    }
    order
}

impl Order {
    fn append(
        &mut self,
        arm: &[Place],
        outlook: &Outlook,
        ask: &Ask,
        objective: &Objective,
        pool: &mut Pool,
    ) {
        for it in rank(&outlook.only(arm), ask, objective, pool).order {
            let at = arm[usize::from(it.contender)];
            self.places.push(at);
            if let Some(position) = outlook.position(at) {
                self.scores[position] = Some(Score {
                    terms: it.terms,
                    reason: it.reason,
                });
            }
        }
    }
}
