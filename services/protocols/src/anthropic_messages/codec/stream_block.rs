//! The block of a stream that is open: what its deltas become, and blocks that are held back until
//! they are whole because the canonical form keeps them as text.

use std::borrow::Cow;

use super::decode_citations::citation;
use super::members::Members;
use crate::DecodeError;
use crate::canonical::{Arguments, Delta, Extra, Issuer, Opaque, Part, PartBody, StreamEvent, StreamFault};
use crate::json::{Cursor, Kind, MAX_DEPTH, Object, RawJson, write_string};
use crate::sse::FrameTooLarge;

/// Most bytes of a block held back.
const MAX_HELD: usize = 4 << 20;

/// Where events go.
pub(super) type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

/// A block that has begun and not ended.
#[derive(Debug)]
pub(super) enum Open {
    Text,
    Thinking,
    /// With the input given at its beginning, until a piece comes.
    Call(Option<String>),
    Held(Box<Held>),
}

/// A block of a type that is not modelled.
#[derive(Debug)]
pub(super) struct Held {
    kind: String,
    block: String,
    /// Its input, given in pieces.
    input: String,
    /// Its content, given in pieces (`compaction`).
    content: String,
}

impl Open {
    /// The block that a part is the beginning of, and the part to be told at once, if any.
    pub(super) fn begin(mut part: Part<'_>) -> (Self, Option<Part<'_>>) {
        match &mut part.body {
            PartBody::Text(_) => (Self::Text, Some(part)),
            PartBody::Reasoning(reasoning) => {
                if part.extra.get("signature").is_some() {
                    part.extra.remove("signature");
                }
                // The signature comes last; whose it is is clear from the first.
                if reasoning.encrypted.is_none() {
                    part.issuer.get_or_insert(Issuer::Anthropic);
                }
                (Self::Thinking, Some(part))
            }
            PartBody::ToolCall(call) => {
                let given = std::mem::take(&mut call.arguments);
                let given = match given {
                    Arguments::Json(raw) if !raw.is_void() => Some(raw.as_str().to_owned()),
                    Arguments::Json(_) | Arguments::Text(_) => None,
                };
                (Self::Call(given), Some(part))
            }
            PartBody::Opaque(opaque) => {
                let held = Held {
                    kind: opaque.kind.clone().into_owned(),
                    block: opaque.value.as_str().to_owned(),
                    input: String::new(),
                    content: String::new(),
                };
                (Self::Held(Box::new(held)), None)
            }
            PartBody::Refusal(_) | PartBody::Media(_) | PartBody::ToolResult(_) | PartBody::Json(_) => {
                part.form = crate::canonical::Form::default();
                (Self::Text, Some(part))
            }
        }
    }

    /// Takes a delta. A piece for a block of another type is a fault.
    pub(super) fn delta<'a>(
        &mut self,
        c: &Cursor<'a>,
        mut delta: Members<'a>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let kind = delta.text("type").unwrap_or_default();
        let told = match (kind.as_ref(), &mut *self) {
            ("text_delta", Self::Text) => delta.text("text").map(Delta::Text),
            ("citations_delta", Self::Text) => match delta.span("citation", Kind::Object) {
                Some(span) => citation(&mut c.revisit(span))
                    .map_err(StreamFault::Malformed)?
                    .map(Delta::Citation),
                None => None,
            },
            ("thinking_delta", Self::Thinking) => delta.text("thinking").map(Delta::Text),
            ("signature_delta", Self::Thinking) => delta.text("signature").map(Delta::Signature),
            ("input_json_delta", Self::Call(given)) => {
                let piece = delta.text("partial_json").filter(|piece| !piece.is_empty());
                if piece.is_some() {
                    *given = None;
                }
                piece.map(Delta::Arguments)
            }
            ("input_json_delta", Self::Held(held)) => {
                return held.grow(delta.text("partial_json"), |held| &mut held.input);
            }
            ("compaction_delta", Self::Held(held)) => {
                return held.grow(delta.text("content"), |held| &mut held.content);
            }
            (
                "text_delta" | "thinking_delta" | "signature_delta" | "input_json_delta" | "citations_delta",
                _,
            ) => {
                return Err(StreamFault::OutOfOrder);
            }
            (unknown, _) => {
                sink(StreamEvent::Extra {
                    candidate: Some(0),
                    name: Cow::Borrowed(unknown),
                    value: c.raw_at(delta.whole()),
                });
                None
            }
        };
        let empty = |delta: &Delta<'_>| match delta {
            Delta::Text(text) | Delta::Signature(text) => text.is_empty(),
            Delta::Summary { .. } | Delta::Arguments(_) | Delta::Encrypted(_) | Delta::Citation(_) => false,
        };
        if let Some(delta) = told.filter(|delta| !empty(delta)) {
            sink(StreamEvent::Delta { candidate: 0, delta });
        }
        Ok(())
    }

    /// The block is complete. `index` is the number its part gets, if it has not been told yet;
    /// gives whether it was told here.
    pub(super) fn end(self, index: u32, sink: &mut Sink<'_>) -> Result<bool, StreamFault> {
        let mut told = false;
        match self {
            Self::Text | Self::Thinking | Self::Call(None) => {}
            Self::Call(Some(given)) => sink(StreamEvent::Delta {
                candidate: 0,
                delta: Delta::Arguments(Cow::Owned(given)),
            }),
            Self::Held(held) => {
                let block = held.whole().map_err(StreamFault::Malformed)?;
                let value = RawJson::parse(block).map_err(StreamFault::Malformed)?;
                let role = super::words::block_role(&held.kind);
                let kind = Cow::Owned(held.kind);
                let part = Part::new(PartBody::from(Opaque { kind, role, value }));
                sink(StreamEvent::PartStart {
                    candidate: 0,
                    index,
                    part: Box::new(part),
                });
                told = true;
            }
        }
        sink(StreamEvent::PartEnd { candidate: 0 });
        Ok(told)
    }
}

impl Held {
    fn grow(
        &mut self,
        piece: Option<Cow<'_, str>>,
        to: impl FnOnce(&mut Self) -> &mut String,
    ) -> Result<(), StreamFault> {
        let piece = piece.unwrap_or_default();
        if self.input.len() + self.content.len() + piece.len() > MAX_HELD {
            return Err(FrameTooLarge { limit: MAX_HELD }.into());
        }
        to(self).push_str(&piece);
        Ok(())
    }

    /// The block with what came in pieces in its place. Input that is no JSON stays a text.
    fn whole(&self) -> Result<String, DecodeError> {
        if self.input.is_empty() && self.content.is_empty() {
            return Ok(self.block.clone());
        }
        let (mut out, mut rest) = (Vec::new(), Extra::NONE);
        let mut cursor = Cursor::new(self.block.as_bytes(), MAX_DEPTH)?;
        cursor.object(|c, key| rest.keep(c, key))?;
        let mut object = Object::open(&mut out);
        for (name, value) in rest.iter() {
            let replaced = match name {
                "input" => !self.input.is_empty(),
                "content" => !self.content.is_empty(),
                _ => false,
            };
            if !replaced {
                value.write(object.value_of(name));
            }
        }
        if !self.input.is_empty() {
            match RawJson::parse(self.input.as_str()) {
                Ok(raw) => object.raw("input", &raw),
                Err(_) => write_string(object.value("input"), &self.input),
            }
        }
        if !self.content.is_empty() {
            object.string("content", &self.content);
        }
        drop(object);
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}
