//! A request into the canonical form. Top-level members may appear once, and not in another case:
//! what is checked here is what goes on. Members of nested settings that are not modelled are kept
//! among the extras under the name of the setting.

use super::decode_block::blocks;
use super::decode_message::message;
use super::decode_tools::tool_config;
use crate::canonical::{Extra, Form, Message, ReasoningConfig, Request, ResponseFormat, ResponseShape, Role};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::reading::{Expected, Reading, nested};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut reader = Reader {
        request: Request::new(Dialect::BedrockConverse),
        seen: FieldSet::new(),
        has_messages: false,
    };
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| reader.member(c, key))?;
    cursor.end()?;
    if !reader.has_messages {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("messages"));
    }
    Ok(reader.request)
}

fields! {
    enum Field {
        Messages = "messages",
        System = "system",
        InferenceConfig = "inferenceConfig",
        ToolConfig = "toolConfig",
        ModelFields = "additionalModelRequestFields",
        OutputConfig = "outputConfig",
        ServiceTier = "serviceTier",
        Metadata = "requestMetadata",
    }
}

const INFERENCE: Expected = &[
    ("maxTokens", "a non-negative integer"),
    ("temperature", "a number"),
    ("topP", "a number"),
    ("stopSequences", "an array of strings"),
];

struct Reader<'a> {
    request: Request<'a>,
    seen: FieldSet<Field>,
    has_messages: bool,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        match self.seen.admit(key)? {
            None => self.request.extra.keep(c, key),
            Some(Field::Messages) => self.messages(c),
            Some(_) if c.peek()? == Kind::Null => self.request.extra.keep(c, key),
            Some(Field::System) => self.system(c, key),
            Some(Field::InferenceConfig) => self.inference(c),
            Some(Field::ToolConfig) => tool_config(c, &mut self.request),
            Some(Field::ModelFields) => self.model_fields(c, key),
            Some(Field::OutputConfig) => self.output_config(c),
            Some(Field::ServiceTier) => self.service_tier(c, key),
            Some(Field::Metadata) => {
                self.request.metadata = Some(object(c)?);
                Ok(())
            }
        }
    }

    fn messages(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        self.has_messages = true;
        c.array(|c, _| {
            self.request.messages.push(message(c, Reading::Strict)?);
            Ok(())
        })
        .map(drop)
    }

    /// Instructions are the first message, wherever they stand in the document.
    fn system(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let start = c.position();
        let parts = blocks(c, Reading::Strict)?;
        if parts.is_empty() {
            let span = crate::json::Span {
                start,
                end: c.position(),
            };
            self.request.extra.push(key.decode(), c.raw_at(span));
        } else {
            self.request.messages.insert(0, Message::new(Role::System, parts));
        }
        Ok(())
    }

    fn inference(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let (mut rest, mut said) = (Extra::NONE, false);
        c.object(|c, key| {
            said = true;
            match (key.decode().as_ref(), c.peek()?) {
                ("maxTokens", Kind::Number) => request.max_output_tokens = Some(c.unsigned()?),
                ("temperature", Kind::Number) => request.sampling.temperature = Some(c.spelled_number()?),
                ("topP", Kind::Number) => request.sampling.top_p = Some(c.spelled_number()?),
                ("stopSequences", Kind::Array) => {
                    let span = c.array(|c, _| {
                        c.count_node()?;
                        request.stop.push(c.text()?);
                        Ok(())
                    })?;
                    if request.stop.is_empty() {
                        rest.push("stopSequences", c.raw_at(span));
                    }
                }
                _ => Reading::Strict.leftover(c, key, &mut rest, INFERENCE)?,
            }
            Ok(())
        })?;
        if !said || !rest.is_empty() {
            request.extra.push("inferenceConfig", nested(&rest));
        }
        Ok(())
    }

    /// What Claude models take beyond the common settings; of other models' fields nothing is known.
    fn model_fields(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        if c.peek()? != Kind::Object {
            return request.extra.keep(c, key);
        }
        let (mut rest, mut said) = (Extra::NONE, false);
        c.object(|c, key| {
            said = true;
            match (key.decode().as_ref(), c.peek()?) {
                ("top_k", Kind::Number) => request.sampling.top_k = Some(c.spelled_number()?),
                ("thinking", Kind::Object) => {
                    let span = c.skip_value()?;
                    match thinking(&mut c.revisit(span))? {
                        Some((enabled, budget)) => {
                            let config = request.reasoning.get_or_insert_default();
                            config.enabled = Some(enabled);
                            config.budget = budget;
                        }
                        None => rest.push("thinking", c.raw_at(span)),
                    }
                }
                _ => rest.keep(c, key)?,
            }
            Ok(())
        })?;
        if !said || !rest.is_empty() {
            request.extra.push("additionalModelRequestFields", nested(&rest));
        }
        Ok(())
    }

    fn output_config(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let (mut rest, mut said) = (Extra::NONE, false);
        c.object(|c, key| {
            said = true;
            match (key.decode().as_ref(), c.peek()?) {
                ("textFormat", Kind::Object) => {
                    let span = c.skip_value()?;
                    let mut inner = c.revisit(span);
                    let shape = text_format(&mut inner)?;
                    c.count_like(&inner);
                    request.response_format = Some(ResponseFormat {
                        shape: shape.unwrap_or_else(|| ResponseShape::Other(c.raw_at(span))),
                        form: Form::default(),
                        extra: Extra::NONE,
                    });
                }
                ("effort", Kind::String) => {
                    let config: &mut ReasoningConfig<'a> = request.reasoning.get_or_insert_default();
                    config.effort = Some(c.text()?);
                }
                _ => rest.keep(c, key)?,
            }
            Ok(())
        })?;
        if !said || !rest.is_empty() {
            request.extra.push("outputConfig", nested(&rest));
        }
        Ok(())
    }

    fn service_tier(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let span = c.skip_value()?;
        match only_type(&mut c.revisit(span))? {
            Some(tier) => self.request.service_tier = Some(tier),
            None => self.request.extra.push(key.decode(), c.raw_at(span)),
        }
        Ok(())
    }
}

