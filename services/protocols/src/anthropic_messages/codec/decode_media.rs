//! Images and documents into the canonical form.

use std::borrow::Cow;

use super::members::Members;
use crate::DecodeError;
use crate::canonical::{Media, MediaKind, Part, PartBody, Source};
use crate::json::{Cursor, Kind};

/// Reads what an `image` or a `document` is about. `None`, with the members untouched, when its
/// source is not in a shape that can be written back: documents made of blocks among them.
pub(super) fn media<'a>(
    c: &mut Cursor<'a>,
    kind: MediaKind,
    members: &mut Members<'a>,
) -> Result<Option<Part<'a>>, DecodeError> {
    let Some(span) = members.span("source", Kind::Object) else {
        return Ok(None);
    };
    let mut source = Members::read(&mut c.revisit(span))?;
    let word = source.text("type").unwrap_or_default();
    let (source_read, mime) = match (word.as_ref(), kind) {
        ("base64", _) => typed(&mut source, Source::Base64),
        ("text", MediaKind::File) => typed(&mut source, Source::Text),
        ("url", _) => (source.text("url").map(Source::Url), None),
        ("file", _) => (source.text("file_id").map(Source::FileId), None),
        _ => (None, None),
    };
    let Some(read) = source_read.filter(|_| source.is_empty()) else {
        return Ok(None);
    };
    let name = (kind == MediaKind::File).then(|| members.text("title")).flatten();
    Ok(Some(Part::new(PartBody::from(Media {
        kind,
        source: read,
        mime,
        name,
        detail: None,
    }))))
}

/// A source that holds its bytes beside their type.
fn typed<'a>(
    source: &mut Members<'a>,
    make: impl FnOnce(Cow<'a, str>) -> Source<'a>,
) -> (Option<Source<'a>>, Option<Cow<'a, str>>) {
    let mime = source.text("media_type");
    let data = source.text("data").filter(|_| mime.is_some());
    (data.map(make), mime)
}
