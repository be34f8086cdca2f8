//! Parts of an item's content into the canonical form. A part of a type not known, or of a known type
//! in an unexpected shape, is kept whole.

use std::borrow::Cow;

use super::decode_citations::citations;
use super::decode_logprobs::tokens;
use super::item::Items;
use super::{Expected, Reading, form};
use crate::canonical::{
    CacheMark, CacheStyle, Extra, Form, Media, MediaKind, Opaque, OpaqueRole, Part, PartBody, Source, Text,
};
use crate::json::{Cursor, JsonStr, Kind, RawJson, Span};
use crate::{DecodeError, Fault};

const TEXT: Expected = &[("text", "a string"), ("refusal", "a string")];

/// The types that text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    /// Somebody else's.
    Input,
    /// The model's.
    Output,
}

impl TextKind {
    /// That of a speaker.
    pub(super) fn of(role: &str) -> Self {
        if role == "assistant" {
            Self::Output
        } else {
            Self::Input
        }
    }
}

/// A part that is kept whole.
pub(super) fn opaque<'a>(kind: Cow<'a, str>, role: OpaqueRole, value: RawJson<'a>) -> Part<'a> {
    Part::new(PartBody::from(Opaque { kind, role, value }))
}

/// What is known of an object that comes next and stays unread.
#[derive(Default)]
pub(super) struct Ahead<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    /// Whether there is a role, and an id; not looked for where the object begins with its type or its
    /// role, as nearly every object does.
    pub(super) has_role: bool,
    pub(super) has_id: bool,
}

/// Looks at the object that comes next.
pub(super) fn look_ahead<'a>(c: &mut Cursor<'a>) -> Result<Ahead<'a>, DecodeError> {
    c.peek()?;
    let here = Span {
        start: c.position(),
        end: c.position(),
    };
    let mut ahead = Ahead::default();
    if let Ok(Some((key, text))) = c.revisit(here).leading_string() {
        match key.decode().as_ref() {
            "type" => {
                ahead.kind = Some(text.decode());
                return Ok(ahead);
            }
            "role" => {
                ahead.has_role = true;
                return Ok(ahead);
            }
            _ => {}
        }
    }
    c.revisit(here).object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => ahead.kind = Some(c.text()?),
            ("role", _) => ahead.has_role = true,
            ("id", _) => ahead.has_id = true,
            _ => {}
        }
        Ok(())
    })?;
    Ok(ahead)
}

impl<'a> Items<'a> {
    /// Reads one element of a content list, where text usually is of type `usual`.
    pub(super) fn part(&mut self, c: &mut Cursor<'a>, usual: TextKind) -> Result<Part<'a>, DecodeError> {
        c.count_node()?;
        match (c.peek()?, self.reading) {
            (Kind::Object, _) => {}
            (found, Reading::Strict) => return Err(c.wrong_type("a content part", found)),
            (_, Reading::Lenient) => return Ok(opaque("".into(), OpaqueRole::Unknown, c.raw()?)),
        }
        let start = c.position();
        let missing = |name: &str| DecodeError::new(Fault::Missing, start).under_key(name);
        match (look_ahead(c)?.kind, self.reading) {
            (Some(kind), _) => match kind.as_ref() {
                "input_text" | "output_text" | "text" => self.text(c, kind, usual),
                "refusal" => self.refusal(c, kind),
                "input_image" => media(c, kind, MediaKind::Image),
                "input_file" => media(c, kind, MediaKind::File),
                "input_audio" => audio(c, kind),
                _ => Ok(opaque(kind, OpaqueRole::Unknown, c.raw()?)),
            },
            (None, Reading::Strict) => Err(missing("type")),
            (None, Reading::Lenient) => Ok(opaque("".into(), OpaqueRole::Unknown, c.raw()?)),
        }
    }

    fn text(
        &mut self,
        c: &mut Cursor<'a>,
        kind: Cow<'a, str>,
        usual: TextKind,
    ) -> Result<Part<'a>, DecodeError> {
        let (mut text, mut body) = (None, Text::default());
        let (mut cache, mut extra) = (None, Extra::NONE);
        let mut note = match (kind.as_ref(), usual) {
            ("input_text", TextKind::Input) | ("output_text", TextKind::Output) => Form::default(),
            ("input_text", TextKind::Output) => form::part::INPUT_TEXT,
            ("output_text", TextKind::Input) => form::part::OUTPUT_TEXT,
            _ => form::part::PLAIN_TEXT,
        };
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => drop(c.string()?),
                ("text", Kind::String) => text = Some(c.text()?),
                ("annotations", Kind::Array) => {
                    let span = c.skip_value()?;
                    match citations(&mut c.revisit(span))? {
                        Some(citations) if !citations.is_empty() => body.citations = citations,
                        Some(_) | None => extra.push(key.decode(), c.raw_at(span)),
                    }
                }
                ("logprobs", Kind::Array) if self.reading == Reading::Lenient && self.tokens.is_empty() => {
                    let span = c.skip_value()?;
                    match tokens(&mut c.revisit(span))? {
                        Some(tokens) if !tokens.is_empty() => {
                            self.tokens = tokens;
                            note = note.with(form::part::LOGPROBS);
                        }
                        Some(_) | None => extra.push(key.decode(), c.raw_at(span)),
                    }
                }
                ("prompt_cache_breakpoint", Kind::Object) => cache = cache_mark(c, key, &mut extra)?,
                _ => self.reading.leftover(c, key, &mut extra, TEXT)?,
            }
            Ok(())
        })?;
        let Some(text) = text else {
            return match self.reading {
                Reading::Strict => Err(DecodeError::new(Fault::Missing, whole.start).under_key("text")),
                Reading::Lenient => Ok(opaque(kind, OpaqueRole::Unknown, c.raw_at(whole))),
            };
        };
        body.text = text;
        let mut part = Part::new(PartBody::Text(body));
        part.cache = cache;
        part.form = note;
        part.extra = extra;
        Ok(part)
    }

    fn refusal(&self, c: &mut Cursor<'a>, kind: Cow<'a, str>) -> Result<Part<'a>, DecodeError> {
        let (mut refusal, mut extra) = (None, Extra::NONE);
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => drop(c.string()?),
                ("refusal", Kind::String) => refusal = Some(c.text()?),
                _ => self.reading.leftover(c, key, &mut extra, TEXT)?,
            }
            Ok(())
        })?;
        Ok(match refusal {
            Some(refusal) => {
                let mut part = Part::new(PartBody::Refusal(refusal));
                part.extra = extra;
                part
            }
            None => opaque(kind, OpaqueRole::Unknown, c.raw_at(whole)),
        })
    }
}

