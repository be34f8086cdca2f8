//! What messages are made of. Parts stand in the order in which the model reads or wrote them:
//! reasoning before the text and calls it led to, results in the order of the calls.

use std::borrow::Cow;

use super::{Extra, Form};
use crate::DecodeError;
use crate::json::{Kind, RawJson};

/// One piece of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is.
    pub body: PartBody<'a>,
    /// "The prompt up to here is worth caching."
    pub cache: Option<Box<CacheMark<'a>>>,
    /// Proof by which a provider knows its own work again: Anthropic's on reasoning, Google's on
    /// any part. Good only for the provider that made it.
    pub signature: Option<Cow<'a, str>>,
    /// Who made the signature or the encrypted content, where that is told or clear.
    pub issuer: Option<Issuer<'a>>,
    /// Opens a new item of a dialect that groups parts into items (Responses). Parts without one
    /// belong to the item before.
    pub item: Option<Box<Item<'a>>>,
    /// How the dialect of origin spelled the part.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Kinds of content. Most of a conversation is text; what is larger than that lies apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartBody<'a> {
    /// Text.
    Text(Text<'a>),
    /// The model declines, in words.
    Refusal(Cow<'a, str>),
    /// Image, audio, video or document.
    Media(Box<Media<'a>>),
    /// What the model thought.
    Reasoning(Box<Reasoning<'a>>),
    /// The model calls a tool of the caller.
    ToolCall(Box<ToolCall<'a>>),
    /// What a tool of the caller answered.
    ToolResult(Box<ToolResult<'a>>),
    /// A JSON document as content: what Gemini's function responses are.
    Json(RawJson<'a>),
    /// Anything typed that is not modelled, tools that the provider itself runs among it.
    Opaque(Box<Opaque<'a>>),
}

/// Text with what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Sources quoted in it.
    pub citations: Vec<Citation<'a>>,
}

/// A source that text rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Citation<'a> {
    /// The type in the words of the dialect of origin (`url_citation`, `char_location`).
    pub kind: Cow<'a, str>,
    /// Where the source is.
    pub url: Option<Cow<'a, str>>,
    /// What it is called.
    pub title: Option<Cow<'a, str>>,
    /// The words quoted from it.
    pub quote: Option<Cow<'a, str>>,
    /// First position, as the kind counts: in the answer for URL citations, in the document for
    /// Anthropic's locations.
    pub start: Option<u64>,
    /// One past the last position.
    pub end: Option<u64>,
    /// Which of the caller's documents, counted from 0.
    pub document: Option<u64>,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// A document or any other file.
    File,
}

/// Content that is not text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: Source<'a>,
    /// MIME type, where told.
    pub mime: Option<Cow<'a, str>>,
    /// File name or title.
    pub name: Option<Cow<'a, str>>,
    /// How closely to look (`low`, `high`, `auto`).
    pub detail: Option<Cow<'a, str>>,
}

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source<'a> {
    /// In the document itself, as base64.
    Base64(Cow<'a, str>),
    /// In the document itself, as text (Anthropic's plain-text documents).
    Text(Cow<'a, str>),
    /// At an address.
    Url(Cow<'a, str>),
    /// With the provider, under an id of its own.
    FileId(Cow<'a, str>),
}

/// What the model thought. A provider that hides it gives a summary or a sealed text or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning<'a> {
    /// Id by which the provider knows it.
    pub id: Option<Cow<'a, str>>,
    /// The reasoning itself, in pieces.
    pub text: Vec<Cow<'a, str>>,
    /// A summary of it, in pieces.
    pub summary: Vec<Cow<'a, str>>,
    /// The reasoning, sealed; also Anthropic's redacted thinking.
    pub encrypted: Option<Cow<'a, str>>,
}

/// A call of a tool that the caller runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// Id to which the result refers; absent in Gemini and empty with some servers.
    pub id: Option<Cow<'a, str>>,
    /// Name of the tool.
    pub name: Cow<'a, str>,
    /// Its input.
    pub arguments: Arguments<'a>,
    /// What the input is.
    pub kind: CallKind,
    /// Members not modelled of the inner object, where the dialect has one.
    pub extra: Extra<'a>,
}

/// What the input of a tool call is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CallKind {
    /// A JSON object.
    #[default]
    Function,
    /// Free text (OpenAI's custom tools).
    Custom,
}

/// Input of a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments<'a> {
    /// Text that ought to be JSON, as dialects that carry it in a string give it. Models do not
    /// always keep to it.
    Text(Cow<'a, str>),
    /// JSON.
    Json(RawJson<'a>),
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult<'a> {
    /// Id of the call; absent in Gemini.
    pub call_id: Option<Cow<'a, str>>,
    /// Name of the tool, which only some dialects repeat.
    pub name: Option<Cow<'a, str>>,
    /// The answer: text, media, JSON.
    pub content: Vec<Part<'a>>,
    /// Whether the tool failed, where told.
    pub is_error: Option<bool>,
    /// What kind of call it answers.
    pub kind: CallKind,
}

/// A typed block that is kept as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque<'a> {
    /// Its type in the words of the dialect of origin.
    pub kind: Cow<'a, str>,
    /// What it is, as far as known.
    pub role: OpaqueRole,
    /// The whole block.
    pub value: RawJson<'a>,
}

/// What an opaque block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueRole {
    /// A call of a tool that the provider runs (web search, code execution, remote MCP).
    ServerToolCall,
    /// The result of one.
    ServerToolResult,
    /// Something else.
    Unknown,
}

/// A prompt-cache marker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheMark<'a> {
    /// Whose way of marking it is.
    pub style: CacheStyle,
    /// How long to keep it (`5m`, `1h`).
    pub ttl: Option<Cow<'a, str>>,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Ways of marking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheStyle {
    /// Anthropic's `cache_control: {type: ephemeral}`.
    #[default]
    Control,
    /// OpenAI's `prompt_cache_breakpoint: {mode: explicit}`.
    Breakpoint,
}

/// An item of a dialect that groups parts into items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item<'a> {
    /// Its id.
    pub id: Option<Cow<'a, str>>,
    /// Members not modelled (status, phase).
    pub extra: Extra<'a>,
}

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer<'a> {
    /// Claude models, wherever served.
    Anthropic,
    /// Gemini models.
    Google,
    /// OpenAI's Responses API.
    OpenAi,
    /// A format named in words this gateway does not know.
    Other(Cow<'a, str>),
}

impl<'a> Issuer<'a> {
    /// Reads OpenRouter's name of the format.
    pub fn parse(format: Cow<'a, str>) -> Self {
        match format.as_ref() {
            "anthropic-claude-v1" => Self::Anthropic,
            "google-gemini-v1" => Self::Google,
            "openai-responses-v1" => Self::OpenAi,
            _ => Self::Other(format),
        }
    }

    /// OpenRouter's name of the format.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Anthropic => "anthropic-claude-v1",
            Self::Google => "google-gemini-v1",
            Self::OpenAi => "openai-responses-v1",
            Self::Other(name) => name,
        }
    }
}

