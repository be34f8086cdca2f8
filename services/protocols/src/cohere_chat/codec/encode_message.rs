//! Messages out of the canonical form, for requests and answers alike. Results of tools become
//! messages of their own, before what else their turn says.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{citations, form};
use crate::canonical::{Arguments, CallKind, Extra, Form, Part, PartBody, Role, ToolCall, ToolResult, Turn};
use crate::json::{Array, Object};
use crate::lossy::{Feature, LossReport, Severity};
use crate::tool_ids::ToolIds;

/// Which kind of document a message is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A request, for a provider.
    Request,
    /// An answer, for a caller.
    Answer,
}

/// Writes messages and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer {
    /// The canonical form came from this dialect: its form and extra count.
    pub(super) same: bool,
    pub(super) side: Side,
    pub(super) ids: ToolIds,
    pub(super) losses: LossReport,
}

/// A part with its place.
pub(super) type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// Parts of one message by the member they go to.
#[derive(Default)]
struct Members<'m, 'a> {
    content: SmallVec<[Placed<'m, 'a>; 1]>,
    plan: Option<&'m Part<'a>>,
    calls: Vec<Placed<'m, 'a>>,
}

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

impl Writer {
    /// Writes the messages of one turn.
    pub(super) fn turn(&mut self, list: &mut Array<'_>, turn: &Turn<'_, '_>) {
        if turn.name().is_some() {
            let at = format!("/messages/{}/name", turn.at);
            self.losses.note(Feature::SpeakerName, "", Severity::Hint, at);
        }
        let mut rest: SmallVec<[Placed<'_, '_>; 1]> = SmallVec::new();
        for (message, at, part) in turn.parts() {
            match &part.body {
                PartBody::ToolResult(result) => self.result(list, turn, (message, at, part), result),
                PartBody::Text(_)
                | PartBody::Refusal(_)
                | PartBody::Media(_)
                | PartBody::Reasoning(_)
                | PartBody::ToolCall(_)
                | PartBody::Json(_)
                | PartBody::Opaque(_) => rest.push((message, at, part)),
            }
        }
        if rest.is_empty() && !turn.is_empty() {
            return;
        }
        let mut object = list.object();
        let role = match turn.role() {
            Role::Developer => "system",
            Role::Tool => "user",
            Role::Other(word) if !self.same => {
                let at = format!("/messages/{}/role", turn.at);
                self.losses.note(Feature::Role, word, Severity::Altered, at);
                "user"
            }
            role @ (Role::System | Role::User | Role::Assistant | Role::Other(_)) => role.as_str(),
        };
        object.string("role", role);
        self.body(&mut object, &rest, turn.form());
        for (at, extra) in turn.extras() {
            self.extra(&mut object, extra, || format!("/messages/{at}"));
        }
    }

    /// Writes the members of a message behind its role, but for its extra.
    pub(super) fn body(&mut self, object: &mut Object<'_>, parts: &[Placed<'_, '_>], note: Form) {
        let note = if self.same { note } else { Form::default() };
        let members = self.sort(parts);
        self.content(object, &members.content, note, !members.calls.is_empty());
        if let Some(reasoning) = members.plan.and_then(|part| part.body.as_reasoning()) {
            object.string("tool_plan", &reasoning.text.concat());
        }
        if !members.calls.is_empty() {
            let mut calls = object.array("tool_calls");
            for &placed in &members.calls {
                self.call(&mut calls, placed);
            }
        }
        let cited = members
            .content
            .iter()
            .filter_map(|(_, _, part)| part.body.as_text());
        let mut cited = cited.flat_map(|text| &text.citations).peekable();
        if cited.peek().is_some() {
            if self.same || self.side == Side::Answer {
                let mut list = object.array("citations");
                for citation in cited {
                    citations::write(&mut list.object(), citation, self.same);
                }
            } else {
                let at = parts.first().map_or(0, |(message, _, _)| *message);
                self.losses
                    .note(Feature::Citation, "", Severity::Hint, format!("/messages/{at}"));
            }
        }
    }

    /// Sorts parts by the member they go to, and notes what no member takes.
    fn sort<'m, 'a>(&mut self, parts: &[Placed<'m, 'a>]) -> Members<'m, 'a> {
        let mut members = Members::default();
        for &placed in parts {
            let part = placed.2;
            self.note_part(placed);
            match &part.body {
                PartBody::ToolCall(_) => members.calls.push(placed),
                PartBody::Reasoning(_) if self.same && part.form == form::part::TOOL_PLAN => {
                    members.plan = Some(part);
                }
                PartBody::Reasoning(reasoning) if !self.same => {
                    if reasoning.encrypted.is_some() {
                        self.lose(placed, Feature::ReasoningSignature, "", Severity::Hint);
                    }
                    if !reasoning.text.is_empty() || !reasoning.summary.is_empty() {
                        members.content.push(placed);
                    }
                }
                PartBody::Opaque(opaque) if !self.same => {
                    self.lose(placed, Feature::UnknownPart, &opaque.kind, Severity::Missing);
                }
                // Empty texts say nothing.
                PartBody::Text(text) if !self.same && text.text.is_empty() => {}
                PartBody::Refusal(_) => {
                    self.lose(placed, Feature::Refusal, "", Severity::Hint);
                    members.content.push(placed);
                }
                PartBody::Text(_)
                | PartBody::Media(_)
                | PartBody::Reasoning(_)
                | PartBody::ToolResult(_)
                | PartBody::Json(_)
                | PartBody::Opaque(_) => members.content.push(placed),
            }
        }
        members
    }

