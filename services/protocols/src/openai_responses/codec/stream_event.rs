//! One event of a stream taken apart, before it is known what it means for the answer.

use std::borrow::Cow;

use crate::DecodeError;
use crate::json::{Cursor, Kind, Span};

/// An event, taken apart.
#[derive(Default)]
pub(super) struct Event<'a> {
    pub(super) kind: Cow<'a, str>,
    pub(super) output_index: Option<u64>,
    /// Number of the content part, or of the piece of a summary.
    pub(super) piece: u64,
    pub(super) item_id: Option<Cow<'a, str>>,
    /// What is added.
    pub(super) delta: Option<Cow<'a, str>>,
    /// What was added, all in all.
    pub(super) whole: Option<Cow<'a, str>>,
    pub(super) logprobs: Option<Span>,
    pub(super) annotation: Option<Span>,
    pub(super) item: Option<Span>,
    pub(super) response: Option<Span>,
}

impl<'a> Event<'a> {
    pub(super) fn read(c: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let mut event = Self::default();
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => event.kind = c.text()?,
                ("output_index", Kind::Number) => event.output_index = c.spelled_number()?.as_u64(),
                ("content_index" | "summary_index", Kind::Number) => {
                    event.piece = c.spelled_number()?.as_u64().unwrap_or(0);
                }
                ("item_id", Kind::String) => event.item_id = Some(c.text()?),
                ("delta", Kind::String) => event.delta = Some(c.text()?),
                ("text" | "refusal" | "arguments" | "input", Kind::String) => {
                    event.whole = Some(c.text()?);
                }
                ("logprobs", Kind::Array) => event.logprobs = Some(c.skip_value()?),
                ("annotation", Kind::Object) => event.annotation = Some(c.skip_value()?),
                ("item", Kind::Object) => event.item = Some(c.skip_value()?),
                ("response", Kind::Object) => event.response = Some(c.skip_value()?),
                _ => {}
            }
            Ok(())
        })?;
        c.end()?;
        Ok(event)
    }
}

/// The sealed reasoning of an item as it stands, whoever made it.
pub(super) fn sealed_text<'a>(c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let mut sealed = None;
    c.object(|c, key| {
        if key.decode() == "encrypted_content" && c.peek()? == Kind::String {
            sealed = Some(c.text()?);
        }
        Ok(())
    })?;
    Ok(sealed)
}

/// Where the items of a response stand.
pub(super) fn output_items(c: &mut Cursor<'_>) -> Result<Vec<Span>, DecodeError> {
    let mut items = Vec::new();
    c.object(|c, key| {
        if key.decode() == "output" && c.peek()? == Kind::Array {
            c.array(|c, _| {
                c.count_node()?;
                items.push(c.skip_value()?);
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(items)
}
