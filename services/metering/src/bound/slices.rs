//! Holding for a stream slice by slice, where a provider stops billing when the stream is cancelled: first the prompt and
//! a few tokens, then more as they come, so that a model of long answers does not bind the money of its longest.
//!
//! Must stay true: whatever of the answer has been let through, the slices taken so far cover it, and the slack on top
//! that the provider still bills after a cancel; all slices together are no more than the bound of the whole call.

use sluicegate_contracts::money::NanoUsd;

use super::Quote;

/// How a stream is cut into slices, in tokens of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slicing {
    /// What the first hold lets through.
    pub first: u64,
    /// What each further one lets through.
    pub step: u64,
    /// What the provider may bill beyond, from the moment the stream is cancelled.
    pub slack: u64,
}

impl Slicing {
    /// The slack for a provider that generates so many tokens a second and takes so long to notice a cancel.
    #[must_use]
    pub const fn slack_for(tokens_per_second: u64, notice_ms: u64) -> u64 {
        tokens_per_second.saturating_mul(notice_ms).div_ceil(1_000)
    }
}

/// One more piece of money for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// What is to be held in addition.
    pub amount: NanoUsd,
    /// How many tokens of the answer may have come in all, once it is.
    pub granted: u64,
}

/// What is held for a stream under way.
#[derive(Debug, Clone)]
pub struct StreamHold {
    quote: Quote,
    slicing: Slicing,
    held: NanoUsd,
    granted: u64,
}

impl StreamHold {
    /// The first hold; the caller takes [`StreamHold::held`] before anything is sent.
    #[must_use]
    pub fn open(quote: Quote, slicing: Slicing) -> Self {
        let mut hold = Self {
            quote,
            slicing,
            held: NanoUsd::ZERO,
            granted: 0,
        };
        hold.granted = hold.capped(slicing.first);
        hold.held = hold.needed(hold.granted);
        hold
    }

    /// What is held in all.
    #[must_use]
    pub const fn held(&self) -> NanoUsd {
        self.held
    }

    /// How many tokens of the answer may come.
    #[must_use]
    pub const fn granted(&self) -> u64 {
        self.granted
    }

    /// The next slice; `None` when the whole answer is covered.
    #[must_use]
    pub fn next(&self) -> Option<Slice> {
        let granted = self.capped(self.granted.saturating_add(self.slicing.step.max(1)));
        if granted == self.granted {
            return None;
        }
        let more = self.needed(granted).nanos().saturating_sub(self.held.nanos());
        Some(Slice {
            amount: NanoUsd::from_nanos(more.max(0)),
            granted,
        })
    }

    /// Notes that a slice is held.
    pub fn take(&mut self, slice: Slice) {
        self.held = NanoUsd::from_nanos(self.held.nanos().saturating_add(slice.amount.nanos()));
        self.granted = slice.granted;
    }

    fn capped(&self, tokens: u64) -> u64 {
        self.quote
            .max_output_tokens
            .map_or(tokens, |most| tokens.min(most))
    }

    fn needed(&self, granted: u64) -> NanoUsd {
        let billed = self.capped(granted.saturating_add(self.slicing.slack));
        self.quote.with_output(billed)
    }
}
