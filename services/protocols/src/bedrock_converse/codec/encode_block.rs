//! One part out of the canonical form, as a content block, and what hangs on parts.

use std::borrow::Cow;

use super::encode_message::{Inside, Placed, Side, Writer, place};
use super::{citations, form, formats};
use crate::canonical::{
    Arguments, CacheMark, CallKind, Issuer, Media, MediaKind, OpaqueRole, Part, PartBody, Reasoning, Source,
    Text, ToolCall, ToolResult,
};
use crate::json::{Array, Kind, Object};
use crate::lossy::{Feature, Severity};

/// Writes `{cachePoint}`.
pub(super) fn write_cache_point(list: &mut Array<'_>, mark: &CacheMark<'_>, same: bool) {
    let CacheMark { style: _, ttl, extra } = mark;
    let mut block = list.object();
    let mut object = block.object("cachePoint");
    object.string("type", "default");
    object.optional_string("ttl", ttl.as_deref());
    if same {
        extra.write(&mut object);
    }
}

impl Writer {
    /// Writes a part, and behind it the cache point that it bears.
    pub(super) fn part(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, inside: Inside) {
        let (message, at, part) = placed;
        let Part {
            body,
            cache,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra,
        } = part;
        if !self.same {
            self.lost(extra, || place(message, at));
            if signature.is_some() && !matches!(body, PartBody::Reasoning(_)) {
                self.lose(placed, Feature::ReasoningSignature, "", Severity::Hint);
            }
        }
        let written = self.body(list, placed, inside);
        let Some(mark) = cache else { return };
        if written && (self.same || inside != Inside::Result) {
            write_cache_point(list, mark, self.same);
            if !self.same {
                self.lost(&mark.extra, || place(message, at));
            }
        } else {
            self.lose(placed, Feature::CacheMark, "", Severity::Hint);
        }
    }

    fn lose(&mut self, (message, at, _): Placed<'_, '_>, feature: Feature, name: &str, severity: Severity) {
        self.losses.note(feature, name, severity, place(message, at));
    }

    /// Writes what a part is about; whether there was anything to write.
    fn body(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, inside: Inside) -> bool {
        let part = placed.2;
        let only_text = inside == Inside::System && !self.same;
        match &part.body {
            PartBody::Text(text) => return self.text(list, placed, text),
            PartBody::Json(value)
                if self.same || (inside == Inside::Result && value.kind() == Kind::Object) =>
            {
                let mut block = list.object();
                block.raw("json", value);
                self.wrapped(&mut block, part);
            }
            PartBody::Json(value) => list.object().string("text", value.as_str()),
            PartBody::Refusal(text) => {
                self.lose(placed, Feature::Refusal, "", Severity::Hint);
                list.object().string("text", text);
            }
            PartBody::Opaque(opaque) if self.same => list.raw(&opaque.value),
            PartBody::Opaque(opaque) => {
                let feature = match opaque.role {
                    OpaqueRole::ServerToolCall | OpaqueRole::ServerToolResult => Feature::ServerTool,
                    OpaqueRole::Unknown => Feature::UnknownPart,
                };
                self.lose(placed, feature, &opaque.kind, Severity::Missing);
                return false;
            }
            PartBody::Media(media) if only_text => {
                self.lose(placed, Feature::of_media(media.kind), "", Severity::Missing);
                return false;
            }
            PartBody::Media(media) => return self.media(list, placed, media),
            PartBody::Reasoning(reasoning) => return self.reasoning(list, placed, reasoning),
            PartBody::ToolCall(_) | PartBody::ToolResult(_) if inside != Inside::Message && !self.same => {
                self.lose(placed, Feature::UnknownPart, "", Severity::Missing);
                return false;
            }
            PartBody::ToolCall(call) => self.call(list, placed, call),
            PartBody::ToolResult(result) => self.result(list, placed, result),
        }
        true
    }

    /// Members of the block itself that are not modelled.
    fn wrapped(&self, block: &mut Object<'_>, part: &Part<'_>) {
        if self.same {
            part.extra.write(block);
        }
    }

