//! Errors of this dialect. Before an answer has begun the envelope is the one all of OpenAI's
//! endpoints share; in a stream an error is `response.failed` once there is a response to fail, and
//! an `error` event before.

use crate::failure::{Failure, FailureClass, write_details};
use crate::json::Object;
pub use crate::openai_chat::error::ErrorBody;

/// The word that `response.error.code` and the `error` event have for a class of failure. Clients
/// decide by it whether to try again.
pub(super) fn stream_code(class: FailureClass) -> &'static str {
    match class {
        FailureClass::InvalidRequest => "invalid_request_error",
        FailureClass::ContextTooLong => "context_length_exceeded",
        FailureClass::Authentication => "invalid_api_key",
        FailureClass::OutOfCredit => "insufficient_quota",
        FailureClass::Permission => "permission_denied",
        FailureClass::NotFound => "model_not_found",
        FailureClass::TooLarge => "request_too_large",
        FailureClass::RateLimited => "rate_limit_exceeded",
        FailureClass::ContentFiltered => "content_policy_violation",
        FailureClass::Overloaded | FailureClass::Unavailable => "service_unavailable",
        FailureClass::Upstream => "server_error",
        FailureClass::Timeout => "timeout",
    }
}

/// Writes the members of `response.error`.
pub(super) fn write_response_error(mut object: Object<'_>, failure: &Failure<'_>) {
    object.string("code", failure.code.unwrap_or(stream_code(failure.class)));
    object.string("message", failure.message);
    metadata(&mut object, failure);
}

fn metadata(object: &mut Object<'_>, failure: &Failure<'_>) {
    if !failure.details.is_empty() {
        write_details(object.object("metadata"), failure.details);
    }
}

/// Writes the members of an `error` event behind its type.
pub(super) fn write_event(object: &mut Object<'_>, failure: &Failure<'_>) {
    object.string("code", failure.code.unwrap_or(stream_code(failure.class)));
    object.string("message", failure.message);
    match failure.param {
        Some(param) => object.string("param", param),
        None => object.null("param"),
    }
    metadata(object, failure);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider_error::ProviderError;

    #[test]
    fn every_class_told_in_a_stream_reads_back_as_itself() {
        for &class in FailureClass::ALL {
            let failure = Failure {
                class,
                message: "x",
                param: None,
                code: None,
                details: &[],
            };
            let mut out = Vec::new();
            write_response_error(Object::open(&mut out), &failure);
            // The dialect has one word for both of these.
            let expected = if class == FailureClass::Overloaded {
                FailureClass::Unavailable
            } else {
                class
            };
            assert_eq!(ProviderError::parse(&out).class(200), expected, "{class:?}");
        }
    }
}
