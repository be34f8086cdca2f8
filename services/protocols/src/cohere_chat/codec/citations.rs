//! Sources of a text, both ways. They stand beside the content and count positions in it.

use crate::DecodeError;
use crate::canonical::Citation;
use crate::json::{Cursor, Kind, Object};

/// Reads one citation.
pub(super) fn citation<'a>(c: &mut Cursor<'a>) -> Result<Citation<'a>, DecodeError> {
    let mut citation = Citation::default();
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => {
                let kind = c.string()?;
                citation.kind = kind.decode();
                if citation.kind.is_empty() {
                    citation.extra.push(key.decode(), c.raw_at(kind.span()));
                }
            }
            ("text", Kind::String) => citation.quote = Some(c.text()?),
            (name @ ("start" | "end"), Kind::Number) => {
                let number = c.spelled_number()?;
                let place = if name == "start" {
                    &mut citation.start
                } else {
                    &mut citation.end
                };
                *place = number.as_u64();
                if place.is_none() {
                    citation.extra.push(key.decode(), number.into());
                }
            }
            _ => citation.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(citation)
}

/// Writes the members of one citation. `same`: it came from this dialect, whose sources are in its
/// extra; a citation that has some did, whoever asks.
pub(super) fn write(object: &mut Object<'_>, citation: &Citation<'_>, same: bool) {
    let Citation {
        kind,
        url,
        title,
        quote,
        start,
        end,
        document,
        extra,
    } = citation;
    for (name, value) in [("start", start), ("end", end)] {
        if let Some(value) = value {
            object.unsigned(name, *value);
        }
    }
    object.optional_string("text", quote.as_deref());
    if same || extra.get("sources").is_some() {
        if !kind.is_empty() {
            object.string("type", kind);
        }
        return extra.write(object);
    }
    object.string("type", "TEXT_CONTENT");
    if url.is_some() || title.is_some() || document.is_some() {
        let mut sources = object.array("sources");
        let mut source = sources.object();
        source.string("type", "document");
        source.string(
            "id",
            &document.map_or(String::new(), |document| document.to_string()),
        );
        let mut inner = source.object("document");
        inner.optional_string("title", title.as_deref());
        inner.optional_string("url", url.as_deref());
    }
}
