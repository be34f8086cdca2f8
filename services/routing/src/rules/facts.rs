//! What a condition can ask: the facts of one request, their names, their types and what is known of their values.
//!
//! A fact that is added needs a variant here, a line in [`CATALOG`], and an arm where its value is read.

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::time::UnixMillis;

use super::language::LANGUAGES;
use super::readings::Readings;
use super::signals::Signals;

/// Facts of one request at one moment. Borrowed from the request and its snapshot; what is `None` is not known.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// Prompt tokens, estimated.
    pub input_tokens: u64,
    /// The caller's cap on generated tokens.
    pub max_output_tokens: Option<u64>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The operation.
    pub operation: Operation,
    /// The language of what its user says last, one of [`LANGUAGES`]; told only where a condition asks for it.
    pub language: &'a str,
    /// Which API it came by.
    pub dialect: &'a str,
    /// The model name as sent.
    pub model: &'a str,
    /// What it holds besides text.
    pub modalities: Modalities,
    /// Tools offered to the model.
    pub tools: Option<u32>,
    /// Whether the answer has to follow a JSON schema.
    pub json_schema: Option<bool>,
    /// Whether the model is asked to think first.
    pub reasoning: Option<bool>,
    /// Headers on the list of those that conditions may read, by name in lower case.
    pub headers: &'a [(String, String)],
    /// `metadata` of the request, where it is text.
    pub metadata: &'a [(String, String)],
    /// For whom it is.
    pub user: Option<&'a str>,
    /// In which session.
    pub session: Option<&'a str>,
    /// Its tags, in ascending order.
    pub tags: &'a [String],
    /// Id of the key.
    pub key: &'a str,
    /// The moment of the decision.
    pub now: UnixMillis,
    /// Signals of its project.
    pub signals: &'a Signals,
    /// What was found of the endpoints and budgets that conditions ask about.
    pub readings: &'a Readings,
}

/// What a request holds besides text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modalities {
    /// Images.
    pub image: bool,
    /// Recordings.
    pub audio: bool,
    /// Documents.
    pub file: bool,
}

impl Modalities {
    fn has(self, name: &str) -> bool {
        match name {
            "image" => self.image,
            "audio" => self.audio,
            "file" => self.file,
            _ => false,
        }
    }

    fn count(self) -> usize {
        usize::from(self.image) + usize::from(self.audio) + usize::from(self.file)
    }
}

/// A fact that is true or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Stream,
    JsonSchema,
    Reasoning,
}

impl Flag {
    pub(super) const fn of(self, observed: &Observed<'_>) -> Option<bool> {
        match self {
            Self::Stream => Some(observed.stream),
            Self::JsonSchema => observed.json_schema,
            Self::Reasoning => observed.reasoning,
        }
    }

    /// Whether it is known of every request.
    pub(super) const fn is_always_known(self) -> bool {
        match self {
            Self::Stream => true,
            Self::JsonSchema | Self::Reasoning => false,
        }
    }
}

/// A fact that is a number, none of them below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    InputTokens,
    MaxOutputTokens,
    Tools,
}

impl Amount {
    pub(super) fn of(self, observed: &Observed<'_>) -> Option<f64> {
        match self {
            Self::InputTokens => Some(number(observed.input_tokens)),
            Self::MaxOutputTokens => observed.max_output_tokens.map(number),
            Self::Tools => observed.tools.map(f64::from),
        }
    }

    /// Whether it is known of every request.
    pub(super) const fn is_always_known(self) -> bool {
        match self {
            Self::InputTokens => true,
            Self::MaxOutputTokens | Self::Tools => false,
        }
    }
}

/// As near as a number comes to it: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no request has 2^53 tokens")]
pub(super) const fn number(count: u64) -> f64 {
    count as f64
}

/// A fact that is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Operation,
    Language,
    Dialect,
    Model,
    User,
    Session,
    Key,
}

impl Label {
    pub(super) const fn of<'a>(self, observed: &Observed<'a>) -> Option<&'a str> {
        match self {
            Self::Operation => Some(observed.operation.as_str()),
            Self::Language => Some(observed.language),
            Self::Dialect => Some(observed.dialect),
            Self::Model => Some(observed.model),
            Self::User => observed.user,
            Self::Session => observed.session,
            Self::Key => Some(observed.key),
        }
    }

    /// Whether it is known of every request.
    pub(super) const fn is_always_known(self) -> bool {
        match self {
            Self::Operation | Self::Language | Self::Dialect | Self::Model | Self::Key => true,
            Self::User | Self::Session => false,
        }
    }

    /// Every value it can have, where there are few.
    pub(super) const fn values(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Operation => Some(&OPERATIONS),
            Self::Language => Some(&LANGUAGES),
            Self::Dialect => Some(&DIALECTS),
            Self::Model | Self::User | Self::Session | Self::Key => None,
        }
    }
}

