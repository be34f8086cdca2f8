//! Cost is exact up to one rounding, grows with tokens, and never exceeds the bound computed before the call.

use proptest::prelude::*;
use sluicegate_contracts::config::{PriceCard, PriceTier};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_metering::{CallSize, cost, upper_bound};

fn price() -> impl Strategy<Value = PicoUsd> {
    (0..2_000_000_000_i64).prop_map(PicoUsd::from_picos)
}

/// Tiers whose prices rise with the prompt, as every published price list has them.
fn rising_tiers(input: PicoUsd, output: PicoUsd) -> impl Strategy<Value = Vec<PriceTier>> {
    prop::collection::vec((1..3_000_u64, 0..1_000_i64, 0..1_000_i64), 0..3).prop_map(move |steps| {
        let (mut threshold, mut input, mut output) = (0, input.picos(), output.picos());
        steps
            .into_iter()
            .map(|(above, more_input, more_output)| {
                threshold += above;
                input += more_input;
                output += more_output;
                PriceTier {
                    above_input_tokens: threshold,
                    input: PicoUsd::from_picos(input),
                    output: PicoUsd::from_picos(output),
                    cache_read: None,
                    cache_write: None,
                }
            })
            .collect()
    })
}

prop_compose! {
    fn flat_card()(
        input in price(), output in price(),
        cache_read in prop::option::of(price()), cache_write in prop::option::of(price()),
        reasoning in prop::option::of(price()),
        input_audio in prop::option::of(price()), output_audio in prop::option::of(price()),
    ) -> PriceCard {
        PriceCard { version: 1, input, output, cache_read, cache_write, reasoning, input_audio, output_audio, tiers: Vec::new() }
    }
}

fn card() -> impl Strategy<Value = PriceCard> {
    flat_card().prop_flat_map(|card| {
        rising_tiers(card.input, card.output).prop_map(move |tiers| PriceCard {
            tiers,
            ..card.clone()
        })
    })
}

prop_compose! {
    /// Also reports whose parts exceed their parent: providers are not to be trusted.
    fn usage()(
        input in 0..5_000_u64, cache_read in 0..4_000_u64, cache_write in 0..4_000_u64, input_audio in 0..2_000_u64,
        output in 0..5_000_u64, reasoning in 0..6_000_u64, output_audio in 0..2_000_u64,
    ) -> TokenUsage {
        TokenUsage { input, cache_read, cache_write, input_audio, output, reasoning, output_audio }
    }
}

/// The model: one token after the other, each with the one price of the class it falls in, as an exact fraction of
/// a nano-dollar (thousandths).
fn model_picos(card: &PriceCard, usage: &TokenUsage) -> i128 {
    let tier = card
        .tiers
        .iter()
        .rev()
        .find(|tier| usage.input > tier.above_input_tokens);
    let input = tier.map_or(card.input, |tier| tier.input);
    let output = tier.map_or(card.output, |tier| tier.output);
    let cache_read = tier
        .map_or(card.cache_read, |tier| tier.cache_read)
        .unwrap_or(input);
    let cache_write = tier
        .map_or(card.cache_write, |tier| tier.cache_write)
        .unwrap_or(input);
    let mut total = 0;
    for token in 0..usage.input {
        total += i128::from(
            if token < usage.input_audio {
                card.input_audio.unwrap_or(input)
            } else if token < usage.input_audio + usage.cache_write {
                cache_write
            } else if token < usage.input_audio + usage.cache_write + usage.cache_read {
                cache_read
            } else {
                input
            }
            .picos(),
        );
    }
    for token in 0..usage.output {
        total += i128::from(
            if token < usage.output_audio {
                card.output_audio.unwrap_or(output)
            } else if token < usage.output_audio + usage.reasoning {
                card.reasoning.unwrap_or(output)
            } else {
                output
            }
            .picos(),
        );
    }
    total
}

proptest! {
    #[test]
    fn cost_is_the_exact_sum_rounded_up_by_less_than_a_nano(card in card(), usage in usage()) {
        let excess = i128::from(cost(&card, &usage).nanos()) * 1_000 - model_picos(&card, &usage);
        prop_assert!((0..1_000).contains(&excess), "off by {excess} pico-USD");
    }

    #[test]
    fn more_tokens_never_cost_less(card in card(), usage in usage(), input in 0..3_000_u64, output in 0..3_000_u64) {
        // Cached classes keep their price over the tiers, else a tier may make them cheaper.
        let card = PriceCard { cache_read: None, cache_write: None, ..card };
        let more = TokenUsage { input: usage.input + input, output: usage.output + output, ..usage };
        prop_assert!(cost(&card, &more) >= cost(&card, &usage));
    }

    #[test]
    fn splitting_a_request_never_saves_money(card in flat_card(), a in 0..4_000_u64, b in 0..4_000_u64) {
        let of = |input| cost(&card, &TokenUsage { input, ..TokenUsage::default() });
        prop_assert!(of(a).checked_add(of(b)).unwrap() >= of(a + b));
    }

    #[test]
    fn the_bound_holds_for_every_usage_that_fits(
        card in card(), usage in usage(), referenced_tokens in 0..5_000_u64, slack in 0..100_u64,
    ) {
        let size = CallSize {
            body_bytes: usage.input.saturating_sub(referenced_tokens) + slack,
            referenced_tokens,
            max_output_tokens: usage.output + slack,
        };
        prop_assert!(upper_bound(&card, &size) >= cost(&card, &usage));
        prop_assert!(upper_bound(&card, &size) <= NanoUsd::MAX);
    }

    #[test]
    fn any_report_gives_an_amount_in_range(card in card(), input: u64, cache_read: u64, output: u64, reasoning: u64) {
        let usage = TokenUsage { input, cache_read, output, reasoning, ..TokenUsage::default() };
        prop_assert!((NanoUsd::ZERO..=NanoUsd::MAX).contains(&cost(&card, &usage)));
    }
}
