//! Results of tools out of the canonical form.

use super::encode_content::{Placed, place};
use super::encode_part::write_media;
use super::encode_request::Writer;
use super::{Name, form};
use crate::canonical::{Form, Part, PartBody, Source, ToolResult};
use crate::json::{Array, Kind, Object, RawJson};
use crate::lossy::{Feature, Severity};

impl Writer {
    /// Writes `functionResponse`. Media go into it where they came so, and to `media` otherwise:
    /// most models take none there.
    pub(super) fn result<'m, 'a>(
        &mut self,
        list: &mut Array<'_>,
        (message, at, part): Placed<'m, 'a>,
        result: &'m ToolResult<'a>,
        media: &mut Vec<Placed<'m, 'a>>,
    ) {
        let ToolResult {
            call_id,
            name,
            content,
            is_error,
            kind: _,
        } = result;
        const KEY: Name = ("functionResponse", "function_response");
        let mut object = list.object();
        let mut inner = object.object(self.key(KEY, part.form, form::part::SNAKE));
        let known = call_id.as_deref().and_then(|id| self.ids.name_of(id));
        let name = name.as_deref().or(known).map(str::to_owned);
        match call_id.as_deref() {
            Some("") if self.same => inner.string("id", ""),
            Some("") | None => {}
            Some(id) => inner.string("id", &self.ids.result(Some(id), name.as_deref())),
        }
        match &name {
            Some(name) => inner.string("name", name),
            None if self.same => {}
            None => {
                // A result of a call that is not in the conversation.
                inner.string("name", "unknown");
                self.losses.note(
                    Feature::ToolResultContent,
                    "name",
                    Severity::Altered,
                    place(message, at),
                );
            }
        }
        let (mut said, mut kept) = (Vec::new(), Vec::new());
        for piece in content {
            match &piece.body {
                PartBody::Media(content) if matches!(content.source, Source::Text(_)) => {
                    self.losses
                        .note(Feature::File, "", Severity::Hint, place(message, at));
                    said.push(piece);
                }
                PartBody::Media(content) if self.same => kept.push((piece, content)),
                PartBody::Media(_) => {
                    self.losses.note(
                        Feature::ToolResultContent,
                        "",
                        Severity::Altered,
                        place(message, at),
                    );
                    media.push((message, at, piece));
                }
                PartBody::Text(_) | PartBody::Json(_) | PartBody::Refusal(_) | PartBody::Reasoning(_) => {
                    said.push(piece);
                }
                PartBody::ToolCall(_) | PartBody::ToolResult(_) | PartBody::Opaque(_) => {
                    self.losses.note(
                        Feature::ToolResultContent,
                        "",
                        Severity::Missing,
                        place(message, at),
                    );
                }
            }
        }
        if !said.is_empty() || !self.same {
            let note = if self.same { part.form } else { Form::default() };
            response(&mut inner, &said, *is_error, note, !self.own);
        }
        if !kept.is_empty() {
            let mut parts = inner.array("parts");
            for (piece, content) in kept {
                write_media(&mut parts.object(), content, piece.form, true);
            }
        }
        if self.same {
            part.extra.write(&mut inner);
        }
        drop(inner);
        self.close(&mut object, part);
    }
}

/// Writes `response`, which must be an object: the one there is, or the text in one. With `unwrap`,
/// text that is itself an object counts as one, which is what tools of other dialects return.
fn response(inner: &mut Object<'_>, said: &[&Part<'_>], is_error: Option<bool>, note: Form, unwrap: bool) {
    let failed = is_error == Some(true);
    let wrapper = match failed {
        true => "error",
        false if note.has(form::part::OUTPUT) => "output",
        false => "result",
    };
    let only = match said {
        [only] => Some(&only.body),
        _ => None,
    };
    if let Some(PartBody::Json(value)) = only {
        if failed || value.kind() != Kind::Object {
            return inner.object("response").raw(wrapper, value);
        }
        return inner.raw("response", value);
    }
    if let Some(PartBody::Text(text)) = only
        && unwrap
        && !failed
        && let Some(object) = RawJson::parse(text.text.as_ref())
            .ok()
            .filter(|raw| raw.kind() == Kind::Object)
    {
        return inner.raw("response", &object);
    }
    let texts: Vec<_> = said.iter().map(|piece| text_of(piece)).collect();
    inner.object("response").string(wrapper, &texts.join("\n"));
}

/// A piece of a result as text.
fn text_of(part: &Part<'_>) -> String {
    match &part.body {
        PartBody::Text(text) => text.text.as_ref().to_owned(),
        PartBody::Refusal(text) => text.as_ref().to_owned(),
        PartBody::Json(value) => value.as_str().to_owned(),
        PartBody::Reasoning(reasoning) => reasoning.text.concat(),
        PartBody::Media(media) => match &media.source {
            Source::Text(text) => text.as_ref().to_owned(),
            Source::Base64(_) | Source::Url(_) | Source::FileId(_) => String::new(),
        },
        PartBody::ToolCall(_) | PartBody::ToolResult(_) | PartBody::Opaque(_) => String::new(),
    }
}
