//! Price cards: what a provider asks per token of each class and per unit, above which prompt length, at which time of
//! day, and from when until when. `metering` is the only reader that does arithmetic with them.

use serde::{Deserialize, Serialize};

use crate::money::PicoUsd;
use crate::time::UnixMillis;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Prices per token, in pico-USD. A class without a price costs what its parent class costs; in a [`PriceTier`] or
/// [`PriceWindow`], which say what differs, it first falls back to the price the card has for the class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Per prompt token.
    pub input: PicoUsd,
    /// Per generated token.
    pub output: PicoUsd,
    /// Per prompt token read from cache; else as `input`.
    pub cache_read: Option<PicoUsd>,
    /// Per prompt token written to cache, for five minutes or however long the provider keeps it; else as `input`.
    pub cache_write: Option<PicoUsd>,
    /// Per prompt token written to cache for an hour; else as `cache_write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<PicoUsd>,
    /// Per reasoning token; else as `output`.
    pub reasoning: Option<PicoUsd>,
    /// Per audio prompt token; else as `input`.
    pub input_audio: Option<PicoUsd>,
    /// Per audio token generated; else as `output`.
    pub output_audio: Option<PicoUsd>,
    /// Per image prompt token; else as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_image: Option<PicoUsd>,
    /// Per image token generated; else as `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image: Option<PicoUsd>,
}

/// Prices per unit that is not a token, in pico-USD; nothing where a list has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fees {
    /// Per call the provider bills.
    pub request: PicoUsd,
    /// Per search, or other lookup the provider makes for an answer; for ranking, per unit of it.
    pub search: PicoUsd,
    /// Per image read, where images are not billed by their tokens.
    pub image_in: PicoUsd,
    /// Per image generated, where images are not billed by their tokens.
    pub image_out: PicoUsd,
}

impl Fees {
    /// Whether there are none.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Prices in force above a prompt length; the whole attempt is priced by the highest tier reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTier {
    /// The tier applies when the prompt has more than this many tokens.
    pub above_input_tokens: u64,
    /// Prices in this tier.
    #[serde(flatten)]
    pub rates: Rates,
}

/// Prices in force at a time of day, such as a discount for the night. The first window that holds the time counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceWindow {
    /// First minute of the day in UTC, 0 to 1439.
    pub from_minute: u16,
    /// The minute after the last one; not after `from_minute` when the window spans midnight.
    pub until_minute: u16,
    /// Prices in this window.
    #[serde(flatten)]
    pub rates: Rates,
    /// Long-prompt prices in this window; those of the card do not count in it.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
}

impl PriceWindow {
    /// Whether a minute of the day lies in it.
    #[must_use]
    pub const fn holds(&self, minute: u16) -> bool {
        let (from, until) = (self.from_minute % DAY, self.until_minute % DAY);
        if from < until {
            from <= minute && minute < until
        } else {
            minute >= from || minute < until
        }
    }
}

/// One version of the prices of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceCard {
    /// Raised whenever a price changes; noted in every usage record.
    pub version: u32,
    /// Prices per token.
    #[serde(flatten)]
    pub rates: Rates,
    /// Long-prompt prices, ascending by threshold.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
    /// Prices per unit that is not a token, at any time and prompt length.
    #[serde(default, skip_serializing_if = "Fees::are_none")]
    pub fees: Fees,
    /// Prices by time of day; outside of them the card's own count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<PriceWindow>,
    /// From when it is in force; `None`: always was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<UnixMillis>,
    /// From when it no longer is; `None`: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<UnixMillis>,
}

impl PriceCard {
    /// Whether the instant lies in its validity.
    #[must_use]
    pub fn is_valid_at(&self, at: UnixMillis) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }
}

/// What the host adds to a provider's price when it resells it, in parts per million. Nothing is added where a tenant
/// brings a credential of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Margin(u32);

impl Margin {
    /// Nothing added.
    pub const NONE: Self = Self(0);

    /// Wraps parts per million: 50,000 adds five percent.
    #[must_use]
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(ppm)
    }

    /// Parts per million.
    #[must_use]
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picos(picos: i64) -> PicoUsd {
        PicoUsd::from_picos(picos)
    }

    #[test]
    fn a_card_of_an_older_control_plane_reads() {
        let old = r#"{"version":3,"input":1000,"output":2000,"cache_read":100,"cache_write":null,"reasoning":null,
            "input_audio":7,"output_audio":null,"tiers":[
            {"above_input_tokens":5,"input":3000,"output":4000,"cache_read":300,"cache_write":null}]}"#;
        let rates = |input, output, cache_read| Rates {
            input: picos(input),
            output: picos(output),
            cache_read: Some(picos(cache_read)),
            ..Rates::default()
        };
        let expected = PriceCard {
            version: 3,
            rates: Rates {
                input_audio: Some(picos(7)),
                ..rates(1_000, 2_000, 100)
            },
            tiers: vec![PriceTier {
                above_input_tokens: 5,
                rates: rates(3_000, 4_000, 300),
            }],
            ..PriceCard::default()
        };
        assert_eq!(serde_json::from_str::<PriceCard>(old).unwrap(), expected);
    }

    #[test]
    fn a_card_without_new_classes_is_written_as_before() {
        let card = PriceCard {
            version: 3,
            rates: Rates {
                input: picos(1),
                output: picos(2),
                ..Rates::default()
            },
            ..PriceCard::default()
        };
        let before = r#"{"version":3,"input":1,"output":2,"cache_read":null,"cache_write":null,"reasoning":null,"input_audio":null,"output_audio":null,"tiers":[]}"#;
        assert_eq!(serde_json::to_string(&card).unwrap(), before);
    }

    #[test]
    fn a_card_with_everything_round_trips() {
        let card = PriceCard {
            fees: Fees {
                search: picos(10_000_000_000),
                ..Fees::default()
            },
            windows: vec![PriceWindow {
                from_minute: 990,
                until_minute: 30,
                rates: Rates {
                    cache_write_1h: Some(picos(5)),
                    ..Rates::default()
                },
                tiers: Vec::new(),
            }],
            valid_from: Some(UnixMillis::new(1)),
            valid_until: Some(UnixMillis::new(2)),
            ..PriceCard::default()
        };
        let text = serde_json::to_string(&card).unwrap();
        assert_eq!(serde_json::from_str::<PriceCard>(&text).unwrap(), card);
    }

    #[test]
    fn a_window_may_span_midnight_or_the_day() {
        let window = |from_minute, until_minute| PriceWindow {
            from_minute,
            until_minute,
            rates: Rates::default(),
            tiers: Vec::new(),
        };
        let held = |window: PriceWindow| [0, 29, 30, 989, 990, 1_439].map(|minute| window.holds(minute));
        assert_eq!(held(window(30, 990)), [false, false, true, true, false, false]);
        assert_eq!(held(window(990, 30)), [true, true, false, false, true, true]);
        assert_eq!(held(window(990, 1_440)), [false, false, false, false, true, true]);
        assert_eq!(held(window(0, 0)), [true; 6]);
    }

    #[test]
    fn validity_includes_its_start_and_excludes_its_end() {
        let card = PriceCard {
            valid_from: Some(UnixMillis::new(10)),
            valid_until: Some(UnixMillis::new(20)),
            ..PriceCard::default()
        };
        let valid = [9, 10, 19, 20].map(|at| card.is_valid_at(UnixMillis::new(at)));
        assert_eq!(valid, [false, true, true, false]);
        assert!(PriceCard::default().is_valid_at(UnixMillis::new(i64::MIN)));
    }
}
