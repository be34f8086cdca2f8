//! What a caller wants done with its call, in headers: through which route it goes, what it and its session may cost, when
//! it has to be over, whether an answer may be shorter than it asked for, and whether it only wants to know where the call
//! would go.

use std::time::Duration;

use sluicegate_contracts::money::NanoUsd;

use super::labels;
use crate::error::{ErrorKind, GatewayError};

/// What all of the gateway's own headers begin with.
const OURS: &str = "x-sluicegate-";
pub(crate) const ROUTE: &str = "x-sluicegate-route";
pub(crate) const MAX_COST: &str = "x-sluicegate-max-cost";
pub(crate) const DEADLINE: &str = "x-sluicegate-deadline-ms";
/// The same, as it is also called.
const DEADLINE_TOO: &str = "x-sluicegate-deadline";
const SESSION_BUDGET: &str = "x-sluicegate-session-budget";
const DRY_RUN: &str = "x-sluicegate-dry-run";
const LOWER_OUTPUT_LIMIT: &str = "x-sluicegate-lower-output-limit";

/// Longest deadline, in milliseconds: a day.
const MAX_DEADLINE: u64 = 86_400_000;

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The most that the request may cost, over all attempts.
    pub(crate) max_cost: Option<NanoUsd>,
    /// How long the whole request may take.
    pub(crate) deadline: Option<Duration>,
    /// The most that the whole session may cost.
    pub(crate) session_budget: Option<NanoUsd>,
    /// The caller's output limit may be lowered where the money for all of it is missing.
    pub(crate) lower_output_limit: bool,
    /// A target that cannot express all of the request is not to be tried.
    pub(crate) require_parameters: bool,
    /// Nothing is to be sent anywhere: the decision is the answer.
    pub(crate) dry_run: bool,
}

impl Wishes {
    /// Reads them from the headers of a request, given as names in lower case and values, and the route that is to be used
    /// instead of the model. Of a name that is there twice the last counts.
    ///
    /// # Errors
    /// 400 that names the header: a cap that cannot be read, or one of ours that is not known, must not be taken for none.
    pub(crate) fn select<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Result<(Self, Option<String>), GatewayError> {
        let (mut wishes, mut route) = (Self::default(), None);
        for (name, value) in headers {
            match name {
                ROUTE => route = Some(labels::label(ROUTE, value)?),
                MAX_COST => wishes.max_cost = Some(amount(MAX_COST, value)?),
                DEADLINE | DEADLINE_TOO => wishes.deadline = Some(milliseconds(DEADLINE, value)?),
                SESSION_BUDGET => wishes.session_budget = Some(amount(SESSION_BUDGET, value)?),
                LOWER_OUTPUT_LIMIT => wishes.lower_output_limit = flag(LOWER_OUTPUT_LIMIT, value)?,
                DRY_RUN => wishes.dry_run = flag(DRY_RUN, value)?,
                labels::END_USER | labels::SESSION | labels::TAGS => {}
                unknown if unknown.starts_with(OURS) => {
                    let message =
                        format!("There is no header {unknown}. It might be a demand, so it is not ignored.");
                    return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(unknown));
                }
                _ => {}
            }
        }
        Ok((wishes, route))
    }
}

/// An amount of US dollars above zero; `at` is where it stands.
pub(crate) fn amount(at: &'static str, value: &[u8]) -> Result<NanoUsd, GatewayError> {
    let amount = text(value).and_then(|text| text.parse().ok());
    amount.filter(|amount| *amount > NanoUsd::ZERO).ok_or_else(|| {
        let message =
            format!("{at} is an amount of US dollars above zero with at most 9 decimals, such as 0.50.");
        GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
    })
}

/// A time in milliseconds; `at` is where it stands.
pub(crate) fn milliseconds(at: &'static str, value: &[u8]) -> Result<Duration, GatewayError> {
    let time = text(value).and_then(|text| text.parse().ok());
    let time = time.filter(|time| (1..=MAX_DEADLINE).contains(time));
    time.map(Duration::from_millis).ok_or_else(|| {
        let message = format!("{at} is a whole number of milliseconds from 1 to {MAX_DEADLINE}.");
        GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
    })
}

fn flag(at: &'static str, value: &[u8]) -> Result<bool, GatewayError> {
    match text(value) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) | None => {
            let message = format!("{at} is true or false.");
            Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(at))
        }
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<Wishes, Option<String>> {
        let read = Wishes::select(headers.iter().copied());
        read.map(|(wishes, _)| wishes).map_err(|error| error.param)
    }

    #[test]
    fn what_a_call_or_a_session_may_cost_is_an_amount_above_zero() {
        let cap = |name, value: &[u8]| {
            read(&[(name, value)]).map(|wishes| wishes.session_budget.or(wishes.max_cost))
        };
        for name in [SESSION_BUDGET, MAX_COST] {
            assert_eq!(cap(name, b" 0.50 "), Ok(Some(NanoUsd::from_nanos(500_000_000))));
            for bad in [&b"0"[..], b"-1", b"1e3", b"$1", b"", b"0.0000000001", b"\xff"] {
                assert_eq!(cap(name, bad), Err(Some(name.to_owned())));
            }
        }
    }

    #[test]
    fn a_deadline_is_a_number_of_milliseconds() {
        let deadline = |value: &[u8]| read(&[(DEADLINE_TOO, value)]).map(|wishes| wishes.deadline);
        assert_eq!(deadline(b"2500"), Ok(Some(Duration::from_millis(2_500))));
        for bad in [
            &b"0"[..],
            b"-1",
            b"1.5",
            b"2s",
            b"",
            b"86400001",
            b"99999999999999999999",
        ] {
            assert_eq!(deadline(bad), Err(Some(DEADLINE.to_owned())));
        }
    }

    #[test]
    fn a_flag_is_true_or_false() {
        for name in [DRY_RUN, LOWER_OUTPUT_LIMIT] {
            let says = |value: &[u8]| read(&[(name, value)]).map(|it| it.dry_run || it.lower_output_limit);
            assert_eq!((says(b"true"), says(b"false")), (Ok(true), Ok(false)));
            for bad in [&b"1"[..], b"", b"TRUE", b"yes"] {
                assert_eq!(
                    says(bad),
                    Err(Some(name.to_owned())),
                    "a call that was to be dry is not sent"
                );
            }
        }
    }

    #[test]
    fn a_header_of_ours_that_is_not_known_is_refused() {
        let unknown = "x-sluicegate-max-csot";
        assert_eq!(read(&[(unknown, b"1")]), Err(Some(unknown.to_owned())));
        let others: [(&str, &[u8]); 3] = [
            ("x-sluicegate-user", b"ann"),
            ("x-other", b"1"),
            ("sluicegate-max-csot", b"1"),
        ];
        assert_eq!(read(&others), Ok(Wishes::default()));
    }

    #[test]
    fn a_route_is_named_by_its_slug() {
        let route = |value: &[u8]| Wishes::select([(ROUTE, value)]).map(|(_, route)| route);
        assert_eq!(route(b" support "), Ok(Some("support".to_owned())));
        assert!(route(b"").is_err() && route(b"\xff").is_err());
    }
}
