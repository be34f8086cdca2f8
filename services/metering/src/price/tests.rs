//! Worked examples of every price class; the laws are in `tests/it/price.rs`.

use super::*;

/// Noon, UTC, of some day.
const NOON: UnixMillis = UnixMillis::new(1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 12 * 3_600_000);

fn picos(picos: i64) -> PicoUsd {
    PicoUsd::from_picos(picos)
}

fn rates(input: i64, output: i64) -> Rates {
    Rates {
        input: picos(input),
        output: picos(output),
        ..Rates::default()
    }
}

fn card(input: i64, output: i64) -> PriceCard {
    PriceCard {
        version: 1,
        rates: rates(input, output),
        ..PriceCard::default()
    }
}

fn cost_at(card: &PriceCard, usage: &TokenUsage, at: UnixMillis) -> i64 {
    let versions = std::slice::from_ref(card);
    Terms::at_cost(versions).cost(usage, at).unwrap().cost.nanos()
}

fn cost(card: &PriceCard, usage: &TokenUsage) -> i64 {
    cost_at(card, usage, NOON)
}

fn tokens(input: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input,
        output,
        ..TokenUsage::default()
    }
}

#[test]
fn a_small_call_of_a_cheap_model_is_exact() {
    // $0.15 and $0.60 per million tokens.
    assert_eq!(cost(&card(150_000, 600_000), &tokens(9, 12)), 8_550);
}

#[test]
fn parts_are_billed_once_at_their_own_price() {
    let card = PriceCard {
        rates: Rates {
            cache_read: Some(picos(100)),
            cache_write: Some(picos(1_250)),
            cache_write_1h: Some(picos(2_000)),
            input_audio: Some(picos(10_000)),
            input_image: Some(picos(1_500)),
            reasoning: Some(picos(5_000)),
            output_audio: Some(picos(20_000)),
            output_image: Some(picos(30_000)),
            ..rates(1_000, 4_000)
        },
        ..PriceCard::default()
    };
    let usage = TokenUsage {
        input: 100,
        cache_read: 40,
        cache_write: 20,
        cache_write_1h: 15,
        input_audio: 10,
        input_image: 7,
        output: 50,
        reasoning: 20,
        output_audio: 4,
        output_image: 3,
        ..TokenUsage::default()
    };
    let input = 23 * 1_000 + 40 * 100 + 5 * 1_250 + 15 * 2_000 + 10 * 10_000 + 7 * 1_500;
    let output = 23 * 4_000 + 20 * 5_000 + 4 * 20_000 + 3 * 30_000;
    assert_eq!(cost(&card, &usage), (input + output + 999) / 1_000);
}

#[test]
fn a_class_without_a_price_costs_what_its_parent_costs() {
    let mut card = card(1_000, 4_000);
    card.rates.cache_write = Some(picos(3_000));
    let usage = TokenUsage {
        cache_write: 10,
        cache_write_1h: 10,
        cache_read: 10,
        input_audio: 10,
        input_image: 10,
        reasoning: 5,
        output_audio: 5,
        output_image: 5,
        ..tokens(40, 15)
    };
    assert_eq!(cost(&card, &usage), 10 * 3 + 30 + 15 * 4);
}

#[test]
fn units_are_billed_by_number_and_each_call_once() {
    let card = PriceCard {
        fees: Fees {
            request: picos(5_000_000),
            search: picos(10_000_000),
            image_in: picos(2_000_000),
            image_out: picos(40_000_000),
        },
        ..card(0, 0)
    };
    let usage = TokenUsage {
        images_in: 3,
        images_out: 2,
        searches: 4,
        ..TokenUsage::default()
    };
    assert_eq!(cost(&card, &TokenUsage::default()), 5_000);
    assert_eq!(cost(&card, &usage), 5_000 + 4 * 10_000 + 3 * 2_000 + 2 * 40_000);
}

#[test]
fn the_highest_tier_reached_prices_the_whole_attempt() {
    let tier = |above_input_tokens, input| PriceTier {
        above_input_tokens,
        rates: rates(input, input * 2),
    };
    let card = PriceCard {
        tiers: vec![tier(200, 3_000), tier(100, 2_000)],
        ..card(1_000, 2_000)
    };
    let of = |input| cost(&card, &tokens(input, 1));
    assert_eq!([of(100), of(101), of(201)], [102, 206, 609]);
}

#[test]
fn a_tier_keeps_the_prices_it_does_not_name() {
    let tier = |rates| PriceTier {
        above_input_tokens: 10,
        rates,
    };
    let mut card = card(1_000, 2_000);
    card.rates.input_audio = Some(picos(7_000));
    card.tiers = vec![tier(rates(3_000, 4_000))];
    let usage = TokenUsage {
        input_audio: 20,
        cache_read: 5,
        ..tokens(30, 0)
    };
    assert_eq!(cost(&card, &usage), 20 * 7 + 10 * 3);
    card.tiers[0].rates.input_audio = Some(picos(9_000));
    assert_eq!(cost(&card, &usage), 20 * 9 + 10 * 3);
}

