//! Tokens of a whole request in canonical form, with what the chat format adds around its texts.

use sluicegate_protocols::canonical::{
    Media, MediaKind, Message, Part, PartBody, Request, ResponseShape, Source, Tool, ToolBody,
};

use super::text::tokens;
use super::vocabulary::Vocabulary;

/// Tokens that the format adds to each message, and before the answer.
const PER_MESSAGE: u64 = 4;
const BEFORE_ANSWER: u64 = 3;
/// Most tokens that providers bill for one image.
const PER_IMAGE: u64 = 6_000;
/// Most tokens that are taken for a file, a film or a recording named by id or address.
const PER_FILE: u64 = 100_000;

/// How sure a count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sureness {
    /// What the provider will count.
    Exact,
    /// Text counted exactly, around it what is not published: how tools and schemas are shown to the model.
    Estimate,
    /// No fewer than the provider will count: a token is at least one byte of text in every tokenizer in use.
    Bound,
}

impl Sureness {
    /// Its word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Estimate => "estimate",
            Self::Bound => "bound",
        }
    }
}

/// A count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) tokens: u64,
    pub(crate) sureness: Sureness,
}

/// Counts a request for a model with this vocabulary; without one, gives an upper bound.
pub(crate) fn count(request: &Request<'_>, vocabulary: Option<Vocabulary>) -> Count {
    let mut counting = Counting {
        vocabulary,
        tokens: BEFORE_ANSWER,
        sureness: match vocabulary {
            Some(_) => Sureness::Exact,
            None => Sureness::Bound,
        },
    };
    for message in &request.messages {
        counting.message(message);
    }
    for tool in &request.tools {
        counting.tool(tool);
    }
    if let Some(format) = &request.response_format
        && let ResponseShape::JsonSchema {
            schema: Some(schema), ..
        } = &format.shape
    {
        counting.unpublished(schema.as_str());
    }
    Count {
        tokens: counting.tokens,
        sureness: counting.sureness,
    }
}

struct Counting {
    vocabulary: Option<Vocabulary>,
    tokens: u64,
    sureness: Sureness,
}

impl Counting {
    fn text(&mut self, text: &str) {
        let (count, exact) = match self.vocabulary {
            Some(vocabulary) => tokens(text, vocabulary),
            None => (text.len() as u64, true),
        };
        self.tokens += count;
        if !exact {
            self.unsure();
        }
    }

    /// Text that the model sees in a form that is not published.
    fn unpublished(&mut self, text: &str) {
        self.text(text);
        self.unsure();
    }

    fn unsure(&mut self) {
        self.sureness = self.sureness.max(Sureness::Estimate);
    }

    fn message(&mut self, message: &Message<'_>) {
        self.tokens += PER_MESSAGE;
        if let Some(name) = &message.name {
            self.tokens += 1;
            self.text(name);
        }
        for part in &message.parts {
            self.part(part);
        }
    }

    fn part(&mut self, part: &Part<'_>) {
        match &part.body {
            PartBody::Text(text) => self.text(&text.text),
            PartBody::Refusal(text) => self.text(text),
            PartBody::Json(value) => self.unpublished(value.as_str()),
            PartBody::Reasoning(reasoning) => {
                for text in reasoning.text.iter().chain(&reasoning.summary) {
                    self.unpublished(text);
                }
            }
            PartBody::ToolCall(call) => {
                self.unpublished(&call.name);
                self.unpublished(call.arguments.as_text());
            }
            PartBody::ToolResult(result) => {
                for part in &result.content {
                    self.part(part);
                }
                self.unsure();
            }
            PartBody::Media(media) => self.media(media),
            PartBody::Opaque(opaque) => self.unpublished(opaque.value.as_str()),
        }
    }

    fn media(&mut self, media: &Media<'_>) {
        self.unsure();
        self.tokens += match (&media.source, media.kind) {
            (Source::Text(text), _) => return self.text(text),
            (_, MediaKind::Image) => PER_IMAGE,
            (Source::Base64(data), MediaKind::Audio | MediaKind::Video | MediaKind::File) => {
                data.len() as u64
            }
            (Source::Url(_) | Source::FileId(_), MediaKind::Audio | MediaKind::Video | MediaKind::File) => {
                PER_FILE
            }
        };
    }

    fn tool(&mut self, tool: &Tool<'_>) {
        match &tool.body {
            ToolBody::Function(function) => {
                self.unpublished(&function.name);
                self.unpublished(function.description.as_deref().unwrap_or_default());
                self.unpublished(function.parameters.as_ref().map_or("", |schema| schema.as_str()));
            }
            ToolBody::Custom(custom) => {
                self.unpublished(&custom.name);
                self.unpublished(custom.description.as_deref().unwrap_or_default());
                self.unpublished(custom.format.as_ref().map_or("", |format| format.as_str()));
            }
            ToolBody::Provider(tool) => self.unpublished(tool.value.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_protocols::Dialect;
    use sluicegate_protocols::dialect::decode_request;

    use super::*;

    fn counted(body: &str, vocabulary: Option<Vocabulary>) -> Count {
        count(
            &decode_request(Dialect::OpenAiChat, body.as_bytes(), 64).unwrap(),
            vocabulary,
        )
    }

    #[test]
    fn a_chat_is_counted_as_openai_counts_it() {
        // From the examples of OpenAI's guide to counting tokens: 4 around the text, 3 before the answer.
        let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello there, how are you?"}]}"#;
        let count = counted(body, Some(Vocabulary::O200k));
        assert_eq!((count.tokens, count.sureness), (14, Sureness::Exact));
    }

    #[test]
    fn without_a_vocabulary_a_count_is_a_bound_in_bytes() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"h\u00e9llo"}]}"#;
        let count = counted(body, None);
        assert_eq!((count.tokens, count.sureness), (3 + 4 + 6, Sureness::Bound));
        let exact = counted(body, Some(Vocabulary::O200k));
        assert!(exact.tokens <= count.tokens);
    }

    #[test]
    fn tools_and_pictures_make_it_an_estimate() {
        for body in [
            r#"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#,
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]}"#,
        ] {
            let count = counted(body, Some(Vocabulary::O200k));
            assert!(count.tokens > 7, "{count:?}");
            assert_eq!(count.sureness, Sureness::Estimate);
            assert_eq!(counted(body, None).sureness, Sureness::Bound);
        }
    }
}
