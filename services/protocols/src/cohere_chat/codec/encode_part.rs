//! One part of a message's content out of the canonical form.

use super::encode_message::{Placed, Writer};
use crate::canonical::{Media, MediaKind, Part, PartBody, Source};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};

impl Writer {
    /// Writes a part as an element of a content list.
    pub(super) fn content_part(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>) {
        let part = placed.2;
        match &part.body {
            PartBody::Text(text) => self.typed(list.object(), part, "text", &text.text),
            PartBody::Json(value) => self.typed(list.object(), part, "text", value.as_str()),
            PartBody::Refusal(text) => self.typed(list.object(), part, "text", text),
            PartBody::Reasoning(reasoning) => {
                let mut shown = reasoning.text.concat();
                if shown.is_empty() {
                    shown = reasoning.summary.join("\n\n");
                }
                self.typed(list.object(), part, "thinking", &shown);
            }
            PartBody::Media(media) => self.media(list, placed, media),
            PartBody::Opaque(opaque) => list.raw(&opaque.value),
            // Neither is content: the caller has put them elsewhere.
            PartBody::ToolCall(_) | PartBody::ToolResult(_) => {}
        }
    }

    /// `{type: x, x: text}`
    fn typed(&self, mut object: Object<'_>, part: &Part<'_>, kind: &'static str, text: &str) {
        object.string("type", kind);
        object.string(kind, text);
        if self.same {
            part.extra.write(&mut object);
        }
    }

    fn media(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, media: &Media<'_>) {
        let Media {
            kind,
            source,
            mime,
            name: _,
            detail,
        } = media;
        let url = match (kind, source) {
            (MediaKind::File, Source::Text(text)) => {
                // A plain-text document reads the same as text.
                self.lose(placed, Feature::File, "", Severity::Hint);
                return self.typed(list.object(), placed.2, "text", text);
            }
            (MediaKind::Image, Source::Url(url)) => url.to_string(),
            (MediaKind::Image, Source::Base64(data)) => {
                let mime = mime.as_deref().unwrap_or("image/png");
                format!("data:{mime};base64,{data}")
            }
            (_, Source::FileId(_)) => return self.lose(placed, Feature::FileId, "", Severity::Missing),
            (
                MediaKind::Image | MediaKind::Audio | MediaKind::Video | MediaKind::File,
                Source::Url(_) | Source::Base64(_) | Source::Text(_),
            ) => return self.lose(placed, Feature::of_media(*kind), "", Severity::Missing),
        };
        let mut object = list.object();
        object.string("type", "image_url");
        {
            let mut inner = object.object("image_url");
            inner.string("url", &url);
            inner.optional_string("detail", detail.as_deref());
        }
        if self.same {
            placed.2.extra.write(&mut object);
        }
    }
}
