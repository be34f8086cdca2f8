//! The cost of one attempt: the version of the price in force, the window of the day and the tier of the prompt choose
//! the rates, and every token and unit is multiplied once. Quote, hold and bill are all computed from [`Sheet`].
//!
//! Must stay true: every token is billed in exactly one class (so the sum over the classes is `input + output`,
//! whatever a provider reports), and rounding happens once, upwards, by less than one nano-USD.

pub mod ending;

use sluicegate_contracts::config::{Fees, Margin, PriceCard, PriceTier, PriceWindow, Rates};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;

const PICOS_PER_NANO: i128 = 1_000;
const MILLION: i128 = 1_000_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;

/// What a call is priced by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The versions of the endpoint's price; none when it is unknown.
    pub versions: &'a [PriceCard],
    /// What is added to the provider's price.
    pub margin: Margin,
}

/// A cost, and what it was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Rounded up to nano-USD; at most [`NanoUsd::MAX`].
    pub cost: NanoUsd,
    /// Version of the price card.
    pub version: u32,
}

impl<'a> Terms<'a> {
    /// What a tenant's own account at a provider costs.
    #[must_use]
    pub const fn at_cost(versions: &'a [PriceCard]) -> Self {
        Self {
            versions,
            margin: Margin::NONE,
        }
    }

    /// The version in force at an instant: of those that are valid then, the newest.
    #[must_use]
    pub fn in_force(&self, at: UnixMillis) -> Option<&'a PriceCard> {
        let valid = self.versions.iter().filter(|card| card.is_valid_at(at));
        valid.max_by_key(|card| card.version)
    }

    /// What `usage` costs when the attempt ended at `at`; `None` when no price is in force then.
    #[must_use]
    pub fn cost(&self, usage: &TokenUsage, at: UnixMillis) -> Option<Priced> {
        let card = self.in_force(at)?;
        let variant = Variant::at(card, minute_of_day(at));
        let sheet = Sheet::of_prompt(card, variant, usage.input);
        Some(Priced {
            cost: round_up(sheet.picos(usage), self.margin),
            version: card.version,
        })
    }
}

/// Minute of the day in UTC.
pub(crate) fn minute_of_day(at: UnixMillis) -> u16 {
    let minute = at.get().div_euclid(MINUTE_MS).rem_euclid(DAY_MINUTES);
    u16::try_from(minute).unwrap_or(0)
}

/// The card's own prices, or those of a window of the day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant<'a> {
    rates: &'a Rates,
    pub(crate) tiers: &'a [PriceTier],
}

impl<'a> Variant<'a> {
    /// What counts at a minute of the day.
    pub(crate) fn at(card: &'a PriceCard, minute: u16) -> Self {
        match card.windows.iter().find(|window| window.holds(minute)) {
            Some(PriceWindow { rates, tiers, .. }) => Self { rates, tiers },
            None => Self {
                rates: &card.rates,
                tiers: &card.tiers,
            },
        }
    }
}

/// Prices in force for one attempt, each class resolved to a number of pico-USD.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet {
    input: i128,
    cache_read: i128,
    cache_write: i128,
    cache_write_1h: i128,
    input_audio: i128,
    input_image: i128,
    output: i128,
    reasoning: i128,
    output_audio: i128,
    output_image: i128,
    request: i128,
    search: i128,
    image_in: i128,
    image_out: i128,
}

impl Sheet {
    /// The prices for a prompt of that length: those of the highest tier reached, even if a catalog lists them out of
    /// order.
    fn of_prompt(card: &PriceCard, variant: Variant<'_>, input_tokens: u64) -> Self {
        let reached = variant
            .tiers
            .iter()
            .filter(|tier| input_tokens > tier.above_input_tokens);
        let tier = reached.max_by_key(|tier| tier.above_input_tokens);
        Self::new(card, variant, tier)
    }