    fn text(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, body: &Text<'_>) -> bool {
        let Text { text, citations } = body;
        let part = placed.2;
        let cited = if self.same {
            part.form == form::part::CITATIONS
        } else {
            self.side == Side::Answer && !citations.is_empty()
        };
        if cited {
            let mut left_out = false;
            let mut block = list.object();
            {
                let mut object = block.object("citationsContent");
                object.array("content").object().string("text", text);
                let mut sources = object.array("citations");
                for citation in citations {
                    left_out |= citations::write(&mut sources.object(), citation, self.same);
                }
            }
            self.wrapped(&mut block, part);
            drop(block);
            if left_out {
                self.lose(placed, Feature::Citation, "", Severity::Hint);
            }
            return true;
        }
        if !citations.is_empty() {
            self.lose(placed, Feature::Citation, "", Severity::Hint);
        }
        // Empty texts are refused, and say nothing.
        if text.is_empty() && !self.same {
            return false;
        }
        let mut block = list.object();
        block.string("text", text);
        self.wrapped(&mut block, part);
        true
    }

    fn reasoning(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, reasoning: &Reasoning<'_>) -> bool {
        let part = placed.2;
        let Reasoning {
            id: _,
            text,
            summary,
            encrypted,
        } = reasoning;
        let claude = self.same || matches!(part.issuer, Some(Issuer::Anthropic));
        let signature = part.signature.as_deref().filter(|_| claude);
        let sealed = encrypted.as_deref().filter(|_| claude);
        if !claude && (part.signature.is_some() || encrypted.is_some()) {
            self.lose(placed, Feature::ReasoningSignature, "", Severity::Hint);
        }
        let mut shown = text.concat();
        if shown.is_empty() && signature.is_none() {
            shown = summary.join("\n\n");
        }
        // Models take back only what they can check.
        let wanted = self.same || self.side == Side::Answer || signature.is_some();
        if !wanted && !shown.is_empty() {
            self.lose(placed, Feature::Reasoning, "", Severity::Altered);
        }
        let tell = wanted && (!shown.is_empty() || signature.is_some() || (self.same && sealed.is_none()));
        if tell {
            let mut block = list.object();
            {
                let mut outer = block.object("reasoningContent");
                let mut inner = outer.object("reasoningText");
                inner.string("text", &shown);
                inner.optional_string("signature", signature);
            }
            self.wrapped(&mut block, part);
        }
        if let Some(sealed) = sealed {
            let mut block = list.object();
            block.object("reasoningContent").string("redactedContent", sealed);
            if !tell {
                self.wrapped(&mut block, part);
            }
        }
        tell || sealed.is_some()
    }

