//! A message of a request or of an answer into the canonical form. Parts are taken in the order in
//! which the model produced them: thinking and text, the plan of what tools to call, the calls.

use std::borrow::Cow;

use super::citations::citation;
use super::decode_part::part;
use super::decode_tools::tool_call;
use super::form;
use crate::canonical::{
    CallKind, Citation, Extra, Form, Message, Part, PartBody, Reasoning, Role, ToolResult,
};
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::reading::{Expected, Reading};
use crate::{DecodeError, Fault};

const MODELLED: Expected = &[
    ("role", "a string"),
    ("content", "a string or an array of content parts"),
    ("tool_plan", "a string"),
    ("tool_calls", "an array"),
    ("tool_call_id", "a string"),
];

/// A message so far.
#[derive(Default)]
struct Draft<'a> {
    role: Option<Cow<'a, str>>,
    content: Vec<Part<'a>>,
    content_form: Option<Form>,
    plan: Option<Cow<'a, str>>,
    calls: Option<(Vec<Part<'a>>, RawJson<'a>)>,
    citations: Option<(Vec<Citation<'a>>, RawJson<'a>)>,
    tool_call_id: Option<Cow<'a, str>>,
    extra: Extra<'a>,
}

/// Reads one message.
pub(super) fn message<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Message<'a>, DecodeError> {
    c.count_node()?;
    let mut draft = Draft::default();
    let whole = c.object(|c, key| draft.member(c, key, reading))?;
    if draft.role.is_none() && reading == Reading::Strict {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("role"));
    }
    Ok(draft.finish())
}

impl<'a> Draft<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, reading: Reading) -> Result<(), DecodeError> {
        match (key.decode().as_ref(), c.peek()?) {
            ("role", Kind::String) => self.role = Some(c.text()?),
            ("content", Kind::String) => {
                self.content = vec![Part::text(c.text()?)];
                self.content_form = Some(form::message::STRING);
            }
            ("content", Kind::Array) => {
                self.content = Vec::new();
                c.array(|c, _| {
                    self.content.push(part(c, reading)?);
                    Ok(())
                })?;
                self.content_form = Some(form::message::LIST);
            }
            ("content", Kind::Null) => {
                c.take_null()?;
                self.content = Vec::new();
                self.content_form = Some(form::message::NULL);
            }
            ("tool_plan", Kind::String) => {
                let text = c.string()?;
                if text.is_empty() {
                    self.extra.push(key.decode(), c.raw_at(text.span()));
                } else {
                    self.plan = Some(text.decode());
                }
            }
            ("tool_call_id", Kind::String) => self.tool_call_id = Some(c.text()?),
            ("tool_calls", Kind::Array) => self.calls(c, key, reading)?,
            ("citations", Kind::Array) => self.citations(c, key)?,
            _ => reading.leftover(c, key, &mut self.extra, MODELLED)?,
        }
        Ok(())
    }

    fn calls(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, reading: Reading) -> Result<(), DecodeError> {
        let (mut calls, mut plain) = (Vec::new(), true);
        let whole = c.array(|c, _| {
            match tool_call(c, reading)? {
                Some(call) => calls.push(call),
                None => plain = false,
            }
            Ok(())
        })?;
        let raw = c.raw_at(whole);
        if plain && !calls.is_empty() {
            self.calls = Some((calls, raw));
        } else {
            self.extra.push(key.decode(), raw);
        }
        Ok(())
    }

    fn citations(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let (mut list, mut plain) = (Vec::new(), true);
        let whole = c.array(|c, _| {
            c.count_node()?;
            if c.peek()? == Kind::Object {
                list.push(citation(c)?);
            } else {
                plain = false;
            }
            Ok(())
        })?;
        let raw = c.raw_at(whole);
        if plain && !list.is_empty() {
            self.citations = Some((list, raw));
        } else {
            self.extra.push(key.decode(), raw);
        }
        Ok(())
    }

    fn finish(mut self) -> Message<'a> {
        let mut note = self.content_form.unwrap_or(form::message::ABSENT);
        if self.role.is_none() {
            note = note.with(form::message::NO_ROLE);
        }
        self.place_citations();
        let mut parts = self.content;
        parts.extend(self.plan.map(|plan| {
            let mut part = Part::new(PartBody::from(Reasoning {
                text: vec![plan],
                ..Reasoning::default()
            }));
            part.form = form::part::TOOL_PLAN;
            part
        }));
        match (self.calls, self.role.as_deref()) {
            // A result calls nothing.
            (Some((_, raw)), Some("tool")) => self.extra.push("tool_calls", raw),
            (Some((calls, _)), _) => parts.extend(calls),
            (None, _) => {}
        }
        let role = match self.role {
            None => Role::Assistant,
            Some(word) => match word.as_ref() {
                "system" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                "tool" => {
                    let result = ToolResult {
                        call_id: self.tool_call_id.take(),
                        name: None,
                        content: std::mem::take(&mut parts),
                        is_error: None,
                        kind: CallKind::Function,
                    };
                    parts.push(Part::new(PartBody::from(result)));
                    Role::Tool
                }
                _ => Role::Other(word),
            },
        };
        if let Some(id) = self.tool_call_id {
            self.extra.push("tool_call_id", RawJson::of_string(&id));
        }
        Message {
            role,
            name: None,
            parts,
            form: note,
            extra: self.extra,
        }
    }

    /// Citations belong to the text; without one they stay where they were.
    fn place_citations(&mut self) {
        let Some((citations, raw)) = self.citations.take() else {
            return;
        };
        let mut texts = self.content.iter_mut().filter_map(|part| match &mut part.body {
            PartBody::Text(text) => Some(text),
            PartBody::Refusal(_)
            | PartBody::Media(_)
            | PartBody::Reasoning(_)
            | PartBody::ToolCall(_)
            | PartBody::ToolResult(_)
            | PartBody::Json(_)
            | PartBody::Opaque(_) => None,
        });
        match texts.next() {
            Some(text) => text.citations = citations,
            None => self.extra.push("citations", raw),
        }
    }
}