    /// Notes what a part of another dialect carries and this one has no place for.
    fn note_part(&mut self, placed: Placed<'_, '_>) {
        let Part {
            body: _,
            cache,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra,
        } = placed.2;
        if self.same {
            return;
        }
        if cache.is_some() {
            self.lose(placed, Feature::CacheMark, "", Severity::Hint);
        }
        if signature.is_some() {
            self.lose(placed, Feature::ReasoningSignature, "", Severity::Hint);
        }
        self.lost(extra, || place(placed.0, placed.1));
    }

    fn content(&mut self, object: &mut Object<'_>, content: &[Placed<'_, '_>], note: Form, calls: bool) {
        let one_text = match content {
            [(_, _, part)] if self.side == Side::Request || self.same => plain_text(part),
            _ => None,
        };
        match (
            Form(note.0 & form::message::CONTENT),
            content.is_empty(),
            one_text,
        ) {
            (form::message::ABSENT, true, _) => {}
            (form::message::NULL, true, _) => object.null("content"),
            (form::message::STRING, _, Some(text)) => object.string("content", text),
            (Form(0), true, _) if calls || self.side == Side::Answer => {}
            (Form(0), true, _) => object.string("content", ""),
            (Form(0), false, Some(text)) => object.string("content", text),
            _ => {
                let mut list = object.array("content");
                for &placed in content {
                    self.content_part(&mut list, placed);
                }
            }
        }
    }

    fn call(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>) {
        let Some(call) = placed.2.body.as_tool_call() else {
            return;
        };
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra,
        } = call;
        let mut object = list.object();
        match (id.as_deref(), self.same) {
            (None, true) => {}
            (Some(""), true) => object.string("id", ""),
            (id, _) => object.string("id", &self.ids.call(id, name)),
        }
        object.string("type", "function");
        {
            let mut inner = object.object("function");
            inner.string("name", name);
            let arguments = match (arguments, kind) {
                (Arguments::Text(text), CallKind::Function) if self.same => Cow::Borrowed(text.as_ref()),
                (_, CallKind::Function) => Cow::Borrowed(arguments.as_text()),
                (_, CallKind::Custom) => {
                    self.lose(placed, Feature::CustomTool, name, Severity::Altered);
                    Cow::Owned(wrapped(arguments))
                }
            };
            inner.string("arguments", &arguments);
            self.extra(&mut inner, extra, || place(placed.0, placed.1));
        }
        if self.same {
            placed.2.extra.write(&mut object);
        }
    }

    fn result(
        &mut self,
        list: &mut Array<'_>,
        turn: &Turn<'_, '_>,
        placed: Placed<'_, '_>,
        result: &ToolResult<'_>,
    ) {
        let ToolResult {
            call_id,
            name,
            content,
            is_error,
            kind: _,
        } = result;
        self.note_part(placed);
        let note = if self.same { turn.form() } else { Form::default() };
        let mut object = list.object();
        object.string("role", "tool");
        match (call_id.as_deref(), self.same) {
            (None, true) => {}
            (Some(""), true) => object.string("tool_call_id", ""),
            (id, _) => object.string("tool_call_id", &self.ids.result(id, name.as_deref())),
        }
        let mut kept = Vec::with_capacity(content.len());
        for part in content {
            let inner = (placed.0, placed.1, part);
            if !self.same && matches!(part.body, PartBody::Media(_)) {
                self.lose(inner, Feature::ToolResultContent, "", Severity::Missing);
            } else {
                kept.push(inner);
            }
        }
        let members = self.sort(&kept);
        self.content(&mut object, &members.content, note, false);
        if *is_error == Some(true) {
            self.lose(placed, Feature::ToolError, "", Severity::Altered);
        }
        if self.same {
            for (_, extra) in turn.extras() {
                extra.write(&mut object);
            }
        }
    }

    pub(super) fn lose(&mut self, placed: Placed<'_, '_>, feature: Feature, name: &str, severity: Severity) {
        self.losses
            .note(feature, name, severity, place(placed.0, placed.1));
    }

    /// Writes what the dialect of origin did not model, or notes it as lost.
    pub(super) fn extra(&mut self, object: &mut Object<'_>, extra: &Extra<'_>, at: impl Fn() -> String) {
        if self.same {
            extra.write(object);
        } else {
            self.lost(extra, at);
        }
    }

    /// Notes what the dialect of origin did not model as lost, unless it says nothing.
    pub(super) fn lost(&mut self, extra: &Extra<'_>, at: impl Fn() -> String) {
        for (name, value) in extra.iter() {
            if !value.is_void() {
                self.losses
                    .note(Feature::UnknownField, name, Severity::Altered, at());
            }
        }
    }
}

/// Free text for a tool as an object, since arguments are JSON here.
fn wrapped(arguments: &Arguments<'_>) -> String {
    let text = match arguments {
        Arguments::Text(text) => text.as_ref(),
        Arguments::Json(raw) => raw.as_str(),
    };
    let mut out = Vec::with_capacity(text.len() + 16);
    Object::open(&mut out).string("input", text);
    String::from_utf8_lossy(&out).into_owned()
}

/// The text of a part that is only text, so that a string can stand for it.
fn plain_text<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    let text = match &part.body {
        PartBody::Text(text) => text.text.as_ref(),
        PartBody::Json(value) => value.as_str(),
        PartBody::Refusal(_)
        | PartBody::Media(_)
        | PartBody::Reasoning(_)
        | PartBody::ToolCall(_)
        | PartBody::ToolResult(_)
        | PartBody::Opaque(_) => return None,
    };
    Some(text).filter(|_| part.extra.is_empty())
}
