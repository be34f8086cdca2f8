//! One part of a message as a content block out of the canonical form.

use std::borrow::Cow;

use super::encode_citations::{is_expressible, loses_place, write_cache_mark, write_citation};
use super::encode_media::writable;
use super::encode_message::{Placed, Side, Writer, place};
use super::form;
use super::seal::{self, Written};
use crate::canonical::{
    Arguments, CallKind, Issuer, Media, OpaqueRole, Part, PartBody, Reasoning, Text, ToolCall, ToolResult,
};
use crate::json::{Array, Object, RawJson, write_string};
use crate::lossy::{Feature, Severity};

impl Writer {
    /// Writes a part as an element of a content list, or notes it as lost.
    pub(super) fn block(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>) {
        let (message, at, part) = placed;
        let at = || place(message, at);
        if !self.same {
            self.note_part(part, at);
        }
        match &part.body {
            PartBody::Text(text) if !self.same && self.is_blank(text) => {}
            PartBody::Text(text) => self.text(list.object(), part, text, at),
            PartBody::Json(value) => self.plain(list.object(), part, value.as_str()),
            PartBody::Refusal(text) => {
                self.losses.note(Feature::Refusal, "", Severity::Hint, at());
                self.plain(list.object(), part, text);
            }
            PartBody::Media(media) => self.media(list, part, media, at),
            PartBody::Reasoning(reasoning) => self.reasoning(list, part, reasoning, at),
            PartBody::ToolCall(call) => self.call(list.object(), part, call, at),
            PartBody::ToolResult(result) => self.result(list.object(), placed, result),
            PartBody::Opaque(opaque) if self.same => list.raw(&opaque.value),
            PartBody::Opaque(opaque) => {
                let feature = match opaque.role {
                    OpaqueRole::ServerToolCall | OpaqueRole::ServerToolResult => Feature::ServerTool,
                    OpaqueRole::Unknown => Feature::UnknownPart,
                };
                self.losses.note(feature, &opaque.kind, Severity::Missing, at());
            }
        }
    }

    /// Whether a text is left out: providers refuse blank ones, and in an answer an empty one would
    /// come back to them.
    fn is_blank(&self, text: &Text<'_>) -> bool {
        match self.side {
            Side::Answer => text.text.is_empty(),
            Side::User | Side::Model => text.text.trim().is_empty(),
        }
    }

    /// Notes what a part of another dialect carries and this one has no place for.
    fn note_part(&mut self, part: &Part<'_>, at: impl Fn() -> String) {
        let Part {
            body,
            cache,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra,
        } = part;
        let sealed = matches!(body, PartBody::Reasoning(_));
        if signature.is_some() && !sealed {
            self.losses
                .note(Feature::ReasoningSignature, "", Severity::Hint, at());
        }
        if let Some(mark) = cache {
            self.lost(&mark.extra, &at);
        }
        if !matches!(body, PartBody::Opaque(_)) {
            self.lost(extra, at);
        }
    }

    /// Writes what every block may have behind its own members.
    fn finish(&self, object: &mut Object<'_>, part: &Part<'_>) {
        if let Some(mark) = &part.cache {
            write_cache_mark(object, mark, self.same);
        }
        if self.same {
            part.extra.write(object);
        }
    }

    fn plain(&self, mut object: Object<'_>, part: &Part<'_>, text: &str) {
        object.string("type", "text");
        object.string("text", text);
        self.finish(&mut object, part);
    }

    fn text(&mut self, mut object: Object<'_>, part: &Part<'_>, text: &Text<'_>, at: impl Fn() -> String) {
        let Text { text, citations } = text;
        object.string("type", "text");
        object.string("text", text);
        if citations.is_empty() {
            return self.finish(&mut object, part);
        }
        // A provider checks the citations of earlier turns, and takes only its own.
        let told = self.same || self.side == Side::Answer;
        let (said, lost): (Vec<_>, Vec<_>) = citations
            .iter()
            .partition(|citation| told && is_expressible(citation, self.same));
        if !said.is_empty() {
            let mut list = object.array("citations");
            for citation in &said {
                write_citation(list.object(), citation, self.same);
            }
        }
        let placeless = said.iter().any(|citation| loses_place(citation, self.same));
        if !lost.is_empty() || placeless {
            self.losses.note(Feature::Citation, "", Severity::Hint, at());
        }
        self.finish(&mut object, part);
    }

