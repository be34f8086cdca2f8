//! The bound holds for every usage that fits and every instant, the cap is exact, and slices cover every prefix.

use proptest::prelude::*;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_metering::bound::{Slicing, StreamHold, affordable_by_each, dearest};
use sluicegate_metering::{CallSize, OutputCap, Prompt, Span, Terms, Unbounded};

use crate::cards::{HORIZON_MS, instant, margin, usage, versions};

/// The smallest size the usage fits, and some slack.
fn size_of(usage: &TokenUsage, slack: u64) -> CallSize {
    CallSize {
        prompt: Prompt::Tokens(usage.input + slack),
        max_output_tokens: Some(usage.output + slack),
        images_in: usage.images_in,
        images_out: usage.images_out,
        searches: usage.searches,
    }
}

fn span(from: UnixMillis, length: i64) -> Span {
    Span {
        from,
        until: from.offset(length),
    }
}

/// Money about as much as a call can cost.
fn share(bound: Result<NanoUsd, Unbounded>, per_mille: i64) -> NanoUsd {
    let nanos = bound.map_or(0, NanoUsd::nanos);
    NanoUsd::from_nanos(i64::try_from(i128::from(nanos) * i128::from(per_mille) / 1_000).unwrap())
}

proptest! {
    #[test]
    fn the_bound_holds_for_every_usage_that_fits_at_every_instant(
        versions in versions(), margin in margin(), usage in usage(), slack in 0..100_u64,
        from in instant(), length in 0..HORIZON_MS, share in 0..=100_i64,
    ) {
        let terms = Terms { versions: &versions, margin };
        let bound = terms.bound(&size_of(&usage, slack), span(from, length));
        let at = from.offset(length / 100 * share);
        if let Some(priced) = terms.cost(&usage, at) {
            let bound = bound.unwrap();
            prop_assert!(priced.cost <= bound, "{} costs more than {bound}", priced.cost);
            prop_assert!(bound <= NanoUsd::MAX);
        }
    }

    #[test]
    fn the_bound_is_met_by_some_usage_so_nobody_is_refused_for_nothing(
        versions in versions(), input in 0..9_000_u64, output in 0..5_000_u64, at in instant(),
    ) {
        // All tokens in one class each, at one instant: one of these costs the bound, where there is one tier.
        let mut versions = versions;
        for card in &mut versions {
            card.tiers.clear();
            card.windows.iter_mut().for_each(|window| window.tiers.clear());
        }
        let terms = Terms::at_cost(&versions);
        let size = CallSize::of_text(Prompt::Tokens(input), Some(output));
        if terms.in_force(at).is_none() {
            prop_assert_eq!(terms.bound(&size, span(at, 0)), Err(Unbounded::UnknownPrice));
            return Ok(());
        }
        let whole = TokenUsage { input, output, ..TokenUsage::default() };
        let inputs = [
            whole,
            TokenUsage { cache_read: input, ..whole },
            TokenUsage { cache_write: input, ..whole },
            TokenUsage { cache_write: input, cache_write_1h: input, ..whole },
            TokenUsage { input_audio: input, ..whole },
            TokenUsage { input_image: input, ..whole },
        ];
        let usages = inputs.into_iter().flat_map(|usage| [
            usage,
            TokenUsage { reasoning: output, ..usage },
            TokenUsage { output_audio: output, ..usage },
            TokenUsage { output_image: output, ..usage },
        ]);
        let dearest = usages.map(|usage| terms.cost(&usage, at).unwrap().cost).max().unwrap();
        prop_assert_eq!(terms.bound(&size, span(at, 0)), Ok(dearest));
    }

    #[test]
    fn an_affordable_answer_fits_and_one_token_more_does_not(
        versions in versions(), margin in margin(), usage in usage(), limited: bool, from in instant(),
        length in 0..HORIZON_MS, per_mille in 0..1_100_i64,
    ) {
        let terms = Terms { versions: &versions, margin };
        let sized = size_of(&usage, 0);
        let size = CallSize { max_output_tokens: sized.max_output_tokens.filter(|_| limited), ..sized };
        let span = span(from, length);
        let money = share(terms.bound(&sized, span), per_mille);
        let with = |output| terms.bound(&CallSize { max_output_tokens: Some(output), ..size }, span).unwrap();
        match terms.quote(&size, span).map(|quote| quote.affordable(money)) {
            Ok(OutputCap::Whole) => prop_assert!(terms.bound(&size, span).unwrap() <= money),
            Ok(OutputCap::UpTo(cap)) => {
                prop_assert!(with(cap.get()) <= money);
                prop_assert!(with(cap.get() + 1) > money);
                prop_assert!(size.max_output_tokens.is_none_or(|most| cap.get() < most));
            }
            Ok(OutputCap::Nothing { least }) => {
                prop_assert!(least > money);
                prop_assert_eq!(least, with(size.max_output_tokens.map_or(1, |most| most.min(1))));
            }
            Err(why) => {
                prop_assert_eq!(why, Unbounded::UnknownPrice);
                prop_assert_eq!(terms.bound(&size, span), Err(why));
            }
        }
    }

    #[test]
    fn a_chain_costs_no_more_than_its_bound_whoever_serves(
        chain in prop::collection::vec((versions(), margin(), usage()), 0..4), at in instant(), per_mille in 0..1_100_i64,
    ) {
        let span = span(at, 0);
        let calls = || chain.iter().map(|(versions, margin, usage)| {
            (Terms { versions, margin: *margin }, size_of(usage, 0))
        });
        if let Ok(bound) = dearest(calls(), span) {
            for ((terms, _), (_, _, usage)) in calls().zip(&chain) {
                prop_assert!(terms.cost(usage, at).unwrap().cost <= bound);
            }
            let money = share(Ok(bound), per_mille);
            let cap = affordable_by_each(calls(), span, money).unwrap();
            prop_assert_eq!(cap == OutputCap::Whole, bound <= money);
            if let OutputCap::UpTo(cap) = cap {
                for (terms, size) in calls() {
                    let most = size.max_output_tokens.map(|most| most.min(cap.get()));
                    let capped = CallSize { max_output_tokens: most, ..size };
                    prop_assert!(terms.bound(&capped, span).unwrap() <= money);
                }
            }
        } else {
            prop_assert!(calls().any(|(terms, _)| terms.in_force(at).is_none()));
        }
    }

    #[test]
    fn slices_cover_whatever_was_let_through_and_the_slack_after(
        versions in versions(), margin in margin(), usage in usage(), from in instant(), length in 0..HORIZON_MS,
        first in 0..500_u64, step in 1..2_000_u64, slack in 0..300_u64, limited: bool, share in 0..=100_u64, cut in 0..6_usize,
    ) {
        let terms = Terms { versions: &versions, margin };
        let sized = size_of(&usage, 0);
        let size = CallSize { max_output_tokens: sized.max_output_tokens.filter(|_| limited), ..sized };
        let span = span(from, length);
        let slicing = Slicing { first, step, slack };
        let Ok(quote) = terms.quote(&size, span) else {
            prop_assert!(terms.bound(&sized, span).is_err());
            return Ok(());
        };
        let mut hold = StreamHold::open(quote, slicing);
        let mut sum = hold.held().nanos();
        for _ in 0..cut {
            let Some(slice) = hold.next() else { break };
            prop_assert!(slice.amount >= NanoUsd::ZERO && slice.granted > hold.granted());
            hold.take(slice);
            sum += slice.amount.nanos();
        }
        prop_assert_eq!(hold.held().nanos(), sum);
        // Any prefix of what was granted came through, and the provider bills its slack beyond.
        let came = hold.granted() * share / 100 + slack;
        let output = size.max_output_tokens.map_or(came, |most| came.min(most));
        let billed = TokenUsage { output, ..usage };
        let last = from.offset(length);
        for at in [from, last] {
            if let Some(priced) = terms.cost(&billed, at) {
                prop_assert!(priced.cost.nanos() <= sum);
            }
        }
        if let Ok(whole) = terms.bound(&size, span) {
            prop_assert!(sum <= whole.nanos());
            if hold.next().is_none() {
                prop_assert_eq!(sum, whole.nanos());
            }
        }
    }
}
