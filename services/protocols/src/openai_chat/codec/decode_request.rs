//! A request into the canonical form. Top-level members may appear once, and not in another case:
//! what is checked here is what goes on.

use super::decode_message::message;
use super::decode_tools::{Chooser, function, tool, tool_choice};
use super::{Reading, form};
use crate::canonical::{
    Extra, Form, ReasoningConfig, Request, ResponseFormat, ResponseShape, Tool, ToolBody, ToolChoice,
};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Bytes of a short message.
const MESSAGE: usize = 48;

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut reader = Reader {
        request: Request::new(Dialect::OpenAiChat),
        seen: FieldSet::new(),
        max_tokens: None,
        function_call: None,
        has_messages: false,
    };
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| reader.member(c, key))?;
    cursor.end()?;
    if !reader.has_messages {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("messages"));
    }
    Ok(reader.finish())
}

fields! {
    enum Field {
        Model = "model",
        Messages = "messages",
        Tools = "tools",
        Functions = "functions",
        ToolChoice = "tool_choice",
        FunctionCall = "function_call",
        ParallelToolCalls = "parallel_tool_calls",
        Temperature = "temperature",
        TopP = "top_p",
        TopK = "top_k",
        FrequencyPenalty = "frequency_penalty",
        PresencePenalty = "presence_penalty",
        Seed = "seed",
        MaxTokens = "max_tokens",
        MaxCompletionTokens = "max_completion_tokens",
        Stop = "stop",
        N = "n",
        ResponseFormat = "response_format",
        ReasoningEffort = "reasoning_effort",
        Reasoning = "reasoning",
        Logprobs = "logprobs",
        TopLogprobs = "top_logprobs",
        Verbosity = "verbosity",
        Modalities = "modalities",
        User = "user",
        SafetyIdentifier = "safety_identifier",
        Metadata = "metadata",
        ServiceTier = "service_tier",
        PromptCacheKey = "prompt_cache_key",
        Store = "store",
        Stream = "stream",
        StreamOptions = "stream_options",
        Extension = "sluicegate",
    }
}

struct Reader<'a> {
    request: Request<'a>,
    seen: FieldSet<Field>,
    max_tokens: Option<u64>,
    function_call: Option<(ToolChoice<'a>, RawJson<'a>)>,
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
            self.request.messages.push(message(c, Reading::Strict)?);
            Ok(())
        })
        .map(drop)
    }

    fn field(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, field: Field) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let sampling = &mut request.sampling;
        match field {
            Field::Model => request.model = Some(c.text()?),
            Field::Tools | Field::Functions => self.tools(c, key, field)?,
            Field::ToolChoice => request.tool_choice = Some(tool_choice(c, Chooser::ToolChoice)?),
            Field::FunctionCall => {
                let span = c.skip_value()?;
                let mut choice = tool_choice(&mut c.revisit(span), Chooser::FunctionCall)?;
                choice.form = choice.form.with(form::tool_choice::FUNCTION_CALL);
                self.function_call = Some((choice, c.raw_at(span)));
            }
            Field::ParallelToolCalls => request.parallel_tool_calls = Some(c.bool()?),
            Field::Temperature => sampling.temperature = Some(c.spelled_number()?),
            Field::TopP => sampling.top_p = Some(c.spelled_number()?),
            Field::TopK => sampling.top_k = Some(c.spelled_number()?),
            Field::FrequencyPenalty => sampling.frequency_penalty = Some(c.spelled_number()?),
            Field::PresencePenalty => sampling.presence_penalty = Some(c.spelled_number()?),
            Field::Seed => sampling.seed = Some(c.spelled_number()?),
            Field::MaxTokens => self.max_tokens = Some(c.unsigned()?),
            Field::MaxCompletionTokens => request.max_output_tokens = Some(c.unsigned()?),
            Field::Stop => self.stop(c)?,
            Field::N => request.candidates = Some(small(c)?),
            Field::ResponseFormat => request.response_format = Some(response_format(c)?),
            Field::ReasoningEffort => {
                let config = request.reasoning.get_or_insert_default();
                if config.effort.is_some() {
                    return request.extra.keep(c, key);
                }
                config.effort = Some(c.text()?);
            }
            Field::Reasoning => self.reasoning(c, key)?,
            Field::Logprobs => request.logprobs.enabled = Some(c.bool()?),
            Field::TopLogprobs => request.logprobs.top = Some(small(c)?),
            Field::Verbosity => request.verbosity = Some(c.text()?),
            Field::Modalities => {
                c.array(|c, _| {
                    c.count_node()?;
                    request.modalities.push(c.text()?);
                    Ok(())
                })?;
                if request.modalities.is_empty() {
                    request.extra.push("modalities", RawJson::parse("[]")?);
                }
            }
            Field::User => request.user = Some(c.text()?),
            Field::SafetyIdentifier => request.safety_identifier = Some(c.text()?),
            Field::Metadata => request.metadata = Some(raw_object(c)?),
            Field::ServiceTier => request.service_tier = Some(c.text()?),
            Field::PromptCacheKey => request.prompt_cache_key = Some(c.text()?),
            Field::Store => request.store = Some(c.bool()?),
            Field::Stream => request.stream.enabled = Some(c.bool()?),
            Field::StreamOptions => self.stream_options(c)?,
            Field::Messages | Field::Extension => {}
        }
        Ok(())
    }

    /// Tools, or functions, the older form; where both are given, the first counts.
    fn tools(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, field: Field) -> Result<(), DecodeError> {
        let request = &mut self.request;
        if !request.tools.is_empty() {
            return request.extra.keep(c, key);
        }
        let span = c.array(|c, _| {
            request.tools.push(if field == Field::Tools {
                tool(c)?
            } else {
                Tool::new(ToolBody::Function(function(c)?))
            });
            Ok(())
        })?;
        if request.tools.is_empty() {
            request.extra.push(key.decode(), c.raw_at(span));
        } else if field == Field::Functions {
            request.form = request.form.with(form::request::FUNCTIONS);
        }
        Ok(())
    }

    fn stop(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        match c.peek()? {
            Kind::String => {
                request.stop.push(c.text()?);
                request.form = request.form.with(form::request::STOP_STRING);
            }
            Kind::Array => {
                let span = c.array(|c, _| {
                    c.count_node()?;
                    request.stop.push(c.text()?);
                    Ok(())
                })?;
                if request.stop.is_empty() {
                    request.extra.push("stop", c.raw_at(span));
                }
            }
            found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
                return Err(c.wrong_type("a string or an array of strings", found));
            }
        }
        Ok(())
    }

    /// OpenRouter's `reasoning` object.
    fn reasoning(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        if c.peek()? != Kind::Object || request.reasoning.is_some() {
            return request.extra.keep(c, key);
        }
        let mut config = ReasoningConfig {
            form: form::reasoning_config::OBJECT,
            ..ReasoningConfig::default()
        };
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("enabled", Kind::Bool) => config.enabled = Some(c.bool()?),
                ("effort", Kind::String) => config.effort = Some(c.text()?),
                ("max_tokens", Kind::Number) => config.budget = Some(c.unsigned()?),
                ("summary", Kind::String) => config.summary = Some(c.text()?),
                ("exclude", Kind::Bool) => config.show = Some(!c.bool()?),
                _ => config.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        request.reasoning = Some(config);
        Ok(())
    }

    fn stream_options(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let stream = &mut self.request.stream;
        stream.options = true;
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("include_usage", Kind::Bool) => stream.usage = Some(c.bool()?),
                ("include_usage", found @ (Kind::Object | Kind::Array | Kind::String | Kind::Number)) => {
                    return Err(c.wrong_type("a boolean", found));
                }
                _ => stream.extra.keep(c, key)?,
            }
            Ok(())
        })
        .map(drop)
    }

    fn finish(mut self) -> Request<'a> {
        let request = &mut self.request;
        match (self.max_tokens, request.max_output_tokens) {
            (Some(limit), None) => {
                request.max_output_tokens = Some(limit);
                request.form = request.form.with(form::request::MAX_TOKENS);
            }
            (Some(limit), Some(_)) => request.extra.push("max_tokens", RawJson::from(limit)),
            (None, _) => {}
        }
        match (self.function_call, &request.tool_choice) {
            (Some((choice, _)), None) => request.tool_choice = Some(choice),
            (Some((_, raw)), Some(_)) => request.extra.push("function_call", raw),
            (None, _) => {}
        }
        self.request
    }
}

