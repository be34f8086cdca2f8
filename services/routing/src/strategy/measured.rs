//! By what is measured of each candidate, over all targets. Called by [`super::order`].

use std::time::Duration;

use sluicegate_contracts::config::PriceCard;
use sluicegate_contracts::money::PicoUsd;
use smallvec::SmallVec;

use super::{Order, Score};
use crate::eligibility::Candidates;
use crate::input::{Candidate, RoutingInput};
use crate::outlook::{Outlook, Seen};
use crate::select::{Ask, Contender, Objective, Pool, Price, Ranked, rank};

/// Another use of the request's seed than the draw by weight.
const DRAW: u64 = 0x6d65_6173_7572_6564;
/// Stands for a price that is not known, above all that are: what money decides, it loses.
const UNKNOWN: Price = Price {
    input: 1_000.0,
    warm_input: 1_000.0,
    output: 1_000.0,
};

/// Ranks all of `eligible`.
pub(super) fn order(
    input: &RoutingInput<'_>,
    outlook: &Outlook,
    eligible: Candidates,
    objective: &Objective,
    pool: &mut Pool,
) -> Order {
    if outlook.seen().is_empty() {
        return Order {
            places: eligible,
            scores: Vec::new(),
        };
    }
    let contender = |seen| contender(seen, input);
    let contenders: SmallVec<[Contender; 8]> = outlook.seen().iter().map(contender).collect();
    let ask = Ask {
        now: outlook.now,
        seed: input.seed.branch(DRAW),
        input_tokens: input.features.input_tokens,
        output_tokens: outlook.output_tokens,
        conversation: input.features.conversation,
        held: Duration::ZERO,
        tries_left: u32::try_from(eligible.len()).unwrap_or(u32::MAX),
    };
    let ranking = rank(&contenders, &ask, objective, pool);
    let mut scores = vec![None; contenders.len()];
    for it in &ranking.order {
        scores[usize::from(it.contender)] = Some(Score {
            terms: it.terms,
            reason: it.reason,
        });
    }
    let place = |it: &Ranked| outlook.seen()[usize::from(it.contender)].at;
    Order {
        places: ranking.order.iter().map(place).collect(),
        scores,
    }
}

fn contender(seen: &Seen, input: &RoutingInput<'_>) -> Contender {
    Contender {
        known: seen.known,
        price: price(input.candidate(seen.at), input),
        warm_tokens: seen.warm_tokens,
        quality: 0.0,
        capacity: None,
        tried: false,
    }
}

/// What a candidate costs now; nothing at the gateway itself.
fn price(candidate: &Candidate<'_>, input: &RoutingInput<'_>) -> Price {
    if candidate.connection.is_none() {
        return Price::default();
    }
    let mut cards = candidate.endpoint.map_or(&[][..], |it| it.prices()).iter();
    let Some(PriceCard { rates, .. }) = cards.find(|card| card.is_valid_at(input.now)) else {
        return UNKNOWN;
    };
    // Pico-dollars a token are micro-dollars a million.
    let per_million = |price: PicoUsd| price.picos() as f64 / 1e6;
    Price {
        input: per_million(rates.input),
        warm_input: per_million(rates.cache_read.unwrap_or(rates.input)),
        output: per_million(rates.output),
    }
}