/// The word in `{type}`, when there is nothing else in it.
pub(super) fn only_type<'a>(c: &mut Cursor<'a>) -> Result<Option<std::borrow::Cow<'a, str>>, DecodeError> {
    if c.peek()? != Kind::Object {
        return Ok(None);
    }
    let (mut word, mut plain) = (None, true);
    c.object(|c, key| {
        if key.decode() == "type" && c.peek()? == Kind::String {
            word = Some(c.text()?);
        } else {
            plain = false;
        }
        Ok(())
    })?;
    Ok(word.filter(|_| plain))
}

/// Whether to think and for how many tokens; `None` when it is said in another way.
fn thinking(c: &mut Cursor<'_>) -> Result<Option<(bool, Option<u64>)>, DecodeError> {
    let (mut enabled, mut budget, mut plain) = (None, None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => {
                enabled = match c.text()?.as_ref() {
                    "enabled" => Some(true),
                    "disabled" => Some(false),
                    _ => None,
                };
            }
            ("budget_tokens", Kind::Number) => {
                budget = c.spelled_number()?.as_u64();
                plain &= budget.is_some();
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(enabled.filter(|_| plain).map(|enabled| (enabled, budget)))
}

fn object<'a>(c: &mut Cursor<'a>) -> Result<RawJson<'a>, DecodeError> {
    match c.peek()? {
        Kind::Object => c.raw(),
        found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("an object", found))
        }
    }
}

/// `{type: json_schema, structure: {jsonSchema: {schema, name, description}}}`, where the schema is
/// JSON in a string; `None` when it is anything else.
fn text_format<'a>(c: &mut Cursor<'a>) -> Result<Option<ResponseShape<'a>>, DecodeError> {
    let (mut known, mut inner, mut plain) = (false, None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => known = c.text()? == "json_schema",
            ("structure", Kind::Object) => {
                c.object(|c, key| {
                    if key.decode() == "jsonSchema" && c.peek()? == Kind::Object {
                        inner = Some(c.skip_value()?);
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    let Some(span) = inner.filter(|_| known && plain) else {
        return Ok(None);
    };
    let (mut name, mut description, mut schema, mut extra) = (None, None, None, Extra::NONE);
    let mut definition = c.revisit(span);
    definition.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => description = Some(c.text()?),
            ("schema", Kind::String) => schema = Some(c.text()?),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    c.count_like(&definition);
    let Some(text) = schema else {
        return Ok(None);
    };
    let length = text.len();
    Ok(RawJson::parse(text)
        .ok()
        // White space around it would not come back.
        .filter(|schema| schema.as_str().len() == length)
        .map(|schema| ResponseShape::JsonSchema {
            name,
            description,
            schema: Some(schema),
            // There is no other way here: the answer is made to follow the schema.
            strict: Some(true),
            extra,
        }))
}