    /// The prices of a tier, or of none. A class is looked for in the tier, the window and the card, in this order, and
    /// costs what its parent class costs when none of them names it.
    pub(crate) fn new(card: &PriceCard, variant: Variant<'_>, tier: Option<&PriceTier>) -> Self {
        let nearest = tier.map_or(variant.rates, |tier| &tier.rates);
        let class = |price: fn(&Rates) -> Option<PicoUsd>, parent: i128| {
            let listed = price(nearest)
                .or_else(|| price(variant.rates))
                .or_else(|| price(&card.rates));
            listed.map_or(parent, rate)
        };
        let (input, output) = (rate(nearest.input), rate(nearest.output));
        let cache_write = class(|rates| rates.cache_write, input);
        let Fees {
            request,
            search,
            image_in,
            image_out,
        } = card.fees;
        Self {
            input,
            cache_read: class(|rates| rates.cache_read, input),
            cache_write,
            cache_write_1h: class(|rates| rates.cache_write_1h, cache_write),
            input_audio: class(|rates| rates.input_audio, input),
            input_image: class(|rates| rates.input_image, input),
            output,
            reasoning: class(|rates| rates.reasoning, output),
            output_audio: class(|rates| rates.output_audio, output),
            output_image: class(|rates| rates.output_image, output),
            request: rate(request),
            search: rate(search),
            image_in: rate(image_in),
            image_out: rate(image_out),
        }
    }

    /// The exact cost of one call. Parts are taken out of their parent once; a part that claims more than is left is cut
    /// to what is left.
    pub(crate) fn picos(&self, usage: &TokenUsage) -> i128 {
        let mut input = Pool(usage.input);
        let mut output = Pool(usage.output);
        let hour = usage.cache_write_1h.min(usage.cache_write);
        sum([
            (input.take(usage.input_audio), self.input_audio),
            (input.take(usage.input_image), self.input_image),
            (input.take(hour), self.cache_write_1h),
            (input.take(usage.cache_write - hour), self.cache_write),
            (input.take(usage.cache_read), self.cache_read),
            (input.0, self.input),
            (output.take(usage.output_audio), self.output_audio),
            (output.take(usage.output_image), self.output_image),
            (output.take(usage.reasoning), self.reasoning),
            (output.0, self.output),
            (1, self.request),
            (usage.searches, self.search),
            (usage.images_in, self.image_in),
            (usage.images_out, self.image_out),
        ])
    }

    /// The most everything but the answer's tokens can cost: each prompt token in the dearest class.
    pub(crate) fn dearest_base(
        &self,
        input_tokens: u64,
        images_in: u64,
        images_out: u64,
        searches: u64,
    ) -> i128 {
        let input = self
            .input
            .max(self.cache_read)
            .max(self.cache_write)
            .max(self.cache_write_1h)
            .max(self.input_audio)
            .max(self.input_image);
        sum([
            (input_tokens, input),
            (1, self.request),
            (searches, self.search),
            (images_in, self.image_in),
            (images_out, self.image_out),
        ])
    }

    /// The most a token of the answer can cost.
    pub(crate) fn dearest_output(&self) -> i128 {
        self.output
            .max(self.reasoning)
            .max(self.output_audio)
            .max(self.output_image)
    }
}

/// A negative price is a mistake in a catalog; it must never turn into a credit.
fn rate(price: PicoUsd) -> i128 {
    i128::from(price.picos().max(0))
}

fn sum<const N: usize>(parts: [(u64, i128); N]) -> i128 {
    parts.into_iter().fold(0, |total: i128, (count, rate)| {
        total.saturating_add(i128::from(count).saturating_mul(rate))
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

/// What everything is multiplied by, in millionths.
pub(crate) fn factor(margin: Margin) -> i128 {
    MILLION + i128::from(margin.ppm())
}

/// The one rounding: to nano-USD, upwards, with the margin in it.
pub(crate) fn round_up(picos: i128, margin: Margin) -> NanoUsd {
    let (unit, sum) = (PICOS_PER_NANO * MILLION, picos.saturating_mul(factor(margin)));
    let nanos = sum / unit + i128::from(sum % unit > 0);
    i64::try_from(nanos).map_or(NanoUsd::MAX, |nanos| NanoUsd::from_nanos(nanos).min(NanoUsd::MAX))
}

/// The most pico-USD that [`round_up`] turns into no more than `money`.
pub(crate) fn round_down(money: NanoUsd, margin: Margin) -> i128 {
    (i128::from(money.nanos()) * PICOS_PER_NANO * MILLION).div_euclid(factor(margin))
}

#[cfg(test)]
mod tests;
