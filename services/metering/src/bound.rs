//! The most a call can cost, known before it is sent, and the largest answer an amount of money can pay. Admission
//! holds this much of a budget.
//!
//! Must stay true: for every usage that fits the size and every instant of the span, [`Terms::bound`] is at least
//! [`Terms::cost`]; and an output cap of [`Quote::affordable`] fits the money, while one token more does not.

mod slices;

use std::num::NonZeroU64;

use sluicegate_contracts::config::{Margin, PriceCard, PriceWindow};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

pub use self::slices::{Slice, Slicing, StreamHold};
use crate::price::{Sheet, Terms, Variant, minute_of_day, round_down, round_up};

/// Tokens a chat template may add around a prompt beyond what the JSON around each message already outweighs.
const TEMPLATE_TOKENS: u64 = 64;
const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: u16 = 24 * 60;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// What is known of the length of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Counted with the tokenizer of the model, template included.
    Tokens(u64),
    /// Only its bytes. A byte-level tokenizer never makes more tokens than bytes, and the JSON around a message is longer
    /// than the tokens a template puts around it.
    Bytes {
        /// Length of the JSON request body.
        body: u64,
        /// Upper bound of the tokens of parts that are only named in the body (images, audio and files by URL).
        referenced_tokens: u64,
    },
}

/// How large a call can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSize {
    /// The prompt.
    pub prompt: Prompt,
    /// Most tokens that can be generated, over all choices: the caller's cap or else the model's. `None`: nothing is
    /// known to limit them.
    pub max_output_tokens: Option<u64>,
    /// Most images that are read.
    pub images_in: u64,
    /// Most images that are generated.
    pub images_out: u64,
    /// Most searches the provider makes.
    pub searches: u64,
}

impl CallSize {
    /// A call of text alone.
    #[must_use]
    pub const fn of_text(prompt: Prompt, max_output_tokens: Option<u64>) -> Self {
        Self {
            prompt,
            max_output_tokens,
            images_in: 0,
            images_out: 0,
            searches: 0,
        }
    }

    /// Upper bound of the prompt's tokens.
    #[must_use]
    pub const fn input_tokens(&self) -> u64 {
        match self.prompt {
            Prompt::Tokens(tokens) => tokens,
            Prompt::Bytes {
                body,
                referenced_tokens,
            } => body
                .saturating_add(referenced_tokens)
                .saturating_add(TEMPLATE_TOKENS),
        }
    }
}

/// When a call may end, which decides its price: from now until its deadline, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The earliest instant.
    pub from: UnixMillis,
    /// The latest instant.
    pub until: UnixMillis,
}

/// Why no amount is enough for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbounded {
    /// No price is in force.
    #[error("the price is not known")]
    UnknownPrice,
    /// Nothing limits the answer.
    #[error("nothing limits the length of the answer")]
    UnlimitedOutput,
}

/// How long an answer an amount of money pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputCap {
    /// As long as it can become.
    Whole,
    /// Up to that many tokens, over all choices.
    UpTo(NonZeroU64),
    /// Not even the prompt and the first token.
    Nothing {
        /// What these would take.
        least: NanoUsd,
    },
}

impl OutputCap {
    /// What holds for both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing { least: one }, Self::Nothing { least: two }) => {
                Self::Nothing { least: one.max(two) }
            }
            (nothing @ Self::Nothing { .. }, _) | (_, nothing @ Self::Nothing { .. }) => nothing,
            (Self::UpTo(one), Self::UpTo(two)) => Self::UpTo(one.min(two)),
            (cap @ Self::UpTo(_), Self::Whole) | (Self::Whole, cap) => cap,
        }
    }
}

/// The cost of a call under one set of prices: a straight line over the tokens of the answer, in pico-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    base: i128,
    per_token: i128,
}

impl Line {
    fn at(self, output_tokens: u64) -> i128 {
        let output = i128::from(output_tokens).saturating_mul(self.per_token);
        self.base.saturating_add(output)
    }
}

/// What a call of one size can cost, over the length of its answer: the dearest of every set of prices it can meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// At least one.
    lines: Vec<Line>,
    margin: Margin,
    max_output_tokens: Option<u64>,
}

impl Quote {
    /// The most the call can cost with an answer of so many tokens.
    #[must_use]
    pub fn with_output(&self, tokens: u64) -> NanoUsd {
        let dearest = self.lines.iter().map(|line| line.at(tokens)).max();
        dearest.map_or(NanoUsd::MAX, |picos| round_up(picos, self.margin))
    }

    /// The most the call can cost.
    ///
    /// # Errors
    /// [`Unbounded::UnlimitedOutput`].
    pub fn bound(&self) -> Result<NanoUsd, Unbounded> {
        match self.max_output_tokens {
            Some(tokens) => Ok(self.with_output(tokens)),
            None if self.lines.iter().all(|line| line.per_token == 0) => Ok(self.with_output(0)),
            None => Err(Unbounded::UnlimitedOutput),
        }
    }

