//! Parts of an item's content out of the canonical form.

use super::encode_item::{Placed, Side, Writer, place};
use super::form;
use crate::canonical::{
    CacheMark, CacheStyle, Citation, Form, Media, MediaKind, PartBody, Role, Source, Text, TokenLogprob,
};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};

/// The type of a text, from its spelling where it is known and from its speaker otherwise.
fn text_type(note: Form, role: &Role<'_>) -> &'static str {
    match Form(note.0 & form::part::TEXT) {
        form::part::INPUT_TEXT => "input_text",
        form::part::OUTPUT_TEXT => "output_text",
        form::part::PLAIN_TEXT => "text",
        _ if *role == Role::Assistant => "output_text",
        _ => "input_text",
    }
}

impl Writer<'_> {
    /// Writes a part as an element of a content list, or notes why not.
    pub(super) fn content_part(&mut self, list: &mut Array<'_>, role: &Role<'_>, placed: Placed<'_, '_>) {
        let (message, at, part) = placed;
        match &part.body {
            PartBody::Text(Text { text, citations }) => {
                let mut object = list.object();
                let note = if self.same { part.form } else { Form::default() };
                let word = text_type(note, role);
                object.string("type", word);
                object.string("text", text);
                if word == "output_text" || !citations.is_empty() {
                    self.annotations(&mut object, citations, placed);
                }
                self.logprobs(&mut object, word, part.form);
                self.rest(&mut object, placed);
            }
            PartBody::Json(value) => {
                let mut object = list.object();
                object.string("type", text_type(Form::default(), role));
                object.string("text", value.as_str());
                self.rest(&mut object, placed);
            }
            PartBody::Refusal(text) => {
                let mut object = list.object();
                object.string("type", "refusal");
                object.string("refusal", text);
                self.rest(&mut object, placed);
            }
            PartBody::Media(media) if *role == Role::Assistant && !self.same => {
                self.losses.note(
                    Feature::of_media(media.kind),
                    "",
                    Severity::Missing,
                    place(message, at),
                );
            }
            PartBody::Media(media) => self.media(list, media, placed),
            PartBody::Opaque(opaque) if self.same => list.raw(&opaque.value),
            PartBody::Opaque(opaque) => self.losses.note(
                Feature::UnknownPart,
                &opaque.kind,
                Severity::Missing,
                place(message, at),
            ),
            // None of them is content: the caller has put them elsewhere.
            PartBody::Reasoning(_) | PartBody::ToolCall(_) | PartBody::ToolResult(_) => {}
        }
    }

    /// Writes what every part may have.
    fn rest(&mut self, object: &mut Object<'_>, (message, at, part): Placed<'_, '_>) {
        match part.cache.as_deref() {
            Some(CacheMark {
                style: CacheStyle::Breakpoint,
                ttl,
                extra,
            }) => {
                let mut mark = object.object("prompt_cache_breakpoint");
                mark.string("mode", "explicit");
                mark.optional_string("ttl", ttl.as_deref());
                self.extra(&mut mark, extra, || place(message, at));
            }
            Some(CacheMark {
                style: CacheStyle::Control,
                ..
            }) => self
                .losses
                .note(Feature::CacheMark, "", Severity::Hint, place(message, at)),
            None => {}
        }
        if part.signature.is_some() {
            self.losses.note(
                Feature::ReasoningSignature,
                "",
                Severity::Hint,
                place(message, at),
            );
        }
        self.extra(object, &part.extra, || place(message, at));
    }

    /// Citations. An answer has the list in any case, spelled as a decoder met it or in full.
    fn annotations(
        &mut self,
        object: &mut Object<'_>,
        citations: &[Citation<'_>],
        (message, at, _): Placed<'_, '_>,
    ) {
        let in_full = self.side == Side::Answer && !self.same;
        if citations.is_empty() && !in_full {
            return;
        }
        let mut list = object.array("annotations");
        for citation in citations {
            if can_cite(citation) {
                write_citation(list.object(), citation, !self.same);
            }
            if !can_cite(citation) || citation.quote.is_some() {
                self.losses.note(
                    Feature::Citation,
                    &citation.kind,
                    Severity::Hint,
                    place(message, at),
                );
            }
        }
    }

    /// Probabilities of the answer's tokens, at the text they stood at or at the first one.
    fn logprobs(&mut self, object: &mut Object<'_>, word: &str, note: Form) {
        if self.side == Side::Request || word != "output_text" {
            return;
        }
        if self.same && !note.has(form::part::LOGPROBS) {
            return;
        }
        let tokens = std::mem::take(&mut self.tokens);
        write_tokens(object.array("logprobs"), tokens, self.same);
    }

    fn media(&mut self, list: &mut Array<'_>, media: &Media<'_>, placed: Placed<'_, '_>) {
        let Media {
            kind,
            source,
            mime,
            name,
            detail,
        } = media;
        let (message, at, _) = placed;
        let mime = mime.as_deref();
        let mut lost = |feature| {
            self.losses
                .note(feature, "", Severity::Missing, place(message, at));
        };
        match (kind, source) {
            (_, Source::Text(text)) => {
                // A plain-text document reads the same as text.
                {
                    let mut object = list.object();
                    object.string("type", "input_text");
                    object.string("text", text);
                    self.rest(&mut object, placed);
                }
                self.losses
                    .note(Feature::File, "", Severity::Hint, place(message, at));
            }
            (_, Source::FileId(_)) if self.foreign => lost(Feature::FileId),
            (MediaKind::Image, source) => {
                let mut object = list.object();
                object.string("type", "input_image");
                match source {
                    Source::FileId(id) => object.string("file_id", id),
                    Source::Url(url) => object.string("image_url", url),
                    Source::Base64(data) | Source::Text(data) => {
                        object.string("image_url", &data_url(data, mime));
                    }
                }
                object.optional_string("detail", detail.as_deref());
                self.rest(&mut object, placed);
            }
            (MediaKind::File, source) => {
                let mut object = list.object();
                object.string("type", "input_file");
                match source {
                    Source::FileId(id) => object.string("file_id", id),
                    Source::Url(url) => object.string("file_url", url),
                    Source::Base64(data) | Source::Text(data) => {
                        object.string("file_data", &data_url(data, mime));
                        // Without a name the data is refused.
                        if self.foreign && name.is_none() {
                            object.string("filename", file_name(mime));
                        }
                    }
                }
                object.optional_string("filename", name.as_deref());
                object.optional_string("detail", detail.as_deref());
                self.rest(&mut object, placed);
            }
            (MediaKind::Audio, Source::Base64(data)) => {
                let mut object = list.object();
                object.string("type", "input_audio");
                {
                    let mut inner = object.object("input_audio");
                    inner.string("data", data);
                    inner.optional_string("format", mime.map(audio_format));
                }
                self.rest(&mut object, placed);
            }
            (MediaKind::Audio, Source::Url(_) | Source::FileId(_)) => lost(Feature::Audio),
            (MediaKind::Video, Source::Base64(_) | Source::Url(_) | Source::FileId(_)) => {
                lost(Feature::Video);
            }
        }
    }
}

/// The bytes as an address where the type is known.
fn data_url(data: &str, mime: Option<&str>) -> String {
    mime.map_or_else(|| data.to_owned(), |mime| format!("data:{mime};base64,{data}"))
}

fn file_name(mime: Option<&str>) -> &'static str {
    match mime {
        Some("application/pdf") => "document.pdf",
        Some("text/plain") => "document.txt",
        Some(_) | None => "document",
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

/// Whether this dialect has a type for the citation.
pub(super) fn can_cite(citation: &Citation<'_>) -> bool {
    const KINDS: [&str; 4] = [
        "url_citation",
        "file_citation",
        "container_file_citation",
        "file_path",
    ];
    citation.url.is_some() || KINDS.contains(&citation.kind.as_ref())
}

/// Writes a citation that this dialect has a type for; `in_full` with all members that clients
/// expect of a URL.
pub(super) fn write_citation(mut object: Object<'_>, citation: &Citation<'_>, in_full: bool) {
    let Citation {
        kind,
        url,
        title,
        quote: _,
        start,
        end,
        document: _,
        extra,
    } = citation;
    let by_url = in_full && url.is_some();
    let fill = by_url.then_some(0);
    object.string("type", if by_url { "url_citation" } else { kind });
    object.optional_string("url", url.as_deref());
    object.optional_string("title", title.as_deref().or(by_url.then_some("")));
    for (name, value) in [("start_index", start.or(fill)), ("end_index", end.or(fill))] {
        if let Some(value) = value {
            object.unsigned(name, value);
        }
    }
    if !by_url || kind == "url_citation" {
        extra.write(&mut object);
    }
}

/// Writes token probabilities; unless spelled as they came, with all members that clients expect.
pub(super) fn write_tokens(mut list: Array<'_>, tokens: &[TokenLogprob<'_>], as_came: bool) {
    for token in tokens {
        let TokenLogprob {
            token,
            logprob,
            bytes,
            top,
            extra,
        } = token;
        let mut object = list.object();
        object.string("token", token);
        object.optional_number("logprob", Some(logprob));
        match bytes {
            Some(bytes) => object.raw("bytes", bytes),
            None if as_came => {}
            None => {
                let mut list = object.array("bytes");
                for byte in token.bytes() {
                    crate::json::write_number(list.value(), u64::from(byte));
                }
            }
        }
        match top {
            Some(top) => write_alternatives(object.array("top_logprobs"), top),
            None if as_came => {}
            None => drop(object.array("top_logprobs")),
        }
        extra.write(&mut object);
    }
}

fn write_alternatives(mut list: Array<'_>, tokens: &[TokenLogprob<'_>]) {
    for token in tokens {
        let TokenLogprob {
            token,
            logprob,
            bytes,
            top: _,
            extra,
        } = token;
        let mut object = list.object();
        object.string("token", token);
        object.optional_number("logprob", Some(logprob));
        object.optional_raw("bytes", bytes.as_ref());
        extra.write(&mut object);
    }
}