/// Reads an image or a file: exactly one of its sources, or it is kept whole.
fn media<'a>(c: &mut Cursor<'a>, word: Cow<'a, str>, kind: MediaKind) -> Result<Part<'a>, DecodeError> {
    let (mut sources, mut name, mut detail) = (Vec::new(), None, None);
    let (mut cache, mut extra) = (None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => drop(c.string()?),
            ("image_url", Kind::String) if kind == MediaKind::Image => sources.push(at_address(c.text()?)),
            ("file_data", Kind::String) if kind == MediaKind::File => {
                let (mime, source) = at_address(c.text()?);
                // An address belongs into `file_url`; what is no data URL is taken for the data.
                sources.push(match source {
                    Source::Url(data) => (None, Source::Base64(data)),
                    source @ (Source::Base64(_) | Source::Text(_) | Source::FileId(_)) => (mime, source),
                });
            }
            ("file_url", Kind::String) if kind == MediaKind::File => {
                sources.push((None, Source::Url(c.text()?)));
            }
            ("file_id", Kind::String) => sources.push((None, Source::FileId(c.text()?))),
            ("filename", Kind::String) if kind == MediaKind::File => name = Some(c.text()?),
            ("detail", Kind::String) => detail = Some(c.text()?),
            ("prompt_cache_breakpoint", Kind::Object) => cache = cache_mark(c, key, &mut extra)?,
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let (Some((mime, source)), None) = (sources.pop(), sources.pop()) else {
        return Ok(opaque(word, OpaqueRole::Unknown, c.raw_at(whole)));
    };
    let mut part = Part::new(PartBody::from(Media {
        kind,
        source,
        mime,
        name,
        detail,
    }));
    part.cache = cache;
    part.extra = extra;
    Ok(part)
}

/// `{input_audio: {data, format}}`
fn audio<'a>(c: &mut Cursor<'a>, word: Cow<'a, str>) -> Result<Part<'a>, DecodeError> {
    let (mut data, mut format, mut plain, mut extra) = (None, None, true, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => drop(c.string()?),
            ("input_audio", Kind::Object) => {
                c.object(|c, key| {
                    match (key.decode().as_ref(), c.peek()?) {
                        ("data", Kind::String) => data = Some(c.text()?),
                        ("format", Kind::String) => format = Some(c.text()?),
                        _ => plain = false,
                    }
                    Ok(())
                })?;
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(match data.filter(|_| plain) {
        Some(data) => {
            let mut part = Part::new(PartBody::from(Media {
                kind: MediaKind::Audio,
                source: Source::Base64(data),
                mime: format.map(|format| Cow::Owned(format!("audio/{format}"))),
                name: None,
                detail: None,
            }));
            part.extra = extra;
            part
        }
        None => opaque(word, OpaqueRole::Unknown, c.raw_at(whole)),
    })
}

/// What is at an address. A data URL is taken apart into its type and its base64 text.
fn at_address(url: Cow<'_, str>) -> (Option<Cow<'_, str>>, Source<'_>) {
    const MARK: &str = ";base64,";
    let head = url.get(..url.floor_char_boundary(128)).unwrap_or_default();
    let mime = head
        .strip_prefix("data:")
        .and_then(|rest| rest.find(MARK))
        .filter(|length| *length > 0);
    let Some(length) = mime else {
        return (None, Source::Url(url));
    };
    let (mime, data) = (5..5 + length, 5 + length + MARK.len()..url.len());
    let slice = |range: std::ops::Range<usize>| match &url {
        Cow::Borrowed(url) => Cow::Borrowed(url.get(range).unwrap_or_default()),
        Cow::Owned(url) => Cow::Owned(url.get(range).unwrap_or_default().to_owned()),
    };
    (Some(slice(mime)), Source::Base64(slice(data)))
}

/// Reads `{mode: explicit}`; one in another shape goes to `extra`.
fn cache_mark<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<Box<CacheMark<'a>>>, DecodeError> {
    let mut mark = CacheMark {
        style: CacheStyle::Breakpoint,
        ..CacheMark::default()
    };
    let mut known = false;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("mode", Kind::String) => known = c.text()? == "explicit",
            ("ttl", Kind::String) => mark.ttl = Some(c.text()?),
            _ => mark.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    if known {
        return Ok(Some(Box::new(mark)));
    }
    extra.push(key.decode(), c.raw_at(whole));
    Ok(None)
}