    /// How long an answer `money` pays.
    #[must_use]
    pub fn affordable(&self, money: NanoUsd) -> OutputCap {
        let first = self.max_output_tokens.map_or(1, |tokens| tokens.min(1));
        let least = self.with_output(first);
        if least > money {
            return OutputCap::Nothing { least };
        }
        if self.bound().is_ok_and(|bound| bound <= money) {
            return OutputCap::Whole;
        }
        let room = round_down(money, self.margin);
        let paid = |line: &Line| {
            let tokens = room.saturating_sub(line.base).checked_div(line.per_token)?;
            u64::try_from(tokens).ok()
        };
        let cap = self.lines.iter().filter_map(paid).min();
        match cap.map(NonZeroU64::new) {
            Some(Some(cap)) => OutputCap::UpTo(cap),
            Some(None) => OutputCap::Nothing { least },
            None => OutputCap::Whole,
        }
    }
}

impl Terms<'_> {
    /// What a call of this size can cost, whenever in the span it ends.
    ///
    /// # Errors
    /// [`Unbounded::UnknownPrice`].
    pub fn quote(&self, size: &CallSize, span: Span) -> Result<Quote, Unbounded> {
        let lines = self.lines(size, span);
        if lines.is_empty() {
            return Err(Unbounded::UnknownPrice);
        }
        Ok(Quote {
            lines,
            margin: self.margin,
            max_output_tokens: size.max_output_tokens,
        })
    }

    /// The most a call of this size can cost, whenever in the span it ends.
    ///
    /// # Errors
    /// [`Unbounded`].
    pub fn bound(&self, size: &CallSize, span: Span) -> Result<NanoUsd, Unbounded> {
        self.quote(size, span)?.bound()
    }

    /// The line of every set of prices the call can meet: each version in force at some instant of the span, each window
    /// of the day in it, each tier in reach of the prompt.
    fn lines(&self, size: &CallSize, span: Span) -> Vec<Line> {
        let mut lines = Vec::new();
        let changes = || {
            let ends = |card: &PriceCard| [card.valid_from, card.valid_until];
            let all = self.versions.iter().flat_map(ends).flatten();
            all.filter(|at| span.from < *at && *at <= span.until)
        };
        for from in std::iter::once(span.from).chain(changes()) {
            let Some(card) = self.in_force(from) else { continue };
            let next_change = changes().filter(|at| from < *at).min();
            let until = next_change.map_or(span.until, |at| at.offset(-1));
            add_lines(card, Variant::at(card, minute_of_day(from)), size, &mut lines);
            let edges = |window: &PriceWindow| [window.from_minute, window.until_minute];
            for minute in card.windows.iter().flat_map(edges) {
                if next_time(minute, from) <= until {
                    add_lines(card, Variant::at(card, minute % DAY_MINUTES), size, &mut lines);
                }
            }
        }
        lines
    }
}

fn add_lines(card: &PriceCard, variant: Variant<'_>, size: &CallSize, lines: &mut Vec<Line>) {
    let input = size.input_tokens();
    let in_reach = variant
        .tiers
        .iter()
        .filter(|tier| input > tier.above_input_tokens);
    for tier in std::iter::once(None).chain(in_reach.map(Some)) {
        let sheet = Sheet::new(card, variant, tier);
        let line = Line {
            base: sheet.dearest_base(input, size.images_in, size.images_out, size.searches),
            per_token: sheet.dearest_output(),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
}

/// When a minute of the day comes next, at or after an instant.
fn next_time(minute: u16, from: UnixMillis) -> UnixMillis {
    let wait = (i64::from(minute) * MINUTE_MS).saturating_sub(from.get().rem_euclid(DAY_MS));
    from.offset(wait.rem_euclid(DAY_MS))
}

/// The most the dearest of several calls can cost, of which one is billed in the end: the candidates of a fallback
/// chain. Nothing when there are none.
///
/// # Errors
/// [`Unbounded`] when one of them is.
pub fn dearest<'a>(
    calls: impl IntoIterator<Item = (Terms<'a>, CallSize)>,
    span: Span,
) -> Result<NanoUsd, Unbounded> {
    calls.into_iter().try_fold(NanoUsd::ZERO, |most, (terms, size)| {
        Ok(most.max(terms.bound(&size, span)?))
    })
}

/// How long an answer `money` pays, whichever of several calls is billed in the end.
///
/// # Errors
/// [`Unbounded::UnknownPrice`] when one of them has no price.
pub fn affordable_by_each<'a>(
    calls: impl IntoIterator<Item = (Terms<'a>, CallSize)>,
    span: Span,
    money: NanoUsd,
) -> Result<OutputCap, Unbounded> {
    calls
        .into_iter()
        .try_fold(OutputCap::Whole, |cap, (terms, size)| {
            Ok(cap.and(terms.quote(&size, span)?.affordable(money)))
        })
}

#[cfg(test)]
mod tests;
