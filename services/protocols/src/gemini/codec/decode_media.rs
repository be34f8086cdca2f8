//! Blobs and files into media.

use std::borrow::Cow;

use super::{Reading, form};
use crate::canonical::{Media, MediaKind, Part, PartBody, Source};
use crate::json::{Cursor, Kind};
use crate::{DecodeError, Fault};

/// The members of a blob or a file.
#[derive(Default)]
struct Fields<'a> {
    bytes: Option<Cow<'a, str>>,
    mime: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    snake: bool,
    camel: bool,
    plain: bool,
}

impl<'a> Fields<'a> {
    fn read(c: &mut Cursor<'a>, camel: &str, snake: &str, reading: Reading) -> Result<Self, DecodeError> {
        let mut fields = Self {
            plain: true,
            ..Self::default()
        };
        let whole = c.object(|c, key| {
            let name = key.decode();
            let slot = match name.as_ref() {
                name if name == camel || name == snake => &mut fields.bytes,
                "mimeType" | "mime_type" => &mut fields.mime,
                "displayName" | "display_name" => &mut fields.name,
                _ => {
                    fields.plain = false;
                    return Ok(());
                }
            };
            match (c.peek()?, reading) {
                (Kind::String, _) if slot.is_none() => *slot = Some(c.text()?),
                // Given twice, in two spellings.
                (Kind::String, _) => fields.plain = false,
                // Some clients write out what they leave unset.
                (Kind::Null, _) => return Ok(()),
                (found, Reading::Strict) => return Err(c.wrong_type("a string", found)),
                (_, Reading::Lenient) => fields.plain = false,
            }
            fields.snake |= name.contains('_');
            fields.camel |= name.contains(|letter: char| letter.is_ascii_uppercase());
            Ok(())
        })?;
        if fields.bytes.is_none() && reading == Reading::Strict {
            return Err(DecodeError::new(Fault::Missing, whole.start).under_key(camel));
        }
        Ok(fields)
    }

    fn part(self, source: impl FnOnce(Cow<'a, str>) -> Source<'a>) -> Option<Part<'a>> {
        // One spelling for all can be written back.
        let plain = self.plain && !(self.snake && self.camel);
        let bytes = self.bytes.filter(|_| plain)?;
        let source = source(bytes);
        let mut part = Part::new(PartBody::from(Media {
            kind: kind(self.mime.as_deref(), &source),
            source,
            mime: self.mime,
            name: self.name,
            detail: None,
        }));
        if self.snake {
            part.form = form::part::NAMES_SNAKE;
        }
        Some(part)
    }
}

/// Reads `inlineData`; `None` when it is not in a shape that can be written back.
pub(super) fn blob<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    Ok(Fields::read(c, "data", "data", reading)?.part(Source::Base64))
}

/// Reads `fileData`; `None` when it is not in a shape that can be written back.
pub(super) fn file<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    Ok(Fields::read(c, "fileUri", "file_uri", reading)?.part(|uri| {
        if is_with_google(&uri) {
            Source::FileId(uri)
        } else {
            Source::Url(uri)
        }
    }))
}

/// Whether only Google can read what is at the address: files uploaded to it, and its storage.
pub(super) fn is_with_google(uri: &str) -> bool {
    const FILES: &str = "https://generativelanguage.googleapis.com/";
    uri.starts_with(FILES) || uri.starts_with("gs://") || uri.starts_with("files/")
}

/// The kind of media by its type, or by its address where it has none.
fn kind(mime: Option<&str>, source: &Source<'_>) -> MediaKind {
    let guessed = match source {
        Source::Url(uri) | Source::FileId(uri) if mime.is_none() => mime_of(uri),
        Source::Url(_) | Source::FileId(_) | Source::Base64(_) | Source::Text(_) => None,
    };
    match mime.or(guessed).and_then(|mime| mime.split('/').next()) {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::File,
    }
}

/// The type that an address promises.
pub(super) fn mime_of(uri: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 12] = [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("heic", "image/heic"),
        ("mp3", "audio/mp3"),
        ("wav", "audio/wav"),
        ("mp4", "video/mp4"),
        ("mov", "video/mov"),
        ("pdf", "application/pdf"),
        ("txt", "text/plain"),
    ];
    if ["https://www.youtube.com/", "https://youtu.be/"]
        .iter()
        .any(|site| uri.starts_with(site))
    {
        return Some("video/mp4");
    }
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let (_, extension) = path.rsplit_once('.')?;
    let known = TYPES.iter().find(|(e, _)| extension.eq_ignore_ascii_case(e));
    known.map(|(_, mime)| *mime)
}
