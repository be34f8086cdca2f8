//! A message of a request or of an answer into the canonical form. The wire spreads what a model
//! said over several members; the canonical parts take them in the order in which the model
//! produced them: reasoning, content, refusal, calls.

use std::borrow::Cow;

use super::decode_calls::{function, tool_call};
use super::decode_citations::citations;
use super::decode_part::part;
use super::decode_reasoning::reasoning_detail;
use super::{Expected, Reading, form};
use crate::canonical::{
    CallKind, Citation, Extra, Form, Message, Part, PartBody, Reasoning, Role, ToolResult,
};
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::{DecodeError, Fault};

const MODELLED: Expected = &[
    ("role", "a string"),
    ("content", "a string or an array of content parts"),
    ("name", "a string"),
    ("refusal", "a string"),
    ("tool_calls", "an array"),
    ("tool_call_id", "a string"),
    ("function_call", "an object"),
    ("reasoning_content", "a string"),
];

/// A message so far.
#[derive(Default)]
struct Draft<'a> {
    role: Option<Cow<'a, str>>,
    content: Vec<Part<'a>>,
    content_form: Option<Form>,
    rest: Option<Box<Rest<'a>>>,
    extra: Extra<'a>,
    /// It is the result of a tool, of which only the content means anything.
    bare: bool,
}

/// What few messages have.
#[derive(Default)]
struct Rest<'a> {
    name: Option<Cow<'a, str>>,
    refusal: Option<Cow<'a, str>>,
    reasoning: Option<Cow<'a, str>>,
    reasoning_content: Option<Cow<'a, str>>,
    details: Vec<Part<'a>>,
    calls: Vec<Part<'a>>,
    function_call: Option<Box<Part<'a>>>,
    citations: Vec<Citation<'a>>,
    tool_call_id: Option<Cow<'a, str>>,
}

