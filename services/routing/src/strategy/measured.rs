//! By what is measured of each candidate, over all targets. Called by [`super::order`].

use std::time::Duration;

use smallvec::SmallVec;

use super::{Score, turn};
use crate::input::RoutingInput;
use crate::outlook::Outlook;
use crate::plan::Attempts;
use crate::select::{Ask, Objective, Pool, Ranked, rank};

/// Another use of the request's seed than the draw by weight.
const DRAW: u64 = 0x6d65_6173_7572_6564;

/// Ranks all that may serve, those of one arm after those of the other.
pub(super) fn order(
    input: &RoutingInput<'_>,
    outlook: &Outlook,
    objective: &Objective,
    pool: &mut Pool,
) -> Attempts {
    let choice = outlook.eligible().len();
    if outlook.contenders().is_empty() {
        return (0..choice).map(|only| outlook.attempt(only, None)).collect();
    }
    let ask = Ask {
        now: outlook.now,
        seed: input.seed.branch(DRAW),
        input_tokens: input.features.input_tokens,
        output_tokens: outlook.output_tokens,
        conversation: input.features.conversation,
        held: Duration::ZERO,
        tries_left: u32::try_from(choice).unwrap_or(u32::MAX),
    };
    let its_turn = |position: &usize| turn(input, outlook.eligible()[*position]);
    let mut positions: SmallVec<[usize; 8]> = (0..choice).collect();
    positions.sort_by_key(its_turn);
    let mut arms = positions.chunk_by(|one, next| its_turn(one) == its_turn(next));
    let mut attempts = Attempts::with_capacity(choice);
    let mut append = |arm: &[usize], pool: &mut Pool| {
        let attempt = |it: &Ranked| {
            let score = Score {
                terms: it.terms,
                reason: it.reason,
            };
            outlook.attempt(arm[usize::from(it.contender)], Some(score))
        };
        let ranking = rank(&outlook.only(arm), &ask, objective, pool);
        attempts.extend(ranking.order.iter().map(attempt));
    };
    if let Some(first) = arms.next() {
        append(first, pool);
    }
    // What stands in for the arm of the request takes nothing of what the calls of the route share.
    for other in arms {
        append(other, &mut pool.clone());
    }
    attempts
}
