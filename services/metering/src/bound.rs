//! The most a call can cost, known before it is sent. Admission will hold this much of a budget.
//!
//! Must stay true: for every usage that fits the size, [`upper_bound`] is at least [`crate::price::cost`].

use sluicegate_contracts::config::PriceCard;
use sluicegate_contracts::money::NanoUsd;

use crate::price::{Rates, round_up};

/// Tokens a chat template may add around a prompt beyond what the JSON around each message already outweighs.
const TEMPLATE_TOKENS: u64 = 64;

/// How large a call can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSize {
    /// Length of the JSON request body. A byte-level tokenizer never makes more tokens than bytes, and the JSON
    /// around a message is longer than the tokens a template puts around it.
    pub body_bytes: u64,
    /// Upper bound of the tokens of parts that are only named in the body (images, audio and files by URL).
    pub referenced_tokens: u64,
    /// Most tokens that can be generated, over all choices: the caller's cap or else the model's.
    pub max_output_tokens: u64,
}

impl CallSize {
    /// Upper bound of the prompt's tokens.
    #[must_use]
    pub const fn input_tokens(&self) -> u64 {
        self.body_bytes
            .saturating_add(self.referenced_tokens)
            .saturating_add(TEMPLATE_TOKENS)
    }
}

/// The most a call of this size can cost by `card`: every token in the dearest class of the dearest tier in reach.
#[must_use]
pub fn upper_bound(card: &PriceCard, size: &CallSize) -> NanoUsd {
    let input_tokens = size.input_tokens();
    let in_reach = card
        .tiers
        .iter()
        .filter(|tier| input_tokens > tier.above_input_tokens);
    let (input, output) = std::iter::once(None)
        .chain(in_reach.map(Some))
        .map(|tier| Rates::new(card, tier))
        .fold((0, 0), |(input, output): (i128, i128), rates| {
            (
                input
                    .max(rates.input)
                    .max(rates.cache_read)
                    .max(rates.cache_write)
                    .max(rates.input_audio),
                output
                    .max(rates.output)
                    .max(rates.reasoning)
                    .max(rates.output_audio),
            )
        });
    let input = i128::from(input_tokens).saturating_mul(input);
    let output = i128::from(size.max_output_tokens).saturating_mul(output);
    round_up(input.saturating_add(output))
}
