//! What a call costs, in integers. Written anew from the published rule (pico-dollars per token,
//! summed, rounded up once to a nano-dollar) and never shared with the gateway: this is the auditor.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Price of one token, in pico-dollars (10^-12 USD). A dollar per million tokens is 1,000,000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// A token of input.
    pub input_pico_usd: u64,
    /// A token of input read from the cache; the price of input when not given.
    pub cached_input_pico_usd: Option<u64>,
    /// A token of output, reasoning included.
    pub output_pico_usd: u64,
}

/// Prices by model name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceTable {
    /// For models not named.
    pub default: Price,
    /// For models by name.
    pub models: BTreeMap<String, Price>,
}

impl PriceTable {
    /// The price of a model.
    pub fn of(&self, model: &str) -> Price {
        self.models.get(model).copied().unwrap_or(self.default)
    }
}

impl Price {
    /// Cost of a call in nano-dollars. `cached` tokens are part of `input`.
    pub fn cost_nano_usd(&self, input: u64, cached: u64, output: u64) -> u64 {
        let cached = cached.min(input);
        let cached_price = self.cached_input_pico_usd.unwrap_or(self.input_pico_usd);
        let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let pico = part(input - cached, self.input_pico_usd)
            .saturating_add(part(cached, cached_price))
            .saturating_add(part(output, self.output_pico_usd));
        u64::try_from(pico.div_ceil(1000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_once_and_prices_the_cache_apart() {
        let price = Price {
            input_pico_usd: 150_000,
            cached_input_pico_usd: Some(75_000),
            output_pico_usd: 600_000,
        };
        // 10 * 150 + 4 * 75 + 7 * 600 nano.
        assert_eq!(price.cost_nano_usd(14, 4, 7), 1_500 + 300 + 4_200);
        let odd = Price {
            input_pico_usd: 1,
            cached_input_pico_usd: None,
            output_pico_usd: 1,
        };
        assert_eq!(odd.cost_nano_usd(1, 1, 0), 1);
        assert_eq!(odd.cost_nano_usd(500, 0, 500), 1);
        assert_eq!(odd.cost_nano_usd(501, 0, 500), 2);
        assert_eq!(odd.cost_nano_usd(0, 9, 0), 0);
        let dear = Price {
            input_pico_usd: u64::MAX,
            cached_input_pico_usd: None,
            output_pico_usd: u64::MAX,
        };
        assert_eq!(dear.cost_nano_usd(u64::MAX, 0, u64::MAX), u64::MAX);
    }
}
