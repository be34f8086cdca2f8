//! How a caller would have the candidates tried: OpenRouter's `provider.order`, `allow_fallbacks` and `sort`. Applied to
//! what passed every constraint, so that a preference can put an endpoint first or leave it out, and never let one in.

use std::cmp::Reverse;

use sluicegate_contracts::config::{Level, PriceCard};
use sluicegate_contracts::money::PicoUsd;
use smallvec::SmallVec;

use crate::constraints::{names_provider, region};
use crate::eligibility::Candidates;
use crate::input::{Candidate, RoutingInput};
use crate::plan::{Rejection, RejectionCode};

/// Wishes of one request; the default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Providers to try first, in this order: `openai`, or `google-vertex/us-east5` for one region.
    pub order: Vec<String>,
    /// Try nothing but the first candidate of each target, or but those that `order` names.
    pub no_fallbacks: bool,
    /// What to order the candidates of each target by, where `order` does not say.
    pub sort: Option<Sort>,
    /// Order the candidates of all targets together, rather than one target after the other.
    pub across_targets: bool,
}

impl Preferences {
    /// No wishes.
    pub const NONE: Self = Self {
        order: Vec::new(),
        no_fallbacks: false,
        sort: None,
        across_targets: false,
    };
}

/// What candidates are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The cheapest first: three prompt tokens are weighed against one generated, a mix that is common in comparisons of
    /// prices. One without a known price comes last.
    Price,
}

/// Puts the candidates in the caller's order and rejects those it does not want.
pub(crate) fn apply(
    input: &RoutingInput<'_>,
    order: &mut Candidates,
    rejections: &mut SmallVec<[Rejection; 2]>,
) {
    let wishes = input.preferences;
    let sorts = !wishes.order.is_empty() || wishes.sort.is_some();
    if !sorts && !wishes.no_fallbacks {
        return;
    }
    let candidate = |(target, candidate): (usize, usize)| &input.targets[target].candidates[candidate];
    // Position of the target in the order its strategy gave, which sorting within targets must keep.
    let targets: SmallVec<[usize; 8]> = order.iter().map(|(target, _)| *target).collect();
    let group = |target: usize| match wishes.across_targets {
        true => 0,
        false => targets
            .iter()
            .position(|it| *it == target)
            .unwrap_or(targets.len()),
    };
    let place = |it: &Candidate<'_>| wishes.order.iter().position(|name| is_named(it, name));
    if sorts {
        order.sort_by_cached_key(|at| {
            let it = candidate(*at);
            let price = wishes.sort.map(|Sort::Price| price(it, input));
            (
                group(at.0),
                place(it).unwrap_or(wishes.order.len()),
                price.map(|known| (Reverse(known.is_some()), known)),
            )
        });
    }
    if !wishes.no_fallbacks {
        return;
    }
    let mut served: SmallVec<[usize; 8]> = SmallVec::new();
    order.retain(|at| {
        let is_wanted = if wishes.order.is_empty() {
            !served.contains(&group(at.0))
        } else {
            // A gateway is sent the order, and keeps to it itself.
            place(candidate(*at)).is_some() || candidate(*at).is_gateway
        };
        if is_wanted {
            served.push(group(at.0));
        } else {
            rejections.push(Rejection {
                target: at.0,
                candidate: Some(at.1),
                code: RejectionCode::FallbackExcluded,
                level: Some(Level::Request),
            });
        }
        is_wanted
    });
}

fn is_named(candidate: &Candidate<'_>, name: &str) -> bool {
    names_provider(name, candidate.provider, region(candidate))
}

/// What three prompt tokens and one generated cost now; nothing at the gateway itself.
fn price(candidate: &Candidate<'_>, input: &RoutingInput<'_>) -> Option<PicoUsd> {
    if candidate.connection.is_none() {
        return Some(PicoUsd::from_picos(0));
    }
    let mut cards = candidate.endpoint?.prices().iter();
    let card: &PriceCard = cards.find(|card| card.is_valid_at(input.now))?;
    let (prompt, answer) = (card.rates.input.picos(), card.rates.output.picos());
    Some(PicoUsd::from_picos(
        prompt.saturating_mul(3).saturating_add(answer),
    ))
}
