//! `ChatRequestView`: the few things a gateway must know of a chat request, found in one borrowed
//! pass that also checks the whole body. The data plane's decode stage makes it; `passthrough`
//! uses its spans. Fields the gateway acts on may appear only once: a server that reads the other
//! copy, or a name in another case, would act on what nobody checked.

mod input;

pub use input::InputSize;
use input::messages;

use crate::json::{Cursor, JsonStr, Span};
use crate::passthrough::{MemberSpan, MemberTracker};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of a chat completions request.
#[derive(Debug, Clone)]
pub struct ChatRequestView<'a> {
    /// The model asked for.
    pub model: JsonStr<'a>,
    /// Whether the answer is to be streamed.
    pub stream: StreamFlag,
    /// The `stream_options` member.
    pub stream_options: StreamOptions,
    /// `max_completion_tokens`.
    pub max_completion_tokens: Option<u64>,
    /// `max_tokens`, the older name.
    pub max_tokens: Option<u64>,
    /// Answers asked for, 1 when absent.
    pub n: u32,
    /// Tools and legacy functions offered.
    pub tools: u32,
    /// The form asked of the answer.
    pub response_format: Option<ResponseFormat>,
    /// `user`, the caller's name for its own end user.
    pub user: Option<JsonStr<'a>>,
    /// Messages.
    pub messages: u32,
    /// The `messages` array.
    pub messages_span: Span,
    /// Size and kinds of the input.
    pub input: InputSize,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

/// The `stream` member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFlag {
    /// Absent, null or false.
    Off,
    /// True; the span is that of the value.
    On(Span),
}

/// The `stream_options` member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamOptions {
    /// Not given.
    Absent,
    /// Given as null.
    Null(Span),
    /// Given as an object.
    Object {
        /// The object.
        span: Span,
        /// Whether it has members.
        empty: bool,
        /// The value of `include_usage` in it and where it stands; null reads as false.
        include_usage: Option<(bool, Span)>,
    },
}

/// `response_format.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseFormat {
    /// Plain text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema,
    /// A word this gateway does not know.
    Other,
}

/// The `sluicegate` extension object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The object as sent.
    pub raw: &'a str,
    /// What to cut so that the body is as if it had never been there.
    pub member: MemberSpan,
}

impl ChatRequestView<'_> {
    /// Whether a stream was asked for.
    pub fn is_stream(&self) -> bool {
        matches!(self.stream, StreamFlag::On(_))
    }

    /// Whether the caller asked for a usage chunk at the end of the stream.
    pub fn caller_wants_usage(&self) -> bool {
        matches!(
            self.stream_options,
            StreamOptions::Object {
                include_usage: Some((true, _)),
                ..
            }
        )
    }

    /// The output limit per answer: the larger of the two fields where both are given, since
    /// servers differ in which they heed.
    pub fn output_limit(&self) -> Option<u64> {
        self.max_completion_tokens.max(self.max_tokens)
    }
}

fields! {
    enum Field {
        Model = "model",
        Messages = "messages",
        Stream = "stream",
        StreamOptions = "stream_options",
        MaxTokens = "max_tokens",
        MaxCompletionTokens = "max_completion_tokens",
        N = "n",
        Tools = "tools",
        Functions = "functions",
        ResponseFormat = "response_format",
        User = "user",
        Extension = "sluicegate",
    }
}

/// Most answers one request may ask for, as OpenAI allows.
const MAX_N: u64 = 128;

impl<'a> ChatRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
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
    rest: Rest<'a>,
}

/// The optional fields, at their defaults until read.
struct Rest<'a> {
    stream: StreamFlag,
    stream_options: StreamOptions,
    max_completion_tokens: Option<u64>,
    max_tokens: Option<u64>,
    n: u32,
    tools: u32,
    response_format: Option<ResponseFormat>,
    user: Option<JsonStr<'a>>,
    input: InputSize,
    extension: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(body: &'a [u8]) -> Self {
        let rest = Rest {
            stream: StreamFlag::Off,
            stream_options: StreamOptions::Absent,
            max_completion_tokens: None,
            max_tokens: None,
            n: 1,
            tools: 0,
            response_format: None,
            user: None,
            input: InputSize::default(),
            extension: None,
        };
        Self {
            body,
            seen: FieldSet::new(),
            tracker: MemberTracker::default(),
            model: None,
            messages: None,
            rest,
        }
    }

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
        let rest = &mut self.rest;
        match field {
            Field::Model => self.model = Some(c.string()?),
            Field::Messages => self.messages = Some(messages(c, &mut rest.input)?),
            Field::Extension => rest.extension = Some(extension(c, self.body)?),
            Field::StreamOptions => rest.stream_options = stream_options(c)?,
            Field::Stream
            | Field::MaxTokens
            | Field::MaxCompletionTokens
            | Field::N
            | Field::Tools
            | Field::Functions
            | Field::ResponseFormat
            | Field::User => {
                if !c.take_null()? {
                    rest.optional(c, field)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self, whole: Span) -> Result<ChatRequestView<'a>, DecodeError> {
        let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
        let rest = self.rest;
        let model = self.model.ok_or_else(|| missing("model"))?;
        let (messages, messages_span) = self.messages.ok_or_else(|| missing("messages"))?;
        Ok(ChatRequestView {
            model,
            messages,
            messages_span,
            stream: rest.stream,
            stream_options: rest.stream_options,
            max_completion_tokens: rest.max_completion_tokens,
            max_tokens: rest.max_tokens,
            n: rest.n,
            tools: rest.tools,
            response_format: rest.response_format,
            user: rest.user,
            input: rest.input,
            extension: rest
                .extension
                .and_then(|raw| self.tracker.found().map(|member| Extension { raw, member })),
        })
    }
}

