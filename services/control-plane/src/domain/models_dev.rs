//! The form of the lists that models.dev publishes, and their prices. Read by [`super::model_catalog`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sluicegate_contracts::config::{PriceCard, PriceTier, Rates};

use super::listed_facts::Evidence;
use super::price_text::{PriceTextError, per_million_dollars};

/// A text is not such a list.
#[derive(Debug, thiserror::Error)]
#[error("not a models.dev list (line {line}, column {column}): {source}", line = .source.line(), column = .source.column())]
pub struct Unreadable {
    #[from]
    source: serde_json::Error,
}

/// A list.
#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) source: ListSource,
    pub(super) providers: BTreeMap<String, ProviderEntry>,
}

impl Document {
    /// Reads a list.
    ///
    /// # Errors
    /// When the text is not JSON of that form.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        Ok(serde_json::from_str(text)?)
    }
}

/// Where a list is from, as far as it says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ListSource {
    repo: Option<String>,
    commit: Option<String>,
    as_of: Option<String>,
}

impl ListSource {
    pub(super) fn evidence(self) -> Evidence {
        let source = match (self.repo, self.commit) {
            (Some(repo), Some(commit)) => format!("https://github.com/{repo}/tree/{commit}"),
            (_, _) => "the imported price list".to_owned(),
        };
        Evidence {
            source,
            as_of: self.as_of,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ProviderEntry {
    pub(super) models: BTreeMap<String, ModelEntry>,
}

/// A model at one provider.
#[derive(Deserialize)]
pub(super) struct ModelEntry {
    pub(super) name: String,
    pub(super) family: Option<String>,
    pub(super) cost: Option<Prices>,
    #[serde(default)]
    pub(super) limit: LimitEntry,
    pub(super) modalities: Modalities,
    pub(super) open_weights: Option<bool>,
    pub(super) tool_call: Option<bool>,
    pub(super) structured_output: Option<bool>,
    pub(super) reasoning: Option<bool>,
}

#[derive(Default, Deserialize)]
pub(super) struct LimitEntry {
    pub(super) context: Option<u64>,
    pub(super) output: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Modalities {
    pub(super) input: Vec<String>,
    pub(super) output: Vec<String>,
}

/// Members of a price entry. Numbers stay text until [`per_million_dollars`] reads them.
pub(super) type Prices = BTreeMap<String, Box<RawValue>>;

#[derive(Deserialize)]
struct TierBound {
    size: u64,
}

/// What an entry costs.
///
/// # Errors
/// When a price is missing, or cannot be expressed exactly.
pub(super) fn price_card(cost: &Prices) -> Result<PriceCard, PriceTextError> {
    let tiers: Vec<Prices> = cost.get("tiers").map_or(Ok(Vec::new()), |tiers| read(tiers))?;
    let mut tiers = tiers.iter().map(price_tier).collect::<Result<Vec<_>, _>>()?;
    tiers.sort_by_key(|tier| tier.above_input_tokens);
    Ok(PriceCard {
        rates: rates(cost)?,
        tiers,
        ..PriceCard::default()
    })
}

fn price_tier(tier: &Prices) -> Result<PriceTier, PriceTextError> {
    let bound: TierBound = read(tier.get("tier").ok_or(PriceTextError::NotAPrice)?)?;
    Ok(PriceTier {
        above_input_tokens: bound.size,
        rates: rates(tier)?,
    })
}

/// The classes lists of this form know; what they leave out is in [`super::unlisted_prices`].
fn rates(prices: &Prices) -> Result<Rates, PriceTextError> {
    let optional = |class: &str| {
        let number = prices.get(class).filter(|number| number.get() != "null");
        number.map(|number| per_million_dollars(number.get())).transpose()
    };
    let required = |class: &str| optional(class)?.ok_or(PriceTextError::NotAPrice);
    Ok(Rates {
        input: required("input")?,
        output: required("output")?,
        cache_read: optional("cache_read")?,
        cache_write: optional("cache_write")?,
        reasoning: optional("reasoning")?,
        input_audio: optional("input_audio")?,
        output_audio: optional("output_audio")?,
        ..Rates::default()
    })
}

fn read<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Result<T, PriceTextError> {
    serde_json::from_str(value.get()).map_err(|_| PriceTextError::NotAPrice)
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::money::{NanoUsd, PicoUsd};

    use super::*;

    #[test]
    fn every_listed_class_is_carried_over_also_in_tiers() {
        let text = r#"{"input":1,"output":2,"cache_read":3,"cache_write":4,"reasoning":5,"input_audio":6,"output_audio":7,
            "tiers":[{"tier":{"size":9,"type":"context"},"input":10,"output":20,"input_audio":60},
                     {"tier":{"size":8},"input":9,"output":19}]}"#;
        let listed = price_card(&serde_json::from_str(text).unwrap()).unwrap();
        let dollar = PicoUsd::from_per_million;
        let dollars = |amount: i64| dollar(NanoUsd::from_nanos(amount * 1_000_000_000));
        let rates = |input, output| Rates {
            input: dollars(input).unwrap(),
            output: dollars(output).unwrap(),
            ..Rates::default()
        };
        let tier = |above_input_tokens, rates| PriceTier {
            above_input_tokens,
            rates,
        };
        let expected = PriceCard {
            rates: Rates {
                cache_read: dollars(3),
                cache_write: dollars(4),
                reasoning: dollars(5),
                input_audio: dollars(6),
                output_audio: dollars(7),
                ..rates(1, 2)
            },
            tiers: vec![
                tier(8, rates(9, 19)),
                tier(
                    9,
                    Rates {
                        input_audio: dollars(60),
                        ..rates(10, 20)
                    },
                ),
            ],
            ..PriceCard::default()
        };
        assert_eq!(listed, expected);
    }
}
