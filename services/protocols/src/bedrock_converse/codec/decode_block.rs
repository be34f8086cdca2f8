//! Content blocks into canonical parts. A block is an object with one member, whose name is its
//! type; one of a type not known, or of a known type in an unexpected shape, is kept whole. Cache
//! points become marks on what they stand behind.

use std::borrow::Cow;

use super::decode_media::{document, image, media};
use super::{citations, form};
use crate::canonical::{
    Arguments, CacheMark, CallKind, Extra, Issuer, MediaKind, Opaque, OpaqueRole, Part, PartBody, Reasoning,
    ToolCall, ToolResult,
};
use crate::json::{Cursor, Kind, RawJson};
use crate::reading::{Expected, Reading};
use crate::{DecodeError, Fault};

/// Types of blocks whose payload is read.
const PAYLOADS: [&str; 10] = [
    "cachePoint",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "reasoningContent",
    "citationsContent",
    "json",
];

const TOOL_USE: Expected = &[("toolUseId", "a string"), ("name", "a string")];
const TOOL_RESULT: Expected = &[("toolUseId", "a string"), ("content", "an array")];

/// What a payload turned out to be.
enum Made<'a> {
    /// A part.
    Part(Part<'a>),
    /// A mark on the part before.
    CachePoint(Box<CacheMark<'a>>),
    /// Nothing this dialect models: the block is kept whole.
    Opaque(Cow<'a, str>, OpaqueRole),
}

/// A block: a part, or a mark on the part before it.
enum Block<'a> {
    Part(Part<'a>),
    CachePoint(Box<CacheMark<'a>>, RawJson<'a>),
}

/// Reads a list of blocks.
pub(super) fn blocks<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Vec<Part<'a>>, DecodeError> {
    let mut parts: Vec<Part<'a>> = Vec::with_capacity(1);
    c.array(|c, _| {
        match (block(c, reading)?, parts.last_mut()) {
            (Block::Part(part), _) => parts.push(part),
            (Block::CachePoint(mark, _), Some(before)) if before.cache.is_none() => before.cache = Some(mark),
            // One at the very beginning, or two in a row.
            (Block::CachePoint(_, raw), _) => parts.push(opaque(Cow::Borrowed("cachePoint"), raw)),
        }
        Ok(())
    })?;
    Ok(parts)
}

/// The marker in `{cachePoint: {type: default}}`; `None` when it is anything else.
pub(super) fn cache_point<'a>(c: &mut Cursor<'a>) -> Result<Option<Box<CacheMark<'a>>>, DecodeError> {
    if c.peek()? != Kind::Object {
        return Ok(None);
    }
    let (mut mark, mut plain, mut default) = (None, true, false);
    c.object(|c, key| {
        if key.decode() != "cachePoint" || c.peek()? != Kind::Object || mark.is_some() {
            plain = false;
            return Ok(());
        }
        let mut read = CacheMark::default();
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => default = c.text()? == "default",
                ("ttl", Kind::String) => read.ttl = Some(c.text()?),
                _ => read.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        mark = Some(Box::new(read));
        Ok(())
    })?;
    Ok(mark.filter(|_| plain && default))
}

fn block<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Block<'a>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a content block", found)),
        (_, Reading::Lenient) => return Ok(Block::Part(opaque(Cow::Borrowed(""), c.raw()?))),
    }
    let (mut text, mut payload, mut first, mut extra) = (None, None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        let name = key.decode();
        match (name.as_ref(), c.peek()?) {
            ("text", Kind::String) => text = Some(c.text()?),
            (name, found) => match PAYLOADS.iter().find(|p| **p == name) {
                Some(known) if payload.is_none() && found != Kind::Null => {
                    payload = Some((*known, c.skip_value()?));
                }
                Some(_) | None => extra.keep(c, key)?,
            },
        }
        first.get_or_insert(name);
        Ok(())
    })?;
    let made = match (text, payload) {
        (Some(text), None) => Some(Made::Part(Part::text(text))),
        (None, Some(("cachePoint", _))) => cache_point(&mut c.revisit(whole))?.map(Made::CachePoint),
        (None, Some((name, span))) => {
            let mut inner = c.revisit(span);
            let made = self::payload(&mut inner, name, reading).map_err(|e| e.under_key(name))?;
            c.count_like(&inner);
            made
        }
        (Some(_), Some(_)) | (None, None) => None,
    };
    Ok(match made {
        Some(Made::CachePoint(mark)) => Block::CachePoint(mark, c.raw_at(whole)),
        Some(Made::Part(mut part)) if wraps(&part) => {
            part.extra = extra;
            Block::Part(part)
        }
        Some(Made::Part(part)) if extra.is_empty() => Block::Part(part),
        Some(Made::Opaque(kind, role)) => Block::Part(Part::new(PartBody::from(Opaque {
            kind,
            role,
            value: c.raw_at(whole),
        }))),
        Some(Made::Part(_)) | None => Block::Part(opaque(first.unwrap_or_default(), c.raw_at(whole))),
    })
}

/// Whether the extra of such a part is of the block itself. That of media and results is of their
/// payload.
fn wraps(part: &Part<'_>) -> bool {
    !matches!(part.body, PartBody::Media(_) | PartBody::ToolResult(_))
}

pub(super) fn opaque<'a>(kind: Cow<'a, str>, value: RawJson<'a>) -> Part<'a> {
    Part::new(PartBody::from(Opaque {
        kind,
        role: OpaqueRole::Unknown,
        value,
    }))
}

