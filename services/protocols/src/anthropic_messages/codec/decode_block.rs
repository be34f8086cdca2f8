//! Content blocks into the canonical form. A block of a type not known, or of a known type in an
//! unexpected shape, is kept whole.

use std::borrow::Cow;

use super::decode_citations::citations;
use super::decode_media::media;
use super::members::Members;
use super::words::block_role;
use super::{Expected, Reading, form, seal};
use crate::DecodeError;
use crate::canonical::{
    Arguments, CacheMark, CallKind, Extra, Issuer, MediaKind, Opaque, Part, PartBody, Reasoning, Text,
    ToolCall, ToolResult,
};
use crate::json::{Cursor, Kind, RawJson, Span};

const BLOCK: Expected = &[("cache_control", "an object")];
const RESULT: Expected = &[
    ("content", "a string or an array of content blocks"),
    ("is_error", "a boolean"),
    ("cache_control", "an object"),
];

/// Reads one block.
pub(super) fn block<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Part<'a>, DecodeError> {
    nested_block(c, reading, true)
}

/// Reads one block. Results of tools do not hold results of tools; kept whole where they do, they
/// cannot make reading slow.
fn nested_block<'a>(c: &mut Cursor<'a>, reading: Reading, outermost: bool) -> Result<Part<'a>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a content block", found)),
        (_, Reading::Lenient) => return Ok(opaque(Cow::Borrowed(""), c.raw()?)),
    }
    let mut members = Members::read(c)?;
    let whole = members.whole();
    let Some(kind) = members.text("type") else {
        return match reading {
            Reading::Strict => Err(members.missing("type", "a string")),
            Reading::Lenient => Ok(opaque(Cow::Borrowed(""), c.raw_at(whole))),
        };
    };
    let made = match kind.as_ref() {
        "text" => text(c, &mut members, reading)?,
        "image" => media(c, MediaKind::Image, &mut members)?,
        "document" => media(c, MediaKind::File, &mut members)?,
        "thinking" => thinking(&mut members, reading)?,
        "redacted_thinking" => redacted(&mut members, reading)?,
        "tool_use" => tool_use(c, &mut members, reading)?,
        "tool_result" if outermost => tool_result(c, &mut members, reading)?,
        _ => None,
    };
    let Some(mut part) = made else {
        return Ok(opaque(kind, c.raw_at(whole)));
    };
    let mut extra = std::mem::take(&mut part.extra);
    if let Some(span) = members.span("cache_control", Kind::Object) {
        part.cache = cache_mark(c, span, &mut extra)?;
    }
    let modelled = if kind == "tool_result" { RESULT } else { BLOCK };
    let rest = members.into_extra(c, reading, modelled)?;
    part.extra = if extra.is_empty() {
        rest
    } else {
        joined(extra, &rest)
    };
    Ok(part)
}

fn joined<'a>(mut extra: Extra<'a>, rest: &Extra<'a>) -> Extra<'a> {
    for (name, value) in rest.iter() {
        extra.push(name.to_owned(), value.clone());
    }
    extra
}

/// A block kept whole.
fn opaque<'a>(kind: Cow<'a, str>, value: RawJson<'a>) -> Part<'a> {
    let role = block_role(&kind);
    Part::new(PartBody::from(Opaque { kind, role, value }))
}

/// A string that the block must have; read leniently, a block without it is kept whole.
fn required<'a>(
    members: &mut Members<'a>,
    name: &'static str,
    reading: Reading,
) -> Result<Option<Cow<'a, str>>, DecodeError> {
    match (members.text(name), reading) {
        (None, Reading::Strict) => Err(members.missing(name, "a string")),
        (text, _) => Ok(text),
    }
}

fn text<'a>(
    c: &mut Cursor<'a>,
    members: &mut Members<'a>,
    reading: Reading,
) -> Result<Option<Part<'a>>, DecodeError> {
    let Some(text) = required(members, "text", reading)? else {
        return Ok(None);
    };
    let mut body = Text {
        text,
        citations: Vec::new(),
    };
    let mut extra = Extra::NONE;
    if let Some(span) = members.span("citations", Kind::Array) {
        let mut inner = c.revisit(span);
        match citations(&mut inner)?.filter(|list| !list.is_empty()) {
            Some(list) => body.citations = list,
            None => extra.push("citations", c.raw_at(span)),
        }
        c.count_like(&inner);
    }
    let mut part = Part::new(PartBody::Text(body));
    part.extra = extra;
    Ok(Some(part))
}

