//! Cost is exact up to one rounding, and grows with tokens.

use proptest::prelude::*;
use sluicegate_contracts::config::{Margin, PriceCard, Rates};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_metering::Terms;

use crate::cards::{card, instant, margin, usage, versions};

fn cost(card: &PriceCard, usage: &TokenUsage, at: UnixMillis) -> NanoUsd {
    let versions = std::slice::from_ref(card);
    Terms::at_cost(versions).cost(usage, at).unwrap().cost
}

/// The model: one token after the other, each with the one price of the class it falls in.
fn model_picos(card: &PriceCard, usage: &TokenUsage, at: UnixMillis) -> i128 {
    let minute = at.get() / 60_000 % 1_440;
    let in_window = |from: u16, until: u16| {
        let (from, until) = (i64::from(from) % 1_440, i64::from(until) % 1_440);
        let length = if from == until {
            1_440
        } else {
            (until - from).rem_euclid(1_440)
        };
        (minute - from).rem_euclid(1_440) < length
    };
    let window = card
        .windows
        .iter()
        .find(|it| in_window(it.from_minute, it.until_minute));
    let (base, tiers) = window.map_or((&card.rates, &card.tiers), |it| (&it.rates, &it.tiers));
    let mut sorted: Vec<_> = tiers.iter().collect();
    sorted.sort_by_key(|tier| tier.above_input_tokens);
    let tier = sorted.iter().rfind(|tier| usage.input > tier.above_input_tokens);
    // Of two tiers at one threshold the later counts.
    let places: Vec<&Rates> = tier
        .map(|tier| &tier.rates)
        .into_iter()
        .chain([base, &card.rates])
        .collect();
    let listed = |class: fn(&Rates) -> Option<PicoUsd>| places.iter().find_map(|rates| class(rates));
    let (input, output) = (places[0].input, places[0].output);
    let write = listed(|it| it.cache_write).unwrap_or(input);
    let hour = usage.cache_write_1h.min(usage.cache_write);
    let input_classes = [
        (usage.input_audio, listed(|it| it.input_audio).unwrap_or(input)),
        (usage.input_image, listed(|it| it.input_image).unwrap_or(input)),
        (hour, listed(|it| it.cache_write_1h).unwrap_or(write)),
        (usage.cache_write - hour, write),
        (usage.cache_read, listed(|it| it.cache_read).unwrap_or(input)),
        (u64::MAX, input),
    ];
    let output_classes = [
        (usage.output_audio, listed(|it| it.output_audio).unwrap_or(output)),
        (usage.output_image, listed(|it| it.output_image).unwrap_or(output)),
        (usage.reasoning, listed(|it| it.reasoning).unwrap_or(output)),
        (u64::MAX, output),
    ];
    let fees = [
        (1, card.fees.request),
        (usage.searches, card.fees.search),
        (usage.images_in, card.fees.image_in),
        (usage.images_out, card.fees.image_out),
    ];
    let units: i128 = fees
        .iter()
        .map(|(count, fee)| i128::from(*count) * i128::from(fee.picos()))
        .sum();
    units + one_by_one(usage.input, &input_classes) + one_by_one(usage.output, &output_classes)
}

fn one_by_one(tokens: u64, classes: &[(u64, PicoUsd)]) -> i128 {
    let mut left: Vec<u64> = classes.iter().map(|(count, _)| *count).collect();
    let mut total = 0;
    for _ in 0..tokens {
        let class = left.iter().position(|count| *count > 0).unwrap();
        left[class] -= 1;
        total += i128::from(classes[class].1.picos());
    }
    total
}

/// What a fraction with this denominator costs more than its exact value, in its own unit.
fn excess(cost: NanoUsd, picos: i128, margin: Margin) -> i128 {
    i128::from(cost.nanos()) * 1_000_000_000 - picos * (1_000_000 + i128::from(margin.ppm()))
}

proptest! {
    #[test]
    fn cost_is_the_exact_sum_rounded_up_by_less_than_a_nano(
        card in card(), usage in usage(), at in instant(), margin in margin(),
    ) {
        let terms = Terms { versions: std::slice::from_ref(&card), margin };
        let cost = terms.cost(&usage, at).unwrap().cost;
        let excess = excess(cost, model_picos(&card, &usage, at), margin);
        prop_assert!((0..1_000_000_000).contains(&excess), "off by {excess} of 10^9");
    }

    #[test]
    fn the_newest_valid_version_prices_a_call(versions in versions(), usage in usage(), at in instant()) {
        let valid = |card: &&PriceCard| {
            card.valid_from.is_none_or(|from| at >= from) && card.valid_until.is_none_or(|until| at < until)
        };
        let expected = versions.iter().rfind(valid).map(|card| (card.version, cost(card, &usage, at)));
        // In whatever order they are listed.
        let mut shuffled = versions.clone();
        shuffled.reverse();
        for list in [&versions, &shuffled] {
            let priced = Terms::at_cost(list).cost(&usage, at);
            prop_assert_eq!(priced.map(|it| (it.version, it.cost)), expected);
        }
    }

    #[test]
    fn more_tokens_of_a_class_never_cost_less(
        card in card(), usage in usage(), more_input in 0..3_000_u64, more_output in 0..3_000_u64, at in instant(),
    ) {
        // A tier may make a long prompt cheaper, and a class without a price may cost less than its parent.
        let flat = PriceCard { tiers: Vec::new(), windows: Vec::new(), ..card };
        // Parts that claim more than there is grow with their parent; only what grows beside them is compared.
        let usage = TokenUsage {
            input: usage.input + usage.input_audio + usage.input_image + usage.cache_write + usage.cache_read,
            output: usage.output + usage.output_audio + usage.output_image + usage.reasoning,
            ..usage
        };
        let more = TokenUsage {
            input: usage.input + more_input,
            output: usage.output + more_output,
            ..usage
        };
        prop_assert!(cost(&flat, &more, at) >= cost(&flat, &usage, at));
    }

    #[test]
    fn splitting_a_request_never_saves_money(card in card(), a in 0..4_000_u64, b in 0..4_000_u64, at in instant()) {
        let flat = PriceCard { tiers: Vec::new(), windows: Vec::new(), ..card };
        let of = |input| cost(&flat, &TokenUsage { input, ..TokenUsage::default() }, at);
        prop_assert!(of(a).checked_add(of(b)).unwrap() >= of(a + b));
    }

    #[test]
    fn a_margin_never_lowers_a_cost(card in card(), usage in usage(), margin in margin(), at in instant()) {
        let with = Terms { versions: std::slice::from_ref(&card), margin };
        prop_assert!(with.cost(&usage, at).unwrap().cost >= cost(&card, &usage, at));
    }

    #[test]
    fn any_report_gives_an_amount_in_range(
        card in card(), counts: [u64; 13], at: i64, ppm: u32,
    ) {
        let [input, cache_read, cache_write, cache_write_1h, input_audio, input_image, output, rest @ ..] = counts;
        let [reasoning, output_audio, output_image, images_in, images_out, searches] = rest;
        let usage = TokenUsage {
            input, cache_read, cache_write, cache_write_1h, input_audio, input_image, output, reasoning, output_audio,
            output_image, images_in, images_out, searches,
        };
        let terms = Terms { versions: std::slice::from_ref(&card), margin: Margin::from_ppm(ppm) };
        let cost = terms.cost(&usage, UnixMillis::new(at)).unwrap().cost;
        prop_assert!((NanoUsd::ZERO..=NanoUsd::MAX).contains(&cost));
    }
}
