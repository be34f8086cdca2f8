//! A whole answer, read without building a tree: usage, the model that answered, why it stopped
//! and how much it said. The data plane calls it once per answer; the body goes on as it came.

use super::choice::{self, ContentSize};
use super::{FinishReason, usage};
use crate::json::{Cursor, Kind, MAX_DEPTH};
use crate::provider_error::{ProviderError, clip};
use crate::{DecodeError, TokenCounts};

/// What a gateway reads of a whole answer. Embeddings answers fill `model` and `usage` only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The model that answered, in the provider's words.
    pub model: Option<String>,
    /// Tokens used, when told.
    pub usage: Option<TokenCounts>,
    /// Why the first answer ended.
    pub finish: Option<FinishReason>,
    /// Answers given.
    pub choices: u32,
    /// Content of all answers, to estimate usage that was not told.
    pub content: ContentSize,
    /// An error given under a success status, as some servers do.
    pub error: Option<ProviderError>,
}

/// Longest id or model name kept, in bytes.
pub(super) const MAX_NAME: usize = 256;

/// Reads an answer. Fails only when it is not one JSON object.
pub fn read(body: &[u8]) -> Result<ResponseFacts, DecodeError> {
    read_form(body, choice::Form::Whole)
}

/// Reads an answer to a legacy completions request.
pub(crate) fn read_text(body: &[u8]) -> Result<ResponseFacts, DecodeError> {
    read_form(body, choice::Form::Text)
}

fn read_form(body: &[u8], form: choice::Form) -> Result<ResponseFacts, DecodeError> {
    let mut facts = ResponseFacts::default();
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => facts.id = Some(clip(&c.string()?.decode(), MAX_NAME)),
            ("model", Kind::String) => facts.model = Some(clip(&c.string()?.decode(), MAX_NAME)),
            ("usage", Kind::Object) => facts.usage = usage::read(c)?,
            ("choices", Kind::Array) => {
                let choices = choice::read(c, form)?;
                facts.choices = choices.count;
                facts.finish = choices.finish;
                facts.content = choices.content;
            }
            ("error", Kind::Object | Kind::String) => facts.error = Some(ProviderError::parse(body)),
            _ => {}
        }
        Ok(())
    })?;
    cursor.end()?;
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_and_ignores_the_rest() {
        let body = br#"{"id":"c1","model":"m-2024","choices":[{"index":0,"message":{"role":"assistant","content":"h\u00e9",
            "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":{"content":[]},
            "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12},"x":[[]]}"#;
        let facts = read(body).unwrap();
        assert_eq!(
            (facts.id.as_deref(), facts.model.as_deref(), facts.choices),
            (Some("c1"), Some("m-2024"), 1)
        );
        assert_eq!(facts.finish, Some(FinishReason::ToolCalls));
        assert_eq!(
            facts.content,
            ContentSize {
                text: 3,
                reasoning: 0,
                tools: 3
            }
        );
        assert_eq!(facts.usage.map(|u| (u.input, u.output)), Some((5, 7)));
        assert_eq!(facts.error, None);
    }

    #[test]
    fn an_error_under_success_is_seen_and_rubbish_refused() {
        let facts = read(br#"{"error":{"message":"no","code":429}}"#).unwrap();
        assert_eq!(facts.error.and_then(|e| e.code).as_deref(), Some("429"));
        assert!(read(b"<html>").is_err());
        assert!(read(br#"{"id":"x""#).is_err());
        assert!(read(b"[]").is_err());
    }
}