/// Reads what a block is about; `None` when it is not in a shape that can be written back.
fn payload<'a>(c: &mut Cursor<'a>, name: &str, reading: Reading) -> Result<Option<Made<'a>>, DecodeError> {
    if name == "json" {
        return Ok(Some(Made::Part(Part::new(PartBody::Json(c.raw()?)))));
    }
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("an object", found)),
        (_, Reading::Lenient) => return Ok(None),
    }
    let part = match name {
        "toolUse" => return tool_use(c, reading),
        "toolResult" => return tool_result(c, reading),
        "image" => image(c, reading)?,
        "document" => document(c, reading)?,
        "video" => media(c, MediaKind::Video, reading)?,
        "audio" => media(c, MediaKind::Audio, reading)?,
        "reasoningContent" => reasoning(c)?,
        _ => citations::content(c)?.map(|text| {
            let mut part = Part::new(PartBody::Text(text));
            part.form = form::part::CITATIONS;
            part
        }),
    };
    Ok(part.map(Made::Part))
}

fn tool_use<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Made<'a>>, DecodeError> {
    let (mut id, mut name, mut input, mut kind, mut extra) = (None, None, None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("toolUseId", Kind::String) => id = Some(c.text()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("input", _) => input = Some(c.raw()?),
            ("type", Kind::String) => {
                let word = c.string()?;
                kind = Some(word.decode());
                extra.push("type", c.raw_at(word.span()));
            }
            _ => reading.leftover(c, key, &mut extra, TOOL_USE)?,
        }
        Ok(())
    })?;
    if let Some(kind) = kind.filter(|kind| kind != "tool_use") {
        return Ok(Some(Made::Opaque(kind, OpaqueRole::ServerToolCall)));
    }
    let missing = |name| Err(DecodeError::new(Fault::Missing, whole.start).under_key(name));
    let (name, input) = match (name, input) {
        (None, _) if reading == Reading::Strict => return missing("name"),
        (_, None) if reading == Reading::Strict => return missing("input"),
        (Some(name), Some(input)) => (name, input),
        _ => return Ok(None),
    };
    if id.is_none() && reading == Reading::Strict {
        return missing("toolUseId");
    }
    Ok(Some(Made::Part(Part::new(PartBody::from(ToolCall {
        id,
        name,
        arguments: Arguments::Json(input),
        kind: CallKind::Function,
        extra,
    })))))
}

fn tool_result<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Made<'a>>, DecodeError> {
    let (mut id, mut content, mut is_error, mut kind, mut extra) = (None, None, None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("toolUseId", Kind::String) => id = Some(c.text()?),
            ("content", Kind::Array) => content = Some(blocks(c, reading)?),
            ("type", Kind::String) => kind = Some(c.text()?),
            ("status", Kind::String) => {
                let word = c.string()?;
                match word.decode().as_ref() {
                    "error" => is_error = Some(true),
                    "success" => is_error = Some(false),
                    _ => extra.push("status", c.raw_at(word.span())),
                }
            }
            _ => reading.leftover(c, key, &mut extra, TOOL_RESULT)?,
        }
        Ok(())
    })?;
    // Results of the provider's own tools have a type.
    if let Some(kind) = kind {
        return Ok(Some(Made::Opaque(kind, OpaqueRole::ServerToolResult)));
    }
    let missing = |name| Err(DecodeError::new(Fault::Missing, whole.start).under_key(name));
    match (id, content) {
        (None, _) if reading == Reading::Strict => missing("toolUseId"),
        (_, None) if reading == Reading::Strict => missing("content"),
        (Some(id), Some(content)) => {
            let mut part = Part::new(PartBody::from(ToolResult {
                call_id: Some(id),
                name: None,
                content,
                is_error,
                kind: CallKind::Function,
            }));
            part.extra = extra;
            Ok(Some(Made::Part(part)))
        }
        _ => Ok(None),
    }
}

/// `{reasoningText: {text, signature}}` or `{redactedContent}`. Claude models alone sign and seal.
fn reasoning<'a>(c: &mut Cursor<'a>) -> Result<Option<Part<'a>>, DecodeError> {
    let (mut text, mut signature, mut sealed, mut plain) = (None, None, None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("reasoningText", Kind::Object) => {
                c.object(|c, key| {
                    match (key.decode().as_ref(), c.peek()?) {
                        ("text", Kind::String) => text = Some(c.text()?),
                        ("signature", Kind::String) => signature = Some(c.text()?),
                        _ => plain = false,
                    }
                    Ok(())
                })?;
            }
            ("redactedContent", Kind::String) => sealed = Some(c.text()?),
            _ => plain = false,
        }
        Ok(())
    })?;
    let reasoning = match (text, sealed) {
        (Some(text), None) => Reasoning {
            text: vec![text],
            ..Reasoning::default()
        },
        (None, Some(sealed)) if signature.is_none() => Reasoning {
            encrypted: Some(sealed),
            ..Reasoning::default()
        },
        _ => return Ok(None),
    };
    let told = signature.is_some() || reasoning.encrypted.is_some();
    let mut part = Part::new(PartBody::from(reasoning));
    part.issuer = told.then_some(Issuer::Anthropic);
    part.signature = signature;
    Ok(Some(part).filter(|_| plain))
}
