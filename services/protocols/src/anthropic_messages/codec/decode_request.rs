//! A request into the canonical form. Top-level members may appear once, and not in another case:
//! what is checked here is what goes on. A request to count tokens is the same without
//! `max_tokens`, which is therefore not asked for here; the view does that.

use super::decode_block::cache_mark;
use super::decode_config::{metadata, output_config, response_format, thinking};
use super::decode_message::{message, system};
use super::decode_tools::{tool, tool_choice};
use super::form;
use crate::canonical::{Message, Request};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Bytes of a short message.
const MESSAGE: usize = 48;

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut reader = Reader {
        request: Request::new(Dialect::AnthropicMessages),
        seen: FieldSet::new(),
        system: None,
        has_messages: false,
    };
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| reader.member(c, key))?;
    cursor.end()?;
    if !reader.has_messages {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("messages"));
    }
    let mut request = reader.request;
    if let Some(system) = reader.system {
        request.messages.insert(0, system);
    }
    Ok(request)
}

fields! {
    enum Field {
        Model = "model",
        System = "system",
        Messages = "messages",
        Tools = "tools",
        ToolChoice = "tool_choice",
        MaxTokens = "max_tokens",
        Temperature = "temperature",
        TopP = "top_p",
        TopK = "top_k",
        StopSequences = "stop_sequences",
        Thinking = "thinking",
        OutputConfig = "output_config",
        OutputFormat = "output_format",
        Metadata = "metadata",
        ServiceTier = "service_tier",
        CacheControl = "cache_control",
        Stream = "stream",
        Extension = "sluicegate",
    }
}

struct Reader<'a> {
    request: Request<'a>,
    seen: FieldSet<Field>,
    system: Option<Message<'a>>,
    has_messages: bool,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        match self.seen.admit(key)? {
            None => self.request.extra.keep(c, key),
            Some(Field::Messages) => self.messages(c),
            // The gateway's own; never sent on.
            Some(Field::Extension) => c.skip_value().map(drop),
            Some(_) if c.peek()? == Kind::Null => self.request.extra.keep(c, key),
            Some(field) => self.field(c, key, field),
        }
    }

    fn messages(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        self.has_messages = true;
        self.request.messages.reserve(c.few(MESSAGE));
        c.array(|c, _| {
            self.request.messages.push(message(c)?);
            Ok(())
        })
        .map(drop)
    }

    fn field(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, field: Field) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let sampling = &mut request.sampling;
        match field {
            Field::Model => request.model = Some(c.text()?),
            Field::System => self.system = Some(system(c)?),
            Field::Tools => self.tools(c)?,
            Field::ToolChoice => {
                let (choice, parallel) = tool_choice(c)?;
                request.tool_choice = Some(choice);
                request.parallel_tool_calls = parallel;
            }
            Field::MaxTokens => request.max_output_tokens = Some(c.unsigned()?),
            Field::Temperature => sampling.temperature = Some(c.spelled_number()?),
            Field::TopP => sampling.top_p = Some(c.spelled_number()?),
            Field::TopK => sampling.top_k = Some(c.spelled_number()?),
            Field::StopSequences => self.stop(c)?,
            Field::Thinking => self.thinking(c)?,
            Field::OutputConfig => output_config(c, request)?,
            Field::OutputFormat => self.output_format(c, key)?,
            Field::Metadata => metadata(c, request)?,
            Field::ServiceTier => self.service_tier(c, key)?,
            Field::CacheControl => {
                let span = c.skip_object()?;
                request.cache = cache_mark(c, span, &mut request.extra)?;
            }
            Field::Stream => request.stream.enabled = Some(c.bool()?),
            Field::Messages | Field::Extension => {}
        }
        Ok(())
    }

    fn tools(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let span = c.array(|c, _| {
            request.tools.push(tool(c)?);
            Ok(())
        })?;
        if request.tools.is_empty() {
            request.extra.push("tools", c.raw_at(span));
        }
        Ok(())
    }

    fn stop(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let span = c.array(|c, _| {
            c.count_node()?;
            request.stop.push(c.text()?);
            Ok(())
        })?;
        if request.stop.is_empty() {
            request.extra.push("stop_sequences", c.raw_at(span));
        }
        Ok(())
    }

    fn thinking(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let at = c.position();
        if !thinking(c, &mut self.request)? {
            let span = crate::json::Span {
                start: at,
                end: c.position(),
            };
            self.request.extra.push("thinking", c.raw_at(span));
        }
        Ok(())
    }

    /// The name that `output_config.format` had in the beta. Where both are given, that one counts.
    fn output_format(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        if self.request.response_format.is_some() {
            return self.request.extra.keep(c, key);
        }
        let mut format = response_format(c)?;
        format.form = form::response_format::OUTPUT_FORMAT;
        self.request.response_format = Some(format);
        Ok(())
    }

    /// `standard_only` is what other dialects call the default class; `auto` means the same in all.
    fn service_tier(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let word = c.string()?;
        match word.decode() {
            tier if tier == "standard_only" => self.request.service_tier = Some("default".into()),
            tier if tier == "default" => self.request.extra.push(key.decode(), c.raw_at(word.span())),
            tier => self.request.service_tier = Some(tier),
        }
        Ok(())
    }
}
