//! By what is measured of each candidate, over all targets. Called by [`super::order`].

use std::time::Duration;

use super::{Order, Score};
use crate::eligibility::Candidates;
use crate::input::RoutingInput;
use crate::outlook::Outlook;
use crate::select::{Ask, Objective, Pool, Ranked, rank};

/// Another use of the request's seed than the draw by weight.
const DRAW: u64 = 0x6d65_6173_7572_6564;

/// Ranks all of `eligible`.
pub(super) fn order(
    input: &RoutingInput<'_>,
    outlook: &Outlook,
    eligible: Candidates,
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
    let ranking = rank(outlook.contenders(), &ask, objective, pool);
    let mut scores = vec![None; outlook.contenders().len()];
    for it in &ranking.order {
        scores[usize::from(it.contender)] = Some(Score {
            terms: it.terms,
            reason: it.reason,
        });
    }
    let place = |it: &Ranked| outlook.place(usize::from(it.contender));
    Order {
        places: ranking.order.iter().map(place).collect(),
        scores,
    }
}
