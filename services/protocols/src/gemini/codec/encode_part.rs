//! One part out of the canonical form.

use super::encode_content::{Placed, place};
use super::encode_request::Writer;
use super::{Name, decode_part, form, spelled};
use crate::canonical::{
    Arguments, CallKind, Form, Issuer, Media, MediaKind, Opaque, OpaqueRole, Part, PartBody, Reasoning,
    Source, Text, ToolCall,
};
use crate::json::{Array, Object, RawJson};
use crate::lossy::{Feature, Severity};

impl Writer {
    /// Whether a part is written at all.
    pub(super) fn says(&self, (_, _, part): Placed<'_, '_>) -> bool {
        match &part.body {
            PartBody::Media(media) => self.same || self.takes(media),
            PartBody::Opaque(_) => self.own,
            PartBody::Reasoning(reasoning) => {
                self.keeps_signature(part) || !(reasoning.text.is_empty() && reasoning.summary.is_empty())
            }
            PartBody::Text(text) => self.same || self.keeps_signature(part) || !text.text.is_empty(),
            PartBody::Refusal(_) | PartBody::ToolCall(_) | PartBody::ToolResult(_) | PartBody::Json(_) => {
                true
            }
        }
    }

    /// A signature is good only for the provider that made it.
    pub(super) fn keeps_signature(&self, part: &Part<'_>) -> bool {
        part.signature.is_some() && part.issuer == Some(Issuer::Google)
    }

    /// Notes what a part carries and this dialect has no place for.
    pub(super) fn note_part(&mut self, (message, at, part): Placed<'_, '_>) {
        let Part {
            body: _,
            cache,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra,
        } = part;
        if cache.is_some() {
            self.losses
                .note(Feature::CacheMark, "", Severity::Hint, place(message, at));
        }
        if signature.is_some() && !self.keeps_signature(part) {
            self.losses.note(
                Feature::ReasoningSignature,
                "",
                Severity::Altered,
                place(message, at),
            );
        }
        if !self.same {
            self.lost(extra, || place(message, at));
        }
    }

    /// Writes a part as an element of `parts`. Media of a tool's result that cannot be in it go to
    /// `media`.
    pub(super) fn part<'m, 'a>(
        &mut self,
        list: &mut Array<'_>,
        placed: Placed<'m, 'a>,
        media: &mut Vec<Placed<'m, 'a>>,
    ) {
        let (message, at, part) = placed;
        let at = || place(message, at);
        self.note_part(placed);
        match &part.body {
            PartBody::Text(Text { text, citations: _ }) => {
                let bare = self.same && part.form.has(form::part::NO_TEXT);
                if bare && part.signature.is_none() || !self.says(placed) {
                    return;
                }
                self.finish(list.object(), part, |o| {
                    if !bare {
                        o.string("text", text);
                    }
                });
            }
            PartBody::Refusal(text) => {
                self.losses.note(Feature::Refusal, "", Severity::Hint, at());
                self.finish(list.object(), part, |o| o.string("text", text));
            }
            PartBody::Json(value) => self.finish(list.object(), part, |o| o.string("text", value.as_str())),
            PartBody::Reasoning(reasoning) => self.reasoning(list, part, reasoning, at),
            PartBody::Media(content) => self.media(list, part, content, at),
            PartBody::ToolCall(call) => {
                let mut object = list.object();
                self.call(&mut object, part, call, at);
                self.close(&mut object, part);
            }
            PartBody::ToolResult(result) => self.result(list, placed, result, media),
            PartBody::Opaque(opaque) => {
                let Opaque { kind, role, value } = &**opaque;
                if self.own {
                    return list.raw(value);
                }
                let feature = match role {
                    OpaqueRole::ServerToolCall | OpaqueRole::ServerToolResult => Feature::ServerTool,
                    OpaqueRole::Unknown => Feature::UnknownPart,
                };
                self.losses.note(feature, kind, Severity::Missing, at());
            }
        }
    }

