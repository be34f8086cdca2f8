//! The payloads of a stream's events, as far as they are read.

use std::borrow::Cow;

use super::citations::citation;
use super::decode_media::source;
use super::decode_response::usage_report;
use crate::DecodeError;
use crate::canonical::{Citation, Extra, Source, Usage};
use crate::json::{Cursor, Kind, MAX_DEPTH, RawJson};

/// A payload.
#[derive(Debug, Default)]
pub(super) struct Payload<'a> {
    /// `contentBlockIndex`
    pub(super) index: Option<u64>,
    /// What begins.
    pub(super) start: Option<Start<'a>>,
    /// What is added.
    pub(super) delta: Option<Piece<'a>>,
    /// `stopReason`
    pub(super) stop: Option<Cow<'a, str>>,
    pub(super) usage: Option<Usage<'a>>,
    /// What is not modelled.
    pub(super) extra: Extra<'a>,
}

/// What begins with `contentBlockStart`.
#[derive(Debug)]
pub(super) enum Start<'a> {
    /// A call of a tool of the caller.
    Call {
        id: Option<Cow<'a, str>>,
        name: Cow<'a, str>,
    },
    /// An image of that format.
    Image(Option<Cow<'a, str>>),
    /// A block of the provider's own tools, or one of a type not known.
    Other(Cow<'a, str>, RawJson<'a>),
}

/// What `contentBlockDelta` adds.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Text(Cow<'a, str>),
    Arguments(Cow<'a, str>),
    Thought(Cow<'a, str>),
    Signature(Cow<'a, str>),
    Sealed(Cow<'a, str>),
    Citation(Box<Citation<'a>>),
    Image(Source<'a>),
    /// A piece of a type not known.
    Other,
}

impl<'a> Payload<'a> {
    /// Reads the payload of any event.
    pub(super) fn read(data: &'a [u8]) -> Result<Self, DecodeError> {
        let mut payload = Self::default();
        let mut cursor = Cursor::new(data, MAX_DEPTH)?;
        cursor.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("contentBlockIndex", Kind::Number) => payload.index = c.spelled_number()?.as_u64(),
                ("start", Kind::Object) => payload.start = start(c)?,
                ("delta", Kind::Object) => payload.delta = Some(piece(c)?),
                ("stopReason", Kind::String) => payload.stop = Some(c.text()?),
                ("usage", Kind::Object) => payload.usage = usage_report(c, key, &mut payload.extra)?,
                // Padding that hides lengths from listeners, and how long it took.
                ("role" | "p", Kind::String) | ("metrics", Kind::Object) => {}
                _ => payload.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        cursor.end()?;
        Ok(payload)
    }
}

fn start<'a>(c: &mut Cursor<'a>) -> Result<Option<Start<'a>>, DecodeError> {
    let mut start = None;
    c.object(|c, key| {
        let kind = key.decode();
        let span = c.skip_value()?;
        let (mut id, mut name, mut format, mut typed) = (None, None, None, None);
        if c.raw_at(span).kind() == Kind::Object {
            c.revisit(span).object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("toolUseId", Kind::String) => id = Some(c.text()?),
                    ("name", Kind::String) => name = Some(c.text()?),
                    ("format", Kind::String) => format = Some(c.text()?),
                    ("type", Kind::String) => typed = Some(c.text()?),
                    _ => {}
                }
                Ok(())
            })?;
        }
        let own = typed.as_deref().is_none_or(|typed| typed == "tool_use");
        start.get_or_insert(match (kind.as_ref(), name) {
            ("toolUse", Some(name)) if own => Start::Call { id, name },
            ("image", _) => Start::Image(format),
            _ => Start::Other(typed.unwrap_or(kind), c.raw_at(span)),
        });
        Ok(())
    })?;
    Ok(start)
}

fn piece<'a>(c: &mut Cursor<'a>) -> Result<Piece<'a>, DecodeError> {
    let mut piece = Piece::Other;
    c.object(|c, key| {
        let read = match (key.decode().as_ref(), c.peek()?) {
            ("text", Kind::String) => Some(Piece::Text(c.text()?)),
            ("toolUse", Kind::Object) => member(c, "input")?.map(Piece::Arguments),
            ("reasoningContent", Kind::Object) => thought(c)?,
            ("citation", Kind::Object) => Some(Piece::Citation(Box::new(citation(c)?))),
            ("image", Kind::Object) => {
                let mut from = None;
                c.object(|c, key| {
                    if key.decode() == "source" && c.peek()? == Kind::Object {
                        from = source(c)?;
                    }
                    Ok(())
                })?;
                from.map(Piece::Image)
            }
            _ => None,
        };
        piece = read.unwrap_or(std::mem::replace(&mut piece, Piece::Other));
        Ok(())
    })?;
    Ok(piece)
}

fn thought<'a>(c: &mut Cursor<'a>) -> Result<Option<Piece<'a>>, DecodeError> {
    let mut piece = None;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("text", Kind::String) => piece = Some(Piece::Thought(c.text()?)),
            ("signature", Kind::String) => piece = Some(Piece::Signature(c.text()?)),
            ("redactedContent", Kind::String) => piece = Some(Piece::Sealed(c.text()?)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(piece)
}

/// The string member of that name.
fn member<'a>(c: &mut Cursor<'a>, wanted: &str) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let mut text = None;
    c.object(|c, key| {
        if key.decode() == wanted && c.peek()? == Kind::String {
            text = Some(c.text()?);
        }
        Ok(())
    })?;
    Ok(text)
}
