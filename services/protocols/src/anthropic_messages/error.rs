//! The error envelope, ours rendered for callers; `ErrorBody::from` says how each class of failure
//! reads in this dialect. What providers send is read by [`ProviderError`], the same for all.

use crate::failure::{Detail, Failure, FailureClass, write_details};
use crate::json::Object;
pub use crate::provider_error::{ProviderError, retry_after};

/// An error of ours in this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// For a person. The dialect has no place for the field at fault other than this text.
    pub message: &'a str,
    /// `error.type`.
    pub kind: &'a str,
    /// `error.details`; left out when empty.
    pub details: &'a [Detail],
    /// The id under which the gateway knows the request, where the caller is to be told.
    pub request_id: Option<&'a str>,
}

impl ErrorBody<'_> {
    /// Appends the JSON document.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        object.string("type", "error");
        {
            let mut error = object.object("error");
            error.string("type", self.kind);
            error.string("message", self.message);
            if !self.details.is_empty() {
                write_details(error.object("details"), self.details);
            }
        }
        object.optional_string("request_id", self.request_id);
    }

    /// The JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        self.write(&mut out);
        out
    }

    /// The error as the last event of a stream that has begun. No `message_stop` may follow it.
    pub fn to_stream_frame(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        out.extend_from_slice(b"event: error\ndata: ");
        self.write(&mut out);
        out.extend_from_slice(b"\n\n");
        out
    }
}

/// How a failure reads in this dialect.
impl<'a> From<&Failure<'a>> for ErrorBody<'a> {
    fn from(failure: &Failure<'a>) -> Self {
        let kind = match failure.class {
            FailureClass::InvalidRequest | FailureClass::ContextTooLong | FailureClass::ContentFiltered => {
                "invalid_request_error"
            }
            FailureClass::Authentication => "authentication_error",
            FailureClass::OutOfCredit => "billing_error",
            FailureClass::Permission => "permission_error",
            FailureClass::NotFound => "not_found_error",
            FailureClass::TooLarge => "request_too_large",
            FailureClass::RateLimited => "rate_limit_error",
            FailureClass::Overloaded | FailureClass::Unavailable => "overloaded_error",
            FailureClass::Upstream => "api_error",
            FailureClass::Timeout => "timeout_error",
        };
        Self {
            message: failure.message,
            kind,
            details: failure.details,
            request_id: None,
        }
    }
}

/// The HTTP status that goes with a failure in this dialect: its clients wait and try again on 529.
pub fn status(class: FailureClass) -> u16 {
    if class == FailureClass::Overloaded {
        529
    } else {
        class.status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_reads_back() {
        let body = ErrorBody {
            message: "no \"such\" model",
            kind: "not_found_error",
            details: &[],
            request_id: Some("req_1"),
        };
        let text = String::from_utf8(body.to_json()).unwrap();
        assert_eq!(
            text,
            r#"{"type":"error","error":{"type":"not_found_error","message":"no \"such\" model"},"request_id":"req_1"}"#
        );
        let read = ProviderError::parse(text.as_bytes());
        assert_eq!(
            (read.message.as_str(), read.kind.as_deref()),
            (body.message, Some(body.kind))
        );
        let frame = String::from_utf8(body.to_stream_frame()).unwrap();
        assert_eq!(frame, format!("event: error\ndata: {text}\n\n"));
    }

    #[test]
    fn every_class_reads_back_as_itself() {
        for &class in FailureClass::ALL {
            let failure = Failure {
                class,
                message: "x",
                param: None,
                code: None,
                details: &[],
            };
            let body = ErrorBody::from(&failure).to_json();
            // The envelope has one word for these.
            let merged = [
                (FailureClass::ContentFiltered, FailureClass::InvalidRequest),
                (FailureClass::ContextTooLong, FailureClass::InvalidRequest),
                (FailureClass::Unavailable, FailureClass::Overloaded),
            ];
            let expected = merged
                .iter()
                .find(|(from, _)| *from == class)
                .map_or(class, |(_, to)| *to);
            assert_eq!(
                ProviderError::parse(&body).class(status(class)),
                expected,
                "{class:?}"
            );
        }
    }
}
