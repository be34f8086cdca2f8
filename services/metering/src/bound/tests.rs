//! Worked examples of bounds; the laws are in `tests/it/bound.rs`.

use sluicegate_contracts::config::{Fees, Margin, PriceTier, Rates};
use sluicegate_contracts::money::PicoUsd;

use super::*;

fn rates(input: i64, output: i64) -> Rates {
    Rates {
        input: PicoUsd::from_picos(input),
        output: PicoUsd::from_picos(output),
        ..Rates::default()
    }
}

/// Prices in whole nano-USD per token.
fn card(input: i64, output: i64) -> PriceCard {
    PriceCard {
        version: 1,
        rates: rates(input * 1_000, output * 1_000),
        ..PriceCard::default()
    }
}

const fn at(minute: i64) -> UnixMillis {
    UnixMillis::new(minute * MINUTE_MS)
}

const fn span(from: i64, until: i64) -> Span {
    Span {
        from: at(from),
        until: at(until),
    }
}

fn call(input: u64, output: u64) -> CallSize {
    CallSize::of_text(Prompt::Tokens(input), Some(output))
}

fn nano(nanos: i64) -> NanoUsd {
    NanoUsd::from_nanos(nanos)
}

fn bound(versions: &[PriceCard], size: &CallSize, span: Span) -> Result<i64, Unbounded> {
    Terms::at_cost(versions).bound(size, span).map(NanoUsd::nanos)
}

#[test]
fn bytes_bound_a_prompt_that_nobody_counted() {
    let prompt = Prompt::Bytes {
        body: 1_000,
        referenced_tokens: 300,
    };
    let size = CallSize::of_text(prompt, Some(0));
    assert_eq!(size.input_tokens(), 1_364);
    assert_eq!(bound(&[card(1, 1)], &size, span(0, 0)), Ok(1_364));
    let absurd = Prompt::Bytes {
        body: u64::MAX,
        referenced_tokens: 9,
    };
    assert_eq!(CallSize::of_text(absurd, None).input_tokens(), u64::MAX);
}

#[test]
fn every_token_is_taken_in_the_dearest_class_and_every_fee_is_in() {
    let mut card = card(2, 4);
    card.rates.cache_write_1h = Some(PicoUsd::from_picos(5_000));
    card.rates.output_image = Some(PicoUsd::from_picos(30_000));
    card.fees = Fees {
        request: PicoUsd::from_picos(7_000),
        search: PicoUsd::from_picos(11_000),
        image_in: PicoUsd::from_picos(13_000),
        image_out: PicoUsd::from_picos(17_000),
    };
    let size = CallSize {
        images_in: 1,
        images_out: 2,
        searches: 3,
        ..call(10, 20)
    };
    let expected = 10 * 5 + 20 * 30 + 7 + 13 + 2 * 17 + 3 * 11;
    assert_eq!(bound(&[card], &size, span(0, 0)), Ok(expected));
}

#[test]
fn the_dearest_tier_in_reach_counts_and_no_other() {
    let mut card = card(1, 1);
    card.tiers = vec![
        PriceTier {
            above_input_tokens: 100,
            rates: rates(500, 9_000),
        },
        PriceTier {
            above_input_tokens: 200,
            rates: rates(50_000, 50_000),
        },
    ];
    let versions = [card];
    assert_eq!(bound(&versions, &call(100, 10), span(0, 0)), Ok(110));
    // The tier is cheaper to read and dearer to write: which one is dearest depends on the answer.
    assert_eq!(bound(&versions, &call(150, 10), span(0, 0)), Ok(165));
    assert_eq!(bound(&versions, &call(150, 1), span(0, 0)), Ok(151));
}

#[test]
fn the_dearest_window_the_call_may_end_in_counts() {
    let mut card = card(10, 0);
    card.windows = vec![PriceWindow {
        from_minute: 990,
        until_minute: 30,
        rates: rates(5_000, 0),
        tiers: Vec::new(),
    }];
    let versions = [card];
    let of = |from, until| bound(&versions, &call(1, 0), span(from, until));
    assert_eq!(of(0, 29), Ok(5), "all of it in the cheap window");
    assert_eq!(of(0, 30), Ok(10), "it may end after the window");
    assert_eq!(of(989, 995), Ok(10), "it may end before the window");
    assert_eq!(of(1_439, 1_440 + 29), Ok(5), "over midnight");
    assert_eq!(of(991, 1_440 + 991), Ok(10), "a whole day");
}

#[test]
fn the_dearest_version_that_comes_into_force_counts() {
    let version = |version, input, from| PriceCard {
        version,
        valid_from: Some(at(from)),
        ..card(input, 0)
    };
    let versions = [version(1, 30, 0), version(2, 10, 100), version(3, 20, 200)];
    let of = |from, until| bound(&versions, &call(1, 0), span(from, until));
    assert_eq!(of(0, 99), Ok(30));
    assert_eq!(of(100, 199), Ok(10), "the first is over, the third is to come");
    assert_eq!(of(100, 200), Ok(20));
    assert_eq!(of(99, 500), Ok(30));
    assert_eq!(of(-9, -1), Err(Unbounded::UnknownPrice));
    assert_eq!(of(-9, 0), Ok(30));
}