/// Each kind of content is a body by itself.
macro_rules! bodies {
    ($($kind:ident)+) => {
        $(impl<'a> From<$kind<'a>> for PartBody<'a> {
            fn from(body: $kind<'a>) -> Self {
                Self::$kind(Box::new(body))
            }
        })+
    };
}

bodies!(Media Reasoning ToolCall ToolResult Opaque);

impl<'a> PartBody<'a> {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&Text<'a>> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The reasoning, if it is that.
    pub fn as_reasoning(&self) -> Option<&Reasoning<'a>> {
        if let Self::Reasoning(reasoning) = self {
            Some(reasoning)
        } else {
            None
        }
    }

    /// The call, if it is one.
    pub fn as_tool_call(&self) -> Option<&ToolCall<'a>> {
        if let Self::ToolCall(call) = self {
            Some(call)
        } else {
            None
        }
    }

    /// The result, if it is one.
    pub fn as_tool_result(&self) -> Option<&ToolResult<'a>> {
        if let Self::ToolResult(result) = self {
            Some(result)
        } else {
            None
        }
    }
}

impl<'a> Part<'a> {
    /// A part that is only its body.
    pub fn new(body: PartBody<'a>) -> Self {
        Self {
            body,
            cache: None,
            signature: None,
            issuer: None,
            item: None,
            form: Form::default(),
            extra: Extra::NONE,
        }
    }

    /// About how many bytes the part takes on the wire.
    pub fn size_hint(&self) -> usize {
        let content = match &self.body {
            PartBody::Text(text) => text.text.len(),
            PartBody::Refusal(text) => text.len(),
            PartBody::Media(media) => match &media.source {
                Source::Base64(text) | Source::Text(text) | Source::Url(text) | Source::FileId(text) => {
                    text.len()
                }
            },
            PartBody::Reasoning(reasoning) => {
                let pieces = reasoning
                    .text
                    .iter()
                    .chain(&reasoning.summary)
                    .chain(&reasoning.encrypted);
                pieces.map(|piece| piece.len()).sum()
            }
            PartBody::ToolCall(call) => call.name.len() + call.arguments.as_text().len(),
            PartBody::ToolResult(result) => result.content.iter().map(Self::size_hint).sum(),
            PartBody::Json(value) => value.as_str().len(),
            PartBody::Opaque(opaque) => opaque.value.as_str().len(),
        };
        content + content / 16 + 96
    }

    /// A part of plain text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(PartBody::Text(Text {
            text: text.into(),
            citations: Vec::new(),
        }))
    }
}

impl Default for Arguments<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl Arguments<'_> {
    /// The input as text; `{}` when there is none, never the empty string.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Text(text) if text.trim().is_empty() => "{}",
            Self::Text(text) => text,
            Self::Json(raw) => raw.as_str(),
        }
    }

    /// The input as a JSON object, for dialects that carry one. Fails when the model wrote
    /// something else.
    pub fn as_object(&self) -> Result<RawJson<'_>, DecodeError> {
        let raw = match self {
            Self::Text(_) => RawJson::parse(self.as_text())?,
            Self::Json(raw) => raw.by_ref(),
        };
        if raw.kind() == Kind::Object {
            Ok(raw)
        } else {
            raw.cursor().skip_object().map(|_| RawJson::empty_object())
        }
    }
}
