//! Tool calls of a message and results of tools out of the canonical form.

use super::encode_message::{Placed, Writer, place};
use super::form;
use crate::canonical::{Arguments, CallKind, Form, Issuer, Part, PartBody, ToolResult, Turn};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};

impl Writer {
    pub(super) fn calls(&mut self, object: &mut Object<'_>, calls: &[Placed<'_, '_>]) {
        let legacy = |part: &Part<'_>| self.same && part.form.has(form::part::FUNCTION_CALL);
        let (old, new): (Vec<_>, Vec<_>) = calls.iter().copied().partition(|(_, _, part)| legacy(part));
        if !new.is_empty() {
            let mut list = object.array("tool_calls");
            for (message, at, part) in new {
                self.call(&mut list, part, || place(message, at));
            }
        }
        if let Some((_, _, part)) = old.first() {
            self.inner_call(object.object("function_call"), part);
        }
    }

    fn call(&mut self, list: &mut Array<'_>, part: &Part<'_>, at: impl Fn() -> String) {
        let Some(call) = part.body.as_tool_call() else {
            return;
        };
        let mut object = list.object();
        match (&call.id, self.same) {
            (Some(id), true) if id.is_empty() => object.string("id", ""),
            (None, true) => {}
            (id, _) => object.string("id", &self.ids.call(id.as_deref(), &call.name)),
        }
        if !(self.same && part.form.has(form::part::UNTYPED)) {
            object.string("type", call_type(call.kind));
        }
        self.inner_call(object.object(call_type(call.kind)), part);
        if let Some(signature) = &part.signature {
            if matches!(part.issuer, Some(Issuer::Google)) {
                write_google_signature(&mut object, signature);
            } else {
                self.losses
                    .note(Feature::ReasoningSignature, "", Severity::Hint, at());
            }
        }
        if self.same {
            part.extra.write(&mut object);
        } else {
            self.lost(&call.extra, at);
        }
    }

    /// The inner object of a call.
    fn inner_call(&self, mut object: Object<'_>, part: &Part<'_>) {
        let Some(call) = part.body.as_tool_call() else {
            return;
        };
        object.string("name", &call.name);
        let member = match call.kind {
            CallKind::Function => "arguments",
            CallKind::Custom => "input",
        };
        match &call.arguments {
            Arguments::Text(text)
                if self.same && text.is_empty() && part.form.has(form::part::NO_ARGUMENTS) => {}
            Arguments::Text(text) if self.same || call.kind == CallKind::Custom => {
                object.string(member, text);
            }
            Arguments::Json(raw) if self.same => raw.write(object.value_of(member)),
            arguments @ (Arguments::Text(_) | Arguments::Json(_)) => {
                object.string(member, arguments.as_text());
            }
        }
        if self.same {
            call.extra.write(&mut object);
        }
    }

    pub(super) fn result<'m, 'a>(
        &mut self,
        list: &mut Array<'_>,
        turn: &Turn<'m, 'a>,
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
        let note = if self.same { turn.form() } else { Form::default() };
        let mut object = list.object();
        if note.has(form::message::FUNCTION) {
            object.string("role", "function");
            object.optional_string("tool_call_id", call_id.as_deref());
        } else {
            object.string("role", "tool");
            match (call_id, self.same) {
                (Some(id), true) if id.is_empty() => object.string("tool_call_id", ""),
                (None, true) => {}
                _ => {
                    let id = self.ids.result(call_id.as_deref(), name.as_deref());
                    object.string("tool_call_id", &id);
                }
            }
        }
        if self.same {
            object.optional_string("name", name.as_deref());
        }
        let mut kept = Vec::with_capacity(content.len());
        for inner in content {
            if !self.same && matches!(inner.body, PartBody::Media(_)) {
                self.losses.note(
                    Feature::ToolResultContent,
                    "",
                    Severity::Altered,
                    place(message, at),
                );
                media.push((message, at, inner));
            } else {
                kept.push((message, at, inner));
            }
        }
        let buckets = self.sort(&kept);
        self.content(&mut object, &buckets, note);
        if *is_error == Some(true) {
            self.losses
                .note(Feature::ToolError, "", Severity::Altered, place(message, at));
        }
        if self.same {
            for (_, extra) in turn.extras() {
                extra.write(&mut object);
            }
        } else {
            self.lost(&part.extra, || place(message, at));
        }
    }
}

/// The type of a tool call, which is also the name of its inner object.
pub(super) fn call_type(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Function => "function",
        CallKind::Custom => "custom",
    }
}

/// Google's carrier of thought signatures in this dialect.
pub(super) fn write_google_signature(object: &mut Object<'_>, signature: &str) {
    let mut content = object.object("extra_content");
    content.object("google").string("thought_signature", signature);
}
