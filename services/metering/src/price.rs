//! The cost of one attempt from its token counts. Called once per attempt, by the worker that made it.
//!
//! Must stay true: every token is billed in exactly one class (so the sum over the classes is `input + output`,
//! whatever a provider reports), and rounding happens once, upwards, by less than one nano-USD.

use sluicegate_contracts::config::{PriceCard, PriceTier};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::tokens::TokenUsage;

const PICOS_PER_NANO: i128 = 1_000;

/// What `usage` costs by `card`, in nano-USD rounded up; capped at [`NanoUsd::MAX`].
#[must_use]
pub fn cost(card: &PriceCard, usage: &TokenUsage) -> NanoUsd {
    round_up(picos(card, usage))
}

/// Prices in force for one attempt, each class resolved to a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) input: i128,
    pub(crate) cache_read: i128,
    pub(crate) cache_write: i128,
    pub(crate) input_audio: i128,
    pub(crate) output: i128,
    pub(crate) reasoning: i128,
    pub(crate) output_audio: i128,
}

impl Rates {
    /// The rates of `card` under `tier`. A class without a price of its own costs what its parent class costs.
    pub(crate) fn new(card: &PriceCard, tier: Option<&PriceTier>) -> Self {
        let (input, output, cache_read, cache_write) = match tier {
            Some(tier) => (tier.input, tier.output, tier.cache_read, tier.cache_write),
            None => (card.input, card.output, card.cache_read, card.cache_write),
        };
        let (input, output) = (rate(input), rate(output));
        Self {
            input,
            cache_read: cache_read.map_or(input, rate),
            cache_write: cache_write.map_or(input, rate),
            input_audio: card.input_audio.map_or(input, rate),
            output,
            reasoning: card.reasoning.map_or(output, rate),
            output_audio: card.output_audio.map_or(output, rate),
        }
    }
}

/// A negative price is a mistake in a catalog; it must never turn into a credit.
fn rate(price: PicoUsd) -> i128 {
    i128::from(price.picos().max(0))
}

fn picos(card: &PriceCard, usage: &TokenUsage) -> i128 {
    // The highest tier reached, even if a catalog lists them out of order.
    let tier = card
        .tiers
        .iter()
        .filter(|tier| usage.input > tier.above_input_tokens)
        .max_by_key(|tier| tier.above_input_tokens);
    let rates = Rates::new(card, tier);

    let mut input = Pool(usage.input);
    let mut output = Pool(usage.output);
    // Parts are taken out of their parent once; a part that claims more than is left is cut to what is left.
    [
        (input.take(usage.input_audio), rates.input_audio),
        (input.take(usage.cache_write), rates.cache_write),
        (input.take(usage.cache_read), rates.cache_read),
        (input.0, rates.input),
        (output.take(usage.output_audio), rates.output_audio),
        (output.take(usage.reasoning), rates.reasoning),
        (output.0, rates.output),
    ]
    .into_iter()
    .fold(0, |total: i128, (tokens, rate)| {
        total.saturating_add(i128::from(tokens).saturating_mul(rate))
    })
}

/// Tokens of a parent class not yet assigned to a part.
struct Pool(u64);

impl Pool {
    fn take(&mut self, claimed: u64) -> u64 {
        let taken = claimed.min(self.0);
        self.0 -= taken;
        taken
    }
}

pub(crate) fn round_up(picos: i128) -> NanoUsd {
    let nanos = picos / PICOS_PER_NANO + i128::from(picos % PICOS_PER_NANO > 0);
    i64::try_from(nanos).map_or(NanoUsd::MAX, |nanos| NanoUsd::from_nanos(nanos).min(NanoUsd::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(input: i64, output: i64) -> PriceCard {
        PriceCard {
            version: 1,
            input: PicoUsd::from_picos(input),
            output: PicoUsd::from_picos(output),
            cache_read: None,
            cache_write: None,
            reasoning: None,
            input_audio: None,
            output_audio: None,
            tiers: Vec::new(),
        }
    }

    #[test]
    fn a_small_call_of_a_cheap_model_is_exact() {
        // $0.15 and $0.60 per million tokens; 9 prompt and 12 generated tokens.
        let usage = TokenUsage {
            input: 9,
            output: 12,
            ..TokenUsage::default()
        };
        assert_eq!(cost(&card(150_000, 600_000), &usage), NanoUsd::from_nanos(8_550));
    }

    #[test]
    fn parts_are_billed_once_at_their_own_price() {
        let mut card = card(1_000, 4_000);
        card.cache_read = Some(PicoUsd::from_picos(100));
        card.input_audio = Some(PicoUsd::from_picos(10_000));
        card.reasoning = Some(PicoUsd::from_picos(5_000));
        let usage = TokenUsage {
            input: 100,
            cache_read: 60,
            input_audio: 10,
            output: 50,
            reasoning: 20,
            ..TokenUsage::default()
        };
        // 30 plain, 60 cached, 10 audio in; 30 plain, 20 reasoning out.
        let expected = (30 * 1_000 + 60 * 100 + 10 * 10_000 + 30 * 4_000 + 20 * 5_000) / 1_000;
        assert_eq!(cost(&card, &usage), NanoUsd::from_nanos(expected));
    }

    #[test]
    fn the_highest_tier_reached_prices_the_whole_attempt() {
        let mut card = card(1_000, 2_000);
        let tier = |above_input_tokens, input| PriceTier {
            above_input_tokens,
            input: PicoUsd::from_picos(input),
            output: PicoUsd::from_picos(input * 2),
            cache_read: None,
            cache_write: None,
        };
        card.tiers = vec![tier(200, 3_000), tier(100, 2_000)];
        let of = |input| {
            cost(
                &card,
                &TokenUsage {
                    input,
                    output: 1,
                    ..TokenUsage::default()
                },
            )
            .nanos()
        };
        assert_eq!([of(100), of(101), of(201)], [102, 206, 609]);
    }

    #[test]
    fn a_remainder_rounds_up_once_and_nothing_costs_nothing() {
        let usage = TokenUsage {
            input: 1,
            output: 1,
            ..TokenUsage::default()
        };
        assert_eq!(cost(&card(400, 400), &usage), NanoUsd::from_nanos(1));
        assert_eq!(cost(&card(400, 400), &TokenUsage::default()), NanoUsd::ZERO);
    }

    #[test]
    fn nonsense_saturates_instead_of_wrapping_or_crediting() {
        let usage = TokenUsage {
            input: u64::MAX,
            output: u64::MAX,
            ..TokenUsage::default()
        };
        assert_eq!(cost(&card(i64::MAX, i64::MAX), &usage), NanoUsd::MAX);
        assert_eq!(cost(&card(-1_000, -1), &usage), NanoUsd::ZERO);
    }
}
