//! Parts of a content into the canonical form. A part holds one thing; one that holds several, or
//! something not known, or something known in an unexpected shape, is kept whole.

use std::borrow::Cow;

use super::decode_media::{blob, file};
use super::decode_result::function_response;
use super::{Expected, Reading, form};
use crate::canonical::{
    Arguments, CallKind, Extra, Form, Issuer, Opaque, OpaqueRole, Part, PartBody, Reasoning, ToolCall,
};
use crate::json::{Cursor, JsonStr, Kind, RawJson, Span};
use crate::{DecodeError, Fault};

/// What a part may hold besides text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payload {
    Blob,
    File,
    Call,
    Result,
    ServerCall,
    ServerResult,
}

const PAYLOADS: [(&str, Payload, bool); 12] = [
    ("inlineData", Payload::Blob, false),
    ("inline_data", Payload::Blob, true),
    ("fileData", Payload::File, false),
    ("file_data", Payload::File, true),
    ("functionCall", Payload::Call, false),
    ("function_call", Payload::Call, true),
    ("functionResponse", Payload::Result, false),
    ("function_response", Payload::Result, true),
    ("executableCode", Payload::ServerCall, false),
    ("codeExecutionResult", Payload::ServerResult, false),
    ("toolCall", Payload::ServerCall, false),
    ("toolResponse", Payload::ServerResult, false),
];

const SERVER_SNAKE: [(&str, Payload); 4] = [
    ("executable_code", Payload::ServerCall),
    ("code_execution_result", Payload::ServerResult),
    ("tool_call", Payload::ServerCall),
    ("tool_response", Payload::ServerResult),
];

const MODELLED: Expected = &[
    ("text", "a string"),
    ("thought", "a boolean"),
    ("thoughtSignature", "a string"),
    ("thought_signature", "a string"),
    ("inlineData", "an object"),
    ("inline_data", "an object"),
    ("fileData", "an object"),
    ("file_data", "an object"),
    ("functionCall", "an object"),
    ("function_call", "an object"),
    ("functionResponse", "an object"),
    ("function_response", "an object"),
];

/// Kinds of opaque parts that are of this dialect, by the name of what they hold.
pub(super) fn is_own(kind: &str) -> bool {
    let known = PAYLOADS.iter().any(|(name, ..)| *name == kind);
    known || SERVER_SNAKE.iter().any(|(name, _)| *name == kind)
}

/// A part so far.
#[derive(Default)]
struct Draft<'a> {
    text: Option<Cow<'a, str>>,
    payload: Option<(Payload, Cow<'a, str>, Span)>,
    /// It holds more than one thing.
    several: bool,
    thought: Option<bool>,
    signature: Option<Cow<'a, str>>,
    form: Form,
    extra: Extra<'a>,
}

/// Reads one of `parts`.
pub(super) fn part<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Part<'a>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a part", found)),
        (_, Reading::Lenient) => {
            let value = c.raw()?;
            return Ok(opaque(Cow::Borrowed(""), OpaqueRole::Unknown, value));
        }
    }
    if let Some(text) = c.ending_in_text(r#"{"text":""#) {
        return Ok(Part::text(text));
    }
    let mut draft = Draft::default();
    let whole = c.object(|c, key| draft.member(c, key, reading))?;
    draft.finish(c, whole, reading)
}

fn opaque<'a>(kind: Cow<'a, str>, role: OpaqueRole, value: RawJson<'a>) -> Part<'a> {
    Part::new(PartBody::from(Opaque { kind, role, value }))
}

