//! What a request asks of its answer, whatever format it came in: `answer` decides on this alone.
//! `openai_chat` reads the format that benches use, without the canonical form; `canonical` reads
//! all others from it.

pub(crate) mod canonical;
pub(crate) mod directive;
pub(crate) mod openai_chat;
pub(crate) mod sealed;

use serde_json::Value;

use crate::text;

/// A request, as the script sees it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Asked {
    /// Text of all system instructions.
    pub(crate) system: String,
    /// Text of the last message of the user that has any.
    pub(crate) prompt: String,
    /// Tools offered, in order.
    pub(crate) tools: Vec<Tool>,
    /// Which of them may be called.
    pub(crate) choice: ToolChoice,
    /// Whether at most one call is wanted.
    pub(crate) one_call: bool,
    /// Texts of the tool results that end the conversation.
    pub(crate) results: Vec<String>,
    /// Images of the last message of the user.
    pub(crate) images: Vec<Image>,
    /// The JSON schema that the answer is to follow.
    pub(crate) schema: Option<Value>,
    /// Whether reasoning is wanted.
    pub(crate) reasoning: bool,
}

/// A rule of conversations that a request breaks. Every provider has its own words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A result without its call.
    OrphanResult,
    /// A call without its result.
    UnansweredCall,
    /// Reasoning came back with another signature than it was given with.
    ChangedSignature,
    /// A call came back without the signature it was given with.
    MissingSignature,
}

/// A tool that may be called.
#[derive(Debug, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// JSON schema of its arguments.
    pub(crate) parameters: Value,
}

/// Which tools may be called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// None.
    None,
    /// Some tool has to be called.
    Required,
    /// This tool has to be called.
    Named(String),
}

/// An image, known by its media type and a hash of its base64 text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Image(String);

impl Image {
    /// An image sent with the request.
    pub(crate) fn inline(media_type: &str, base64: &str) -> Self {
        Self(format!("{media_type} {:016x}", text::hash(base64.as_bytes())))
    }

    /// An image named by address.
    pub(crate) fn remote(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// As told in answers.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Appends `more` as a paragraph of its own.
fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}
