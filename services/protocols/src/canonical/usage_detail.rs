//! Whether a provider's own report of usage says something that the counts do not: what codecs judge by whether its
//! loss is worth a word. Most reports hold details that are all zero, or that add up to the counts.

use std::borrow::Cow;

use super::Usage;
use crate::json::{Cursor, Kind, MAX_DEPTH, RawJson, Span};
use crate::{DecodeError, TokenCounts};

/// Words for what goes without saying.
const ORDINARY: [&str; 5] = ["", "default", "standard", "ON_DEMAND", "not_available"];
/// Longest report that is read, in bytes; a longer one surely says more.
const MAX_READ: usize = 16 * 1024;

impl Usage<'_> {
    /// Whether the report of the dialect of origin says something of value beyond the counts: a price, a time, searches
    /// made, pictures counted apart from text.
    pub fn says_more(&self) -> bool {
        let Usage { counts, native } = self;
        native.as_ref().is_some_and(|native| {
            // What was decoded before is well-formed.
            native.as_str().len() > MAX_READ || adds(native, counts).unwrap_or(true)
        })
    }
}

fn adds(native: &RawJson<'_>, counts: &TokenCounts) -> Result<bool, DecodeError> {
    let told = told(counts);
    let document = Cursor::new(native.as_str().as_bytes(), MAX_DEPTH)?;
    let mut open: Vec<(Cow<'_, str>, Span)> = Vec::new();
    let mut more = false;
    let mut next = Some((Cow::Borrowed(""), Span { start: 0, end: 0 }));
    while let Some((name, span)) = next {
        let mut value = document.revisit(span);
        match value.peek()? {
            Kind::Object => drop(value.object(|c, key| {
                more |= says(c, key.decode(), &told, &mut open)?;
                Ok(())
            })?),
            Kind::Array => drop(value.array(|c, _| {
                more |= says(c, name.clone(), &told, &mut open)?;
                Ok(())
            })?),
            Kind::Null | Kind::Bool | Kind::String | Kind::Number => {
                more |= says(&mut value, name, &told, &mut open)?;
            }
        }
        next = open.pop().filter(|_| !more);
    }
    Ok(more)
}

/// Whether a value says something by itself. What holds others is for later.
fn says<'a>(
    c: &mut Cursor<'a>,
    name: Cow<'a, str>,
    told: &[u64],
    open: &mut Vec<(Cow<'a, str>, Span)>,
) -> Result<bool, DecodeError> {
    Ok(match c.peek()? {
        Kind::Null => false,
        Kind::Bool => c.bool()?,
        Kind::String => name != "modality" && !ORDINARY.contains(&c.text()?.as_ref()),
        Kind::Number => {
            let number = c.number()?;
            let is_told = counts_tokens(&name) && number.parse().is_ok_and(|number| told.contains(&number));
            !is_told && !is_nothing(number)
        }
        Kind::Object | Kind::Array => {
            open.push((name, c.skip_value()?));
            false
        }
    })
}

/// What can be read off the counts: themselves, and the differences that dialects tell instead.
fn told(counts: &TokenCounts) -> [u64; 13] {
    let fresh = counts.input.saturating_sub(counts.cached_input);
    [
        counts.input,
        counts.cached_input,
        counts.cache_write,
        counts.output,
        counts.reasoning,
        counts.input_audio,
        counts.output_audio,
        counts.total(),
        fresh,
        fresh.saturating_sub(counts.cache_write),
        counts.input.saturating_sub(counts.input_audio),
        counts.output.saturating_sub(counts.reasoning),
        counts.output.saturating_sub(counts.output_audio),
    ]
}

/// Whether a member of this name counts tokens of the kinds there are counts for. Writes that are kept for an hour have
/// a price of their own.
fn counts_tokens(name: &str) -> bool {
    ["tokens", "Tokens", "TokenCount", "tokenCount"]
        .iter()
        .any(|end| name.ends_with(end))
        && !name.starts_with("ephemeral_1h")
}

/// Whether a number is zero, however it is written.
fn is_nothing(number: &str) -> bool {
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    !digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says_more(native: &str, counts: TokenCounts) -> bool {
        let native = Some(RawJson::parse(native.to_owned()).unwrap());
        Usage { counts, native }.says_more()
    }

    fn counts() -> TokenCounts {
        TokenCounts {
            input: 100,
            cached_input: 80,
            cache_write: 15,
            output: 30,
            reasoning: 20,
            ..TokenCounts::default()
        }
    }

    #[test]
    fn what_adds_up_to_the_counts_says_nothing_more() {
        for native in [
            r#"{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
                "prompt_tokens_details":{"cached_tokens":80,"audio_tokens":0,"video_tokens":0.0},
                "completion_tokens_details":{"reasoning_tokens":20,"accepted_prediction_tokens":0}}"#,
            r#"{"input_tokens":5,"cache_read_input_tokens":80,"cache_creation_input_tokens":15,"output_tokens":30,
                "cache_creation":{"ephemeral_5m_input_tokens":15,"ephemeral_1h_input_tokens":0},
                "service_tier":"standard","inference_geo":"not_available","server_tool_use":{"web_search_requests":0}}"#,
            r#"{"promptTokenCount":100,"candidatesTokenCount":10,"thoughtsTokenCount":20,"totalTokenCount":130,
                "promptTokensDetails":[{"modality":"TEXT","tokenCount":100}],"trafficType":"ON_DEMAND"}"#,
            r#"{"prompt_tokens":100,"prompt_tokens_details":null,"is_byok":false,"cost":0e5,"x":{},"y":[]}"#,
        ] {
            assert!(!says_more(native, counts()), "{native}");
        }
        let none = Usage {
            counts: counts(),
            native: None,
        };
        assert!(!none.says_more());
    }

    #[test]
    fn what_does_not_is_worth_a_word() {
        for native in [
            r#"{"cost":0.25}"#,
            r#"{"cost":100}"#,
            r#"{"queue_time":1e-3}"#,
            r#"{"search_context_size":"low"}"#,
            r#"{"is_byok":true}"#,
            r#"{"server_tool_use":{"web_search_requests":1}}"#,
            r#"{"cache_creation":{"ephemeral_1h_input_tokens":15}}"#,
            r#"{"promptTokensDetails":[{"modality":"TEXT","tokenCount":42},{"modality":"IMAGE","tokenCount":58}]}"#,
            r#"{"billed_units":{"input_tokens":100},"tokens":{"input_tokens":968}}"#,
        ] {
            assert!(says_more(native, counts()), "{native}");
        }
        let long = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(MAX_READ));
        assert!(says_more(&long, counts()));
    }
}
