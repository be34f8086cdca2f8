//! `MessagesRequestView`: the few things a gateway must know of a messages request, found in one
//! borrowed pass that also checks the whole body. Fields the gateway acts on may appear only once: a
//! server that reads the other copy, or a name in another case, would act on what nobody checked.
//!
//! A request to count tokens has the same shape without `max_tokens`, so the view does not ask for
//! it; [`MessagesRequestView::require_output_limit`] does, where an answer is to be made.

use super::codec::seal::is_foreign;
use crate::json::{Cursor, JsonStr, Kind, Span};
pub use crate::openai_chat::request::{Extension, InputSize};
use crate::openai_chat::request::{StreamFlag, extension};
use crate::passthrough::MemberTracker;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of a messages request.
#[derive(Debug, Clone)]
pub struct MessagesRequestView<'a> {
    /// The model asked for.
    pub model: JsonStr<'a>,
    /// Whether the answer is to be streamed.
    pub stream: StreamFlag,
    /// `max_tokens`; absent when tokens are only counted.
    pub max_tokens: Option<u64>,
    /// Tools offered.
    pub tools: u32,
    /// Most web searches the provider may make for the answer; `None` when a tool for them has no limit.
    pub searches: Option<u64>,
    /// `metadata.user_id`, the caller's name for its own end user.
    pub user: Option<JsonStr<'a>>,
    /// Messages.
    pub messages: u32,
    /// The `messages` array.
    pub messages_span: Span,
    /// Whether earlier turns hold reasoning that another provider sealed, which this gateway told in
    /// this dialect. A provider of the dialect refuses it, so such a request must not pass through:
    /// the canonical form leaves it out and reports it.
    pub foreign_reasoning: bool,
    /// Size and kinds of the input, system prompt and tools included.
    pub input: InputSize,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

impl MessagesRequestView<'_> {
    /// Whether a stream was asked for.
    pub fn is_stream(&self) -> bool {
        matches!(self.stream, StreamFlag::On(_))
    }

    /// The output limit.
    pub fn output_limit(&self) -> Option<u64> {
        self.max_tokens
    }

    /// The output limit, which a request for an answer has to give.
    pub fn require_output_limit(&self) -> Result<u64, DecodeError> {
        self.max_tokens
            .ok_or_else(|| DecodeError::new(Fault::Missing, 0).under_key("max_tokens"))
    }
}

fields! {
    enum Field {
        Model = "model",
        Messages = "messages",
        System = "system",
        Stream = "stream",
        MaxTokens = "max_tokens",
        Tools = "tools",
        OutputConfig = "output_config",
        OutputFormat = "output_format",
        Metadata = "metadata",
        Extension = "sluicegate",
    }
}

impl<'a> MessagesRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut reader = Reader {
            body,
            seen: FieldSet::new(),
            tracker: MemberTracker::default(),
            model: None,
            messages: None,
            stream: StreamFlag::Off,
            max_tokens: None,
            tools: 0,
            searches: Some(0),
            user: None,
            found: Found::default(),
            extension: None,
        };
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| reader.member(c, key))?;
        cursor.end()?;
        reader.finish(whole)
    }
}

/// What has been read so far.
struct Reader<'a> {
    body: &'a [u8],
    seen: FieldSet<Field>,
    tracker: MemberTracker,
    model: Option<JsonStr<'a>>,
    messages: Option<(u32, Span)>,
    stream: StreamFlag,
    max_tokens: Option<u64>,
    tools: u32,
    searches: Option<u64>,
    user: Option<JsonStr<'a>>,
    found: Found,
    extension: Option<&'a str>,
}

/// What the content holds.
#[derive(Default)]
struct Found {
    input: InputSize,
    foreign_reasoning: bool,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let field = self.seen.admit(key)?;
        self.tracker.starts(key.span());
        match field {
            Some(field) => self.field(c, field)?,
            None => {
                c.count_node()?;
                c.skip_value()?;
            }
        }
        self.tracker.ends(c.position(), field == Some(Field::Extension));
        Ok(())
    }

    fn field(&mut self, c: &mut Cursor<'a>, field: Field) -> Result<(), DecodeError> {
        match field {
            Field::Model => self.model = Some(c.string()?),
            Field::Messages => self.messages = Some(messages(c, &mut self.found)?),
            Field::Extension => self.extension = Some(extension(c, self.body)?),
            Field::System
            | Field::Stream
            | Field::MaxTokens
            | Field::Tools
            | Field::OutputConfig
            | Field::OutputFormat
            | Field::Metadata => {
                if !c.take_null()? {
                    self.optional(c, field)?;
                }
            }
        }
        Ok(())
    }

    /// Reads a field that may be null and is not.
    fn optional(&mut self, c: &mut Cursor<'a>, field: Field) -> Result<(), DecodeError> {
        match field {
            Field::System => content(c, &mut self.found)?,
            Field::Stream => {
                let start = c.position();
                if c.bool()? {
                    let end = c.position();
                    self.stream = StreamFlag::On(Span { start, end });
                }
            }
            Field::MaxTokens => self.max_tokens = Some(c.unsigned()?),
            Field::Tools => {
                let mut count = 0u32;
                let searches = &mut self.searches;
                let span = c.array(|c, _| {
                    count = count.saturating_add(1);
                    c.count_node()?;
                    let more = searches_of(c)?;
                    *searches = searches.zip(more).map(|(some, more)| some.saturating_add(more));
                    Ok(())
                })?;
                self.tools = count;
                self.found.input.schema_bytes += span.len() as u64;
            }
            Field::OutputConfig | Field::OutputFormat => {
                self.found.input.schema_bytes += c.skip_object()?.len() as u64;
            }
            Field::Metadata => self.user = user(c)?,
            Field::Model | Field::Messages | Field::Extension => {}
        }
        Ok(())
    }

    fn finish(self, whole: Span) -> Result<MessagesRequestView<'a>, DecodeError> {
        let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
        let model = self.model.ok_or_else(|| missing("model"))?;
        let (messages, messages_span) = self.messages.ok_or_else(|| missing("messages"))?;
        Ok(MessagesRequestView {
            model,
            stream: self.stream,
            max_tokens: self.max_tokens,
            tools: self.tools,
            searches: self.searches,
            user: self.user,
            messages,
            messages_span,
            foreign_reasoning: self.found.foreign_reasoning,
            input: self.found.input,
            extension: self
                .extension
                .and_then(|raw| self.tracker.found().map(|member| Extension { raw, member })),
        })
    }
}

