//! The error envelope of Google's APIs, ours rendered for callers; `ErrorBody::from` says how each
//! class of failure reads in this dialect.

use std::time::Duration;

use crate::failure::{Detail, Failure, FailureClass, write_details};
use crate::json::Object;

/// An error of ours in this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// `error.code`: the HTTP status.
    pub code: u16,
    /// For a person.
    pub message: &'a str,
    /// `error.status`: the canonical code of Google's APIs.
    pub status: &'a str,
    /// The reason in an `ErrorInfo` detail: what clients look at where the status says too little.
    pub reason: Option<&'a str>,
    /// The `metadata` of that detail.
    pub details: &'a [Detail],
    /// The request field at fault, in a `BadRequest` detail.
    pub field: Option<&'a str>,
    /// How long to wait, in a `RetryInfo` detail. A failure does not know it; its teller may.
    pub retry_after: Option<Duration>,
}

/// Whose reasons these are.
const DOMAIN: &str = "sluicegate";

impl ErrorBody<'_> {
    /// Appends the JSON document.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut document = Object::open(out);
        let mut error = document.object("error");
        error.unsigned("code", u64::from(self.code));
        error.string("message", self.message);
        error.string("status", self.status);
        if self.reason.is_none() && self.field.is_none() && self.retry_after.is_none() {
            return;
        }
        let mut details = error.array("details");
        if let Some(reason) = self.reason {
            let mut detail = details.object();
            detail.string("@type", "type.googleapis.com/google.rpc.ErrorInfo");
            detail.string("reason", reason);
            detail.string("domain", DOMAIN);
            if !self.details.is_empty() {
                write_details(detail.object("metadata"), self.details);
            }
        }
        if let Some(field) = self.field {
            let mut detail = details.object();
            detail.string("@type", "type.googleapis.com/google.rpc.BadRequest");
            let mut violations = detail.array("fieldViolations");
            let mut violation = violations.object();
            violation.string("field", field);
            violation.string("description", self.message);
        }
        if let Some(wait) = self.retry_after {
            let mut detail = details.object();
            detail.string("@type", "type.googleapis.com/google.rpc.RetryInfo");
            detail.string("retryDelay", &delay(wait));
        }
    }

    /// The JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        self.write(&mut out);
        out
    }

    /// The error as the last frame of a stream that has begun.
    pub fn to_stream_frame(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        out.extend_from_slice(b"data: ");
        self.write(&mut out);
        out.extend_from_slice(b"\n\n");
        out
    }

    /// The error as the last element of a stream told as a JSON array, which is what a caller gets
    /// who does not ask for events. `first`: nothing stands before it. The array is closed.
    pub fn to_array_end(&self, first: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        out.extend_from_slice(if first { b"[" } else { b",\r\n" });
        self.write(&mut out);
        out.extend_from_slice(b"]");
        out
    }
}

/// A duration as JSON has it in Google's APIs: seconds with a fraction where there is one.
fn delay(wait: Duration) -> String {
    match wait.subsec_millis() {
        0 => format!("{}s", wait.as_secs()),
        millis => format!("{}.{millis:03}s", wait.as_secs()),
    }
}

/// How a failure reads in this dialect. A bad key is an invalid argument to Google, and its clients
/// know it by the reason.
impl<'a> From<&Failure<'a>> for ErrorBody<'a> {
    fn from(failure: &Failure<'a>) -> Self {
        let (code, status, reason) = match failure.class {
            FailureClass::InvalidRequest => (400, "INVALID_ARGUMENT", None),
            FailureClass::ContextTooLong => (400, "INVALID_ARGUMENT", Some("context_length_exceeded")),
            FailureClass::ContentFiltered => (400, "INVALID_ARGUMENT", Some("content_filter")),
            FailureClass::TooLarge => (413, "INVALID_ARGUMENT", Some("request_too_large")),
            FailureClass::Authentication => (400, "INVALID_ARGUMENT", Some("API_KEY_INVALID")),
            FailureClass::OutOfCredit => (429, "RESOURCE_EXHAUSTED", Some("insufficient_quota")),
            FailureClass::Permission => (403, "PERMISSION_DENIED", None),
            FailureClass::NotFound => (404, "NOT_FOUND", None),
            FailureClass::RateLimited => (429, "RESOURCE_EXHAUSTED", None),
            FailureClass::Overloaded | FailureClass::Unavailable => (503, "UNAVAILABLE", None),
            FailureClass::Upstream => (500, "INTERNAL", None),
            FailureClass::Timeout => (504, "DEADLINE_EXCEEDED", None),
        };
        // The reason that clients of this dialect know must not give way to a code of ours.
        let known = failure.class == FailureClass::Authentication;
        Self {
            code,
            message: failure.message,
            status,
            reason: if known { reason } else { failure.code.or(reason) },
            details: failure.details,
            field: failure.param,
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider_error::ProviderError;

    fn failure(class: FailureClass) -> Failure<'static> {
        Failure {
            class,
            message: "no \"such\" thing",
            param: None,
            code: None,
            details: &[],
        }
    }

    #[test]
    fn ours_reads_back_with_its_wait() {
        let mut body = ErrorBody::from(&failure(FailureClass::RateLimited));
        body.retry_after = Some(Duration::from_millis(1500));
        body.field = Some("contents[0]");
        let text = String::from_utf8(body.to_json()).unwrap();
        assert!(
            text.starts_with(
                r#"{"error":{"code":429,"message":"no \"such\" thing","status":"RESOURCE_EXHAUSTED","details":[{"#
            ),
            "{text}"
        );
        let read = ProviderError::parse(text.as_bytes());
        assert_eq!(read.message, body.message);
        assert_eq!(read.class(429), FailureClass::RateLimited);
        assert_eq!(read.retry_after, Some(Duration::from_millis(1500)));
        assert_eq!(body.to_stream_frame(), format!("data: {text}\n\n").into_bytes());
        let array = [b"[{}".to_vec(), body.to_array_end(false)].concat();
        assert!(serde_json::from_slice::<Vec<serde_json::Value>>(&array).is_ok());
        assert_eq!(ProviderError::parse(&body.to_array_end(true)), read);
    }

    #[test]
    fn every_class_has_the_status_that_clients_expect() {
        for &class in FailureClass::ALL {
            let body = ErrorBody::from(&failure(class));
            let read = ProviderError::parse(&body.to_json());
            let back = read.class(body.code);
            let merged = match class {
                FailureClass::ContextTooLong
                | FailureClass::ContentFiltered
                | FailureClass::Authentication => FailureClass::InvalidRequest,
                FailureClass::OutOfCredit => FailureClass::RateLimited,
                FailureClass::Overloaded => FailureClass::Unavailable,
                same @ (FailureClass::InvalidRequest
                | FailureClass::Permission
                | FailureClass::NotFound
                | FailureClass::TooLarge
                | FailureClass::RateLimited
                | FailureClass::Unavailable
                | FailureClass::Upstream
                | FailureClass::Timeout) => same,
            };
            assert_eq!(back, merged, "{class:?}");
        }
    }
}
