//! One chunk of a stream taken apart, before it is known what it means for the answer. Members come
//! in any order on the wire; events must not.

use std::borrow::Cow;

use smallvec::{SmallVec, smallvec};

use super::Reading;
use super::decode_calls::google_signature;
use super::decode_part::part;
use super::decode_reasoning::reasoning_detail;
use crate::DecodeError;
use crate::canonical::{CallKind, Extra, Part, StreamStart, Usage};
use crate::json::{Cursor, Kind, RawJson, Span};
use crate::openai_chat::usage;

/// A chunk, taken apart.
#[derive(Default)]
pub(super) struct Chunk<'a> {
    pub(super) start: StreamStart<'a>,
    pub(super) choices: SmallVec<[Piece<'a>; 1]>,
    pub(super) usage: Option<Usage<'a>>,
    pub(super) error: bool,
    pub(super) extra: Extra<'a>,
}

/// One element of `choices`, taken apart.
#[derive(Default)]
pub(super) struct Piece<'a> {
    pub(super) index: Option<u64>,
    pub(super) delta: Option<Said<'a>>,
    pub(super) message: Option<Span>,
    pub(super) finish: Option<Cow<'a, str>>,
    pub(super) logprobs: Option<Span>,
    pub(super) usage: Option<Usage<'a>>,
    pub(super) extra: Extra<'a>,
}

/// What a `delta` says, in the order of events.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub(super) reasoning: Option<Cow<'a, str>>,
    pub(super) details: Vec<Part<'a>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) content: Vec<Part<'a>>,
    pub(super) refusal: Option<Cow<'a, str>>,
    pub(super) annotations: Option<Span>,
    pub(super) calls: Option<Span>,
    pub(super) function_call: Option<Span>,
    pub(super) extra: Extra<'a>,
}

/// A piece of a tool call.
#[derive(Default)]
pub(super) struct CallPiece<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) arguments: Option<Cow<'a, str>>,
    pub(super) kind: CallKind,
    pub(super) signature: Option<Cow<'a, str>>,
}

impl<'a> Chunk<'a> {
    pub(super) fn read(c: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let mut chunk = Self::default();
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("id", Kind::String) => chunk.start.id = some_text(c)?,
                ("model", Kind::String) => chunk.start.model = some_text(c)?,
                ("created", Kind::Number) => chunk.start.created = c.spelled_number()?.as_u64(),
                ("service_tier", Kind::String) => chunk.start.service_tier = some_text(c)?,
                ("choices", Kind::Array) => chunk.choices = Piece::read_all(c)?,
                ("usage", Kind::Object) => chunk.usage = usage_report(c)?.or(chunk.usage.take()),
                ("x_groq", Kind::Object) => {
                    let span = c.skip_value()?;
                    c.revisit(span).object(|c, key| {
                        if key.decode() == "usage" && c.peek()? == Kind::Object {
                            chunk.usage = chunk.usage.take().or(usage_report(c)?);
                        }
                        Ok(())
                    })?;
                }
                ("error", Kind::Object | Kind::String) => chunk.error = true,
                ("object" | "obfuscation" | "p", _) | (_, Kind::Null) => {}
                _ => chunk.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        c.end()?;
        Ok(chunk)
    }
}

impl<'a> Piece<'a> {
    fn read_all(c: &mut Cursor<'a>) -> Result<SmallVec<[Self; 1]>, DecodeError> {
        let mut pieces = SmallVec::new();
        c.array(|c, _| {
            c.count_node()?;
            if c.peek()? == Kind::Object {
                pieces.push(Self::read(c)?);
            }
            Ok(())
        })?;
        Ok(pieces)
    }

    fn read(c: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let mut piece = Self::default();
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("index", Kind::Number) => piece.index = c.spelled_number()?.as_u64(),
                ("delta", Kind::Object) => piece.delta = Some(Said::read(c)?),
                ("message", Kind::Object) => piece.message = Some(c.skip_value()?),
                ("finish_reason", Kind::String) => piece.finish = some_text(c)?,
                ("logprobs", Kind::Object) => piece.logprobs = Some(c.skip_value()?),
                ("usage", Kind::Object) => piece.usage = usage_report(c)?,
                (_, Kind::Null) => {}
                _ => piece.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        Ok(piece)
    }
}

impl<'a> Said<'a> {
    pub(super) fn read(c: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let mut said = Self::default();
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("role", Kind::String) | (_, Kind::Null) => {}
                ("content", Kind::String) => said.text = some_text(c)?,
                ("content", Kind::Array) => {
                    c.array(|c, _| {
                        said.content.push(part(c, Reading::Lenient)?);
                        Ok(())
                    })?;
                }
                ("refusal", Kind::String) => said.refusal = some_text(c)?,
                ("reasoning_content" | "reasoning", Kind::String) => {
                    said.reasoning = some_text(c)?.or(said.reasoning.take());
                }
                ("reasoning_details", Kind::Array) => {
                    c.array(|c, _| {
                        if c.peek()? == Kind::Object {
                            said.details.push(reasoning_detail(c)?);
                        }
                        Ok(())
                    })?;
                }
                ("annotations", Kind::Array) => said.annotations = Some(c.skip_value()?),
                ("tool_calls", Kind::Array) => said.calls = Some(c.skip_value()?),
                ("function_call", Kind::Object) => said.function_call = Some(c.skip_value()?),
                _ => said.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        Ok(said)
    }
}

impl<'a> CallPiece<'a> {
    pub(super) fn read_all(c: &mut Cursor<'a>) -> Result<SmallVec<[Self; 1]>, DecodeError> {
        let mut pieces = SmallVec::new();
        c.array(|c, _| {
            c.count_node()?;
            if c.peek()? == Kind::Object {
                let mut piece = Self::default();
                c.object(|c, key| {
                    match (key.decode().as_ref(), c.peek()?) {
                        ("index", Kind::Number) => piece.index = c.spelled_number()?.as_u64(),
                        ("id", Kind::String) => piece.id = Some(c.text()?),
                        ("function", Kind::Object) => piece.function(c)?,
                        ("custom", Kind::Object) => {
                            piece.kind = CallKind::Custom;
                            piece.function(c)?;
                        }
                        ("extra_content", Kind::Object) => piece.signature = google_signature(c)?,
                        _ => {}
                    }
                    Ok(())
                })?;
                pieces.push(piece);
            }
            Ok(())
        })?;
        Ok(pieces)
    }

    /// The form before tools: one call without id or number.
    pub(super) fn read_old(c: &mut Cursor<'a>) -> Result<SmallVec<[Self; 1]>, DecodeError> {
        let mut piece = Self {
            index: Some(0),
            ..Self::default()
        };
        piece.function(c)?;
        Ok(smallvec![piece])
    }

    fn function(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("name", Kind::String) => self.name = Some(c.text()?),
                ("arguments" | "input", Kind::String) => self.arguments = Some(c.text()?),
                ("arguments", Kind::Object) => {
                    let span = c.skip_value()?;
                    self.arguments = Some(c.raw_at(span).into_text());
                }
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }
}

/// A text, unless it is empty.
fn some_text<'a>(c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let text = c.text()?;
    Ok((!text.is_empty()).then_some(text))
}

fn usage_report<'a>(c: &mut Cursor<'a>) -> Result<Option<Usage<'a>>, DecodeError> {
    let span = c.skip_value()?;
    let native: RawJson<'a> = c.raw_at(span);
    Ok(usage::read(&mut c.revisit(span))?.map(|counts| Usage {
        counts,
        native: Some(native),
    }))
}
