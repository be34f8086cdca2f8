//! A request into the canonical form. Top-level members may appear once, and not in another case:
//! what is checked here is what goes on. Settings that only concern the provider's own memory and
//! tools (`previous_response_id`, `conversation`, `truncation`, `include`) stay as they came.

use super::decode_tools::{tool, tool_choice};
use super::item::Items;
use super::{Expected, Reading, form};
use crate::canonical::{
    Extra, Form, Message, Part, PartBody, ReasoningConfig, Request, ResponseFormat, ResponseShape, Role,
};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// The entry of `include` that asks for probabilities of tokens.
pub(super) const INCLUDE_LOGPROBS: &str = "message.output_text.logprobs";

/// The entry of `include` that asks for sealed reasoning.
pub(super) const INCLUDE_SEALED: &str = "reasoning.encrypted_content";

/// Bytes of a short message.
const MESSAGE: usize = 48;

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut reader = Reader {
        request: Request::new(Dialect::OpenAiResponses),
        seen: FieldSet::new(),
        instructions: None,
        has_input: false,
    };
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| reader.member(c, key))?;
    cursor.end()?;
    let kept = ["previous_response_id", "conversation", "prompt"];
    let continues = |request: &Request<'_>| {
        let told = kept.iter().filter_map(|name| request.extra.get(name));
        told.into_iter().any(|value: &RawJson<'_>| !value.is_void())
    };
    if !reader.has_input && !continues(&reader.request) {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("input"));
    }
    Ok(reader.finish())
}

fields! {
    enum Field {
        Model = "model",
        Input = "input",
        Instructions = "instructions",
        Tools = "tools",
        ToolChoice = "tool_choice",
        ParallelToolCalls = "parallel_tool_calls",
        Temperature = "temperature",
        TopP = "top_p",
        TopK = "top_k",
        FrequencyPenalty = "frequency_penalty",
        PresencePenalty = "presence_penalty",
        Seed = "seed",
        MaxOutputTokens = "max_output_tokens",
        Text = "text",
        Reasoning = "reasoning",
        TopLogprobs = "top_logprobs",
        Include = "include",
        User = "user",
        SafetyIdentifier = "safety_identifier",
        Metadata = "metadata",
        ServiceTier = "service_tier",
        PromptCacheKey = "prompt_cache_key",
        Store = "store",
        Stream = "stream",
        StreamOptions = "stream_options",
        PreviousResponseId = "previous_response_id",
        Conversation = "conversation",
        Background = "background",
        Prompt = "prompt",
        Extension = "sluicegate",
    }
}

