//! A request into the canonical form. Top-level members may appear once, and not in another case:
//! what is checked here is what goes on.

use std::borrow::Cow;

use super::decode_message::message;
use super::decode_tools::tool;
use crate::canonical::{
    Extra, Form, ReasoningConfig, Request, ResponseFormat, ResponseShape, ToolChoice, ToolMode,
};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind};
use crate::reading::Reading;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut request = Request::new(Dialect::CohereChat);
    let (mut seen, mut has_messages) = (FieldSet::new(), false);
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| match seen.admit(key)? {
        None => request.extra.keep(c, key),
        Some(Field::Messages) => {
            has_messages = true;
            c.array(|c, _| {
                request.messages.push(message(c, Reading::Strict)?);
                Ok(())
            })
            .map(drop)
        }
        Some(_) if c.peek()? == Kind::Null => request.extra.keep(c, key),
        Some(known) => field(&mut request, c, key, known),
    })?;
    cursor.end()?;
    if !has_messages {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("messages"));
    }
    Ok(request)
}

fields! {
    enum Field {
        Model = "model",
        Messages = "messages",
        Stream = "stream",
        Tools = "tools",
        ToolChoice = "tool_choice",
        ResponseFormat = "response_format",
        MaxTokens = "max_tokens",
        StopSequences = "stop_sequences",
        Temperature = "temperature",
        Seed = "seed",
        FrequencyPenalty = "frequency_penalty",
        PresencePenalty = "presence_penalty",
        K = "k",
        P = "p",
        Logprobs = "logprobs",
        Thinking = "thinking",
    }
}

fn field<'a>(
    request: &mut Request<'a>,
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    field: Field,
) -> Result<(), DecodeError> {
    let sampling = &mut request.sampling;
    match field {
        Field::Model => request.model = Some(c.text()?),
        Field::Stream => request.stream.enabled = Some(c.bool()?),
        Field::Tools => {
            let span = c.array(|c, _| {
                request.tools.push(tool(c)?);
                Ok(())
            })?;
            if request.tools.is_empty() {
                request.extra.push(key.decode(), c.raw_at(span));
            }
        }
        Field::ToolChoice => {
            let word = c.string()?;
            let mode = match word.decode().as_ref() {
                "REQUIRED" => ToolMode::Required,
                "NONE" => ToolMode::None,
                _ => ToolMode::Other(c.raw_at(word.span())),
            };
            request.tool_choice = Some(ToolChoice::new(mode));
        }
        Field::ResponseFormat => request.response_format = Some(response_format(c)?),
        Field::MaxTokens => request.max_output_tokens = Some(c.unsigned()?),
        Field::StopSequences => {
            let span = c.array(|c, _| {
                c.count_node()?;
                request.stop.push(c.text()?);
                Ok(())
            })?;
            if request.stop.is_empty() {
                request.extra.push(key.decode(), c.raw_at(span));
            }
        }
        Field::Temperature => sampling.temperature = Some(c.spelled_number()?),
        Field::Seed => sampling.seed = Some(c.spelled_number()?),
        Field::FrequencyPenalty => sampling.frequency_penalty = Some(c.spelled_number()?),
        Field::PresencePenalty => sampling.presence_penalty = Some(c.spelled_number()?),
        Field::K => sampling.top_k = Some(c.spelled_number()?),
        Field::P => sampling.top_p = Some(c.spelled_number()?),
        Field::Logprobs => request.logprobs.enabled = Some(c.bool()?),
        Field::Thinking => {
            let span = c.skip_value()?;
            let mut inner = c.revisit(span);
            request.reasoning = thinking(&mut inner)?;
            c.count_like(&inner);
            if request.reasoning.is_none() {
                request.extra.push(key.decode(), c.raw_at(span));
            }
        }
        Field::Messages => {}
    }
    Ok(())
}

/// `{type, token_budget}`; `None` when it is in another shape.
fn thinking<'a>(c: &mut Cursor<'a>) -> Result<Option<ReasoningConfig<'a>>, DecodeError> {
    if c.peek()? != Kind::Object {
        return Ok(None);
    }
    let mut config = ReasoningConfig::default();
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => {
                config.enabled = match c.text()?.as_ref() {
                    "enabled" => Some(true),
                    "disabled" => Some(false),
                    _ => None,
                };
            }
            ("token_budget", Kind::Number) => config.budget = Some(c.unsigned()?),
            _ => config.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(Some(config).filter(|config| config.enabled.is_some()))
}

/// `{type: text}` or `{type: json_object, json_schema}`.
fn response_format<'a>(c: &mut Cursor<'a>) -> Result<ResponseFormat<'a>, DecodeError> {
    let (mut kind, mut schema, mut extra): (Option<Cow<'a, str>>, _, _) = (None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("json_schema", Kind::Object) => schema = Some(c.raw()?),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let shape = match (kind.as_deref(), schema) {
        (Some("text"), None) => ResponseShape::Text,
        (Some("json_object"), None) => ResponseShape::JsonObject,
        (Some("json_object"), Some(schema)) => ResponseShape::JsonSchema {
            name: None,
            description: None,
            schema: Some(schema),
            strict: None,
            extra: Extra::NONE,
        },
        _ => {
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