/// Reads one message.
pub(super) fn message<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Message<'a>, DecodeError> {
    c.count_node()?;
    let of_user = plain(c, r#"{"role":"user","content":""#, Role::User);
    let plain = of_user.or_else(|| plain(c, r#"{"role":"assistant","content":""#, Role::Assistant));
    if let Some(message) = plain {
        return Ok(message);
    }
    let mut draft = Draft::default();
    let whole = c.object(|c, key| draft.member(c, key, reading))?;
    if draft.is_result() && draft.rest.as_deref().is_some_and(Rest::says_more) {
        draft = Draft {
            bare: true,
            ..Draft::default()
        };
        c.revisit(whole).object(|c, key| draft.member(c, key, reading))?;
    }
    if draft.role.is_none() && reading == Reading::Strict {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("role"));
    }
    Ok(draft.finish())
}

/// Reads what most messages are: one that begins so, and ends with its text.
fn plain<'a>(c: &mut Cursor<'a>, start: &str, role: Role<'a>) -> Option<Message<'a>> {
    let text = c.ending_in_text(start)?;
    let mut message = Message::new(role, vec![Part::text(text)]);
    message.form = form::message::STRING;
    Some(message)
}

impl<'a> Draft<'a> {
    fn is_result(&self) -> bool {
        matches!(self.role.as_deref(), Some("tool" | "function"))
    }

    fn rest(&mut self) -> &mut Rest<'a> {
        self.rest.get_or_insert_default()
    }

    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, reading: Reading) -> Result<(), DecodeError> {
        match (key.decode().as_ref(), c.peek()?) {
            ("role", Kind::String) => self.role = Some(c.text()?),
            ("content", Kind::String) => {
                let text = c.text()?;
                self.content = Vec::new();
                if text.is_empty() {
                    self.content_form = Some(form::message::EMPTY);
                } else {
                    self.content_form = Some(form::message::STRING);
                    self.content = vec![Part::text(text)];
                }
            }
            ("content", Kind::Array) => {
                self.content = Vec::new();
                self.content_form = Some(form::message::LIST);
                c.array(|c, _| {
                    self.content.push(part(c, reading)?);
                    Ok(())
                })?;
            }
            ("content", Kind::Null) => {
                c.take_null()?;
                self.content = Vec::new();
                self.content_form = Some(form::message::NULL);
            }
            ("name", Kind::String) => self.rest().name = Some(c.text()?),
            ("tool_call_id", Kind::String) => self.rest().tool_call_id = Some(c.text()?),
            ("role" | "content" | "name" | "tool_call_id", _) => {
                reading.leftover(c, key, &mut self.extra, MODELLED)?;
            }
            _ if self.bare => self.extra.keep(c, key)?,
            ("refusal", Kind::String) => self.text(c, key, |rest| &mut rest.refusal)?,
            ("reasoning", Kind::String) => self.text(c, key, |rest| &mut rest.reasoning)?,
            ("reasoning_content", Kind::String) => {
                self.text(c, key, |rest| &mut rest.reasoning_content)?;
            }
            ("reasoning_details", Kind::Array) => self.details(c, key)?,
            ("tool_calls", Kind::Array) => self.calls(c, key, reading)?,
            ("function_call", Kind::Object) => self.function_call(c, key)?,
            ("annotations", Kind::Array) => self.annotations(c, key)?,
            _ => reading.leftover(c, key, &mut self.extra, MODELLED)?,
        }
        Ok(())
    }

    /// Reads a text member; an empty one says nothing and is only kept.
    fn text(
        &mut self,
        c: &mut Cursor<'a>,
        key: JsonStr<'a>,
        place: for<'r> fn(&'r mut Rest<'a>) -> &'r mut Option<Cow<'a, str>>,
    ) -> Result<(), DecodeError> {
        let text = c.string()?;
        if text.is_empty() {
            self.extra.push(key.decode(), c.raw_at(text.span()));
        } else {
            *place(self.rest()) = Some(text.decode());
        }
        Ok(())
    }

    fn details(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let (mut details, mut plain) = (Vec::new(), true);
        let whole = c.array(|c, _| {
            if c.peek()? == Kind::Object {
                details.push(reasoning_detail(c)?);
            } else {
                plain = false;
            }
            Ok(())
        })?;
        if plain && !details.is_empty() {
            self.rest().details = details;
        } else {
            self.extra.push(key.decode(), c.raw_at(whole));
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
        if plain && !calls.is_empty() {
            self.rest().calls = calls;
        } else {
            self.extra.push(key.decode(), c.raw_at(whole));
        }
        Ok(())
    }

    fn function_call(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let span = c.skip_value()?;
        match function(&mut c.revisit(span), CallKind::Function)? {
            // Some servers dump an empty one beside real calls.
            Some((call, form)) if !call.name.is_empty() => {
                let mut part = Part::new(PartBody::from(call));
                part.form = form.with(form::part::FUNCTION_CALL);
                self.rest().function_call = Some(Box::new(part));
            }
            Some(_) | None => self.extra.push(key.decode(), c.raw_at(span)),
        }
        Ok(())
    }

    fn annotations(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let span = c.skip_value()?;
        match citations(&mut c.revisit(span))? {
            Some(citations) if !citations.is_empty() => self.rest().citations = citations,
            Some(_) | None => self.extra.push(key.decode(), c.raw_at(span)),
        }
        Ok(())
    }

    fn finish(mut self) -> Message<'a> {
        let mut note = self.content_form.unwrap_or(form::message::ABSENT);
        let mut rest = self.rest.take();
        let parts = match rest.as_deref_mut() {
            None => std::mem::take(&mut self.content),
            Some(rest) => self.parts(rest, &mut note),
        };
        let role = match self.role.take() {
            None => {
                note = note.with(form::message::NO_ROLE);
                Role::Assistant
            }
            Some(word) => match word.as_ref() {
                "system" => Role::System,
                "developer" => Role::Developer,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                "tool" => return self.result(rest, parts, note),
                "function" => return self.result(rest, parts, note.with(form::message::FUNCTION)),
                _ => Role::Other(word),
            },
        };
        let (name, id) = rest.map_or((None, None), |rest| (rest.name, rest.tool_call_id));
        if let Some(id) = id {
            self.extra.push("tool_call_id", RawJson::of_string(&id));
        }
        Message {
            role,
            name,
            parts,
            form: note,
            extra: self.extra,
        }
    }

    /// All parts, in their order.
    fn parts(&mut self, rest: &mut Rest<'a>, note: &mut Form) -> Vec<Part<'a>> {
        let mut parts = self.reasoning(rest, note);
        self.place_citations(std::mem::take(&mut rest.citations));
        if parts.is_empty() {
            parts = std::mem::take(&mut self.content);
        } else {
            parts.append(&mut self.content);
        }
        let refusal = rest.refusal.take();
        parts.extend(refusal.map(|text| Part::new(PartBody::Refusal(text))));
        parts.append(&mut rest.calls);
        parts.extend(rest.function_call.take().map(|part| *part));
        parts
    }

    /// The message of a tool: its content is the result's.
    fn result(self, rest: Option<Box<Rest<'a>>>, content: Vec<Part<'a>>, note: Form) -> Message<'a> {
        let rest = rest.unwrap_or_default();
        let result = ToolResult {
            call_id: rest.tool_call_id,
            name: rest.name,
            content,
            is_error: None,
            kind: CallKind::Function,
        };
        Message {
            role: Role::Tool,
            name: None,
            parts: vec![Part::new(PartBody::from(result))],
            form: note,
            extra: self.extra,
        }
    }

    /// Takes reasoning out of the members it may be in. Details say most; a string that repeats
    /// them is only noted.
    fn reasoning(&mut self, rest: &mut Rest<'a>, note: &mut Form) -> Vec<Part<'a>> {
        let mut parts = std::mem::take(&mut rest.details);
        let of_content = (rest.reasoning_content.take(), form::part::REASONING_CONTENT);
        let plain = (rest.reasoning.take(), form::part::REASONING);
        let repeats = [
            (
                of_content,
                "reasoning_content",
                form::message::ALSO_REASONING_CONTENT,
            ),
            (plain, "reasoning", form::message::ALSO_REASONING),
        ];
        for ((text, spelling), name, repeat) in repeats {
            match text {
                None => {}
                Some(text) if parts.is_empty() => {
                    let mut part = Part::new(PartBody::from(Reasoning {
                        text: vec![text],
                        ..Reasoning::default()
                    }));
                    part.form = spelling;
                    parts.push(part);
                }
                Some(text) if shown_reasoning(&parts) == text => *note = note.with(repeat),
                Some(text) => self.extra.push(name, RawJson::of_string(&text)),
            }
        }
        parts
    }

    /// Citations belong to the text; without one they stay where they were.
    fn place_citations(&mut self, citations: Vec<Citation<'a>>) {
        if citations.is_empty() {
            return;
        }
        let text = self.content.iter_mut().find_map(|part| {
            if let PartBody::Text(text) = &mut part.body {
                Some(text)
            } else {
                None
            }
        });
        match text {
            Some(text) => text.citations = citations,
            None => {
                let mut out = Vec::new();
                super::encode_part::write_annotations(&mut out, citations.iter());
                let raw = String::from_utf8(out)
                    .ok()
                    .and_then(|text| RawJson::parse(text).ok());
                self.extra
                    .push("annotations", raw.unwrap_or_else(RawJson::empty_object));
            }
        }
    }
}

impl Rest<'_> {
    /// Whether there is more than content.
    fn says_more(&self) -> bool {
        let texts = [&self.refusal, &self.reasoning, &self.reasoning_content];
        let parts = [&self.details, &self.calls];
        texts.into_iter().any(Option::is_some)
            || parts.into_iter().any(|parts| !parts.is_empty())
            || self.function_call.is_some()
            || !self.citations.is_empty()
    }
}

/// All reasoning that is shown, run together: what servers put into `reasoning` beside details.
pub(super) fn shown_reasoning(parts: &[Part<'_>]) -> String {
    let mut shown = String::new();
    for part in parts {
        if let PartBody::Reasoning(reasoning) = &part.body {
            for piece in reasoning.text.iter().chain(&reasoning.summary) {
                shown.push_str(piece);
            }
        }
    }
    shown
}

/// Reads a whole number; one in another spelling goes to `extra`.
pub(super) fn unsigned<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<u64>, DecodeError> {
    let number = c.spelled_number()?;
    let value = number.as_u64();
    if value.is_none() {
        extra.push(key.decode(), number.into());
    }
    Ok(value)
}
