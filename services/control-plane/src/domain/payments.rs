//! What payment providers tell: the few events that credit rests on, in words of our own, and what a provider must be
//! able to do. Pure.

use sluicegate_contracts::ids::TopUpId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_credentials::Unbelieved;

/// A payment provider whose webhook we take.
pub trait PaymentProvider {
    /// Its name in paths and rows.
    const NAME: &'static str;
    /// The header that carries its signature.
    const SIGNATURE_HEADER: &'static str;

    /// Proves that the provider sent `body`, and reads it. Nothing of it is looked at before.
    ///
    /// # Errors
    /// [`EventRefused`].
    fn event(&self, signature: &str, body: &[u8], now: i64) -> Result<PaymentEvent, EventRefused>;
}

/// Why an event is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventRefused {
    /// The provider did not send it.
    #[error(transparent)]
    Unbelieved(#[from] Unbelieved),
    /// It is not an event of the form the provider documents. The reason quotes nothing of it.
    #[error("the event cannot be read: {0}")]
    Unreadable(&'static str),
}

/// An event that a provider proved to have sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Its id at the provider.
    pub id: String,
    /// What it is, in the provider's words.
    pub kind: String,
    /// What it tells.
    pub news: News,
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Money arrived.
    Paid {
        /// The payment.
        payment: String,
        /// The top-up that it names.
        top_up: Option<TopUpId>,
        /// How much.
        amount: Amount,
    },
    /// A payment failed for good.
    Failed {
        /// The top-up that it names.
        top_up: Option<TopUpId>,
    },
    /// Money was paid back.
    Refunded {
        /// The payment.
        payment: String,
        /// How much of it in all, with earlier refunds.
        in_all: Amount,
    },
    /// Nothing that credit rests on.
    Other,
}

/// An amount in the smallest unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub minor: i64,
    /// ISO 4217 code, in lower case.
    pub currency: String,
}

/// Nano-dollars of a cent.
const CENT: i64 = 10_000_000;

impl Amount {
    /// The amount in dollars; `None` for other currencies, and for what the product does not count.
    #[must_use]
    pub fn dollars(&self) -> Option<NanoUsd> {
        let nanos = (self.currency == "usd").then(|| self.minor.checked_mul(CENT))??;
        let amount = NanoUsd::from_nanos(nanos);
        (NanoUsd::ZERO..=NanoUsd::MAX).contains(&amount).then_some(amount)
    }
}

/// Whether a payment can be of this amount: providers count whole cents.
#[must_use]
pub const fn is_payable(amount: NanoUsd) -> bool {
    amount.nanos() > 0 && amount.nanos() % CENT == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dollars_that_can_be_counted_are_dollars() {
        let amount = |minor, currency: &str| {
            let currency = currency.to_owned();
            Amount { minor, currency }.dollars().map(NanoUsd::nanos)
        };
        assert_eq!(amount(2_550, "usd"), Some(25_500_000_000));
        assert_eq!(amount(0, "usd"), Some(0));
        for (minor, currency) in [
            (2_550, "eur"),
            (2_550, "USD"),
            (-1, "usd"),
            (i64::MAX, "usd"),
            (900_719_926, "usd"),
        ] {
            assert_eq!(amount(minor, currency), None, "{minor} {currency}");
        }
    }

    #[test]
    fn payments_are_whole_cents() {
        assert!(is_payable(NanoUsd::from_nanos(CENT)));
        for nanos in [0, -CENT, CENT - 1, CENT + 1] {
            assert!(!is_payable(NanoUsd::from_nanos(nanos)), "{nanos}");
        }
    }
}
