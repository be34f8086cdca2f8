//! Text with its sources, `citationsContent`, and the citations of streams, both ways.

use std::borrow::Cow;

use crate::DecodeError;
use crate::canonical::{Citation, Text};
use crate::json::{Cursor, Kind, Object};

/// Kinds of places with the name of the number of the document in them.
const PLACES: [(&str, &str); 4] = [
    ("documentChar", "documentIndex"),
    ("documentPage", "documentIndex"),
    ("documentChunk", "documentIndex"),
    ("searchResultLocation", "searchResultIndex"),
];

/// Reads `{content: [{text}], citations}`; `None` when it is in another shape.
pub(super) fn content<'a>(c: &mut Cursor<'a>) -> Result<Option<Text<'a>>, DecodeError> {
    let (mut text, mut citations, mut plain) = (None, None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("content", Kind::Array) => text = one_text(c)?,
            ("citations", Kind::Array) => {
                let mut list = Vec::new();
                c.array(|c, _| {
                    c.count_node()?;
                    if c.peek()? == Kind::Object {
                        list.push(citation(c)?);
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
                citations = Some(list);
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(text
        .zip(citations)
        .filter(|_| plain)
        .map(|(text, citations)| Text { text, citations }))
}

/// The text in `[{text}]`, when there is nothing else in it.
fn one_text<'a>(c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let (mut text, mut plain) = (None, true);
    c.array(|c, index| {
        plain &= index == 0;
        if c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        c.object(|c, key| {
            if key.decode() == "text" && c.peek()? == Kind::String && text.is_none() {
                text = Some(c.text()?);
            } else {
                plain = false;
            }
            Ok(())
        })
        .map(drop)
    })?;
    Ok(text.filter(|_| plain))
}

/// Reads one citation. What is not in the usual shape goes to its extra.
pub(super) fn citation<'a>(c: &mut Cursor<'a>) -> Result<Citation<'a>, DecodeError> {
    let mut citation = Citation::default();
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("title", Kind::String) => citation.title = Some(c.text()?),
            ("sourceContent", Kind::Array) => {
                let span = c.skip_value()?;
                citation.quote = one_text(&mut c.revisit(span))?;
                if citation.quote.is_none() {
                    citation.extra.push("sourceContent", c.raw_at(span));
                }
            }
            ("location", Kind::Object) => {
                let span = c.skip_value()?;
                match location(&mut c.revisit(span))? {
                    Some(place) => {
                        citation.kind = place.kind;
                        citation.url = place.url;
                        citation.document = place.document;
                        citation.start = place.start;
                        citation.end = place.end;
                    }
                    None => citation.extra.push("location", c.raw_at(span)),
                }
            }
            _ => citation.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(citation)
}

/// A citation of nothing but the place it names; `None` when that is not in a shape that can be
/// written back.
fn location<'a>(c: &mut Cursor<'a>) -> Result<Option<Citation<'a>>, DecodeError> {
    let (mut place, mut plain) = (Citation::default(), true);
    c.object(|c, key| {
        let kind = key.decode();
        let index = PLACES
            .iter()
            .find(|(name, _)| *name == kind)
            .map(|(_, index)| *index);
        let known = index.is_some() || kind == "web";
        if c.peek()? != Kind::Object || !place.kind.is_empty() || !known {
            plain = false;
            return Ok(());
        }
        c.object(|c, key| {
            let name = key.decode();
            match (index, c.peek()?) {
                (None, Kind::String) if name == "url" => place.url = Some(c.text()?),
                (Some(index), Kind::Number) => {
                    let value = c.spelled_number()?.as_u64();
                    plain &= value.is_some();
                    match name.as_ref() {
                        "start" => place.start = value,
                        "end" => place.end = value,
                        name if name == index => place.document = value,
                        _ => plain = false,
                    }
                }
                _ => plain = false,
            }
            Ok(())
        })?;
        place.kind = kind;
        Ok(())
    })?;
    Ok(Some(place).filter(|place| plain && !place.kind.is_empty()))
}

/// Writes the members of one citation. `same`: it came from this dialect. Whether anything of it was
/// left out.
pub(super) fn write(object: &mut Object<'_>, citation: &Citation<'_>, same: bool) -> bool {
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
    object.optional_string("title", title.as_deref());
    if let Some(quote) = quote {
        object.array("sourceContent").object().string("text", quote);
    }
    let place = PLACES.iter().find(|(name, _)| name == kind);
    if let Some((name, index)) = place.filter(|_| url.is_none()) {
        let mut location = object.object("location");
        let mut numbers = location.object(name);
        for (name, value) in [(*index, document), ("start", start), ("end", end)] {
            if let Some(value) = value {
                numbers.unsigned(name, *value);
            }
        }
    } else if url.is_some() || (same && kind == "web") {
        let mut location = object.object("location");
        location.object("web").optional_string("url", url.as_deref());
    }
    if same {
        extra.write(object);
    }
    let placed = place.is_some() && url.is_none();
    let numbers = start.is_some() || end.is_some() || document.is_some();
    !same && ((numbers && !placed) || extra.iter().any(|(_, value)| !value.is_void()))
}
