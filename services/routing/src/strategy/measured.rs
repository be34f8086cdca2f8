//! By what is measured of each candidate, over all targets. Called by [`super::order`].

use std::time::Duration;

use super::Score;
use crate::input::RoutingInput;
use crate::outlook::Outlook;
use crate::plan::Attempts;
use crate::select::{Ask, Objective, Pool, Ranked, rank};

/// Another use of the request's seed than the draw by weight.
const DRAW: u64 = 0x6d65_6173_7572_6564;

/// Ranks all that may serve.
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
    let ranking = rank(outlook.contenders(), &ask, objective, pool);
    let attempt = |it: &Ranked| {
        let score = Score {
            terms: it.terms,
            reason: it.reason,
        };
        outlook.attempt(usize::from(it.contender), Some(score))
    };
    ranking.order.iter().map(attempt).collect()
}