struct Reader<'a> {
    request: Request<'a>,
    seen: FieldSet<Field>,
    instructions: Option<Message<'a>>,
    has_input: bool,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        match self.seen.admit(key)? {
            None => self.request.extra.keep(c, key),
            // The gateway's own; never sent on.
            Some(Field::Extension) => c.skip_value().map(drop),
            Some(_) if c.peek()? == Kind::Null => self.request.extra.keep(c, key),
            Some(field) => self.field(c, key, field),
        }
    }

    fn field(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, field: Field) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let sampling = &mut request.sampling;
        match field {
            Field::Model => request.model = Some(c.text()?),
            Field::Input => self.input(c)?,
            Field::Instructions => self.instructions(c, key)?,
            Field::Tools => {
                let span = c.array(|c, _| {
                    request.tools.push(tool(c)?);
                    Ok(())
                })?;
                if request.tools.is_empty() {
                    request.extra.push(key.decode(), c.raw_at(span));
                }
            }
            Field::ToolChoice => request.tool_choice = Some(tool_choice(c)?),
            Field::ParallelToolCalls => request.parallel_tool_calls = Some(c.bool()?),
            Field::Temperature => sampling.temperature = Some(c.spelled_number()?),
            Field::TopP => sampling.top_p = Some(c.spelled_number()?),
            Field::TopK => sampling.top_k = Some(c.spelled_number()?),
            Field::FrequencyPenalty => sampling.frequency_penalty = Some(c.spelled_number()?),
            Field::PresencePenalty => sampling.presence_penalty = Some(c.spelled_number()?),
            Field::Seed => sampling.seed = Some(c.spelled_number()?),
            Field::MaxOutputTokens => request.max_output_tokens = Some(c.unsigned()?),
            Field::Text => self.text(c, key)?,
            Field::Reasoning => self.reasoning(c, key)?,
            Field::TopLogprobs => {
                let at = c.position();
                let top = u32::try_from(c.unsigned()?);
                let too_many = |_| DecodeError::new(Fault::OutOfRange("a small whole number"), at);
                request.logprobs.top = Some(top.map_err(too_many)?);
            }
            Field::Include => self.include(c, key)?,
            Field::User => request.user = Some(c.text()?),
            Field::SafetyIdentifier => request.safety_identifier = Some(c.text()?),
            Field::Metadata => request.metadata = Some(raw_object(c)?),
            Field::ServiceTier => request.service_tier = Some(c.text()?),
            Field::PromptCacheKey => request.prompt_cache_key = Some(c.text()?),
            Field::Store => request.store = Some(c.bool()?),
            Field::Stream => request.stream.enabled = Some(c.bool()?),
            Field::StreamOptions => {
                request.stream.options = true;
                c.object(|c, key| request.stream.extra.keep(c, key))?;
            }
            // Dialects that know nothing of the kind must not pass these over in silence.
            Field::PreviousResponseId | Field::Conversation | Field::Prompt => {
                request.extra.keep(c, key)?;
            }
            Field::Background => {
                let span = c.skip_value()?;
                match c.raw_at(span) {
                    raw if raw.as_str() == "false" => request.extra.push_quiet(key.decode(), raw),
                    raw => request.extra.push(key.decode(), raw),
                }
            }
            Field::Extension => {}
        }
        Ok(())
    }

    fn input(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        self.has_input = true;
        let request = &mut self.request;
        match c.peek()? {
            Kind::String => {
                request.messages = vec![Message::new(Role::User, vec![Part::text(c.text()?)])];
                request.form = request.form.with(form::request::INPUT_STRING);
            }
            Kind::Array => {
                let mut items = Items::new(Reading::Strict);
                request.messages.reserve(c.few(MESSAGE));
                c.array(|c, _| {
                    request.messages.push(items.item(c)?.into_message());
                    sign_call(&mut request.messages);
                    Ok(())
                })?;
            }
            found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
                return Err(c.wrong_type("a string or an array of items", found));
            }
        }
        Ok(())
    }

    /// Instructions become the first message, wherever they stood.
    fn instructions(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let text = c.string()?;
        if text.is_empty() {
            self.request.extra.push(key.decode(), c.raw_at(text.span()));
            return Ok(());
        }
        let mut message = Message::new(Role::System, vec![Part::text(text.decode())]);
        message.form = form::message::INSTRUCTIONS;
        self.instructions = Some(message);
        Ok(())
    }

    /// `text: {format, verbosity}`. With more in it, it is kept whole as well.
    fn text(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        const TEXT: Expected = &[("format", "an object"), ("verbosity", "a string")];
        let request = &mut self.request;
        let mut rest = Extra::NONE;
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("format", Kind::Object) => request.response_format = Some(response_format(c)?),
                ("verbosity", Kind::String) => request.verbosity = Some(c.text()?),
                _ => Reading::Strict.leftover(c, key, &mut rest, TEXT)?,
            }
            Ok(())
        })?;
        let says_more = rest.iter().any(|(_, value)| !value.is_void());
        let is_told = request.response_format.is_some() || request.verbosity.is_some();
        match (says_more, is_told && rest.is_empty()) {
            (true, _) => request.extra.push(key.decode(), c.raw_at(whole)),
            (false, false) => request.extra.push_quiet(key.decode(), c.raw_at(whole)),
            (false, true) => {}
        }
        Ok(())
    }

    fn reasoning(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        const CONFIG: Expected = &[("effort", "a string"), ("summary", "a string")];
        let mut config = ReasoningConfig::default();
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("effort", Kind::String) => config.effort = Some(c.text()?),
                ("summary", Kind::String) => config.summary = Some(c.text()?),
                _ => Reading::Strict.leftover(c, key, &mut config.extra, CONFIG)?,
            }
            Ok(())
        })?;
        if config.effort.is_none() && config.summary.is_none() {
            self.request.extra.push(key.decode(), c.raw_at(whole));
        } else {
            self.request.reasoning = Some(config);
        }
        Ok(())
    }

    /// The list stays as it came. What it asks for of the answer itself is said as well, or told in
    /// any case; what it asks for of the provider's own tools is not.
    fn include(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let mut others = false;
        let whole = c.array(|c, _| {
            match c.string()?.decode().as_ref() {
                INCLUDE_LOGPROBS => request.logprobs.enabled = Some(true),
                INCLUDE_SEALED => {}
                _ => others = true,
            }
            Ok(())
        })?;
        if others {
            request.extra.push(key.decode(), c.raw_at(whole));
        } else {
            request.extra.push_quiet(key.decode(), c.raw_at(whole));
        }
        Ok(())
    }

    fn finish(mut self) -> Request<'a> {
        if !self.has_input {
            self.request.form = self.request.form.with(form::request::NO_INPUT);
        }
        if let Some(instructions) = self.instructions {
            self.request.messages.insert(0, instructions);
        }
        self.request
    }
}

