//! Messages: who speaks, and the parts of what is said.

use std::borrow::Cow;

use super::{Extra, Form, Part};

/// One turn, or one piece of a turn: dialects with an item list (Responses) give one message per
/// item, and encoders for dialects with strict turns merge neighbors of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role<'a>,
    /// Name of the speaker, where several share a role.
    pub name: Option<Cow<'a, str>>,
    /// What is said.
    pub parts: Vec<Part<'a>>,
    /// How the dialect of origin spelled the message.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Who speaks. System and developer messages stay where they stood: a dialect with one system
/// prompt at the top decodes it as the first message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role<'a> {
    /// Instructions, in the older name.
    System,
    /// Instructions, in OpenAI's newer name.
    Developer,
    /// The caller.
    User,
    /// The model.
    Assistant,
    /// Results of tools; parts are [`super::PartBody::ToolResult`].
    Tool,
    /// A word this gateway does not know.
    Other(Cow<'a, str>),
}

impl<'a> Role<'a> {
    /// The word most dialects have for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(word) => word,
        }
    }

    /// Whether the message instructs rather than speaks.
    pub fn is_instruction(&self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

impl<'a> Message<'a> {
    /// A message that is only its parts.
    pub fn new(role: Role<'a>, parts: Vec<Part<'a>>) -> Self {
        Self {
            role,
            name: None,
            parts,
            form: Form::default(),
            extra: Extra::NONE,
        }
    }
}