/// Wire names of the APIs that a request can come by.
const DIALECTS: [&str; 4] = ["openai_chat", "openai_responses", "anthropic_messages", "gemini"];

/// As [`Operation::as_str`] names them.
const OPERATIONS: [&str; 3] = [
    Operation::ChatCompletions.as_str(),
    Operation::Embeddings.as_str(),
    Operation::Rerank.as_str(),
];

/// A fact that is several texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Tags,
    Modalities,
}

impl Group {
    pub(super) fn has(self, observed: &Observed<'_>, text: &str) -> bool {
        match self {
            Self::Tags => observed.tags.iter().any(|tag| tag == text),
            Self::Modalities => observed.modalities.has(text),
        }
    }

    pub(super) fn count(self, observed: &Observed<'_>) -> usize {
        match self {
            Self::Tags => observed.tags.len(),
            Self::Modalities => observed.modalities.count(),
        }
    }

    /// Every text it can hold, where there are few.
    pub(super) const fn values(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Tags => None,
            Self::Modalities => Some(&["image", "audio", "file"]),
        }
    }
}

/// A fact that is texts by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Map {
    Headers,
    Metadata,
}

impl Map {
    pub(super) const fn of<'a>(self, observed: &Observed<'a>) -> &'a [(String, String)] {
        match self {
            Self::Headers => observed.headers,
            Self::Metadata => observed.metadata,
        }
    }

    pub(super) fn entry<'a>(self, observed: &Observed<'a>, name: &str) -> Option<&'a str> {
        let mut entries = self.of(observed).iter();
        entries
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Headers that conditions may read, besides those that begin with [`ROUTING_HEADERS`]. Lower case.
pub const HEADERS: [&str; 6] = [
    "accept-language",
    "anthropic-beta",
    "origin",
    "referer",
    "user-agent",
    "x-title",
];

/// How headers begin that callers send for conditions alone.
pub const ROUTING_HEADERS: &str = "x-route-";

/// Whether conditions may read this header. A list, so that a secret in a header never decides anything.
#[must_use]
pub fn is_readable_header(name: &str) -> bool {
    HEADERS.contains(&name) || name.starts_with(ROUTING_HEADERS)
}

/// A fact by what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Flag(Flag),
    Amount(Amount),
    Label(Label),
    Group(Group),
    Map(Map),
    Hour,
    Minute,
    Weekday,
}

/// The fact that is found out only where a condition asks for it.
pub const LANGUAGE: &str = "request.language";

/// Every fact by its name.
pub(super) const CATALOG: [(&str, Fact); 20] = [
    ("request.input_tokens", Fact::Amount(Amount::InputTokens)),
    ("request.max_output_tokens", Fact::Amount(Amount::MaxOutputTokens)),
    ("request.stream", Fact::Flag(Flag::Stream)),
    ("request.operation", Fact::Label(Label::Operation)),
    (LANGUAGE, Fact::Label(Label::Language)),
    ("request.dialect", Fact::Label(Label::Dialect)),
    ("request.model", Fact::Label(Label::Model)),
    ("request.modalities", Fact::Group(Group::Modalities)),
    ("request.tools", Fact::Amount(Amount::Tools)),
    ("request.json_schema", Fact::Flag(Flag::JsonSchema)),
    ("request.reasoning", Fact::Flag(Flag::Reasoning)),
    ("request.headers", Fact::Map(Map::Headers)),
    ("request.metadata", Fact::Map(Map::Metadata)),
    ("request.user", Fact::Label(Label::User)),
    ("request.session", Fact::Label(Label::Session)),
    ("request.tags", Fact::Group(Group::Tags)),
    ("key.id", Fact::Label(Label::Key)),
    ("time.hour", Fact::Hour),
    ("time.minute", Fact::Minute),
    ("time.weekday", Fact::Weekday),
];

/// The fact with this name.
pub(super) fn fact(name: &str) -> Option<Fact> {
    let found = CATALOG.iter().find(|(known, _)| *known == name);
    found.map(|(_, fact)| *fact)
}
