//! Prices that vendors publish and price lists in the form of models.dev have no place for. Derived from what the list
//! says where the vendor publishes a rule, so that they stay in step with the next list.

use sluicegate_contracts::config::{PriceCard, ProviderId, Rates};
use sluicegate_contracts::money::PicoUsd;

/// Anthropic: writing to the cache for an hour costs twice the input, wherever the model is served.
const HOUR_OF_CACHE: i64 = 2;
/// Anthropic: ten dollars for a thousand web searches.
const WEB_SEARCH: PicoUsd = PicoUsd::from_picos(10_000_000_000);

/// The card of `model` at `provider`, with the prices its list could not say.
pub(super) fn added(mut card: PriceCard, provider: ProviderId, model: &str) -> PriceCard {
    if !model.starts_with("anthropic/") {
        return card;
    }
    for rates in std::iter::once(&mut card.rates).chain(card.tiers.iter_mut().map(|tier| &mut tier.rates)) {
        rates.cache_write_1h = rates.cache_write_1h.or_else(|| hour_of_cache(rates));
    }
    if matches!(provider, ProviderId::Anthropic | ProviderId::Vertex) {
        card.fees.search = WEB_SEARCH;
    }
    card
}

/// Where a list has no price for caching at all, nothing is known of an hour of it either.
fn hour_of_cache(rates: &Rates) -> Option<PicoUsd> {
    rates
        .cache_write
        .map(|_| PicoUsd::from_picos(rates.input.picos().saturating_mul(HOUR_OF_CACHE)))
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::PriceTier;

    use super::*;

    fn card() -> PriceCard {
        let rates = |input: i64| Rates {
            input: PicoUsd::from_picos(input),
            output: PicoUsd::from_picos(input * 5),
            cache_write: Some(PicoUsd::from_picos(input + input / 4)),
            ..Rates::default()
        };
        PriceCard {
            rates: rates(5_000_000),
            tiers: vec![PriceTier {
                above_input_tokens: 200_000,
                rates: rates(10_000_000),
            }],
            ..PriceCard::default()
        }
    }

    #[test]
    fn claude_has_a_price_for_an_hour_of_cache_and_for_searches() {
        let card = added(card(), ProviderId::Anthropic, "anthropic/claude-opus-4-6");
        let hours = (card.rates.cache_write_1h, card.tiers[0].rates.cache_write_1h);
        let expected = [10_000_000, 20_000_000].map(|picos| Some(PicoUsd::from_picos(picos)));
        assert_eq!(hours, (expected[0], expected[1]));
        assert_eq!(card.fees.search, WEB_SEARCH);
    }

    #[test]
    fn where_nothing_is_published_nothing_is_added() {
        assert_eq!(added(card(), ProviderId::OpenAi, "openai/gpt-4o"), card());
        let on_bedrock = added(card(), ProviderId::Bedrock, "anthropic/claude-opus-4-6");
        assert!(on_bedrock.fees.are_none() && on_bedrock.rates.cache_write_1h.is_some());
        let mut uncached = card();
        uncached.rates.cache_write = None;
        uncached.tiers.clear();
        let on_bedrock = added(uncached.clone(), ProviderId::Bedrock, "anthropic/claude-2");
        assert_eq!(on_bedrock, uncached);
    }
}
