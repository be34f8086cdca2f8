//! A message of a request or of an answer into the canonical form. The wire spreads what a model
//! said over several members; the canonical parts take them in the order in which the model
//! produced them: reasoning, content, refusal, calls.

use std::borrow::Cow;

use super::decode_part::part;
use super::{Expected, Reading, form};
use crate::canonical::{
    Arguments, CallKind, Citation, Extra, Form, Issuer, Message, Opaque, OpaqueRole, Part, PartBody, Reasoning,
    Role, ToolCall, ToolResult,
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
    name: Option<Cow<'a, str>>,
    content: Vec<Part<'a>>,
    content_form: Option<Form>,
    refusal: Option<Cow<'a, str>>,
    reasoning: Option<Cow<'a, str>>,
    reasoning_content: Option<Cow<'a, str>>,
    details: Vec<Part<'a>>,
    calls: Vec<Part<'a>>,
    function_call: Option<Part<'a>>,
    citations: Vec<Citation<'a>>,
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
                let text = c.text()?;
                self.content = Vec::new();
                if text.is_empty() {
                    self.content_form = Some(form::message::EMPTY);
                } else {
                    self.content_form = Some(form::message::STRING);
                    self.content.push(Part::text(text));
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
            ("name", Kind::String) => self.name = Some(c.text()?),
            ("tool_call_id", Kind::String) => self.tool_call_id = Some(c.text()?),
            ("refusal", Kind::String) => keep_text(c, key, &mut self.refusal, &mut self.extra)?,
            ("reasoning", Kind::String) => keep_text(c, key, &mut self.reasoning, &mut self.extra)?,
            ("reasoning_content", Kind::String) => {
                keep_text(c, key, &mut self.reasoning_content, &mut self.extra)?;
            }
            ("reasoning_details", Kind::Array) => self.details(c, key)?,
            ("tool_calls", Kind::Array) => self.calls(c, key, reading)?,
            ("function_call", Kind::Object) => self.function_call(c, key)?,
            ("annotations", Kind::Array) => self.annotations(c, key)?,
            _ => reading.leftover(c, key, &mut self.extra, MODELLED)?,
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
            self.details = details;
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
            self.calls = calls;
        } else {
            self.extra.push(key.decode(), c.raw_at(whole));
        }
        Ok(())
    }

    fn function_call(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let span = c.skip_value()?;
        match function(&mut c.revisit(span))? {
            // Some servers dump an empty one beside real calls.
            Some(call) if !call.name.is_empty() => {
                let mut part = Part::new(PartBody::ToolCall(call));
                part.form = form::part::FUNCTION_CALL;
                self.function_call = Some(part);
            }
            Some(_) | None => self.extra.push(key.decode(), c.raw_at(span)),
        }
        Ok(())
    }

    fn annotations(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let span = c.skip_value()?;
        match citations(&mut c.revisit(span))? {
            Some(citations) if !citations.is_empty() => self.citations = citations,
            Some(_) | None => self.extra.push(key.decode(), c.raw_at(span)),
        }
        Ok(())
    }

    fn finish(mut self) -> Message<'a> {
        let mut note = self.content_form.unwrap_or(form::message::ABSENT);
        let mut parts = self.reasoning(&mut note);
        self.place_citations();
        parts.append(&mut self.content);
        parts.extend(self.refusal.take().map(|text| Part::new(PartBody::Refusal(text))));
        parts.append(&mut self.calls);
        parts.extend(self.function_call.take());
        let role = match self.role.take() {
            None => Role::Assistant,
            Some(word) => match word.as_ref() {
                "system" => Role::System,
                "developer" => Role::Developer,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                "tool" => return self.result(parts, note),
                "function" => return self.result(parts, note.with(form::message::FUNCTION)),
                _ => Role::Other(word),
            },
        };
        if let Some(id) = self.tool_call_id {
            self.extra.push("tool_call_id", RawJson::of_string(&id));
        }
        Message {
            role,
            name: self.name,
            parts,
            form: note,
            extra: self.extra,
        }
    }

    /// The message of a tool: its content is the result's.
    fn result(self, content: Vec<Part<'a>>, note: Form) -> Message<'a> {
        let result = ToolResult {
            call_id: self.tool_call_id,
            name: self.name,
            content,
            is_error: None,
            kind: CallKind::Function,
        };
        Message {
            role: Role::Tool,
            name: None,
            parts: vec![Part::new(PartBody::ToolResult(result))],
            form: note,
            extra: self.extra,
        }
    }

    /// Takes reasoning out of the members it may be in. Details say most; a string that repeats
    /// them is only noted.
    fn reasoning(&mut self, note: &mut Form) -> Vec<Part<'a>> {
        let mut parts = std::mem::take(&mut self.details);
        let of_content = (self.reasoning_content.take(), form::part::REASONING_CONTENT);
        let plain = (self.reasoning.take(), form::part::REASONING);
        let repeats = [
            (of_content, "reasoning_content", form::message::ALSO_REASONING_CONTENT),
            (plain, "reasoning", form::message::ALSO_REASONING),
        ];
        for ((text, spelling), name, repeat) in repeats {
            match text {
                None => {}
                Some(text) if parts.is_empty() => {
                    let mut part = Part::new(PartBody::Reasoning(Reasoning {
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
    fn place_citations(&mut self) {
        if self.citations.is_empty() {
            return;
        }
        let citations = std::mem::take(&mut self.citations);
        let text = self.content.iter_mut().find_map(|part| match &mut part.body {
            PartBody::Text(text) => Some(text),
            _ => None,
        });
        match text {
            Some(text) => text.citations = citations,
            None => {
                let mut out = Vec::new();
                super::encode_message::write_annotations(&mut out, citations.iter());
                let raw = String::from_utf8(out).ok().and_then(|text| RawJson::parse(text).ok());
                self.extra.push("annotations", raw.unwrap_or_else(RawJson::empty_object));
            }
        }
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

/// Reads a text member; an empty one says nothing and is only kept.
fn keep_text<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    to: &mut Option<Cow<'a, str>>,
    extra: &mut Extra<'a>,
) -> Result<(), DecodeError> {
    let text = c.string()?;
    if text.is_empty() {
        extra.push(key.decode(), c.raw_at(text.span()));
    } else {
        *to = Some(text.decode());
    }
    Ok(())
}

/// Reads one of `reasoning_details`.
pub(super) fn reasoning_detail<'a>(c: &mut Cursor<'a>) -> Result<Part<'a>, DecodeError> {
    c.count_node()?;
    let mut kind = Cow::Borrowed("");
    let (mut reasoning, mut signature, mut issuer, mut extra) = (Reasoning::default(), None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = c.text()?,
            ("text", Kind::String) => reasoning.text = vec![c.text()?],
            ("summary", Kind::String) => reasoning.summary = vec![c.text()?],
            ("data", Kind::String) => reasoning.encrypted = Some(c.text()?),
            ("id", Kind::String) => reasoning.id = Some(c.text()?),
            ("signature", Kind::String) => signature = Some(c.text()?),
            ("format", Kind::String) => issuer = Some(Issuer::parse(c.text()?)),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let (text, summary, sealed) = (
        !reasoning.text.is_empty(),
        !reasoning.summary.is_empty(),
        reasoning.encrypted.is_some(),
    );
    let body = match (kind.as_ref(), text, summary, sealed) {
        ("reasoning.text", _, false, false)
        | ("reasoning.summary", false, true, false)
        | ("reasoning.encrypted", false, false, true) => PartBody::Reasoning(reasoning),
        _ => {
            (signature, issuer, extra) = (None, None, Extra::NONE);
            PartBody::Opaque(Opaque {
                kind,
                role: OpaqueRole::Unknown,
                value: c.raw_at(whole),
            })
        }
    };
    let mut part = Part::new(body);
    part.signature = signature;
    part.issuer = issuer;
    part.extra = extra;
    part.form = form::part::DETAIL;
    Ok(part)
}

/// Reads one of `tool_calls`. `None` when it is not in a shape that can be written back.
fn tool_call<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a tool call", found)),
        (_, Reading::Lenient) => return Ok(None),
    }
    let (mut id, mut kind, mut function_at, mut custom_at) = (None, None, None, None);
    let (mut signature, mut extra) = (None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => id = Some(c.text()?),
            ("type", Kind::String) => kind = Some(c.text()?),
            ("function", Kind::Object) => function_at = Some((key, c.skip_value()?)),
            ("custom", Kind::Object) => custom_at = Some((key, c.skip_value()?)),
            ("extra_content", Kind::Object) => {
                let span = c.skip_value()?;
                signature = google_signature(&mut c.revisit(span))?;
                if signature.is_none() {
                    extra.push(key.decode(), c.raw_at(span));
                }
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let custom = kind.as_deref() == Some("custom");
    let (named, other) = if custom { (custom_at, function_at) } else { (function_at, custom_at) };
    let name = if custom { "custom" } else { "function" };
    let call = match named {
        None if reading == Reading::Strict => {
            return Err(DecodeError::new(Fault::Missing, whole.start).under_key(name));
        }
        None => None,
        Some((_, span)) => function(&mut c.revisit(span)).map_err(|e| e.under_key(name))?,
    };
    let known_type = matches!(kind.as_deref(), None | Some("function" | "custom"));
    let Some(mut call) = call.filter(|_| known_type) else {
        return Ok(None);
    };
    if let Some((key, span)) = other {
        extra.push(key.decode(), c.raw_at(span));
    }
    call.id = id;
    call.kind = if custom { CallKind::Custom } else { CallKind::Function };
    let mut part = Part::new(PartBody::ToolCall(call));
    part.issuer = signature.is_some().then_some(Issuer::Google);
    part.signature = signature;
    part.extra = extra;
    if kind.is_none() {
        part.form = form::part::UNTYPED;
    }
    Ok(Some(part))
}

/// Reads `{name, arguments}` of a function, or `{name, input}` of a custom tool. `None` without
/// both.
fn function<'a>(c: &mut Cursor<'a>) -> Result<Option<ToolCall<'a>>, DecodeError> {
    let (mut name, mut arguments, mut extra) = (None, None, Extra::NONE);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("arguments" | "input", Kind::String) => arguments = Some(Arguments::Text(c.text()?)),
            // Ollama and others give an object.
            ("arguments", Kind::Object) => arguments = Some(Arguments::Json(c.raw()?)),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(name.map(|name| ToolCall {
        id: None,
        name,
        arguments: arguments.unwrap_or_default(),
        kind: CallKind::Function,
        extra,
    }))
}

/// The signature in `{google: {thought_signature}}`, when there is nothing else in it.
pub(super) fn google_signature<'a>(c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let (mut signature, mut plain) = (None, true);
    c.object(|c, key| {
        if key.decode() != "google" || c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        c.object(|c, key| {
            if key.decode() == "thought_signature" && c.peek()? == Kind::String {
                signature = Some(c.text()?);
            } else {
                plain = false;
            }
            Ok(())
        })
        .map(drop)
    })?;
    Ok(signature.filter(|_| plain))
}

/// Reads `annotations`. `None` when one of them is not in a shape that can be written back.
pub(super) fn citations<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<Citation<'a>>>, DecodeError> {
    let (mut citations, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        let citation = if c.peek()? == Kind::Object { citation(c)? } else { None };
        match citation {
            Some(citation) => citations.push(citation),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(citations).filter(|_| plain))
}

/// `{type: url_citation, url_citation: {...}}` as itself, other types with all members as extra.
fn citation<'a>(c: &mut Cursor<'a>) -> Result<Option<Citation<'a>>, DecodeError> {
    let mut citation = Citation::default();
    let (mut kind, mut inner) = (None, None);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("url_citation", Kind::Object) => inner = Some(c.skip_value()?),
            _ => citation.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let Some(kind) = kind else { return Ok(None) };
    let url = kind == "url_citation";
    citation.kind = kind;
    match inner {
        None if url => return Ok(None),
        None => return Ok(Some(citation)),
        Some(_) if !url || !citation.extra.is_empty() => return Ok(None),
        Some(span) => {
            c.revisit(span).object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("url", Kind::String) => citation.url = Some(c.text()?),
                    ("title", Kind::String) => citation.title = Some(c.text()?),
                    ("content", Kind::String) => citation.quote = Some(c.text()?),
                    ("start_index", Kind::Number) => citation.start = unsigned(c, key, &mut citation.extra)?,
                    ("end_index", Kind::Number) => citation.end = unsigned(c, key, &mut citation.extra)?,
                    _ => citation.extra.keep(c, key)?,
                }
                Ok(())
            })?;
        }
    }
    Ok(Some(citation))
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
