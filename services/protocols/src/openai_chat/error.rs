//! The error envelope, ours rendered for callers; `ErrorBody::from` says how each class of
//! failure reads in this dialect. What providers send is read by [`ProviderError`], the same for all.

use crate::failure::{Detail, Failure, FailureClass, write_details};
use crate::json::Object;
pub use crate::provider_error::{ProviderError, retry_after};

/// An error of ours in this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// For a person.
    pub message: &'a str,
    /// `error.type`.
    pub kind: &'a str,
    /// `error.param`, the request field at fault.
    pub param: Option<&'a str>,
    /// `error.code`.
    pub code: Option<&'a str>,
    /// `error.metadata`, as OpenRouter has it; left out when empty.
    pub details: &'a [Detail],
}

impl ErrorBody<'_> {
    /// Appends the JSON document.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut document = Object::open(out);
        let mut error = document.object("error");
        error.string("message", self.message);
        error.string("type", self.kind);
        for (name, text) in [("param", self.param), ("code", self.code)] {
            match text {
                Some(text) => error.string(name, text),
                None => error.null(name),
            }
        }
        if !self.details.is_empty() {
            write_details(error.object("metadata"), self.details);
        }
    }

    /// The JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        self.write(&mut out);
        out
    }

    /// The error as the last frame of a stream that has begun. No `[DONE]` may follow it.
    pub fn to_stream_frame(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        out.extend_from_slice(b"data: ");
        self.write(&mut out);
        out.extend_from_slice(b"\n\n");
        out
    }
}

/// How a failure reads in this dialect.
impl<'a> From<&Failure<'a>> for ErrorBody<'a> {
    fn from(failure: &Failure<'a>) -> Self {
        let (kind, code) = match failure.class {
            FailureClass::InvalidRequest | FailureClass::ContentFiltered => ("invalid_request_error", None),
            FailureClass::ContextTooLong => ("invalid_request_error", Some("context_length_exceeded")),
            FailureClass::Authentication => ("invalid_request_error", Some("invalid_api_key")),
            FailureClass::OutOfCredit => ("insufficient_quota", Some("insufficient_quota")),
            FailureClass::Permission => ("permission_error", Some("not_allowed")),
            FailureClass::NotFound => ("invalid_request_error", Some("model_not_found")),
            FailureClass::TooLarge => ("request_too_large", Some("request_too_large")),
            FailureClass::RateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
            FailureClass::Overloaded | FailureClass::Unavailable => ("service_unavailable", None),
            FailureClass::Upstream => ("api_error", None),
            FailureClass::Timeout => ("timeout", None),
        };
        Self {
            message: failure.message,
            kind,
            param: failure.param,
            code: failure.code.or(code),
            details: failure.details,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_reads_back() {
        let body = ErrorBody {
            message: "no \"such\" model",
            kind: "invalid_request_error",
            param: None,
            code: Some("model_not_found"),
            details: &[],
        };
        let text = String::from_utf8(body.to_json()).unwrap();
        assert_eq!(
            text,
            r#"{"error":{"message":"no \"such\" model","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#
        );
        let read = ProviderError::parse(text.as_bytes());
        assert_eq!(
            (read.message.as_str(), read.kind.as_deref()),
            (body.message, Some(body.kind))
        );
        assert_eq!((read.code.as_deref(), read.param), (body.code, None));
        assert_eq!(body.to_stream_frame(), format!("data: {text}\n\n").into_bytes());
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
            let read = ProviderError::parse(&ErrorBody::from(&failure).to_json());
            let back = read.class(class.status());
            // The envelope has one word for both of these.
            let merged = [
                (FailureClass::ContentFiltered, FailureClass::InvalidRequest),
                (FailureClass::Overloaded, FailureClass::Unavailable),
            ];
            let expected = merged
                .iter()
                .find(|(from, _)| *from == class)
                .map_or(class, |(_, to)| *to);
            assert_eq!(back, expected, "{class:?}");
        }
    }
}
