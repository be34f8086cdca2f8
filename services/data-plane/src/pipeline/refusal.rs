//! Reads a provider's error: what it means for the try, and what of it the caller may see.
//!
//! Must stay true: an error that quotes the connection's credential is not shown.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::provider_error::ProviderError;
use tokio::time::Instant;

use super::attempt::{Failure, Said};
use crate::snapshot::LiveConnection;
use crate::upstream::{Reply, auth, classify};

/// Most of an error document that is read, in bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// How long an error document may take.
const ERROR_TIMEOUT: Duration = Duration::from_secs(5);

/// Who refuses whom.
pub(super) struct Refusing<'a> {
    /// Deepest nesting of a document that is passed on.
    pub(super) depth: u32,
    pub(super) connection: Option<&'a LiveConnection>,
    /// The caller's dialect, in which errors are told.
    pub(super) caller: Dialect,
    /// The provider's dialect.
    pub(super) spoken: Dialect,
    pub(super) deadline: Instant,
}

impl Refusing<'_> {
    /// Reads an answer with an error status.
    pub(super) async fn read(&self, reply: Reply) -> Failure {
        let by = (Instant::now() + ERROR_TIMEOUT).min(self.deadline);
        // What cannot be read of an error does not change that it is one.
        let said = reply
            .body
            .whole(MAX_ERROR_BYTES, ERROR_TIMEOUT, by)
            .await
            .unwrap_or_default();
        let mut error = ProviderError::parse(&said);
        error.kind = error.kind.or(reply.error_class);
        let outcome = classify::refusal(reply.status, &error);
        let mut failure = Failure::new(
            outcome,
            classify::refused_ending(reply.status),
            format!("the provider answered {}", reply.status),
        );
        failure.end.retry_after = reply.retry_after.or(error.retry_after);
        failure.said = if reply.encoded || self.quotes_credential(&said) {
            None
        } else if self.spoken == self.caller && is_envelope(self.caller, &said) {
            self.is_document(&said).then_some(Said::Document(said))
        } else {
            Some(Said::Read(Box::new(error)))
        };
        failure.with_status(reply.status)
    }

    fn quotes_credential(&self, said: &[u8]) -> bool {
        self.connection
            .is_some_and(|connection| auth::quotes_credential(said, connection))
    }

    /// Only a JSON object passes on as it is.
    fn is_document(&self, said: &Bytes) -> bool {
        said.trim_ascii_start().first() == Some(&b'{')
            && sluicegate_protocols::json::check(said, self.depth).is_ok()
    }
}

/// Whether an error stands in the envelope of the dialect, where its clients look for what went wrong. Vertex AI says what
/// is wrong with an account in Google's, where Claude is served too; some servers that speak chat have a bare text (xAI,
/// Hugging Face) or a `detail` (Mistral).
fn is_envelope(dialect: Dialect, said: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Anthropics<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
    }
    #[derive(serde::Deserialize)]
    struct OpenAis<'a> {
        #[serde(borrow)]
        error: Inner<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Inner<'a> {
        #[serde(borrow)]
        message: Cow<'a, str>,
    }
    match dialect {
        Dialect::AnthropicMessages => {
            serde_json::from_slice::<Anthropics<'_>>(said).is_ok_and(|envelope| envelope.kind == "error")
        }
        Dialect::OpenAiChat | Dialect::OpenAiResponses => {
            serde_json::from_slice::<OpenAis<'_>>(said).is_ok_and(|it| !it.error.message.is_empty())
        }
        Dialect::Gemini | Dialect::BedrockConverse | Dialect::CohereChat => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_another_envelope_is_told_anew() {
        let claude = br#"{"type":"error","error":{"type":"rate_limit_error","message":"x"}}"#;
        let google = br#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}"#;
        assert!(is_envelope(Dialect::AnthropicMessages, claude));
        assert!(!is_envelope(Dialect::AnthropicMessages, google));
        assert!(!is_envelope(Dialect::AnthropicMessages, b"busy"));
        assert!(is_envelope(Dialect::Gemini, google));
        for (said, expected) in [
            (r#"{"error":{"message":"x","code":400},"user_id":"u"}"#, true),
            (r#"{"code":"invalid-argument","error":"x"}"#, false),
            (r#"{"error":{"message":"","type":"x"}}"#, false),
            (r#"{"detail":"Invalid API Key"}"#, false),
            (r#"{"object":"error","message":"x"}"#, false),
        ] {
            assert_eq!(
                is_envelope(Dialect::OpenAiChat, said.as_bytes()),
                expected,
                "{said}"
            );
        }
    }
}
