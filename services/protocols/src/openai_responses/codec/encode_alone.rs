//! What is an item of its own out of the canonical form: reasoning, calls of tools and their results.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::encode_item::{Placed, Side, Writer, mint_item, place, plain_text};
use super::item::input_member;
use super::{form, seal};
use crate::canonical::{Arguments, CallKind, Form, Issuer, PartBody, Reasoning, Role, ToolCall, ToolResult};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};
use crate::tool_ids;

impl Writer<'_> {
    /// An item of its own.
    pub(super) fn alone(&mut self, list: &mut Array<'_>, (message, at, part): Placed<'_, '_>) {
        match &part.body {
            PartBody::Reasoning(reasoning) => self.reasoning(list, reasoning, (message, at, part)),
            PartBody::ToolCall(call) => self.call(list, call, (message, at, part)),
            PartBody::ToolResult(result) => self.result(list, result, (message, at, part)),
            PartBody::Opaque(opaque) if self.same => list.raw(&opaque.value),
            PartBody::Opaque(opaque) => self.losses.note(
                Feature::ServerTool,
                &opaque.kind,
                Severity::Missing,
                place(message, at),
            ),
            PartBody::Text(_) | PartBody::Refusal(_) | PartBody::Media(_) | PartBody::Json(_) => {}
        }
    }

    pub(super) fn reasoning(
        &mut self,
        list: &mut Array<'_>,
        reasoning: &Reasoning<'_>,
        (message, at, part): Placed<'_, '_>,
    ) {
        let Reasoning {
            id,
            text,
            summary,
            encrypted,
        } = reasoning;
        let sealed = if self.same && part.form.has(form::part::ON_CALL) {
            seal::close_on_call(part.signature.as_deref(), part.issuer.as_ref()).map(Cow::Owned)
        } else {
            seal::close(
                encrypted.as_deref(),
                part.signature.as_deref(),
                part.issuer.as_ref(),
            )
        };
        let takes_back = match part.issuer {
            Some(Issuer::OpenAi) => encrypted.is_some() || !self.foreign,
            Some(Issuer::Anthropic | Issuer::Google | Issuer::Other(_)) => false,
            None => !self.foreign,
        };
        if self.side == Side::Request && !takes_back {
            // A provider takes back only what it made itself.
            self.losses
                .note(Feature::Reasoning, "", Severity::Altered, place(message, at));
            return;
        }
        if sealed.is_none() && (encrypted.is_some() || part.signature.is_some()) {
            self.losses.note(
                Feature::ReasoningSignature,
                "",
                Severity::Hint,
                place(message, at),
            );
        }
        let mut object = list.object();
        object.string("type", "reasoning");
        match id {
            Some(id) => object.string("id", id),
            None if self.side == Side::Answer && !self.same => {
                object.string("id", &mint_item("rs", &self.seed, self.items));
            }
            None => {}
        }
        let (text, summary) = match summary.as_slice() {
            [] if self.summarizes => (&[][..], text.as_slice()),
            summary => (text.as_slice(), summary),
        };
        write_reasoning(
            &mut object,
            text,
            summary,
            if self.same { part.form } else { Form::default() },
        );
        object.optional_string("encrypted_content", sealed.as_deref());
        self.item_extra(&mut object, part.item.as_deref(), message);
        self.extra(&mut object, &part.extra, || place(message, at));
    }

    pub(super) fn call(
        &mut self,
        list: &mut Array<'_>,
        call: &ToolCall<'_>,
        (message, at, part): Placed<'_, '_>,
    ) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra,
        } = call;
        match seal::close_on_call(part.signature.as_deref(), part.issuer.as_ref()) {
            Some(sealed) if self.side == Side::Answer => {
                let id = mint_item("rs", &self.seed, self.items);
                write_carrier(list.object(), Some(&id).filter(|_| !self.same), &sealed);
                self.items += 1;
            }
            Some(_) | None if part.signature.is_some() => self.losses.note(
                Feature::ReasoningSignature,
                "",
                Severity::Hint,
                place(message, at),
            ),
            Some(_) | None => {}
        }
        let mut object = list.object();
        object.string("type", call_type(*kind));
        self.identity(&mut object, part.item.as_deref(), call_prefix(*kind));
        match (id.as_deref(), self.side) {
            (None, _) if self.same => {}
            (Some(""), _) if self.same => object.string("call_id", ""),
            (None | Some(""), Side::Answer) if !self.same => {
                object.string("call_id", &tool_ids::mint(&self.seed, self.items));
            }
            (id, _) => object.string("call_id", &self.ids.call(id, name)),
        }
        object.string("name", name);
        object.string(input_member(*kind), input_text(arguments, *kind, self.same));
        self.item_extra(&mut object, part.item.as_deref(), message);
        self.extra(&mut object, &part.extra, || place(message, at));
        self.lost(extra, || place(message, at));
    }

    pub(super) fn result(&mut self, list: &mut Array<'_>, result: &ToolResult<'_>, placed: Placed<'_, '_>) {
        let (message, at, part) = placed;
        let ToolResult {
            call_id,
            name,
            content,
            is_error,
            kind,
        } = result;
        let mut object = list.object();
        object.string(
            "type",
            match kind {
                CallKind::Function => "function_call_output",
                CallKind::Custom => "custom_tool_call_output",
            },
        );
        if let Some(id) = part.item.as_ref().and_then(|item| item.id.as_deref()) {
            object.string("id", id);
        }
        match call_id.as_deref() {
            Some("") if self.same => object.string("call_id", ""),
            id => object.string("call_id", &self.ids.result(id, name.as_deref())),
        }
        let as_list = self.same && part.form == form::part::OUTPUT_LIST;
        let texts: Option<Vec<&str>> = content.iter().map(plain_text).collect();
        match texts.filter(|_| !as_list).as_deref() {
            Some([one]) => object.string("output", one),
            Some(texts) => object.string("output", &texts.concat()),
            None => {
                let parts: SmallVec<[Placed<'_, '_>; 2]> =
                    content.iter().map(|inner| (message, at, inner)).collect();
                self.content(&mut object, "output", &Role::User, &parts);
            }
        }
        if *is_error == Some(true) {
            self.losses
                .note(Feature::ToolError, "", Severity::Altered, place(message, at));
        }
        self.item_extra(&mut object, part.item.as_deref(), message);
        self.extra(&mut object, &part.extra, || place(message, at));
    }
}