impl<'a> Draft<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, reading: Reading) -> Result<(), DecodeError> {
        let name = key.decode();
        match (name.as_ref(), c.peek()?) {
            ("text", Kind::String) => {
                self.several |= self.text.is_some();
                self.text = Some(c.text()?);
            }
            ("thought", Kind::Bool) => self.thought = Some(c.bool()?),
            ("thoughtSignature" | "thought_signature", Kind::String) if self.signature.is_none() => {
                if name == "thought_signature" {
                    self.form = self.form.with(form::part::SIGNATURE_SNAKE);
                }
                self.signature = Some(c.text()?);
            }
            (known, Kind::Object) => {
                let found = PAYLOADS.iter().find(|(name, ..)| *name == known);
                let server = SERVER_SNAKE.iter().find(|(name, _)| *name == known);
                let (payload, snake) = match (found, server) {
                    (Some((_, payload, snake)), _) => (*payload, *snake),
                    (None, Some((_, payload))) => (*payload, false),
                    (None, None) => return self.extra.keep(c, key),
                };
                if snake {
                    self.form = self.form.with(form::part::SNAKE);
                }
                self.several |= self.payload.is_some();
                self.payload = Some((payload, name, c.skip_value()?));
            }
            _ => reading.leftover(c, key, &mut self.extra, MODELLED)?,
        }
        Ok(())
    }

    fn finish(mut self, c: &mut Cursor<'a>, whole: Span, reading: Reading) -> Result<Part<'a>, DecodeError> {
        let several = self.several || (self.text.is_some() && self.payload.is_some());
        let unknown = |c: &Cursor<'a>, kind| Ok(opaque(kind, OpaqueRole::Unknown, c.raw_at(whole)));
        let mut part = match (self.text.take(), self.payload.take()) {
            (_, Some((_, kind, _))) if several => return unknown(c, kind),
            (Some(_), None) if several => return unknown(c, Cow::Borrowed("text")),
            (Some(text), _) if self.thought == Some(true) => {
                self.thought = None;
                Part::new(PartBody::from(Reasoning {
                    text: vec![text],
                    ..Reasoning::default()
                }))
            }
            (Some(text), _) => Part::text(text),
            (None, Some((payload, kind, span))) => {
                let mut inner = c.revisit(span);
                let made = match payload {
                    Payload::Blob => blob(&mut inner, reading),
                    Payload::File => file(&mut inner, reading),
                    Payload::Call => call(&mut inner, reading),
                    Payload::Result => function_response(&mut inner, reading),
                    Payload::ServerCall => {
                        return Ok(opaque(kind, OpaqueRole::ServerToolCall, c.raw_at(whole)));
                    }
                    Payload::ServerResult => {
                        return Ok(opaque(kind, OpaqueRole::ServerToolResult, c.raw_at(whole)));
                    }
                };
                c.count_like(&inner);
                // The extra of a result is that of what it holds.
                let beside = !self.extra.is_empty() || self.thought == Some(true);
                let plain = payload != Payload::Result || !beside;
                match made.map_err(|e| e.under_key(&kind))?.filter(|_| plain) {
                    Some(part) => part,
                    None => return unknown(c, kind),
                }
            }
            (None, None) if self.signature.is_some() && self.extra.is_empty() => {
                self.form = self.form.with(form::part::NO_TEXT);
                Part::text("")
            }
            (None, None) => {
                let first = self.extra.iter().next().map(|(name, _)| name.to_owned());
                return unknown(c, first.map_or(Cow::Borrowed(""), Cow::Owned));
            }
        };
        match self.thought {
            Some(true) => self.extra.push("thought", RawJson::parse("true")?),
            Some(false) => self.form = self.form.with(form::part::NOT_THOUGHT),
            None => {}
        }
        part.form = part.form.with(self.form);
        part.issuer = self.signature.is_some().then_some(Issuer::Google);
        part.signature = self.signature;
        if !self.extra.is_empty() {
            part.extra = self.extra;
        }
        Ok(part)
    }
}

/// Reads `functionCall`. `None` without a name, as in the later pieces of a streamed call.
fn call<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    const MODELLED: Expected = &[("id", "a string"), ("name", "a string"), ("args", "an object")];
    let (mut id, mut name, mut arguments, mut extra) = (None, None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => id = Some(c.text()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("args", Kind::Object) => arguments = Some(Arguments::Json(c.raw()?)),
            _ => reading.leftover(c, key, &mut extra, MODELLED)?,
        }
        Ok(())
    })?;
    if name.is_none() && reading == Reading::Strict {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("name"));
    }
    Ok(name.map(|name| {
        Part::new(PartBody::from(ToolCall {
            id,
            name,
            arguments: arguments.unwrap_or_default(),
            kind: CallKind::Function,
            extra,
        }))
    }))
}
