//! `FailureClass`: what kind of failure it is, in no dialect's words. A provider's error is classed
//! on the way in ([`ProviderError::class`]), a failure of ours is rendered on the way out by the
//! dialect of the caller ([`crate::dialect::encode_failure`]).

use std::borrow::Cow;

use crate::dialect::Dialect;
use crate::json::Object;
use crate::provider_error::ProviderError;

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The request is wrong.
    InvalidRequest,
    /// The input is longer than the model takes.
    ContextTooLong,
    /// No key, or a bad one.
    Authentication,
    /// Out of money; waiting does not help.
    OutOfCredit,
    /// Not allowed.
    Permission,
    /// No such model or thing.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// Too many requests; waiting helps.
    RateLimited,
    /// A filter refused the input or the answer.
    ContentFiltered,
    /// No capacity at the moment.
    Overloaded,
    /// Not to be had at the moment for another reason.
    Unavailable,
    /// Something broke at the provider or here.
    Upstream,
    /// It took too long.
    Timeout,
}

impl FailureClass {
    /// Every class.
    pub const ALL: &'static [Self] = &[
        Self::InvalidRequest,
        Self::ContextTooLong,
        Self::Authentication,
        Self::OutOfCredit,
        Self::Permission,
        Self::NotFound,
        Self::TooLarge,
        Self::RateLimited,
        Self::ContentFiltered,
        Self::Overloaded,
        Self::Unavailable,
        Self::Upstream,
        Self::Timeout,
    ];

    /// The HTTP status that goes with it where a dialect has none of its own (Anthropic answers
    /// `Overloaded` with 529).
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::ContextTooLong | Self::ContentFiltered => 400,
            Self::Authentication => 401,
            Self::OutOfCredit => 402,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
            Self::Overloaded | Self::Unavailable => 503,
            Self::Upstream => 502,
            Self::Timeout => 504,
        }
    }
}

/// A failure to be told to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// What kind it is.
    pub class: FailureClass,
    /// For a person.
    pub message: &'a str,
    /// The request field at fault, where the dialect has a place for it.
    pub param: Option<&'a str>,
    /// A code of ours that is more exact than the class, where the dialect has a place for it.
    pub code: Option<&'a str>,
    /// Facts for programs, where the dialect has a place for them.
    pub details: &'a [Detail],
}

/// A fact about a failure, for programs. Values are texts, because that is all Google's `ErrorInfo` takes: money is
/// decimal US dollars, times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Its name, in snake case.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Writes details as one object.
pub(crate) fn write_details(mut object: Object<'_>, details: &[Detail]) {
    for detail in details {
        object.string(detail.name, &detail.value);
    }
}

/// A provider's message for a caller of another dialect. Clients know that a prompt is too long by the
/// sentence of their dialect's maker, which stands before a message that does not have it.
pub fn retold(class: FailureClass, message: &str, dialect: Dialect) -> Cow<'_, str> {
    let (sentence, known_by) = match (class, dialect) {
        (FailureClass::ContextTooLong, Dialect::OpenAiChat | Dialect::OpenAiResponses) => (
            "This model's maximum context length is exceeded.",
            "maximum context length is",
        ),
        (FailureClass::ContextTooLong, Dialect::AnthropicMessages) => {
            ("prompt is too long:", "prompt is too long")
        }
        (FailureClass::ContextTooLong, Dialect::Gemini) => (
            "The input token count exceeds the maximum number of tokens allowed.",
            "exceeds the maximum number of tokens allowed",
        ),
        (_, _) => return Cow::Borrowed(message),
    };
    if message.to_ascii_lowercase().contains(known_by) {
        Cow::Borrowed(message)
    } else {
        Cow::Owned(format!("{sentence} {message}"))
    }
}

impl ProviderError {
    /// What kind of failure a provider's answer with HTTP status `status` was. Words count before
    /// the status, since providers hide overflow and empty accounts behind 400 and 429. Errors told
    /// inside a stream come with status 200.
    pub fn class(&self, status: u16) -> FailureClass {
        if self.is_context_overflow() {
            return FailureClass::ContextTooLong;
        }
        if self.is_out_of_credit() {
            return FailureClass::OutOfCredit;
        }
        if status == 400 && self.is_bad_key() {
            return FailureClass::Authentication;
        }
        let by_words = [&self.kind, &self.code]
            .into_iter()
            .flatten()
            .find_map(|word| by_word(word));
        match (status, by_words) {
            (200..=299, by_words) => by_words.unwrap_or(FailureClass::Upstream),
            (_, Some(class @ (FailureClass::ContentFiltered | FailureClass::Overloaded))) => class,
            (400 | 422, _) => FailureClass::InvalidRequest,
            (401, _) => FailureClass::Authentication,
            (402, _) => FailureClass::OutOfCredit,
            (403, _) => FailureClass::Permission,
            (404 | 405 | 410, _) => FailureClass::NotFound,
            (408 | 504, _) => FailureClass::Timeout,
            (413, _) => FailureClass::TooLarge,
            (429, _) => FailureClass::RateLimited,
            (529, _) => FailureClass::Overloaded,
            (503, _) => FailureClass::Unavailable,
            (_, by_words) => by_words
                .filter(|_| status < 500)
                .unwrap_or(FailureClass::Upstream),
        }
    }
}

