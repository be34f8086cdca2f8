//! Media and sources, as statements.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sluicegate_protocols::canonical::{Citation, Media, MediaKind, Source};
use sluicegate_protocols::lossy::Feature;

use super::Facts;

impl Facts {
    /// A document of plain text reads the same as text, save that it is one.
    pub(super) fn document(&mut self, media: &Media<'_>) {
        self.add(
            "that was a document".to_owned(),
            &[Feature::File, Feature::ToolResultContent],
        );
        if let Some(name) = &media.name {
            self.add(
                format!("file called {name}"),
                &[Feature::File, Feature::ToolResultContent],
            );
        }
    }

    pub(super) fn media(&mut self, media: &Media<'_>) {
        let Media {
            kind,
            source,
            mime,
            name,
            detail,
        } = media;
        // Some dialects know the kind by the type alone, and others nothing but files.
        let kind = match mime.as_deref().and_then(|mime| mime.split('/').next()) {
            Some("image") => &MediaKind::Image,
            Some("audio") => &MediaKind::Audio,
            Some("video") => &MediaKind::Video,
            _ => kind,
        };
        let (what, excuses): (&str, &'static [Feature]) = match kind {
            MediaKind::Image => (
                "image",
                &[
                    Feature::Image,
                    Feature::File,
                    Feature::FileId,
                    Feature::ToolResultContent,
                ],
            ),
            MediaKind::Audio => (
                "audio",
                &[
                    Feature::Audio,
                    Feature::File,
                    Feature::FileId,
                    Feature::ToolResultContent,
                ],
            ),
            MediaKind::Video => (
                "video",
                &[
                    Feature::Video,
                    Feature::File,
                    Feature::FileId,
                    Feature::ToolResultContent,
                ],
            ),
            MediaKind::File => (
                "file",
                &[Feature::File, Feature::FileId, Feature::ToolResultContent],
            ),
        };
        let place = match source {
            Source::Base64(text) | Source::Text(text) => format!("{} bytes", text.len()),
            Source::Url(url) => url.to_string(),
            Source::FileId(id) => id.to_string(),
        };
        self.tell(format!("{what} {place}"), excuses);
        // MP3 has two names.
        let mime = mime
            .as_deref()
            .map(|mime| mime.replace("audio/mpeg", "audio/mp3"));
        if let (Some(mime), Source::Base64(_)) = (mime, source) {
            self.add(format!("{what} is {mime}"), excuses);
        }
        if let Some(name) = name {
            self.add(
                format!("{what} called {name}"),
                &[Feature::File, Feature::ToolResultContent],
            );
        }
        if let Some(detail) = detail {
            self.add(
                format!("{what} in detail {detail}"),
                &[Feature::ImageDetail, Feature::Image, Feature::ToolResultContent],
            );
        }
    }

    pub(super) fn citation(&mut self, citation: &Citation<'_>) {
        let Citation {
            kind: _,
            url,
            title,
            quote,
            start,
            end,
            document,
            extra,
        } = citation;
        let mut cite = |says: Option<String>| {
            if let Some(says) = says {
                self.add(format!("cites {says}"), &[Feature::Citation]);
            }
        };
        // Cohere has a list of sources, each with what is known of it.
        let sources = extra
            .get("sources")
            .map(|raw| serde_json::from_str::<Value>(raw.as_str()).unwrap());
        for source in sources.iter().flat_map(|list| list.as_array()).flatten() {
            let told = |name: &str| source["document"][name].as_str();
            cite(told("url").map(str::to_owned));
            cite(
                told("title")
                    .filter(|title| !title.is_empty())
                    .map(|title| format!("title {title}")),
            );
            cite(
                source["id"]
                    .as_str()
                    .filter(|id| !id.is_empty())
                    .map(|id| format!("document {id}")),
            );
        }
        cite(url.as_deref().map(str::to_owned));
        let title = title.as_deref().filter(|title| !title.is_empty());
        cite(title.map(|title| format!("title {title}")));
        cite(
            quote
                .as_deref()
                .filter(|quote| !quote.is_empty())
                .map(|quote| format!("quote {quote}")),
        );
        let place = start.zip(*end).filter(|(start, end)| start < end);
        cite(place.map(|(start, end)| format!("at {start} to {end}")));
        cite(document.map(|number| format!("document {number}")));
    }
}

/// The text of a document that is nothing but text.
pub(super) fn plain_text<'m>(media: &'m Media<'_>) -> Option<Cow<'m, str>> {
    match &media.source {
        Source::Text(text) => Some(Cow::Borrowed(text)),
        Source::Base64(data) if media.mime.as_deref() == Some("text/plain") => {
            let bytes = STANDARD.decode(data.as_bytes()).ok()?;
            String::from_utf8(bytes).ok().map(Cow::Owned)
        }
        Source::Base64(_) | Source::Url(_) | Source::FileId(_) => None,
    }
}
