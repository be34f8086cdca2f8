//! Money on the wire: a decimal text and its currency, never a JSON number.

use serde::Serialize;
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
