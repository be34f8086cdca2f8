//! Turns a price as a price list prints it (US dollars per million tokens, as a JSON number) into whole pico-dollars
//! per token, exactly: the text is read digit by digit and never becomes a float. Used by the catalog import.

use sluicegate_contracts::money::PicoUsd;

/// A dollar per million tokens is 10⁻⁶ dollars per token: a million pico-dollars.
const DECIMALS: i32 = 6;

/// A text is not a price that pico-dollars can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceTextError {
    /// Not a decimal number, or a negative one (some lists write -1 for "varies").
    #[error("expected a non-negative decimal number")]
    NotAPrice,
    /// More digits than a pico-dollar per token can express, or too large.
    #[error("the price cannot be expressed in whole pico-dollars per token")]
    OutOfRange,
}

/// The price per token whose million costs `text` dollars. Accepts what JSON calls a number: `2`, `0.075`, `7.5e-2`.
///
/// # Errors
/// [`PriceTextError`].
pub fn per_million_dollars(text: &str) -> Result<PicoUsd, PriceTextError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().map_err(|_| PriceTextError::NotAPrice)?),
        None => (text, 0_i32),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || mantissa.ends_with('.') {
        return Err(PriceTextError::NotAPrice);
    }
    let digits = format!("{whole}{fraction}");
    let fraction_len = i32::try_from(fraction.len()).map_err(|_| PriceTextError::OutOfRange)?;
    // value = digits × 10^(exponent - fraction_len) dollars per million
    let shift = exponent
        .checked_sub(fraction_len)
        .and_then(|power| power.checked_add(DECIMALS))
        .ok_or(PriceTextError::OutOfRange)?;
    let significant = digits.trim_end_matches('0');
    let Some(zeros) = i32::try_from(digits.len() - significant.len()).ok() else {
        return Err(PriceTextError::OutOfRange);
    };
    if significant.is_empty() {
        return Ok(PicoUsd::from_picos(0));
    }
    // Trailing zeros of the digits absorb a negative shift; what is left over cannot be expressed.
    let shift = shift.checked_add(zeros).ok_or(PriceTextError::OutOfRange)?;
    let shift = u32::try_from(shift).map_err(|_| PriceTextError::OutOfRange)?;
    let picos = significant
        .parse::<i64>()
        .ok()
        .and_then(|value| value.checked_mul(10_i64.checked_pow(shift)?));
    picos.map(PicoUsd::from_picos).ok_or(PriceTextError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picos(text: &str) -> Result<i64, PriceTextError> {
        per_million_dollars(text).map(PicoUsd::picos)
    }

    #[test]
    fn list_prices_are_exact() {
        let cases = [
            ("0.15", 150_000),
            ("0.075", 75_000),
            ("2", 2_000_000),
            ("15.0", 15_000_000),
            ("0", 0),
            ("0.000000", 0),
            ("0.000001", 1),
            ("1.25e-2", 12_500),
            ("7.5E+1", 75_000_000),
            ("0.1000000000", 100_000),
        ];
        for (text, expected) in cases {
            assert_eq!(picos(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "", "-1", "+1", ".5", "1.", "1,5", "1e", "NaN", "0x1", "null", "\"1\"",
        ] {
            assert_eq!(picos(text), Err(PriceTextError::NotAPrice), "{text}");
        }
        for text in [
            "0.0000001",
            "1e-7",
            "99999999999999",
            "1e30",
            "1e2147483647",
            "1e-2147483648",
        ] {
            assert_eq!(picos(text), Err(PriceTextError::OutOfRange), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_six_decimal_price_is_itself(micros in 0_i64..10_000_000_000) {
            let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            prop_assert_eq!(picos(&text), Ok(micros));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = picos(&text);
        }
    }
}
