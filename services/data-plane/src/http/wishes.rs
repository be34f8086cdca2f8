//! What a caller wants done with its call, in headers: what its session may cost, whether an answer may be shorter than it
//! asked for, and whether it only wants to know where the call would go.

use sluicegate_contracts::money::NanoUsd;

use crate::error::{ErrorKind, GatewayError};

const SESSION_BUDGET: &str = "x-sluicegate-session-budget";
const DRY_RUN: &str = "x-sluicegate-dry-run";
const LOWER_OUTPUT_LIMIT: &str = "x-sluicegate-lower-output-limit";

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The most that the whole session may cost.
    pub(crate) session_budget: Option<NanoUsd>,
    /// The caller's output limit may be lowered where the money for all of it is missing.
    pub(crate) lower_output_limit: bool,
    /// Nothing is to be sent anywhere: the decision is the answer.
    pub(crate) dry_run: bool,
}

impl Wishes {
    /// Reads them from the headers of a request, given as names in lower case and values. Of a name that is there twice
    /// the last counts.
    ///
    /// # Errors
    /// 400 that names the header: a cap that cannot be read must not be taken for none.
    pub(crate) fn select<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Result<Self, GatewayError> {
        let mut wishes = Self::default();
        for (name, value) in headers {
            match name {
                SESSION_BUDGET => wishes.session_budget = Some(amount(SESSION_BUDGET, value)?),
                LOWER_OUTPUT_LIMIT => wishes.lower_output_limit = value == b"true",
                DRY_RUN => wishes.dry_run = value == b"true",
                _ => {}
            }
        }
        Ok(wishes)
    }
}

/// An amount of US dollars above zero; `at` is where it stands.
pub(crate) fn amount(at: &'static str, value: &[u8]) -> Result<NanoUsd, GatewayError> {
    let amount = std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    amount.filter(|amount| *amount > NanoUsd::ZERO).ok_or_else(|| {
        let message =
            format!("{at} is an amount of US dollars above zero with at most 9 decimals, such as 0.50.");
        GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<Wishes, Option<String>> {
        Wishes::select(headers.iter().copied()).map_err(|error| error.param)
    }

    #[test]
    fn what_a_session_may_cost_is_an_amount_above_zero() {
        let cap = |value: &[u8]| read(&[(SESSION_BUDGET, value)]).map(|wishes| wishes.session_budget);
        assert_eq!(cap(b" 0.50 "), Ok(Some(NanoUsd::from_nanos(500_000_000))));
        for bad in [&b"0"[..], b"-1", b"1e3", b"$1", b"", b"0.0000000001"] {
            assert_eq!(cap(bad), Err(Some(SESSION_BUDGET.to_owned())));
        }
    }

    #[test]
    fn a_limit_is_lowered_only_for_who_says_so() {
        let lower = |value: &[u8]| read(&[(LOWER_OUTPUT_LIMIT, value)]).unwrap().lower_output_limit;
        assert!(lower(b"true") && !lower(b"false") && !lower(b"1"));
    }
}