fields! {
    enum MetadataField {
        UserId = "user_id",
    }
}

fn user<'a>(c: &mut Cursor<'a>) -> Result<Option<JsonStr<'a>>, DecodeError> {
    let mut seen = FieldSet::<MetadataField>::new();
    let mut user = None;
    c.object(|c, key| {
        if seen.admit(key)?.is_some() && !c.take_null()? {
            user = Some(c.string()?);
        }
        Ok(())
    })?;
    Ok(user)
}

/// Most searches of one tool: those that a web search tool allows, if it says; none for other tools. Of members told
/// twice the larger counts.
fn searches_of(c: &mut Cursor<'_>) -> Result<Option<u64>, DecodeError> {
    if c.peek()? != Kind::Object {
        return Ok(Some(0));
    }
    let (mut is_search, mut most) = (false, None);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => is_search |= c.string()?.decode().starts_with("web_search"),
            ("max_uses", Kind::Number) => most = most.max(c.spelled_number()?.as_u64()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(if is_search { most } else { Some(0) })
}

/// Counts messages and what is in them. Roles and the inside of blocks are for the provider to judge.
fn messages(c: &mut Cursor<'_>, found: &mut Found) -> Result<(u32, Span), DecodeError> {
    let mut count = 0u32;
    let span = c.array(|c, _| {
        count = count.saturating_add(1);
        c.count_node()?;
        c.object(|c, key| match key.decode().as_ref() {
            "role" => Ok(()),
            "content" => content(c, found),
            _ => {
                found.input.text_bytes += c.skip_value()?.len() as u64;
                Ok(())
            }
        })
        .map(drop)
    })?;
    Ok((count, span))
}

/// Content of a message or of the system prompt.
fn content(c: &mut Cursor<'_>, found: &mut Found) -> Result<(), DecodeError> {
    match c.peek()? {
        Kind::String => found.input.text_bytes += c.string()?.decoded_len(),
        Kind::Array => drop(c.array(|c, _| block(c, found))?),
        found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a string or an array of content blocks", found));
        }
    }
    Ok(())
}

/// Counts one block. The bytes of media count as media, those of plain-text documents as text.
fn block(c: &mut Cursor<'_>, found: &mut Found) -> Result<(), DecodeError> {
    c.count_node()?;
    match c.peek()? {
        Kind::Object => {}
        found @ (Kind::String | Kind::Array | Kind::Number | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a content block", found));
        }
    }
    let (mut image, mut source) = (false, None);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => image = c.string()?.decode() == "image",
            ("cache_control", _) | (_, Kind::Null) => {}
            ("text" | "thinking" | "content", Kind::String) => {
                found.input.text_bytes += c.string()?.decoded_len();
            }
            ("signature" | "data", Kind::String) => {
                let sealed = c.string()?;
                found.foreign_reasoning |= is_foreign(&sealed.decode());
                found.input.text_bytes += sealed.span().len() as u64;
            }
            ("content", Kind::Array) => {
                c.array(|c, _| {
                    if c.peek()? == Kind::Object {
                        return block(c, found);
                    }
                    c.count_node()?;
                    found.input.text_bytes += c.skip_value()?.len() as u64;
                    Ok(())
                })?;
            }
            ("source", Kind::Object) => source = Some(c.skip_value()?),
            _ => found.input.text_bytes += c.skip_value()?.len() as u64,
        }
        Ok(())
    })?;
    match source {
        None => {}
        Some(_) if image => found.input.images = found.input.images.saturating_add(1),
        Some(span) => {
            let mut kind = None;
            c.revisit(span).object(|c, key| {
                if key.decode() == "type" && c.peek()? == Kind::String {
                    kind = Some(c.text()?);
                }
                Ok(())
            })?;
            if matches!(kind.as_deref(), Some("text" | "content")) {
                found.input.text_bytes += span.len() as u64;
            } else {
                found.input.files = found.input.files.saturating_add(1);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
