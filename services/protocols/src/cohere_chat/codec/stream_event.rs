//! The data of a stream's events, as far as it is read.

use std::borrow::Cow;

use super::citations::citation;
use super::decode_response::usage_report;
use crate::DecodeError;
use crate::canonical::{Citation, Extra, Usage};
use crate::json::{Cursor, Kind, MAX_DEPTH};

/// The data of one event.
#[derive(Debug, Default)]
pub(super) struct Data<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) index: Option<u64>,
    /// Text of an error told outside the usual events.
    pub(super) message: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) thinking: Option<Cow<'a, str>>,
    pub(super) plan: Option<Cow<'a, str>>,
    pub(super) call: Call<'a>,
    pub(super) citation: Option<Box<Citation<'a>>>,
    pub(super) finish: Option<Cow<'a, str>>,
    pub(super) error: Option<Cow<'a, str>>,
    pub(super) usage: Option<Usage<'a>>,
    /// What is not modelled.
    pub(super) extra: Extra<'a>,
}

/// A tool call, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) arguments: Option<Cow<'a, str>>,
}

impl<'a> Data<'a> {
    /// Reads the data of any event.
    pub(super) fn read(data: &'a [u8]) -> Result<Self, DecodeError> {
        let mut read = Self::default();
        let mut cursor = Cursor::new(data, MAX_DEPTH)?;
        cursor.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => read.kind = Some(c.text()?),
                ("id", Kind::String) => read.id = Some(c.text()?),
                ("message", Kind::String) => read.message = Some(c.text()?),
                ("index", Kind::Number) => read.index = c.spelled_number()?.as_u64(),
                ("delta", Kind::Object) => read.delta(c)?,
                _ => read.extra.keep(c, key)?,
            }
            Ok(())
        })?;
        cursor.end()?;
        Ok(read)
    }

    fn delta(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("message", Kind::Object) => self.said(c)?,
                ("finish_reason", Kind::String) => self.finish = Some(c.text()?),
                ("error", Kind::String) => self.error = Some(c.text()?),
                ("usage", Kind::Object) => self.usage = usage_report(c, key, &mut self.extra)?,
                _ => self.extra.keep(c, key)?,
            }
            Ok(())
        })
        .map(drop)
    }

    fn said(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("content", Kind::Object) => {
                    c.object(|c, key| {
                        match (key.decode().as_ref(), c.peek()?) {
                            ("text", Kind::String) => self.text = Some(c.text()?),
                            ("thinking", Kind::String) => self.thinking = Some(c.text()?),
                            _ => {}
                        }
                        Ok(())
                    })?;
                }
                ("tool_plan", Kind::String) => self.plan = Some(c.text()?),
                ("tool_calls", Kind::Object) => self.call(c)?,
                ("citations", Kind::Object) => self.citation = Some(Box::new(citation(c)?)),
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }

    fn call(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("id", Kind::String) => self.call.id = Some(c.text()?),
                ("function", Kind::Object) => {
                    c.object(|c, key| {
                        match (key.decode().as_ref(), c.peek()?) {
                            ("name", Kind::String) => self.call.name = Some(c.text()?),
                            ("arguments", Kind::String) => self.call.arguments = Some(c.text()?),
                            _ => {}
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }
}