/// The class that a type, status or code word of any provider stands for; numbers are HTTP
/// statuses told inside a body.
fn by_word(word: &str) -> Option<FailureClass> {
    Some(match word.to_ascii_lowercase().as_str() {
        "invalid_request_error"
        | "invalid_argument"
        | "failed_precondition"
        | "validationexception"
        | "400" => FailureClass::InvalidRequest,
        "authentication_error"
        | "unauthenticated"
        | "invalid_api_key"
        | "unrecognizedclientexception"
        | "401" => FailureClass::Authentication,
        "billing_error" | "402" => FailureClass::OutOfCredit,
        "permission_error" | "permission_denied" | "accessdeniedexception" | "403" => {
            FailureClass::Permission
        }
        "not_found_error" | "not_found" | "model_not_found" | "resourcenotfoundexception" | "404" => {
            FailureClass::NotFound
        }
        "request_too_large" | "413" => FailureClass::TooLarge,
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "ratelimitreached"
        | "resource_exhausted"
        | "throttlingexception"
        | "servicequotaexceededexception"
        | "429" => FailureClass::RateLimited,
        "content_filter" | "content_policy_violation" | "responsibleaipolicyviolation" => {
            FailureClass::ContentFiltered
        }
        "overloaded_error" | "modelnotreadyexception" | "529" => FailureClass::Overloaded,
        "unavailable" | "service_unavailable" | "serviceunavailableexception" | "503" => {
            FailureClass::Unavailable
        }
        "timeout" | "timeout_error" | "deadline_exceeded" | "modeltimeoutexception" | "504" => {
            FailureClass::Timeout
        }
        "api_error"
        | "server_error"
        | "internal"
        | "internal_server_error"
        | "internalserverexception"
        | "modelerrorexception"
        | "modelstreamerrorexception"
        | "500"
        | "502" => FailureClass::Upstream,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::dialect::encode_failure;
    use crate::relay::failure_frame;

    #[test]
    fn a_prompt_that_is_too_long_is_told_by_the_sentence_that_clients_know() {
        let class = FailureClass::ContextTooLong;
        for (dialect, theirs, told) in [
            (
                Dialect::OpenAiChat,
                "prompt is too long: 9 tokens > 8",
                "This model's maximum context length is exceeded. prompt is too long: 9 tokens > 8",
            ),
            (
                Dialect::OpenAiChat,
                "This model's Maximum Context Length is 8 tokens.",
                "This model's Maximum Context Length is 8 tokens.",
            ),
            (
                Dialect::AnthropicMessages,
                "too many tokens",
                "prompt is too long: too many tokens",
            ),
            (
                Dialect::Gemini,
                "too long",
                "The input token count exceeds the maximum number of tokens allowed. too long",
            ),
            (Dialect::CohereChat, "too long", "too long"),
        ] {
            assert_eq!(retold(class, theirs, dialect), told);
            assert_eq!(retold(FailureClass::InvalidRequest, theirs, dialect), theirs);
        }
    }

    #[test]
    fn providers_errors_are_classed_by_words_before_status() {
        let cases = [
            (
                400,
                r#"{"error":{"message":"prompt is too long: 9 tokens","type":"invalid_request_error"}}"#,
                FailureClass::ContextTooLong,
            ),
            (
                429,
                r#"{"error":{"message":"x","code":"insufficient_quota"}}"#,
                FailureClass::OutOfCredit,
            ),
            (
                429,
                r#"{"error":{"message":"x","code":"RateLimitReached"}}"#,
                FailureClass::RateLimited,
            ),
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                FailureClass::Overloaded,
            ),
            (
                200,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                FailureClass::Overloaded,
            ),
            (
                200,
                r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#,
                FailureClass::Unavailable,
            ),
            (200, r#"{"error":"broken"}"#, FailureClass::Upstream),
            (
                401,
                r#"{"detail":"Invalid API Key"}"#,
                FailureClass::Authentication,
            ),
            (
                500,
                r#"{"error":{"message":"x","type":"invalid_request_error"}}"#,
                FailureClass::Upstream,
            ),
            (418, r#"{}"#, FailureClass::Upstream),
        ];
        for (status, body, class) in cases {
            assert_eq!(
                ProviderError::parse(body.as_bytes()).class(status),
                class,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn facts_for_programs_stand_where_each_dialect_has_a_place() {
        let details = [Detail {
            name: "level",
            value: "a \"key\"".to_owned(),
        }];
        let failure = Failure {
            class: FailureClass::OutOfCredit,
            message: "x",
            param: None,
            code: Some("budget_exceeded"),
            details: &details,
        };
        for (dialect, place) in [
            (Dialect::OpenAiChat, "/error/metadata/level"),
            (Dialect::OpenAiResponses, "/error/metadata/level"),
            (Dialect::AnthropicMessages, "/error/details/level"),
            (Dialect::Gemini, "/error/details/0/metadata/level"),
        ] {
            let whole = encode_failure(dialect, &failure);
            let frame = failure_frame(dialect, &failure);
            let event = std::str::from_utf8(&frame).unwrap();
            let event = event.split_once("data: ").unwrap().1;
            let plain = Failure {
                details: &[],
                ..failure
            };
            let plain: Value = serde_json::from_slice(&encode_failure(dialect, &plain)).unwrap();
            assert_eq!(plain.pointer(place), None);
            let whole: Value = serde_json::from_slice(&whole).unwrap();
            assert_eq!(whole.pointer(place), Some(&"a \"key\"".into()), "{whole}");
            let event: Value = serde_json::from_str(event.split("\n\n").next().unwrap()).unwrap();
            assert!(event.to_string().contains(r#""level":"a \"key\"""#), "{event}");
        }
    }
}
