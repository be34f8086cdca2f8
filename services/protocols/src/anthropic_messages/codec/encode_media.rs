//! Images and documents out of the canonical form.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::{Media, MediaKind, Source};
use crate::json::Object;
use crate::lossy::Feature;

/// The source object of a block.
#[derive(Debug)]
pub(super) struct Writable<'m> {
    /// `image` or `document`.
    pub(super) block: &'static str,
    kind: &'static str,
    member: &'static str,
    mime: Option<Cow<'m, str>>,
    data: Cow<'m, str>,
}

impl Writable<'_> {
    /// Writes the `source` member.
    pub(super) fn write(&self, object: &mut Object<'_>) {
        let mut source = object.object("source");
        source.string("type", self.kind);
        source.optional_string("media_type", self.mime.as_deref());
        source.string(self.member, &self.data);
    }
}

/// How media is written in this dialect, or what is lost. Ids of files are good only where they were
/// given out.
pub(super) fn writable<'m>(media: &'m Media<'_>, same: bool) -> Result<Writable<'m>, Feature> {
    let Media {
        kind,
        source,
        mime,
        name: _,
        detail: _,
    } = media;
    let block = match kind {
        MediaKind::Image => "image",
        MediaKind::File => "document",
        MediaKind::Audio | MediaKind::Video => return Err(Feature::of_media(*kind)),
    };
    let plain = |kind, member, data: &'m str| {
        Ok(Writable {
            block,
            kind,
            member,
            mime: None,
            data: Cow::Borrowed(data),
        })
    };
    let typed = |kind, mime: &'m str, data: Cow<'m, str>| {
        Ok(Writable {
            block,
            kind,
            member: "data",
            mime: Some(Cow::Borrowed(mime)),
            data,
        })
    };
    match source {
        Source::Url(url) => plain("url", "url", url),
        Source::FileId(id) if same => plain("file", "file_id", id),
        Source::FileId(_) => Err(Feature::FileId),
        Source::Text(_) if *kind == MediaKind::Image => Err(Feature::Image),
        Source::Text(text) => {
            let mime = mime.as_deref().unwrap_or("text/plain");
            typed("text", mime, Cow::Borrowed(text))
        }
        Source::Base64(data) => {
            let mime = mime.as_deref().or_else(|| sniff(data));
            let mime = mime.filter(|mime| same || !mime.is_empty());
            let Some(mime) = mime else {
                return Err(Feature::of_media(*kind));
            };
            if same || *kind == MediaKind::Image || mime == "application/pdf" {
                return typed("base64", mime, Cow::Borrowed(data));
            }
            // Other documents are taken as text only.
            if !is_textual(mime) {
                return Err(Feature::File);
            }
            let text = STANDARD.decode(data.as_bytes()).ok();
            match text.and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(text) => typed("text", "text/plain", Cow::Owned(text)),
                None => Err(Feature::File),
            }
        }
    }
}

fn is_textual(mime: &str) -> bool {
    mime.starts_with("text/") || matches!(mime, "application/json" | "application/xml" | "application/yaml")
}

/// The type of bytes by how they begin, in base64.
fn sniff(data: &str) -> Option<&'static str> {
    const BEGINNINGS: [(&str, &str); 5] = [
        ("iVBORw0KGgo", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGOD", "image/gif"),
        ("UklGR", "image/webp"),
        ("JVBERi", "application/pdf"),
    ];
    BEGINNINGS
        .iter()
        .find(|(beginning, _)| data.starts_with(beginning))
        .map(|(_, mime)| *mime)
}
