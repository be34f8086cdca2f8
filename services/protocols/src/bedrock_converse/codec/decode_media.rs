//! Images, documents, video and sound into the canonical form.

use super::formats;
use crate::canonical::{Extra, Media, MediaKind, Part, PartBody, Source};
use crate::json::{Cursor, Kind};
use crate::reading::{Expected, Reading};
use crate::{DecodeError, Fault};

const MEDIA: Expected = &[
    ("format", "a string"),
    ("name", "a string"),
    ("source", "an object"),
];

/// Reads an `image`.
pub(super) fn image<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    media(c, MediaKind::Image, reading)
}

/// Reads a `document`.
pub(super) fn document<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    media(c, MediaKind::File, reading)
}

/// Reads media of that kind; `None` when its source is not in a shape that can be written back.
pub(super) fn media<'a>(
    c: &mut Cursor<'a>,
    kind: MediaKind,
    reading: Reading,
) -> Result<Option<Part<'a>>, DecodeError> {
    let (mut format, mut name, mut from, mut extra) = (None, None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("format", Kind::String) => format = Some(c.text()?),
            ("name", Kind::String) if kind == MediaKind::File => name = Some(c.text()?),
            ("source", Kind::Object) => from = Some(source(c)?),
            _ => reading.leftover(c, key, &mut extra, MEDIA)?,
        }
        Ok(())
    })?;
    let Some(from) = from else {
        return match reading {
            Reading::Strict => Err(DecodeError::new(Fault::Missing, whole.start).under_key("source")),
            Reading::Lenient => Ok(None),
        };
    };
    Ok(from.map(|source| {
        let mut part = Part::new(PartBody::from(Media {
            kind,
            source,
            mime: format.map(|format| formats::mime(kind, &format)),
            name,
            detail: None,
        }));
        part.extra = extra;
        part
    }))
}

/// Bytes, text or a place in S3, when there is nothing else in it.
pub(super) fn source<'a>(c: &mut Cursor<'a>) -> Result<Option<Source<'a>>, DecodeError> {
    let (mut source, mut plain) = (None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            (_, _) if source.is_some() => plain = false,
            ("bytes", Kind::String) => source = Some(Source::Base64(c.text()?)),
            ("text", Kind::String) => source = Some(Source::Text(c.text()?)),
            ("s3Location", Kind::Object) => {
                c.object(|c, key| {
                    if key.decode() == "uri" && c.peek()? == Kind::String {
                        source = Some(Source::Url(c.text()?));
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(source.filter(|_| plain))
}
