//! What is known at the moment of a decision of those that may serve: looked up once, and only where there is a choice.
//! Called by [`crate::plan()`] only.

use std::borrow::Cow;

use sluicegate_contracts::config::PriceCard;
use sluicegate_contracts::money::PicoUsd;
use sluicegate_contracts::time::UnixMillis;

use crate::eligibility::Candidates;
use crate::health::{Assessment, Estimate, Health, Moment, Standing};
use crate::input::{Candidate, RoutingInput};
use crate::plan::{Attempts, Cause, PlannedAttempt};
use crate::select::{Contender, Pool, Price, room};
use crate::strategy::Score;

/// Seconds after which an endpoint that fails often gets another call before the others.
const ASKED_EVERY: f64 = 2.0;

/// Positions of a target and of a candidate in it.
pub(crate) type Place = (usize, usize);

/// Stands for a price that is not known, above all that are: what money decides, it loses.
const UNKNOWN: Price = Price {
    input: 1_000.0,
    warm_input: 1_000.0,
    output: 1_000.0,
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) now: Moment,
    /// Tokens to expect of the answer.
    pub(crate) output_tokens: u32,
    /// Places of those that may serve, ascending.
    eligible: Candidates,
    /// What is known of each, in the same order. Nothing where there is no choice.
    contenders: Vec<Contender>,
}

impl Outlook {
    /// Looks at all of `eligible`, which ascend.
    pub(crate) fn of(input: &RoutingInput<'_>, eligible: Candidates, pool: &Pool) -> Self {
        let now = input.live.moment();
        let output_tokens = pool.expected_output(input.features.max_output_tokens);
        let delivery = input.features.delivery();
        let tokens = room(input.features.input_tokens, output_tokens);
        let look = |at: &Place| {
            let candidate = input.candidate(*at);
            let known = input.live.assess(candidate, delivery, tokens);
            Contender {
                known: known.unwrap_or_else(|| Health::default().assess(now, delivery, tokens)),
                price: price(candidate, input.now),
                warm_tokens: input.live.warm_tokens(candidate),
                quality: 0.0,
                capacity: None,
                tried: false,
            }
        };
        let chosen_from = if eligible.len() > 1 {
            eligible.as_slice()
        } else {
            &[]
        };
        Self {
            now,
            output_tokens,
            contenders: chosen_from.iter().map(look).collect(),
            eligible,
        }
    }

    /// Those that were looked at, in the order in which they were eligible.
    pub(crate) fn contenders(&self) -> &[Contender] {
        &self.contenders
    }

    /// Those at some positions, all of which may be asked for in their order.
    pub(crate) fn only(&self, positions: &[usize]) -> Cow<'_, [Contender]> {
        if positions.len() == self.contenders.len() {
            return Cow::Borrowed(&self.contenders);
        }
        let chosen = positions.iter().map(|position| self.contenders[*position]);
        chosen.collect()
    }

    /// Places of those that may serve, ascending.
    pub(crate) fn eligible(&self) -> &[Place] {
        &self.eligible
    }

    /// A try of the one at this position. All but the first of a plan are fallbacks.
    pub(crate) fn attempt(&self, position: usize, score: Option<Score>) -> PlannedAttempt {
        let (target, candidate) = self.eligible[position];
        let known = self.contenders.get(position).map(|it| &it.known);
        PlannedAttempt {
            target,
            candidate,
            cause: Cause::Fallback,
            standing: known.map_or(Standing::Ready, |it| it.standing),
            score,
        }
    }

    fn known(&self, at: Place) -> Option<&Assessment> {
        let position = self.eligible.binary_search(&at).ok()?;
        Some(&self.contenders.get(position)?.known)
    }

    /// The time until the call brings something.
    pub(crate) fn estimate(&self, at: Place) -> Option<Estimate> {
        Some(self.known(at)?.estimate)
    }

    /// Moves to the back what is known not to take the call, or to fail often. Being full is our own guess, and moves
    /// nothing.
    pub(crate) fn push_back_unwell(&self, order: &mut Attempts) {
        if self.contenders.iter().any(|it| is_unwell(&it.known)) {
            order.sort_by_cached_key(|it| self.known(it.place()).is_some_and(is_unwell));
        }
    }
}

fn is_unwell(known: &Assessment) -> bool {
    match known.standing {
        Standing::Drained(_) | Standing::Broken(_) | Standing::OnTrial => true,
        // Now and then it is asked whether it still does.
        Standing::Ready | Standing::Full => known.fails_often && known.idle < ASKED_EVERY,
    }
}

/// What a candidate costs now; nothing at the gateway itself.
fn price(candidate: &Candidate<'_>, now: UnixMillis) -> Price {
    if candidate.connection.is_none() {
        return Price::default();
    }
    let mut cards = candidate.endpoint.map_or(&[][..], |it| it.prices()).iter();
    let Some(PriceCard { rates, .. }) = cards.find(|card| card.is_valid_at(now)) else {
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
