//! Elements of a message's content into canonical parts. One of a type not known, or of a known type
//! in an unexpected shape, is kept whole.

use std::borrow::Cow;

use crate::canonical::{Extra, Media, MediaKind, Opaque, OpaqueRole, Part, PartBody, Reasoning, Source};
use crate::json::{Cursor, Kind, RawJson};
use crate::reading::Reading;
use crate::{DecodeError, Fault};

/// Reads one element of a content list.
pub(super) fn part<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Part<'a>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a content part", found)),
        (_, Reading::Lenient) => return Ok(opaque(Cow::Borrowed(""), c.raw()?)),
    }
    let (mut kind, mut text, mut thinking, mut image, mut extra) = (None, None, None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("text", Kind::String) => text = Some(c.text()?),
            ("thinking", Kind::String) => thinking = Some(c.text()?),
            ("image_url", Kind::Object) => image = Some(c.skip_value()?),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let missing = |name: &str| Err(DecodeError::new(Fault::Missing, whole.start).under_key(name));
    let Some(kind) = kind else {
        return match reading {
            Reading::Strict => missing("type"),
            Reading::Lenient => Ok(opaque(Cow::Borrowed(""), c.raw_at(whole))),
        };
    };
    let made = match (kind.as_ref(), text, thinking, image) {
        ("text", Some(text), None, None) => Some(Part::text(text)),
        ("thinking", None, Some(thinking), None) => Some(Part::new(PartBody::from(Reasoning {
            text: vec![thinking],
            ..Reasoning::default()
        }))),
        ("image_url", None, None, Some(span)) => image_url(&mut c.revisit(span))?,
        ("text", None, _, _) if reading == Reading::Strict => return missing("text"),
        ("image_url", _, _, None) if reading == Reading::Strict => return missing("image_url"),
        _ => None,
    };
    Ok(match made {
        Some(mut part) => {
            part.extra = extra;
            part
        }
        None => opaque(kind, c.raw_at(whole)),
    })
}

pub(super) fn opaque<'a>(kind: Cow<'a, str>, value: RawJson<'a>) -> Part<'a> {
    Part::new(PartBody::from(Opaque {
        kind,
        role: OpaqueRole::Unknown,
        value,
    }))
}

/// `{url, detail}`, when there is nothing else in it.
fn image_url<'a>(c: &mut Cursor<'a>) -> Result<Option<Part<'a>>, DecodeError> {
    let (mut url, mut detail, mut plain) = (None, None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("url", Kind::String) => url = Some(c.text()?),
            ("detail", Kind::String) => detail = Some(c.text()?),
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(url.filter(|_| plain).map(|url: Cow<'a, str>| {
        let (mime, source) = match split_data_url(&url) {
            None => (None, Source::Url(url)),
            Some((mime, data)) => (Some(Cow::Owned(mime)), Source::Base64(Cow::Owned(data))),
        };
        Part::new(PartBody::from(Media {
            kind: MediaKind::Image,
            source,
            mime,
            name: None,
            detail,
        }))
    }))
}

/// Type and data of a base64 data URL.
fn split_data_url(url: &str) -> Option<(String, String)> {
    let (mime, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    (!mime.is_empty() && mime.len() < 128).then(|| (mime.to_owned(), data.to_owned()))
}