/// Writes summary and text of reasoning.
pub(super) fn write_reasoning(
    object: &mut Object<'_>,
    text: &[Cow<'_, str>],
    summary: &[Cow<'_, str>],
    note: Form,
) {
    if !(summary.is_empty() && note.has(form::part::NO_SUMMARY)) {
        let mut list = object.array("summary");
        for piece in summary {
            let mut object = list.object();
            object.string("type", "summary_text");
            object.string("text", piece);
        }
    }
    if !text.is_empty() || note.has(form::part::EMPTY_CONTENT) {
        let mut list = object.array("content");
        for piece in text {
            let mut object = list.object();
            object.string("type", "reasoning_text");
            object.string("text", piece);
        }
    }
}

/// Writes the item that carries the signature of the call behind it.
pub(super) fn write_carrier(mut object: Object<'_>, id: Option<&String>, sealed: &str) {
    object.string("type", "reasoning");
    object.optional_string("id", id.map(String::as_str));
    drop(object.array("summary"));
    object.string("encrypted_content", sealed);
}

/// The type of a call's item.
pub(super) fn call_type(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Function => "function_call",
        CallKind::Custom => "custom_tool_call",
    }
}

/// What ids of a call's item begin with.
pub(super) fn call_prefix(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Function => "fc",
        CallKind::Custom => "ctc",
    }
}

/// The input of a call as this dialect has it: text, and never nothing where JSON is expected.
pub(super) fn input_text<'m>(arguments: &'m Arguments<'_>, kind: CallKind, same: bool) -> &'m str {
    match arguments {
        Arguments::Text(text) if same || kind == CallKind::Custom => text,
        arguments @ (Arguments::Text(_) | Arguments::Json(_)) => arguments.as_text(),
    }
}
