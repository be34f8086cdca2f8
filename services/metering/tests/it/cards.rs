//! Random price cards, usage and instants.

use proptest::prelude::*;
use sluicegate_contracts::config::{Fees, Margin, PriceCard, PriceTier, PriceWindow, Rates};
use sluicegate_contracts::money::PicoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;

/// Instants of about three days, so that cards change and windows pass often.
pub(crate) const HORIZON_MS: i64 = 3 * 86_400_000;

fn price() -> impl Strategy<Value = PicoUsd> {
    // Of every size: some so small that rounding decides.
    let picos = prop_oneof![0..2_000_i64, 0..2_000_000_i64, 0..2_000_000_000_i64];
    picos.prop_map(PicoUsd::from_picos)
}

fn class() -> impl Strategy<Value = Option<PicoUsd>> {
    prop::option::of(price())
}

prop_compose! {
    fn rates()(
        (input, output) in (price(), price()),
        (cache_read, cache_write, cache_write_1h) in (class(), class(), class()),
        (reasoning, input_audio, output_audio) in (class(), class(), class()),
        (input_image, output_image) in (class(), class()),
    ) -> Rates {
        Rates {
            input, output, cache_read, cache_write, cache_write_1h, reasoning, input_audio, output_audio, input_image,
            output_image,
        }
    }
}

fn tiers() -> impl Strategy<Value = Vec<PriceTier>> {
    let tier = (1..6_000_u64, rates());
    let tier = tier.prop_map(|(above_input_tokens, rates)| PriceTier {
        above_input_tokens,
        rates,
    });
    prop::collection::vec(tier, 0..3)
}

fn windows() -> impl Strategy<Value = Vec<PriceWindow>> {
    let window = (0..1_440_u16, 0..=1_440_u16, rates(), tiers());
    let window = window.prop_map(|(from_minute, until_minute, rates, tiers)| PriceWindow {
        from_minute,
        until_minute,
        rates,
        tiers,
    });
    prop::collection::vec(window, 0..3)
}

prop_compose! {
    /// A card with everything but validity.
    pub(crate) fn card()(
        rates in rates(), tiers in tiers(), windows in windows(),
        (request, search, image_in, image_out) in (price(), price(), price(), price()),
    ) -> PriceCard {
        let fees = Fees { request, search, image_in, image_out };
        PriceCard { version: 1, rates, tiers, fees, windows, valid_from: None, valid_until: None }
    }
}

/// Versions that come and go, and may leave times without any.
pub(crate) fn versions() -> impl Strategy<Value = Vec<PriceCard>> {
    let limit = || prop::option::of((0..HORIZON_MS).prop_map(UnixMillis::new));
    prop::collection::vec((card(), limit(), limit()), 0..4).prop_map(|cards| {
        let numbered = cards.into_iter().enumerate();
        numbered
            .map(|(number, (card, valid_from, valid_until))| PriceCard {
                version: u32::try_from(number).unwrap() + 1,
                valid_from,
                valid_until,
                ..card
            })
            .collect()
    })
}

pub(crate) fn margin() -> impl Strategy<Value = Margin> {
    prop_oneof![Just(0), 0..1_000_000_u32].prop_map(Margin::from_ppm)
}

pub(crate) fn instant() -> impl Strategy<Value = UnixMillis> {
    (0..HORIZON_MS).prop_map(UnixMillis::new)
}

prop_compose! {
    /// Also reports whose parts exceed their parent: providers are not to be trusted.
    pub(crate) fn usage()(
        (input, cache_read, cache_write, cache_write_1h) in (0..9_000_u64, 0..4_000_u64, 0..4_000_u64, 0..4_000_u64),
        (input_audio, input_image, output) in (0..2_000_u64, 0..2_000_u64, 0..5_000_u64),
        (reasoning, output_audio, output_image) in (0..6_000_u64, 0..2_000_u64, 0..2_000_u64),
        (images_in, images_out, searches) in (0..9_u64, 0..9_u64, 0..9_u64),
    ) -> TokenUsage {
        TokenUsage {
            input, cache_read, cache_write, cache_write_1h, input_audio, input_image, output, reasoning, output_audio,
            output_image, images_in, images_out, searches,
        }
    }
}
