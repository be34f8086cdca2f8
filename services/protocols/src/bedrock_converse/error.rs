//! Errors: `{message}` in the body, what kind it is in the header `x-amzn-errortype` or, inside a
//! stream, in the name of the exception.

use crate::failure::{Failure, FailureClass};
use crate::json::Object;
use crate::provider_error::ProviderError;

/// The header with the kind of an error.
pub const ERROR_TYPE_HEADER: &str = "x-amzn-errortype";

/// Reads an error. `error_type` is the value of [`ERROR_TYPE_HEADER`], which may have an address
/// behind the kind, or the name of an exception.
pub fn read(error_type: Option<&str>, body: &[u8]) -> ProviderError {
    let mut error = ProviderError::parse(body);
    let kind = error_type.and_then(|text| text.split(':').next());
    if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
        error.kind = Some(crate::provider_error::clip(kind, 128));
    }
    error
}

/// An error of ours in this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// For a person.
    pub message: &'a str,
    /// What kind it is, for the header.
    pub kind: &'static str,
}

impl ErrorBody<'_> {
    /// Appends the JSON document.
    pub fn write(&self, out: &mut Vec<u8>) {
        Object::open(out).string("message", self.message);
    }

    /// The JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 16);
        self.write(&mut out);
        out
    }

    /// The error as the last message of a stream that has begun. Exceptions there are named as the
    /// members of the stream are, in lower camel case.
    pub fn write_message(&self, out: &mut Vec<u8>) {
        let mut name = self.kind.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        crate::event_stream::write_exception(out, &name, |out| self.write(out));
    }
}

/// How a failure reads in this dialect.
impl<'a> From<&Failure<'a>> for ErrorBody<'a> {
    fn from(failure: &Failure<'a>) -> Self {
        let kind = match failure.class {
            FailureClass::InvalidRequest
            | FailureClass::ContextTooLong
            | FailureClass::TooLarge
            | FailureClass::ContentFiltered => "ValidationException",
            FailureClass::Authentication => "UnrecognizedClientException",
            FailureClass::OutOfCredit | FailureClass::Permission => "AccessDeniedException",
            FailureClass::NotFound => "ResourceNotFoundException",
            FailureClass::RateLimited => "ThrottlingException",
            FailureClass::Overloaded => "ModelNotReadyException",
            FailureClass::Unavailable => "ServiceUnavailableException",
            FailureClass::Upstream => "InternalServerException",
            FailureClass::Timeout => "ModelTimeoutException",
        };
        Self {
            message: failure.message,
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_comes_from_the_header() {
        let body = br#"{"message":"The provided model identifier is invalid."}"#;
        let header = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/";
        let error = read(Some(header), body);
        assert_eq!(error.kind.as_deref(), Some("ValidationException"));
        assert_eq!(error.message, "The provided model identifier is invalid.");
        assert_eq!(error.class(400), FailureClass::InvalidRequest);
        assert_eq!(read(None, body).kind, None);
        let overflow =
            br#"{"message":"Input Tokens Exceeded: Number of input tokens exceeds maximum length."}"#;
        assert_eq!(
            read(Some(header), overflow).class(400),
            FailureClass::ContextTooLong
        );
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
            let body = ErrorBody::from(&failure);
            // As in a stream, where the kind is all there is.
            let back = read(Some(body.kind), &body.to_json()).class(200);
            // The dialect has one word for all of these.
            let expected = match class {
                FailureClass::ContextTooLong | FailureClass::TooLarge | FailureClass::ContentFiltered => {
                    FailureClass::InvalidRequest
                }
                FailureClass::OutOfCredit => FailureClass::Permission,
                FailureClass::InvalidRequest
                | FailureClass::Authentication
                | FailureClass::Permission
                | FailureClass::NotFound
                | FailureClass::RateLimited
                | FailureClass::Overloaded
                | FailureClass::Unavailable
                | FailureClass::Upstream
                | FailureClass::Timeout => class,
            };
            assert_eq!(back, expected, "{class:?}");
        }
    }
}