#[test]
fn a_window_counts_only_while_its_version_is_in_force() {
    let mut first = card(1, 0);
    first.valid_until = Some(at(60));
    first.windows = vec![PriceWindow {
        from_minute: 120,
        until_minute: 180,
        rates: rates(99_000, 0),
        tiers: Vec::new(),
    }];
    let second = PriceCard {
        version: 2,
        valid_from: Some(at(60)),
        ..card(3, 0)
    };
    assert_eq!(bound(&[first, second], &call(1, 0), span(0, 500)), Ok(3));
}

#[test]
fn what_nothing_limits_or_nobody_knows_is_said() {
    let unlimited = CallSize::of_text(Prompt::Tokens(1), None);
    assert_eq!(
        bound(&[card(1, 1)], &unlimited, span(0, 0)),
        Err(Unbounded::UnlimitedOutput)
    );
    assert_eq!(
        bound(&[card(1, 0)], &unlimited, span(0, 0)),
        Ok(1),
        "the answer is free"
    );
    assert_eq!(bound(&[], &call(1, 1), span(0, 0)), Err(Unbounded::UnknownPrice));
}

#[test]
fn money_pays_for_so_long_an_answer() {
    let versions = [card(2, 10)];
    let terms = Terms::at_cost(&versions);
    let of = |money, output| {
        let size = CallSize::of_text(Prompt::Tokens(50), output);
        terms.quote(&size, span(0, 0)).unwrap().affordable(nano(money))
    };
    let up_to = |tokens| OutputCap::UpTo(NonZeroU64::new(tokens).unwrap());
    assert_eq!(of(300, Some(20)), OutputCap::Whole);
    assert_eq!(of(299, Some(20)), up_to(19));
    assert_eq!(of(110, Some(20)), up_to(1));
    assert_eq!(of(109, Some(20)), OutputCap::Nothing { least: nano(110) });
    assert_eq!(of(1_000, None), up_to(90));
    assert_eq!(
        of(100, Some(0)),
        OutputCap::Whole,
        "vectors have no answer to pay"
    );
    assert_eq!(of(99, Some(0)), OutputCap::Nothing { least: nano(100) });
    assert_eq!(of(-5, Some(20)), OutputCap::Nothing { least: nano(110) });
}

#[test]
fn a_chain_holds_for_its_dearest_candidate() {
    let (cheap, dear) = ([card(1, 1)], [card(2, 8)]);
    let calls = || {
        let one = (Terms::at_cost(&cheap), call(100, 50));
        let two = (Terms::at_cost(&dear), call(100, 20));
        [one, two]
    };
    assert_eq!(dearest(calls(), span(0, 0)), Ok(nano(360)));
    assert_eq!(dearest([], span(0, 0)), Ok(NanoUsd::ZERO));
    let of = |money| affordable_by_each(calls(), span(0, 0), nano(money)).unwrap();
    assert_eq!(of(360), OutputCap::Whole);
    assert_eq!(of(240), OutputCap::UpTo(NonZeroU64::new(5).unwrap()));
    assert_eq!(of(207), OutputCap::Nothing { least: nano(208) });
    let unknown = calls().into_iter().chain([(Terms::at_cost(&[]), call(1, 1))]);
    assert_eq!(dearest(unknown, span(0, 0)), Err(Unbounded::UnknownPrice));
}

#[test]
fn a_margin_is_in_the_bound_and_in_the_cap() {
    let versions = [card(0, 10)];
    let terms = Terms {
        versions: &versions,
        margin: Margin::from_ppm(50_000),
    };
    assert_eq!(terms.bound(&call(0, 20), span(0, 0)), Ok(nano(210)));
    let cap = terms
        .quote(&call(0, 20), span(0, 0))
        .unwrap()
        .affordable(nano(209));
    assert_eq!(cap, OutputCap::UpTo(NonZeroU64::new(19).unwrap()));
}

#[test]
fn a_stream_is_held_slice_by_slice() {
    let versions = [card(2, 10)];
    let slicing = Slicing {
        first: 10,
        step: 20,
        slack: 5,
    };
    let terms = Terms::at_cost(&versions);
    let mut hold = StreamHold::open(terms.quote(&call(50, 42), span(0, 0)).unwrap(), slicing);
    assert_eq!((hold.held(), hold.granted()), (nano(100 + 150), 10));
    let mut taken = Vec::new();
    while let Some(slice) = hold.next() {
        hold.take(slice);
        taken.push((slice.amount.nanos(), slice.granted));
    }
    // The last slices are shorter: the slack never goes past the longest answer.
    assert_eq!(taken, [(200, 30), (70, 42)]);
    assert_eq!(hold.held(), terms.bound(&call(50, 42), span(0, 0)).unwrap());
    assert_eq!(Slicing::slack_for(80, 2_000), 160);
}
