//! Headers of the caller that go on to a provider which speaks the caller's dialect: those that change what the body
//! means. An allow-list, so that no credential, cookie or address of the caller can ever be among them.

use http::{HeaderMap, HeaderName, HeaderValue};
use sluicegate_protocols::Dialect;

/// Longest value passed on, in bytes; the whole head of a request is bounded where it arrives.
const MAX_VALUE: usize = 4096;

/// The caller's headers for one call. Empty when the body was translated: they belong to the other dialect.
#[derive(Debug, Clone, Default)]
pub struct PassedHeaders(Vec<(HeaderName, HeaderValue)>);

/// The names passed on for a dialect.
const fn allowed(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => &["openai-beta"],
        Dialect::AnthropicMessages => &["anthropic-version", "anthropic-beta"],
        Dialect::Gemini | Dialect::BedrockConverse | Dialect::CohereChat => &[],
    }
}

impl PassedHeaders {
    /// Picks what `dialect` allows from the headers of a request, given as names and values.
    pub fn select<'h>(dialect: Dialect, headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Self {
        let allowed = allowed(dialect);
        let picked = headers.into_iter().filter_map(|(name, value)| {
            let name = allowed.iter().find(|it| it.eq_ignore_ascii_case(name))?;
            let value = HeaderValue::from_bytes(value).ok()?;
            (value.len() <= MAX_VALUE).then_some((HeaderName::from_static(name), value))
        });
        Self(picked.collect())
    }

    pub(super) fn apply(&self, headers: &mut HeaderMap<HeaderValue>) {
        for (name, value) in &self.0 {
            headers.append(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(dialect: Dialect, given: &[(&str, &str)]) -> HeaderMap {
        let given = given.iter().map(|(name, value)| (*name, value.as_bytes()));
        let mut headers = HeaderMap::new();
        PassedHeaders::select(dialect, given).apply(&mut headers);
        headers
    }

    #[test]
    fn only_what_the_dialect_knows_passes() {
        let headers = selected(
            Dialect::OpenAiChat,
            &[
                ("OpenAI-Beta", "assistants=v2"),
                ("Authorization", "Bearer sk-sg-x"),
                ("x-api-key", "sk-sg-x"),
                ("cookie", "session=1"),
                ("x-forwarded-for", "10.0.0.1"),
                ("host", "evil.example.com"),
            ],
        );
        assert_eq!(headers.len(), 1);
        assert_eq!(headers["openai-beta"], "assistants=v2");
    }

    #[test]
    fn each_dialect_has_names_of_its_own() {
        let given = [
            ("anthropic-beta", "a"),
            ("anthropic-beta", "b"),
            ("openai-beta", "c"),
        ];
        let headers = selected(Dialect::AnthropicMessages, &given);
        let values: Vec<_> = headers.get_all("anthropic-beta").iter().collect();
        assert_eq!(values, ["a", "b"]);
        assert_eq!(headers.len(), 2);
        for &dialect in Dialect::ALL {
            for name in [
                "authorization",
                "x-api-key",
                "api-key",
                "x-goog-api-key",
                "cookie",
            ] {
                assert!(!allowed(dialect).contains(&name), "{name}");
            }
        }
    }

    #[test]
    fn a_value_that_is_no_header_or_too_long_is_left_out() {
        let long = "x".repeat(MAX_VALUE + 1);
        let headers = selected(
            Dialect::OpenAiChat,
            &[("openai-beta", "a\nb"), ("openai-beta", &long)],
        );
        assert!(headers.is_empty());
    }
}