impl<'a> Rest<'a> {
    /// Reads a field that may be null and is not.
    fn optional(&mut self, c: &mut Cursor<'a>, field: Field) -> Result<(), DecodeError> {
        match field {
            Field::Stream => self.stream = stream_flag(c)?,
            Field::MaxTokens => self.max_tokens = Some(c.unsigned()?),
            Field::MaxCompletionTokens => self.max_completion_tokens = Some(c.unsigned()?),
            Field::N => self.n = answers(c)?,
            Field::Tools | Field::Functions => {
                let mut count = 0u32;
                let span = c.array(|c, _| {
                    count = count.saturating_add(1);
                    c.count_node()
                })?;
                self.tools = self.tools.saturating_add(count);
                self.input.schema_bytes += span.len() as u64;
            }
            Field::ResponseFormat => self.response_format = Some(response_format(c, &mut self.input)?),
            Field::User => self.user = Some(c.string()?),
            Field::Model | Field::Messages | Field::StreamOptions | Field::Extension => {}
        }
        Ok(())
    }
}

/// Reads the `stream` member, which is not null.
pub(crate) fn stream_flag(c: &mut Cursor<'_>) -> Result<StreamFlag, DecodeError> {
    let start = c.position();
    let on = c.bool()?;
    let end = c.position();
    Ok(if on {
        StreamFlag::On(Span { start, end })
    } else {
        StreamFlag::Off
    })
}

/// Reads the number of answers asked for.
pub(crate) fn answers(c: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let at = c.position();
    match c.unsigned()? {
        n @ 1..=MAX_N => Ok(u32::try_from(n).unwrap_or(1)),
        _ => Err(DecodeError::new(Fault::OutOfRange("1 to 128"), at)),
    }
}

/// Reads the extension object; gives it as sent.
pub(crate) fn extension<'a>(c: &mut Cursor<'a>, body: &'a [u8]) -> Result<&'a str, DecodeError> {
    let span = c.skip_object()?;
    let raw = body.get(span.start..span.end).unwrap_or_default();
    std::str::from_utf8(raw).map_err(|_| DecodeError::new(Fault::NotUtf8, span.start))
}

/// Reads the `stream_options` member.
pub(crate) fn stream_options(c: &mut Cursor<'_>) -> Result<StreamOptions, DecodeError> {
    let start = c.position();
    if c.take_null()? {
        return Ok(StreamOptions::Null(Span {
            start,
            end: c.position(),
        }));
    }
    let mut seen = FieldSet::<StreamOption>::new();
    let mut include_usage = None;
    let mut empty = true;
    let span = c.object(|c, key| {
        empty = false;
        if seen.admit(key)?.is_some() {
            let start = c.position();
            let value = if c.take_null()? { false } else { c.bool()? };
            include_usage = Some((
                value,
                Span {
                    start,
                    end: c.position(),
                },
            ));
        }
        Ok(())
    })?;
    Ok(StreamOptions::Object {
        span,
        empty,
        include_usage,
    })
}

fields! {
    enum StreamOption {
        IncludeUsage = "include_usage",
    }
}

fn response_format(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<ResponseFormat, DecodeError> {
    let mut format = ResponseFormat::Other;
    let span = c.object(|c, key| {
        if key.decode() == "type" {
            format = match c.string()?.decode().as_ref() {
                "text" => ResponseFormat::Text,
                "json_object" => ResponseFormat::JsonObject,
                "json_schema" => ResponseFormat::JsonSchema,
                _ => ResponseFormat::Other,
            };
        }
        Ok(())
    })?;
    input.schema_bytes += span.len() as u64;
    Ok(format)
}

#[cfg(test)]
mod tests;