#[test]
fn the_night_is_cheaper_and_spans_midnight() {
    // As DeepSeek had it: half price from 16:30 to 00:30 UTC.
    let card = PriceCard {
        windows: vec![PriceWindow {
            from_minute: 16 * 60 + 30,
            until_minute: 30,
            rates: rates(500, 1_000),
            tiers: Vec::new(),
        }],
        ..card(1_000, 2_000)
    };
    let midnight = NOON.offset(-12 * 3_600_000);
    let at = |minute: i64| cost_at(&card, &tokens(10, 10), midnight.offset(minute * MINUTE_MS));
    assert_eq!(
        [at(0), at(29), at(30), at(989), at(990), at(1_439)],
        [15, 15, 30, 30, 15, 15]
    );
    // Before 1970 too.
    let before = UnixMillis::new(-MINUTE_MS);
    assert_eq!(minute_of_day(before), 1_439);
    assert_eq!(cost_at(&card, &tokens(10, 10), before), 15);
}

#[test]
fn a_window_has_tiers_of_its_own() {
    let tier = |input| PriceTier {
        above_input_tokens: 10,
        rates: rates(input, 0),
    };
    let card = PriceCard {
        tiers: vec![tier(9_000)],
        windows: vec![PriceWindow {
            from_minute: 0,
            until_minute: 60,
            rates: rates(100, 0),
            tiers: vec![tier(300)],
        }],
        ..card(1_000, 0)
    };
    let night = NOON.offset(-12 * 3_600_000);
    assert_eq!(cost_at(&card, &tokens(20, 0), night), 6);
    assert_eq!(cost_at(&card, &tokens(20, 0), NOON), 180);
}

#[test]
fn of_the_versions_valid_at_an_instant_the_newest_counts() {
    let version = |version, from: Option<i64>, until: Option<i64>| PriceCard {
        version,
        valid_from: from.map(UnixMillis::new),
        valid_until: until.map(UnixMillis::new),
        ..card(i64::from(version) * 1_000, 0)
    };
    let versions = [
        version(1, None, None),
        version(3, Some(100), Some(200)),
        version(2, Some(50), None),
    ];
    let terms = Terms::at_cost(&versions);
    let at = |at| terms.cost(&tokens(1, 0), UnixMillis::new(at)).unwrap();
    assert_eq!(
        [0, 49, 50, 99, 100, 199, 200].map(|it| at(it).version),
        [1, 1, 2, 2, 3, 3, 2]
    );
    assert_eq!(at(150).cost, NanoUsd::from_nanos(3));
    let gone = [version(1, Some(10), Some(20))];
    let terms = Terms::at_cost(&gone);
    let known = [9, 10, 19, 20].map(|it| terms.cost(&tokens(1, 0), UnixMillis::new(it)).is_some());
    assert_eq!(known, [false, true, true, false]);
}

#[test]
fn a_margin_is_added_before_the_one_rounding() {
    let card = card(400, 0);
    let with = |ppm, input| {
        let terms = Terms {
            versions: std::slice::from_ref(&card),
            margin: Margin::from_ppm(ppm),
        };
        terms.cost(&tokens(input, 0), NOON).unwrap().cost.nanos()
    };
    // 1,000 tokens are 400 nano-USD; five percent and a half on top.
    assert_eq!(with(0, 1_000), 400);
    assert_eq!(with(55_000, 1_000), 422);
    // 2 tokens are 800 pico-USD, and 1,000 with a quarter on top: one nano-USD, not two.
    assert_eq!(with(250_000, 2), 1);
    assert_eq!(with(250_001, 2), 2);
    assert_eq!(with(u32::MAX, 0), 0);
}

#[test]
fn a_remainder_rounds_up_once_and_nothing_costs_nothing() {
    assert_eq!(cost(&card(400, 400), &tokens(1, 1)), 1);
    assert_eq!(cost(&card(400, 400), &TokenUsage::default()), 0);
}

#[test]
fn nonsense_saturates_instead_of_wrapping_or_crediting() {
    let usage = tokens(u64::MAX, u64::MAX);
    let dear = card(i64::MAX, i64::MAX);
    assert_eq!(cost(&dear, &usage), NanoUsd::MAX.nanos());
    assert_eq!(cost(&card(-1_000, -1), &usage), 0);
    let terms = Terms {
        versions: std::slice::from_ref(&dear),
        margin: Margin::from_ppm(u32::MAX),
    };
    assert_eq!(
        terms.cost(&usage, UnixMillis::new(i64::MIN)).unwrap().cost,
        NanoUsd::MAX
    );
}