    /// Writes the members of a part, then what every part may have.
    fn finish(&self, mut object: Object<'_>, part: &Part<'_>, write: impl FnOnce(&mut Object<'_>)) {
        write(&mut object);
        self.close(&mut object, part);
    }

    /// Writes what every part may have.
    pub(super) fn close(&self, object: &mut Object<'_>, part: &Part<'_>) {
        const SIGNATURE: Name = ("thoughtSignature", "thought_signature");
        if self.same && part.form.has(form::part::NOT_THOUGHT) {
            object.bool("thought", false);
        }
        if self.keeps_signature(part) {
            let key = self.key(SIGNATURE, part.form, form::part::SIGNATURE_SNAKE);
            object.optional_string(key, part.signature.as_deref());
        }
        if self.same && !matches!(part.body, PartBody::ToolResult(_)) {
            part.extra.write(object);
        }
    }

    /// Thoughts are text that is marked. What another provider sealed cannot be told.
    fn reasoning(
        &mut self,
        list: &mut Array<'_>,
        part: &Part<'_>,
        reasoning: &Reasoning<'_>,
        at: impl Fn() -> String,
    ) {
        let Reasoning {
            id: _,
            text,
            summary,
            encrypted,
        } = reasoning;
        if encrypted.is_some() {
            self.losses
                .note(Feature::ReasoningSignature, "", Severity::Altered, at());
        }
        let shown = if text.is_empty() {
            summary.join("\n\n")
        } else {
            text.concat()
        };
        if shown.is_empty() && !self.same && !self.keeps_signature(part) {
            return;
        }
        self.finish(list.object(), part, |o| {
            o.string("text", &shown);
            o.bool("thought", true);
        });
    }

    /// Writes `functionCall`; the object stays open for what every part may have.
    pub(super) fn call(
        &mut self,
        object: &mut Object<'_>,
        part: &Part<'_>,
        call: &ToolCall<'_>,
        at: impl Fn() -> String,
    ) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra,
        } = call;
        const KEY: Name = ("functionCall", "function_call");
        let mut inner = object.object(self.key(KEY, part.form, form::part::SNAKE));
        let minted = self.own && part.form.has(form::part::MINTED);
        if let Some(id) = id.as_deref().filter(|_| !minted) {
            // An empty id says nothing, and only its own server may want it back.
            if !id.is_empty() {
                inner.string("id", &self.ids.call(Some(id), name));
            } else if self.same {
                inner.string("id", "");
            }
        }
        inner.string("name", name);
        match (arguments, kind) {
            (Arguments::Text(text), CallKind::Function) if self.same && text.is_empty() => {}
            (Arguments::Text(text), CallKind::Custom) => {
                inner.object("args").string("input", text);
            }
            (arguments, CallKind::Function | CallKind::Custom) => match arguments.as_object() {
                Ok(object) => inner.raw("args", &object),
                Err(_) => {
                    self.losses
                        .note(Feature::ToolArguments, "", Severity::Altered, at());
                    inner.object("args").string("input", arguments.as_text());
                }
            },
        }
        self.extra(&mut inner, extra, at);
    }

    /// Whether media can be told here at all.
    fn takes(&self, media: &Media<'_>) -> bool {
        match &media.source {
            Source::Base64(_) | Source::Text(_) | Source::Url(_) => true,
            Source::FileId(_) => self.own,
        }
    }

    pub(super) fn media(
        &mut self,
        list: &mut Array<'_>,
        part: &Part<'_>,
        media: &Media<'_>,
        at: impl Fn() -> String,
    ) {
        let Media {
            kind: _,
            source,
            mime: _,
            name,
            detail,
        } = media;
        if !self.takes(media) {
            return self.losses.note(Feature::FileId, "", Severity::Missing, at());
        }
        if detail.is_some() {
            self.losses.note(Feature::ImageDetail, "", Severity::Hint, at());
        }
        if name.is_some() && !self.same {
            self.losses.note(Feature::File, "name", Severity::Hint, at());
        }
        if let Source::Text(text) = source {
            // A plain-text document reads the same as text.
            self.losses.note(Feature::File, "", Severity::Hint, at());
            return self.finish(list.object(), part, |o| o.string("text", text));
        }
        let note = if self.same { part.form } else { Form::default() };
        let same = self.same;
        self.finish(list.object(), part, |o| write_media(o, media, note, same));
    }
}

/// Writes `inlineData` or `fileData`.
pub(super) fn write_media(object: &mut Object<'_>, media: &Media<'_>, note: Form, same: bool) {
    let snake = note.has(form::part::SNAKE);
    let inner_snake = note.has(form::part::NAMES_SNAKE);
    let guess = (!same).then(|| guessed(media));
    let mime = media.mime.as_deref().or(guess);
    let mut inner = match &media.source {
        Source::Base64(data) | Source::Text(data) => {
            let mut inner = object.object(spelled(("inlineData", "inline_data"), snake));
            inner.optional_string(spelled(("mimeType", "mime_type"), inner_snake), mime);
            inner.string("data", data);
            inner
        }
        Source::Url(uri) | Source::FileId(uri) => {
            let mut inner = object.object(spelled(("fileData", "file_data"), snake));
            inner.optional_string(spelled(("mimeType", "mime_type"), inner_snake), mime);
            inner.string(spelled(("fileUri", "file_uri"), inner_snake), uri);
            inner
        }
    };
    if same {
        let key = spelled(("displayName", "display_name"), inner_snake);
        inner.optional_string(key, media.name.as_deref());
    }
}

/// The type of media that came without one, which is demanded here: as the address has it, or the
/// commonest of its kind.
fn guessed(media: &Media<'_>) -> &'static str {
    let promised = match &media.source {
        Source::Url(uri) | Source::FileId(uri) => super::decode_media::mime_of(uri),
        Source::Base64(_) | Source::Text(_) => None,
    };
    promised.unwrap_or(match media.kind {
        MediaKind::Image => "image/jpeg",
        MediaKind::Audio => "audio/wav",
        MediaKind::Video => "video/mp4",
        MediaKind::File => "application/pdf",
    })
}

/// The whole part that an opaque block is, where it is of this dialect.
pub(super) fn own_block<'o, 'a>(opaque: &'o Opaque<'a>) -> Option<&'o RawJson<'a>> {
    let object = opaque.value.kind() == crate::json::Kind::Object;
    (object && decode_part::is_own(&opaque.kind)).then_some(&opaque.value)
}
