//! Errors: `{id, message}`, where the status says what kind it is. What Cohere sends is read by
//! [`crate::provider_error::ProviderError`], the same for all.

use crate::failure::Failure;
use crate::json::Object;
use crate::sse::write_event;

/// An error of ours in this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// For a person.
    pub message: &'a str,
}

impl ErrorBody<'_> {
    /// The JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 16);
        Object::open(&mut out).string("message", self.message);
        out
    }

    /// Appends the error as the last event of a stream that has begun.
    pub fn write_stream_event(&self, out: &mut Vec<u8>) {
        let mut data = Vec::with_capacity(self.message.len() + 96);
        {
            let mut object = Object::open(&mut data);
            object.string("type", "message-end");
            let mut delta = object.object("delta");
            delta.string("error", self.message);
            delta.string("finish_reason", "ERROR");
        }
        write_event(out, Some("message-end"), &String::from_utf8_lossy(&data));
    }
}

/// How a failure reads in this dialect.
impl<'a> From<&Failure<'a>> for ErrorBody<'a> {
    fn from(failure: &Failure<'a>) -> Self {
        Self {
            message: failure.message,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::failure::{Failure, FailureClass};
    use crate::provider_error::ProviderError;

    use super::*;

    #[test]
    fn ours_reads_back_and_theirs_is_understood() {
        let failure = Failure {
            class: FailureClass::RateLimited,
            message: "slow \"down\"",
            param: None,
            code: None,
            details: &[],
        };
        let read = ProviderError::parse(&ErrorBody::from(&failure).to_json());
        assert_eq!(
            (read.message.as_str(), read.class(429)),
            (failure.message, failure.class)
        );
        let body =
            br#"{"error_type":"TOO_MANY_TOKENS","id":"c1","message":"size limit exceeded by 25836 tokens."}"#;
        let read = ProviderError::parse(body);
        assert_eq!(read.kind.as_deref(), Some("TOO_MANY_TOKENS"));
        assert_eq!(read.class(400), FailureClass::ContextTooLong);
    }
}
