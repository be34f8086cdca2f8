//! Results of tools into the canonical form. A result is an object here: text stands in its
//! `result` or `output`, what went wrong in its `error`; any other object is the result itself.

use super::decode_media::{blob, file};
use super::{Expected, Reading, form};
use crate::canonical::{CallKind, Extra, Form, Part, PartBody, ToolResult};
use crate::json::{Cursor, Kind, RawJson, Span};
use crate::{DecodeError, Fault};

const MODELLED: Expected = &[
    ("id", "a string"),
    ("name", "a string"),
    ("response", "an object"),
    ("parts", "an array"),
];

/// Reads `functionResponse`; `None` when it is not in a shape that can be written back. Members not
/// modelled are in the part's `extra`.
pub(super) fn function_response<'a>(
    c: &mut Cursor<'a>,
    reading: Reading,
) -> Result<Option<Part<'a>>, DecodeError> {
    let (mut id, mut name, mut response, mut media) = (None, None, None, Some(Vec::new()));
    let mut extra = Extra::NONE;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => id = Some(c.text()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("response", Kind::Object) => response = Some(c.skip_value()?),
            ("parts", Kind::Array) => {
                let start = c.position();
                media = media_parts(c, reading)?;
                if media.as_ref().is_some_and(Vec::is_empty) {
                    let end = c.position();
                    extra.push(key.decode(), c.raw_at(Span { start, end }));
                }
            }
            _ => reading.leftover(c, key, &mut extra, MODELLED)?,
        }
        Ok(())
    })?;
    if name.is_none() && reading == Reading::Strict {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("name"));
    }
    let Some(mut media) = media else { return Ok(None) };
    let (mut content, is_error, note) = match response {
        None => (Vec::new(), None, Form::default()),
        Some(span) => said(&mut c.revisit(span), c.raw_at(span))?,
    };
    content.append(&mut media);
    let mut part = Part::new(PartBody::from(ToolResult {
        call_id: id,
        name,
        content,
        is_error,
        kind: CallKind::Function,
    }));
    part.form = note;
    part.extra = extra;
    Ok(Some(part))
}

/// What a response says: its content, whether it is an error, and a note on spelling.
fn said<'a>(
    c: &mut Cursor<'a>,
    whole: RawJson<'a>,
) -> Result<(Vec<Part<'a>>, Option<bool>, Form), DecodeError> {
    let (mut members, mut only) = (0usize, None);
    c.object(|c, key| {
        members += 1;
        let text = (c.peek()? == Kind::String).then(|| c.text()).transpose()?;
        let value = match text {
            Some(text) => Part::text(text),
            None => Part::new(PartBody::Json(c.raw()?)),
        };
        only = Some((key.decode(), value));
        Ok(())
    })?;
    let is_text = |part: &Part<'_>| matches!(part.body, PartBody::Text(_));
    Ok(match only.filter(|_| members == 1) {
        Some((key, value)) if key == "error" => (vec![value], Some(true), Form::default()),
        Some((key, value)) if key == "result" && is_text(&value) => (vec![value], None, Form::default()),
        Some((key, value)) if key == "output" && is_text(&value) => (vec![value], None, form::part::OUTPUT),
        _ => (vec![Part::new(PartBody::Json(whole))], None, Form::default()),
    })
}

/// Reads the media of a result; `None` when there is anything else among them.
fn media_parts<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Vec<Part<'a>>>, DecodeError> {
    let (mut media, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        let mut found = None;
        if c.peek()? == Kind::Object {
            let mut members = 0usize;
            c.object(|c, key| {
                members += 1;
                let name = key.decode();
                let part = match (name.as_ref(), c.peek()?) {
                    ("inlineData" | "inline_data", Kind::Object) => blob(c, reading)?,
                    ("fileData" | "file_data", Kind::Object) => file(c, reading)?,
                    _ => None,
                };
                found = part.map(|mut part| {
                    if name.contains('_') {
                        part.form = part.form.with(form::part::SNAKE);
                    }
                    part
                });
                Ok(())
            })?;
            found = found.filter(|_| members == 1);
        }
        match found {
            Some(part) => media.push(part),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(media).filter(|_| plain))
}