/// A whole number of modest size.
fn small(c: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let at = c.position();
    u32::try_from(c.unsigned()?).map_err(|_| DecodeError::new(Fault::OutOfRange("a small whole number"), at))
}

fn raw_object<'a>(c: &mut Cursor<'a>) -> Result<RawJson<'a>, DecodeError> {
    match c.peek()? {
        Kind::Object => c.raw(),
        found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("an object", found))
        }
    }
}

fn response_format<'a>(c: &mut Cursor<'a>) -> Result<ResponseFormat<'a>, DecodeError> {
    let (mut kind, mut schema, mut extra) = (None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("json_schema", Kind::Object) => schema = Some((key, c.skip_value()?)),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let shape = match (kind.as_deref(), schema) {
        (Some("text"), None) => ResponseShape::Text,
        (Some("json_object"), None) => ResponseShape::JsonObject,
        (Some("json_schema"), Some((_, span))) => {
            json_schema(&mut c.revisit(span)).map_err(|e| e.under_key("json_schema"))?
        }
        (Some("json_schema"), None) => {
            return Err(DecodeError::new(Fault::Missing, whole.start).under_key("json_schema"));
        }
        _ => {
            return Ok(ResponseFormat {
                shape: ResponseShape::Other(c.raw_at(whole)),
                form: Form::default(),
                extra: Extra::NONE,
            });
        }
    };
    Ok(ResponseFormat {
        shape,
        form: Form::default(),
        extra,
    })
}

fn json_schema<'a>(c: &mut Cursor<'a>) -> Result<ResponseShape<'a>, DecodeError> {
    let (mut name, mut description, mut schema, mut strict, mut extra) =
        (None, None, None, None, Extra::NONE);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => description = Some(c.text()?),
            ("schema", Kind::Object | Kind::Bool) => schema = Some(c.raw()?),
            ("strict", Kind::Bool) => strict = Some(c.bool()?),
            _ => Reading::Strict.leftover(c, key, &mut extra, SCHEMA)?,
        }
        Ok(())
    })?;
    Ok(ResponseShape::JsonSchema {
        name,
        description,
        schema,
        strict,
        extra,
    })
}

const SCHEMA: super::Expected = &[
    ("name", "a string"),
    ("description", "a string"),
    ("schema", "a JSON Schema"),
    ("strict", "a boolean"),
];
