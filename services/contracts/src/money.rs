//! Money as integers: nano-USD for amounts, pico-USD per unit for prices. Floats never touch it.
//!
//! A nano-dollar is small enough that ten tokens of a cheap model are not rounded to nothing; a price of
//! $0.15 per million tokens is 150,000 pico-USD per token. Amounts stay below 2^53 so that they survive stores
//! whose numbers are doubles (Redis scripts, JavaScript).

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const NANOS_PER_USD: i64 = 1_000_000_000;
const DECIMALS: usize = 9;

/// An amount of money in nano-USD (10⁻⁹ US dollars). On the wire between planes a JSON integer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NanoUsd(i64);

/// A text is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal amount in US dollars with at most 9 decimals, below 9007199.254740992")]
pub struct ParseMoneyError;

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount the product accepts: 2^53 - 1 nano-USD, about 9.007 million dollars.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Wraps an amount counted in nano-USD.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount in nano-USD.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Sum, or `None` past the range of an `i64`.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.fold(0, |total: i64, amount| total.saturating_add(amount.0)))
    }
}

/// Exactly nine decimals: `0.000412000`.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let unit = NANOS_PER_USD.unsigned_abs();
        write!(f, "{sign}{}.{:09}", magnitude / unit, magnitude % unit)
    }
}

impl FromStr for NanoUsd {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, ParseMoneyError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > DECIMALS {
            return Err(ParseMoneyError);
        }
        let dollars: i64 = whole.parse().map_err(|_| ParseMoneyError)?;
        let nanos: i64 = format!("{fraction:0<DECIMALS$}")
            .parse()
            .map_err(|_| ParseMoneyError)?;
        let magnitude = dollars
            .checked_mul(NANOS_PER_USD)
            .and_then(|whole| whole.checked_add(nanos))
            .filter(|total| *total <= Self::MAX.0)
            .ok_or(ParseMoneyError)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

/// A price per unit (token, request, …) in pico-USD (10⁻¹² US dollars).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PicoUsd(i64);

impl PicoUsd {
    /// Wraps a price counted in pico-USD per unit.
    #[must_use]
    pub const fn from_picos(picos: i64) -> Self {
        Self(picos)
    }

    /// The price in pico-USD per unit.
    #[must_use]
    pub const fn picos(self) -> i64 {
        self.0
    }

    /// The price of a million units, exact: 10⁶ × 10⁻¹² = 10⁻⁶, so one pico per unit is a thousand nanos per million.
    #[must_use]
    pub fn per_million(self) -> NanoUsd {
        NanoUsd(self.0.saturating_mul(1_000))
    }

    /// The price per unit whose million costs `amount`; `None` when that is not a whole number of pico-USD.
    #[must_use]
    pub fn from_per_million(amount: NanoUsd) -> Option<Self> {
        (amount.0 % 1_000 == 0).then_some(Self(amount.0 / 1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_text_is_exact() {
        assert_eq!(NanoUsd::from_nanos(412_000).to_string(), "0.000412000");
        assert_eq!("-1.5".parse(), Ok(NanoUsd::from_nanos(-1_500_000_000)));
        for bad in ["", ".5", "1.", "1e3", "1.0000000001", "+1", "99999999", "1,5"] {
            assert_eq!(bad.parse::<NanoUsd>(), Err(ParseMoneyError), "{bad}");
        }
    }

    #[test]
    fn fifteen_cents_a_million_is_150_000_picos() {
        let price = PicoUsd::from_per_million("0.15".parse().unwrap());
        assert_eq!(price, Some(PicoUsd::from_picos(150_000)));
    }

    proptest! {
        #[test]
        fn text_round_trips(nanos in -NanoUsd::MAX.0..=NanoUsd::MAX.0) {
            prop_assert_eq!(NanoUsd(nanos).to_string().parse(), Ok(NanoUsd(nanos)));
        }
    }
}
