//! Money on the wire: a decimal text and its currency, never a JSON number.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::money::NanoUsd;
use utoipa::ToSchema;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Money {
    /// Decimal amount with nine decimals.
    #[schema(example = "0.000412000")]
    amount: String,
    /// ISO 4217 code.
    #[schema(example = "USD")]
    currency: &'static str,
}

impl From<NanoUsd> for Money {
    fn from(amount: NanoUsd) -> Self {
        Self {
            amount: amount.to_string(),
            currency: "USD",
        }
    }
}

/// An amount of money, as written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteMoney {
    /// Decimal amount with at most nine decimals.
    #[schema(example = "25.00")]
    pub(super) amount: String,
    /// ISO 4217 code; USD when absent, and nothing else.
    #[serde(default)]
    #[expect(dead_code, reason = "reading it refuses every other currency")]
    currency: Usd,
}

/// The one currency there is.
#[derive(Debug, Default, Deserialize, ToSchema)]
enum Usd {
    /// US dollars.
    #[default]
    #[serde(rename = "USD")]
    Usd,
}