/// Puts the signature that went before a call on it.
fn sign_call(messages: &mut Vec<Message<'_>>) {
    let is_carrier =
        |part: &Part<'_>| matches!(part.body, PartBody::Reasoning(_)) && part.form.has(form::part::ON_CALL);
    let [.., carrier, call] = &mut messages[..] else {
        return;
    };
    let (Some(from), Some(to)) = (carrier.parts.first_mut(), call.parts.first_mut()) else {
        return;
    };
    if is_carrier(from) && matches!(to.body, PartBody::ToolCall(_)) {
        to.signature = from.signature.take();
        to.issuer = from.issuer.take();
        let at = messages.len() - 2;
        messages.remove(at);
    }
}

fn raw_object<'a>(c: &mut Cursor<'a>) -> Result<RawJson<'a>, DecodeError> {
    match c.peek()? {
        Kind::Object => c.raw(),
        found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("an object", found))
        }
    }
}

/// Reads `text.format`, whose schema stands beside its type.
fn response_format<'a>(c: &mut Cursor<'a>) -> Result<ResponseFormat<'a>, DecodeError> {
    const FORMAT: Expected = &[
        ("name", "a string"),
        ("description", "a string"),
        ("schema", "a JSON Schema"),
        ("strict", "a boolean"),
    ];
    let (mut kind, mut name, mut description, mut schema, mut strict) = (None, None, None, None, None);
    let mut extra = Extra::NONE;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => description = Some(c.text()?),
            ("schema", Kind::Object | Kind::Bool) => schema = Some(c.raw()?),
            ("strict", Kind::Bool) => strict = Some(c.bool()?),
            _ => Reading::Strict.leftover(c, key, &mut extra, FORMAT)?,
        }
        Ok(())
    })?;
    let bare = name.is_none() && description.is_none() && schema.is_none() && strict.is_none();
    let shape = match kind.as_deref() {
        Some("text") if bare => ResponseShape::Text,
        Some("json_object") if bare => ResponseShape::JsonObject,
        Some("json_schema") => ResponseShape::JsonSchema {
            name,
            description,
            schema,
            strict,
            extra: std::mem::take(&mut extra),
        },
        Some(_) | None => {
            extra = Extra::NONE;
            ResponseShape::Other(c.raw_at(whole))
        }
    };
    Ok(ResponseFormat {
        shape,
        form: Form::default(),
        extra,
    })
}