    fn call(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, call: &ToolCall<'_>) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra,
        } = call;
        let id = match id.as_deref() {
            None if self.same => None,
            Some("") if self.same => Some(Cow::Borrowed("")),
            id => Some(self.ids.call(id, name)),
        };
        self.tool_name(name, || place(placed.0, placed.1));
        let mut block = list.object();
        {
            let mut object = block.object("toolUse");
            object.optional_string("toolUseId", id.as_deref());
            object.string("name", name);
            match (arguments, arguments.as_object()) {
                (Arguments::Json(raw), _) if self.same => object.raw("input", raw),
                (_, Ok(input)) if *kind == CallKind::Function => object.raw("input", &input),
                _ => {
                    let feature = match kind {
                        CallKind::Custom => Feature::CustomTool,
                        CallKind::Function => Feature::ToolArguments,
                    };
                    self.lose(placed, feature, name, Severity::Altered);
                    let text = match arguments {
                        Arguments::Text(text) => text,
                        Arguments::Json(raw) => raw.as_str(),
                    };
                    object.object("input").string("input", text);
                }
            }
            self.extra(&mut object, extra, || place(placed.0, placed.1));
        }
        self.wrapped(&mut block, placed.2);
    }

    /// Notes a name that is not what this dialect takes. It goes on as it is: another name would
    /// come back to a caller who does not know it.
    pub(super) fn tool_name(&mut self, name: &str, at: impl Fn() -> String) {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let fits = !name.is_empty() && name.len() <= 64 && name.bytes().all(word);
        if !fits && !self.same && self.side == Side::Request {
            self.losses.note(Feature::Tool, name, Severity::Altered, at());
        }
    }

    fn result(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, result: &ToolResult<'_>) {
        let ToolResult {
            call_id,
            name,
            content,
            is_error,
            kind: _,
        } = result;
        let id = match call_id.as_deref() {
            None if self.same => None,
            Some("") if self.same => Some(Cow::Borrowed("")),
            id => Some(self.ids.result(id, name.as_deref())),
        };
        let mut block = list.object();
        let mut object = block.object("toolResult");
        object.optional_string("toolUseId", id.as_deref());
        {
            let mut blocks = object.array("content");
            for part in content {
                self.part(&mut blocks, (placed.0, placed.1, part), Inside::Result);
            }
        }
        match is_error {
            Some(true) => object.string("status", "error"),
            // Only some models take a status at all.
            Some(false) if self.same => object.string("status", "success"),
            Some(false) | None => {}
        }
        self.wrapped(&mut object, placed.2);
    }

    fn media(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, media: &Media<'_>) -> bool {
        let Media {
            kind,
            source,
            mime,
            name,
            detail,
        } = media;
        let mime = mime.as_deref();
        if detail.is_some() {
            self.lose(placed, Feature::ImageDetail, "", Severity::Hint);
        }
        let (member, text, lost) = match source {
            Source::Base64(data) => ("bytes", data, None),
            Source::Url(uri) => {
                let in_s3 = uri.starts_with("s3://");
                ("uri", uri, (!in_s3).then_some((Feature::of_media(*kind), "url")))
            }
            Source::Text(text) => {
                let wrong = *kind != MediaKind::File;
                ("text", text, wrong.then_some((Feature::of_media(*kind), "text")))
            }
            Source::FileId(id) => ("", id, Some((Feature::FileId, ""))),
        };
        let format = match (self.same, source) {
            (true, _) => mime.map(|mime| formats::format(*kind, mime)),
            (false, Source::Text(_)) => mime
                .and_then(|_| formats::known_format(*kind, mime, ""))
                .or(Some("txt")),
            (false, Source::Base64(_) | Source::Url(_) | Source::FileId(_)) => {
                formats::known_format(*kind, mime, text)
            }
        };
        let needs_format = !self.same && *kind != MediaKind::File;
        let unknown = format.is_none() && (needs_format || (!self.same && mime.is_some()));
        let lost = lost
            .filter(|_| !self.same)
            .or(unknown.then_some((Feature::of_media(*kind), mime.unwrap_or("format"))));
        if let Some((feature, name)) = lost {
            self.lose(placed, feature, name, Severity::Missing);
            return false;
        }
        let name = match (kind, self.same) {
            (MediaKind::File, false) => Some(self.document_name(placed, name.as_deref())),
            _ => name.as_deref().map(Cow::Borrowed),
        };
        let mut block = list.object();
        let mut object = block.object(match kind {
            MediaKind::Image => "image",
            MediaKind::Audio => "audio",
            MediaKind::Video => "video",
            MediaKind::File => "document",
        });
        object.optional_string("format", format);
        object.optional_string("name", name.as_deref());
        {
            let mut inner = object.object("source");
            if member == "uri" {
                inner.object("s3Location").string("uri", text);
            } else {
                inner.string(member, text);
            }
        }
        self.wrapped(&mut object, placed.2);
        true
    }

    /// A name as this dialect takes it: it demands one, allows few signs, and shows it to the model.
    fn document_name<'n>(&mut self, placed: Placed<'_, '_>, name: Option<&'n str>) -> Cow<'n, str> {
        self.documents += 1;
        let Some(name) = name else {
            return Cow::Owned(format!("Document {}", self.documents));
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '(' | ')' | '[' | ']');
        if !name.is_empty() && name.len() <= 200 && name.chars().all(fits) && !name.contains("  ") {
            return Cow::Borrowed(name);
        }
        self.lose(placed, Feature::File, "name", Severity::Hint);
        let cleaned: String = name
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .take(180)
            .collect();
        let words: Vec<&str> = cleaned.split(' ').filter(|word| !word.is_empty()).collect();
        Cow::Owned(match words.as_slice() {
            [] => format!("Document {}", self.documents),
            words => words.join(" "),
        })
    }
}
