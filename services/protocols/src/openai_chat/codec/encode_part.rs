//! One part of a message's content out of the canonical form, and what hangs on parts.

use super::decode_part::PAYLOADS;
use super::form;
use crate::canonical::{
    CacheMark, CacheStyle, Citation, Media, MediaKind, OpaqueRole, Part, PartBody, Source, Text,
};
use crate::json::{Array, Kind, Object, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::reading::write_nested;

/// Writes a part as an element of a content list. `same`: it came from this dialect.
pub(super) fn write_part(
    list: &mut Array<'_>,
    part: &Part<'_>,
    same: bool,
    losses: &mut LossReport,
    at: impl Fn() -> String,
) {
    let short = same && part.form == form::part::SHORT;
    match &part.body {
        PartBody::Text(Text { text, citations: _ }) if short => list.string(text),
        PartBody::Text(Text { text, citations: _ }) => {
            finish(list.object(), part, same, |o| {
                o.string("type", "text");
                o.string("text", text);
            });
        }
        PartBody::Json(value) => finish(list.object(), part, same, |o| {
            o.string("type", "text");
            o.string("text", value.as_str());
        }),
        PartBody::Refusal(text) => finish(list.object(), part, same, |o| {
            o.string("type", "refusal");
            o.string("refusal", text);
        }),
        PartBody::Reasoning(reasoning) => finish(list.object(), part, same, |o| {
            o.string("type", "thinking");
            if same && part.form == form::part::THINKING_STRING {
                o.string("thinking", &reasoning.text.concat());
                return;
            }
            let mut pieces = o.array("thinking");
            for piece in reasoning.text.iter().chain(&reasoning.summary) {
                pieces.object_of_text(piece);
            }
        }),
        PartBody::Media(media) => write_media(list, part, media, same, losses, at),
        PartBody::Opaque(opaque) => list.raw(&opaque.value),
        // Neither is content: the caller has put them elsewhere.
        PartBody::ToolCall(_) | PartBody::ToolResult(_) => {}
    }
}

/// Writes the members of a part, then what every part may have.
fn finish(mut object: Object<'_>, part: &Part<'_>, same: bool, write: impl FnOnce(&mut Object<'_>)) {
    write(&mut object);
    if same {
        if let Some(mark) = &part.cache {
            write_cache_mark(&mut object, mark);
        }
        let inside = |name: &str| matches!(part.body, PartBody::Media(_)) && is_nested(part, name);
        part.extra.write_unless(&mut object, |name, _| inside(name));
    }
}

/// Whether a member kept of a part belongs into its payload, which has the same name.
fn is_nested(part: &Part<'_>, name: &str) -> bool {
    let nested = part
        .extra
        .get(name)
        .is_some_and(|kept| kept.kind() == Kind::Object);
    nested && PAYLOADS.contains(&name)
}

/// Writes into the payload of that name what it left unset.
fn unset(payload: &mut Object<'_>, part: &Part<'_>, same: bool, name: &str) {
    if let Some(kept) = part.extra.get(name).filter(|_| same && is_nested(part, name)) {
        write_nested(payload, kept);
    }
}

fn write_media(
    list: &mut Array<'_>,
    part: &Part<'_>,
    media: &Media<'_>,
    same: bool,
    losses: &mut LossReport,
    at: impl Fn() -> String,
) {
    let Media {
        kind,
        source,
        mime,
        name,
        detail,
    } = media;
    let mime = mime.as_deref();
    if let Source::Text(text) = source {
        // A plain-text document reads the same as text.
        losses.note(Feature::of_media(*kind), "", Severity::Hint, at());
        return list.object_of_text(text);
    }
    let lost = |losses: &mut LossReport, feature| losses.note(feature, "", Severity::Missing, at());
    // A provider's own storage is nothing that others can reach.
    if let Source::Url(url) = source
        && !(same || url.starts_with("http") || url.starts_with("data:"))
    {
        return lost(losses, Feature::of_media(*kind));
    }
    match (kind, source) {
        (MediaKind::Image | MediaKind::Video, Source::Url(_) | Source::Base64(_)) => {
            let member = if *kind == MediaKind::Image {
                "image_url"
            } else {
                "video_url"
            };
            let short = same && part.form == form::part::SHORT;
            finish(list.object(), part, same, |o| {
                o.string("type", member);
                if short {
                    return o.string(member, &address(source, mime));
                }
                let mut inner = o.object(member);
                inner.string("url", &address(source, mime));
                inner.optional_string("detail", detail.as_deref());
                unset(&mut inner, part, same, member);
            });
        }
        (MediaKind::Audio, Source::Base64(data)) => write_audio(list, part, mime, data, same),
        (MediaKind::Audio, Source::Url(url)) if same => write_audio(list, part, mime, url, same),
        (MediaKind::File, Source::Url(_) | Source::Base64(_))
            if same && part.form == form::part::DOCUMENT_URL =>
        {
            finish(list.object(), part, same, |o| {
                o.string("type", "document_url");
                o.string("document_url", &address(source, mime));
            });
        }
        (MediaKind::File, Source::Url(_) | Source::Base64(_) | Source::FileId(_)) => {
            if matches!(source, Source::FileId(_)) && !same {
                return lost(losses, Feature::FileId);
            }
            finish(list.object(), part, same, |o| {
                o.string("type", "file");
                let mut inner = o.object("file");
                match source {
                    Source::FileId(id) => inner.string("file_id", id),
                    Source::Base64(_) | Source::Url(_) | Source::Text(_) => {
                        inner.string("file_data", &address(source, mime));
                    }
                }
                inner.optional_string("filename", name.as_deref());
                unset(&mut inner, part, same, "file");
            });
        }
        (_, Source::FileId(_)) => lost(losses, Feature::FileId),
        (
            MediaKind::Audio | MediaKind::Image | MediaKind::Video | MediaKind::File,
            Source::Url(_) | Source::Text(_),
        ) => {
            lost(losses, Feature::of_media(*kind));
        }
    }
}

fn write_audio(list: &mut Array<'_>, part: &Part<'_>, mime: Option<&str>, data: &str, same: bool) {
    finish(list.object(), part, same, |o| {
        o.string("type", "input_audio");
        let mut inner = o.object("input_audio");
        inner.string("data", data);
        inner.optional_string("format", mime.map(audio_format));
        unset(&mut inner, part, same, "input_audio");
    });
}

/// The bytes as an address: a data URL where the type is known.
fn address(source: &Source<'_>, mime: Option<&str>) -> String {
    match (source, mime) {
        (Source::Base64(data), Some(mime)) => format!("data:{mime};base64,{data}"),
        (Source::Base64(text) | Source::Url(text) | Source::Text(text) | Source::FileId(text), _) => {
            text.to_string()
        }
    }
}

/// OpenAI's word for a type of sound.
fn audio_format(mime: &str) -> &str {
    match mime {
        "audio/mpeg" => "mp3",
        "audio/x-wav" | "audio/wave" => "wav",
        _ => mime.strip_prefix("audio/").unwrap_or(mime),
    }
}

/// What is lost with a block that is kept as it came.
pub(super) fn opaque_feature(role: OpaqueRole) -> Feature {
    match role {
        OpaqueRole::ServerToolCall | OpaqueRole::ServerToolResult => Feature::ServerTool,
        OpaqueRole::Unknown => Feature::UnknownPart,
    }
}

/// Whether this dialect has a place for a citation: it knows addresses alone, not places in the
/// caller's documents. One of another kind that was met in this dialect is all `extra`.
pub(super) fn can_cite(citation: &Citation<'_>) -> bool {
    let Citation {
        kind,
        url,
        title,
        quote,
        start,
        end,
        document,
        extra: _,
    } = citation;
    let text = title.is_some() || quote.is_some();
    let place = start.is_some() || end.is_some() || document.is_some();
    url.is_some() || kind == "url_citation" || !(text || place)
}

/// Writes the list of citations.
pub(super) fn write_annotations<'m, 'a: 'm>(
    out: &mut Vec<u8>,
    citations: impl Iterator<Item = &'m Citation<'a>>,
) {
    let mut list = Array::open(out);
    for citation in citations {
        let Citation {
            kind,
            url,
            title,
            quote,
            start,
            end,
            document: _,
            extra,
        } = citation;
        let mut object = list.object();
        if url.is_none() && kind != "url_citation" {
            object.string("type", kind);
            extra.write(&mut object);
            continue;
        }
        object.string("type", "url_citation");
        let mut inner = object.object("url_citation");
        inner.optional_string("url", url.as_deref());
        inner.optional_string("title", title.as_deref());
        inner.optional_string("content", quote.as_deref());
        for (name, value) in [("start_index", start), ("end_index", end)] {
            if let Some(value) = value {
                inner.unsigned(name, *value);
            }
        }
        extra.write(&mut inner);
    }
}

/// Writes a prompt-cache marker.
pub(super) fn write_cache_mark(object: &mut Object<'_>, mark: &CacheMark<'_>) {
    let CacheMark { style, ttl, extra } = mark;
    let (member, key, word) = match style {
        CacheStyle::Control => ("cache_control", "type", "ephemeral"),
        CacheStyle::Breakpoint => ("prompt_cache_breakpoint", "mode", "explicit"),
    };
    let mut object = object.object(member);
    object.string(key, word);
    object.optional_string("ttl", ttl.as_deref());
    extra.write(&mut object);
}

impl Array<'_> {
    /// A text part.
    pub(super) fn object_of_text(&mut self, text: &str) {
        let mut object = self.object();
        object.string("type", "text");
        write_string(object.value("text"), text);
    }
}