    fn media(&mut self, list: &mut Array<'_>, part: &Part<'_>, media: &Media<'_>, at: impl Fn() -> String) {
        let Media {
            kind: _,
            source: _,
            mime: _,
            name,
            detail,
        } = media;
        let written = match writable(media, self.same) {
            // The model's own turns hold no media.
            Ok(_) if !self.same && self.side != Side::User => Err(Feature::of_media(media.kind)),
            written => written,
        };
        let written = match written {
            Ok(written) => written,
            Err(feature) => return self.losses.note(feature, "", Severity::Missing, at()),
        };
        let mut object = list.object();
        object.string("type", written.block);
        written.write(&mut object);
        if written.block == "document" {
            object.optional_string("title", name.as_deref());
        }
        if detail.is_some() && !self.same {
            self.losses.note(Feature::ImageDetail, "", Severity::Hint, at());
        }
        self.finish(&mut object, part);
    }

    /// Thinking goes to a provider only with Anthropic's own seal on it: anything else it refuses.
    /// A caller is shown all of it.
    fn reasoning(
        &mut self,
        list: &mut Array<'_>,
        part: &Part<'_>,
        reasoning: &Reasoning<'_>,
        at: impl Fn() -> String,
    ) {
        if self.side != Side::Answer && !self.takes_back(part, reasoning) {
            self.losses.note(Feature::Reasoning, "", Severity::Altered, at());
            return;
        }
        let mut object = list.object();
        match seal::written(part, reasoning) {
            Written::Redacted(data) => {
                object.string("type", "redacted_thinking");
                object.string("data", &data);
            }
            Written::Thinking(text, signature) => {
                object.string("type", "thinking");
                object.string("thinking", &text);
                let bare = (!self.same).then_some("");
                object.optional_string("signature", signature.as_deref().or(bare));
            }
        }
        self.finish(&mut object, part);
    }

    /// Whether a provider of this dialect takes this reasoning of an earlier turn.
    pub(super) fn takes_back(&self, part: &Part<'_>, reasoning: &Reasoning<'_>) -> bool {
        let sealed = part.signature.is_some() || reasoning.encrypted.is_some();
        match &part.issuer {
            Some(Issuer::Anthropic) => sealed,
            Some(Issuer::Google | Issuer::OpenAi | Issuer::Other(_)) => false,
            None => self.same,
        }
    }

    fn call(
        &mut self,
        mut object: Object<'_>,
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
        object.string("type", "tool_use");
        let id = match (id, self.same) {
            (Some(id), true) if id.is_empty() => Cow::Borrowed(""),
            (id, _) => self.ids.call(id.as_deref(), name),
        };
        object.string("id", &id);
        object.string("name", name);
        match input(arguments, *kind) {
            Ok(raw) => object.raw("input", &raw),
            Err(text) => {
                // An object it must be.
                write_string(object.object("input").value("input"), text);
                if *kind == CallKind::Function {
                    self.losses
                        .note(Feature::ToolArguments, "", Severity::Altered, at());
                }
            }
        }
        if self.same && part.form == form::part::DIRECT {
            object.object("caller").string("type", "direct");
        }
        self.lost(extra, at);
        self.finish(&mut object, part);
    }

    fn result(&mut self, mut object: Object<'_>, placed: Placed<'_, '_>, result: &ToolResult<'_>) {
        let (message, at, part) = placed;
        let ToolResult {
            call_id,
            name,
            content,
            is_error,
            kind: _,
        } = result;
        object.string("type", "tool_result");
        let id = match (call_id, self.same) {
            (Some(id), true) if id.is_empty() => Cow::Borrowed(""),
            (id, _) => self.ids.result(id.as_deref(), name.as_deref()),
        };
        object.string("tool_use_id", &id);
        let note = if self.same {
            part.form
        } else {
            crate::canonical::Form::default()
        };
        let one_text = match content.as_slice() {
            [one] if super::encode_message::is_plain(one) || !self.same => shown(one),
            _ => None,
        };
        match (note, content.is_empty(), one_text) {
            (form::part::EMPTY, true, _) => object.string("content", ""),
            (form::part::ABSENT, true, _) => {}
            (form::part::LIST, _, _) | (_, false, None) => {
                let mut list = object.array("content");
                for inner in content {
                    self.block(&mut list, (message, at, inner));
                }
            }
            (_, true, _) => {}
            (_, false, Some(text)) => object.string("content", text),
        }
        object.optional_bool("is_error", *is_error);
        self.finish(&mut object, part);
    }
}

/// The text of a part that is only text.
fn shown<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    if part.cache.is_some() {
        return None;
    }
    if let PartBody::Json(value) = &part.body {
        return Some(value.as_str());
    }
    let text = part.body.as_text().filter(|text| text.citations.is_empty());
    text.map(|text| text.text.as_ref())
}

/// The input of a call as an object, or the text that is none.
fn input<'m>(arguments: &'m Arguments<'_>, kind: CallKind) -> Result<RawJson<'m>, &'m str> {
    match (kind, arguments) {
        (CallKind::Custom, Arguments::Text(text)) => Err(text),
        (CallKind::Function | CallKind::Custom, arguments) => {
            arguments.as_object().map_err(|_| arguments.as_text())
        }
    }
}
