//! What an answer with an error status, or no answer, means for the attempt. Pure.

use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_metering::Ending;
use sluicegate_protocols::openai_chat::error::ProviderError;

use super::{BodyFault, SendFailure};

/// The outcome of an answer with a status other than success; `said` is what could be read of its body.
#[must_use]
pub fn refusal(status: u16, said: &ProviderError) -> AttemptOutcome {
    match status {
        401 | 403 => AttemptOutcome::CredentialRefused,
        400 if said.is_bad_key() => AttemptOutcome::CredentialRefused,
        402 => AttemptOutcome::QuotaExhausted,
        429 if said.is_out_of_credit() => AttemptOutcome::QuotaExhausted,
        429 => AttemptOutcome::RateLimited,
        // Lost races and overload that other servers tell by 5xx.
        408 | 409 | 425 => AttemptOutcome::ServerError,
        400..=499 => AttemptOutcome::BadRequest,
        // A redirect is not followed: the credential belongs to the base URL it was saved for.
        _ => AttemptOutcome::ServerError,
    }
}

/// What is owed for an answer with a status other than success.
#[must_use]
pub const fn refused_ending(status: u16) -> Ending {
    match status {
        400..=499 => Ending::Refused,
        _ => Ending::Failed,
    }
}

/// The outcome of a call without an answer, and whether the provider may have billed it.
#[must_use]
pub const fn send_failure(failure: SendFailure) -> (AttemptOutcome, Ending) {
    match failure {
        SendFailure::NotAllowed(_)
        | SendFailure::Unreachable
        | SendFailure::Invalid
        | SendFailure::Unsupported
        | SendFailure::NoToken => (AttemptOutcome::Unreachable, Ending::NotSent),
        SendFailure::TokenRefused => (AttemptOutcome::CredentialRefused, Ending::NotSent),
        SendFailure::Broken => (AttemptOutcome::ServerError, Ending::CutBeforeOutput),
    }
}

/// The outcome of an answer that began with success and did not arrive, and what is owed as long as none of it was shown.
#[must_use]
pub const fn body_fault(fault: BodyFault) -> (AttemptOutcome, Ending) {
    match fault {
        BodyFault::Broken => (AttemptOutcome::Cut, Ending::CutBeforeOutput),
        BodyFault::TooLarge => (AttemptOutcome::ServerError, Ending::Unreadable),
        BodyFault::TimedOut => (AttemptOutcome::TimedOut, Ending::TimedOutBeforeOutput),
    }
}

/// The same once some of it was shown.
#[must_use]
pub const fn cut_short(fault: BodyFault) -> (AttemptOutcome, Ending) {
    match fault {
        BodyFault::Broken => (AttemptOutcome::Cut, Ending::Cut),
        BodyFault::TooLarge => (AttemptOutcome::ServerError, Ending::Cut),
        BodyFault::TimedOut => (AttemptOutcome::TimedOut, Ending::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_fall_into_the_classes_that_retries_are_decided_by() {
        let plain = ProviderError::default();
        let cases = [
            (301, AttemptOutcome::ServerError),
            (400, AttemptOutcome::BadRequest),
            (401, AttemptOutcome::CredentialRefused),
            (402, AttemptOutcome::QuotaExhausted),
            (404, AttemptOutcome::BadRequest),
            (408, AttemptOutcome::ServerError),
            (422, AttemptOutcome::BadRequest),
            (429, AttemptOutcome::RateLimited),
            (500, AttemptOutcome::ServerError),
            (529, AttemptOutcome::ServerError),
        ];
        for (status, expected) in cases {
            assert_eq!(refusal(status, &plain), expected, "{status}");
        }
        let broke = ProviderError {
            code: Some("insufficient_quota".to_owned()),
            ..plain
        };
        assert_eq!(refusal(429, &broke), AttemptOutcome::QuotaExhausted);
        let google = ProviderError {
            message: "API key not valid. Please pass a valid API key.".to_owned(),
            ..ProviderError::default()
        };
        assert_eq!(refusal(400, &google), AttemptOutcome::CredentialRefused);
    }
}
