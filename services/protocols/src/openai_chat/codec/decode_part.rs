//! Parts of a message's content into the canonical form. A part of a type not known, or of a known
//! type in an unexpected shape, is kept whole.

use std::borrow::Cow;

use super::{Reading, form};
use crate::canonical::{
    CacheMark, CacheStyle, Extra, Media, MediaKind, Opaque, OpaqueRole, Part, PartBody, Reasoning, Source,
};
use crate::json::{Cursor, JsonStr, Kind, RawJson, Span};
use crate::reading::nested;
use crate::{DecodeError, Fault};

/// Members that hold what a part is about, each in its own type of part.
pub(super) const PAYLOADS: [&str; 6] = [
    "image_url",
    "input_audio",
    "file",
    "thinking",
    "document_url",
    "video_url",
];

/// A part so far.
#[derive(Default)]
struct Draft<'a> {
    kind: Option<Cow<'a, str>>,
    text: Option<Cow<'a, str>>,
    refusal: Option<Cow<'a, str>>,
    payload: Option<(&'static str, Span)>,
    cache: Option<Box<CacheMark<'a>>>,
    extra: Extra<'a>,
}

/// Reads one element of a content list.
pub(super) fn part<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Part<'a>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (Kind::String, _) => {
            let mut part = Part::text(c.text()?);
            part.form = form::part::SHORT;
            return Ok(part);
        }
        (found, Reading::Strict) => return Err(c.wrong_type("a content part", found)),
        (_, Reading::Lenient) => {
            let value = c.raw()?;
            return Ok(opaque(Cow::Borrowed(""), value));
        }
    }
    let mut draft = Draft::default();
    let whole = c.object(|c, key| draft.member(c, key))?;
    draft.finish(c, whole, reading)
}

fn opaque<'a>(kind: Cow<'a, str>, value: RawJson<'a>) -> Part<'a> {
    Part::new(PartBody::from(Opaque {
        kind,
        role: OpaqueRole::Unknown,
        value,
    }))
}

impl<'a> Draft<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let name = key.decode();
        match (name.as_ref(), c.peek()?) {
            ("type", Kind::String) => self.kind = Some(c.text()?),
            ("text", Kind::String) => self.text = Some(c.text()?),
            ("refusal", Kind::String) => self.refusal = Some(c.text()?),
            ("cache_control" | "prompt_cache_breakpoint", Kind::Object) if self.cache.is_none() => {
                self.cache = cache_mark(c, key, &mut self.extra)?;
            }
            (_, Kind::Null) => self.extra.keep(c, key)?,
            (name, _) => match PAYLOADS.iter().find(|p| **p == name) {
                Some(payload) if self.payload.is_none() => self.payload = Some((payload, c.skip_value()?)),
                Some(_) | None => self.extra.keep(c, key)?,
            },
        }
        Ok(())
    }

    fn finish(self, c: &mut Cursor<'a>, whole: Span, reading: Reading) -> Result<Part<'a>, DecodeError> {
        let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
        let Some(kind) = self.kind else {
            return match reading {
                Reading::Strict => Err(missing("type")),
                Reading::Lenient => Ok(opaque(Cow::Borrowed(""), c.raw_at(whole))),
            };
        };
        let made = match (kind.as_ref(), self.text, self.refusal, self.payload) {
            ("text", Some(text), None, None) => Some(Part::text(text)),
            ("refusal", None, Some(refusal), None) => {
                let mut part = Part::new(PartBody::Refusal(refusal));
                part.form = form::part::IN_CONTENT;
                Some(part)
            }
            ("text", None, _, _) if reading == Reading::Strict => return Err(missing("text")),
            (kind, None, None, Some((name, span))) if kind == name => {
                payload(&mut c.revisit(span), name).map_err(|e| e.under_key(name))?
            }
            (kind, _, _, None) if reading == Reading::Strict && PAYLOADS.contains(&kind) => {
                return Err(missing(kind));
            }
            _ => None,
        };
        Ok(match made {
            Some(mut part) => {
                part.cache = self.cache;
                part.extra.append(self.extra);
                part
            }
            None => opaque(kind, c.raw_at(whole)),
        })
    }
}

/// Reads what a part is about; `None` when it is not in a shape that can be written back.
fn payload<'a>(c: &mut Cursor<'a>, name: &'static str) -> Result<Option<Part<'a>>, DecodeError> {
    match (name, c.peek()?) {
        ("image_url" | "video_url", Kind::Object) => {
            let Fields {
                texts: [url, detail],
                nulls,
                plain,
            } = Fields::read(c, ["url", "detail"])?;
            let kind = if name == "image_url" {
                MediaKind::Image
            } else {
                MediaKind::Video
            };
            Ok(url.filter(|_| plain).map(|url| {
                let mut media = at_url(kind, url);
                media.detail = detail;
                with_nulls(media, name, &nulls)
            }))
        }
        ("image_url" | "video_url" | "document_url", Kind::String) => {
            let (kind, note) = match name {
                "image_url" => (MediaKind::Image, form::part::SHORT),
                "video_url" => (MediaKind::Video, form::part::SHORT),
                _ => (MediaKind::File, form::part::DOCUMENT_URL),
            };
            let mut part = Part::new(PartBody::from(at_url(kind, c.text()?)));
            part.form = note;
            Ok(Some(part))
        }
        ("input_audio", Kind::Object) => {
            let Fields {
                texts: [data, format],
                nulls,
                plain,
            } = Fields::read(c, ["data", "format"])?;
            Ok(data.filter(|_| plain).map(|data| {
                let mime = format.map(|format| Cow::Owned(format!("audio/{format}")));
                let source = if data.starts_with("data:") {
                    Source::Url(data)
                } else {
                    Source::Base64(data)
                };
                let media = Media {
                    kind: MediaKind::Audio,
                    source,
                    mime,
                    name: None,
                    detail: None,
                };
                with_nulls(media, name, &nulls)
            }))
        }
        ("file", Kind::Object) => file(c),
        ("thinking", Kind::String) => {
            let reasoning = Reasoning {
                text: vec![c.text()?],
                ..Reasoning::default()
            };
            let mut part = Part::new(PartBody::from(reasoning));
            part.form = form::part::THINKING_STRING;
            Ok(Some(part))
        }
        ("thinking", Kind::Array) => thinking(c),
        _ => Ok(None),
    }
}