fn thinking<'a>(members: &mut Members<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    let Some(text) = required(members, "thinking", reading)? else {
        return Ok(None);
    };
    let signature = members.text("signature");
    let mut extra = Extra::NONE;
    let mut reasoning = Reasoning::default();
    let (mut issuer, mut sealed) = (None, None);
    match signature {
        None => {}
        Some(empty) if empty.is_empty() => extra.push("signature", RawJson::of_string("")),
        Some(signature) => {
            let (by, signature) = seal::open(signature);
            if by == Issuer::OpenAi {
                reasoning.encrypted = Some(signature);
            } else {
                sealed = Some(signature);
            }
            issuer = Some(by);
        }
    }
    if issuer == Some(Issuer::OpenAi) {
        reasoning.summary.push(text);
    } else if !text.is_empty() {
        reasoning.text.push(text);
    }
    let mut part = Part::new(PartBody::from(reasoning));
    part.signature = sealed;
    part.issuer = issuer;
    part.extra = extra;
    Ok(Some(part))
}

fn redacted<'a>(members: &mut Members<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    Ok(required(members, "data", reading)?.map(|data| {
        let (issuer, data) = seal::open(data);
        let mut part = Part::new(PartBody::from(Reasoning {
            encrypted: Some(data),
            ..Reasoning::default()
        }));
        part.issuer = Some(issuer);
        part
    }))
}

fn tool_use<'a>(
    c: &Cursor<'a>,
    members: &mut Members<'a>,
    reading: Reading,
) -> Result<Option<Part<'a>>, DecodeError> {
    let id = required(members, "id", reading)?;
    let name = required(members, "name", reading)?;
    let input = members.span("input", Kind::Object);
    if input.is_none() && reading == Reading::Strict {
        return Err(members.missing("input", "an object"));
    }
    let (Some(id), Some(name), Some(input)) = (id, name, input) else {
        return Ok(None);
    };
    let mut part = Part::new(PartBody::from(ToolCall {
        id: Some(id),
        name,
        arguments: Arguments::Json(c.raw_at(input)),
        kind: CallKind::Function,
        extra: Extra::NONE,
    }));
    if let Some(span) = members.span("caller", Kind::Object) {
        let mut caller = Members::read(&mut c.revisit(span))?;
        if caller.text("type").as_deref() == Some("direct") && caller.is_empty() {
            part.form = form::part::DIRECT;
        } else {
            part.extra.push("caller", c.raw_at(span));
        }
    }
    Ok(Some(part))
}

fn tool_result<'a>(
    c: &mut Cursor<'a>,
    members: &mut Members<'a>,
    reading: Reading,
) -> Result<Option<Part<'a>>, DecodeError> {
    let Some(call_id) = required(members, "tool_use_id", reading)? else {
        return Ok(None);
    };
    let (mut content, mut note) = (Vec::new(), form::part::ABSENT);
    if let Some(text) = members.text("content") {
        if text.is_empty() {
            note = form::part::EMPTY;
        } else {
            note = form::part::STRING;
            content.push(Part::text(text));
        }
    } else if let Some(span) = members.span("content", Kind::Array) {
        note = form::part::LIST;
        let mut inner = c.revisit(span);
        inner
            .array(|c, _| {
                content.push(nested_block(c, reading, false)?);
                Ok(())
            })
            .map_err(|e| e.under_key("content"))?;
        c.count_like(&inner);
    }
    let mut part = Part::new(PartBody::from(ToolResult {
        call_id: Some(call_id),
        name: None,
        content,
        is_error: members.bool(c, "is_error"),
        kind: CallKind::Function,
    }));
    part.form = note;
    Ok(Some(part))
}

/// Reads a prompt-cache marker; one in another shape than expected goes to `extra`.
pub(super) fn cache_mark<'a>(
    c: &mut Cursor<'a>,
    span: Span,
    extra: &mut Extra<'a>,
) -> Result<Option<Box<CacheMark<'a>>>, DecodeError> {
    let mut members = Members::read(&mut c.revisit(span))?;
    if members.text("type").as_deref() != Some("ephemeral") {
        extra.push("cache_control", c.raw_at(span));
        return Ok(None);
    }
    let ttl = members.text("ttl");
    let rest = members.into_extra(c, Reading::Lenient, &[])?;
    Ok(Some(Box::new(CacheMark {
        ttl,
        extra: rest,
        ..CacheMark::default()
    })))
}