/// The part of some media. What its payload left unset is kept in an object of the payload's name.
fn with_nulls<'a>(media: Media<'a>, payload: &'static str, nulls: &Extra<'a>) -> Part<'a> {
    let mut part = Part::new(PartBody::from(media));
    if !nulls.is_empty() {
        part.extra.push_quiet(payload, nested(nulls));
    }
    part
}

fn file<'a>(c: &mut Cursor<'a>) -> Result<Option<Part<'a>>, DecodeError> {
    let Fields {
        texts: [data, id, name],
        nulls,
        plain,
    } = Fields::read(c, ["file_data", "file_id", "filename"])?;
    let media = match (data, id) {
        (Some(data), None) if data.starts_with("data:") || data.starts_with("http") => {
            Some(at_url(MediaKind::File, data))
        }
        (Some(data), None) => Some(Media {
            kind: MediaKind::File,
            source: Source::Base64(data),
            mime: None,
            name: None,
            detail: None,
        }),
        (None, Some(id)) => Some(Media {
            kind: MediaKind::File,
            source: Source::FileId(id),
            mime: None,
            name: None,
            detail: None,
        }),
        _ => None,
    };
    Ok(media.filter(|_| plain).map(|mut media| {
        media.name = name;
        with_nulls(media, "file", &nulls)
    }))
}

/// Mistral's list of text pieces.
fn thinking<'a>(c: &mut Cursor<'a>) -> Result<Option<Part<'a>>, DecodeError> {
    let (mut text, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        if c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        let Fields {
            texts: [kind, piece],
            nulls,
            plain: only,
        } = Fields::read(c, ["type", "text"])?;
        match (kind.as_deref(), piece) {
            (Some("text"), Some(piece)) if only && nulls.is_empty() => text.push(piece),
            _ => plain = false,
        }
        Ok(())
    })?;
    let mut part = Part::new(PartBody::from(Reasoning {
        text,
        ..Reasoning::default()
    }));
    part.form = form::part::THINKING;
    Ok(Some(part).filter(|_| plain))
}

/// The string members of an object that is expected to hold nothing else.
struct Fields<'a, const N: usize> {
    texts: [Option<Cow<'a, str>>; N],
    /// Members that say nothing.
    nulls: Extra<'a>,
    plain: bool,
}

impl<'a, const N: usize> Fields<'a, N> {
    fn read(c: &mut Cursor<'a>, names: [&str; N]) -> Result<Self, DecodeError> {
        let mut fields = Self {
            texts: [const { None }; N],
            nulls: Extra::NONE,
            plain: true,
        };
        c.object(|c, key| {
            let name = key.decode();
            let at = names.iter().position(|n| *n == name);
            match (at, c.peek()?) {
                (Some(at), Kind::String) => fields.texts[at] = Some(c.text()?),
                // Some clients write out what they leave unset.
                (Some(_), Kind::Null) => fields.nulls.keep(c, key)?,
                _ => fields.plain = false,
            }
            Ok(())
        })?;
        Ok(fields)
    }
}

/// Media at an address. A data URL is taken apart into its type and its base64 text.
fn at_url<'a>(kind: MediaKind, url: Cow<'a, str>) -> Media<'a> {
    let (mime, source) = match split_data_url(&url) {
        None => (None, Source::Url(url)),
        Some((mime_end, data_start)) => {
            let slice = |from: usize, to: usize| match &url {
                Cow::Borrowed(url) => Cow::Borrowed(url.get(from..to).unwrap_or_default()),
                Cow::Owned(url) => Cow::Owned(url.get(from..to).unwrap_or_default().to_owned()),
            };
            (
                Some(slice(5, mime_end)),
                Source::Base64(slice(data_start, url.len())),
            )
        }
    };
    Media {
        kind,
        source,
        mime,
        name: None,
        detail: None,
    }
}

/// Where the type of a base64 data URL ends and its data starts.
fn split_data_url(url: &str) -> Option<(usize, usize)> {
    const MARK: &str = ";base64,";
    let rest = url.strip_prefix("data:")?;
    let head = rest.get(..rest.floor_char_boundary(128)).unwrap_or(rest);
    let end = 5 + head.find(MARK)?;
    (end > 5).then_some((end, end + MARK.len()))
}

/// Reads a prompt-cache marker under `key`; one in another shape than expected goes to `extra`.
pub(super) fn cache_mark<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<Box<CacheMark<'a>>>, DecodeError> {
    let (style, word_key, word) = if key.decode() == "cache_control" {
        (CacheStyle::Control, "type", "ephemeral")
    } else {
        (CacheStyle::Breakpoint, "mode", "explicit")
    };
    let mut mark = CacheMark {
        style,
        ..CacheMark::default()
    };
    let mut known = false;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            (name, Kind::String) if name == word_key => known = c.text()? == word,
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
