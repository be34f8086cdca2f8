//! Messages out of the canonical form, for requests and answers alike. Results of tools become
//! messages of their own, before what else their turn says.

use smallvec::SmallVec;

use super::encode_part::{can_cite, opaque_feature, write_annotations, write_part};
use super::form;
use crate::canonical::{Extra, Form, Part, PartBody, Role, Turn};
use crate::json::{Array, Object};
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::{ChatQuirks, ReasoningField};
use crate::tool_ids::ToolIds;

/// Which kind of document a message is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A request, for a provider.
    Request,
    /// An answer, for a caller: its content is one text, and reasoning is shown in full.
    Answer,
}

/// Writes messages and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer {
    /// The canonical form came from this dialect: its form and extra count.
    pub(super) same: bool,
    pub(super) side: Side,
    /// Reasoning is told so that every client finds it.
    pub(super) for_any_client: bool,
    pub(super) openrouter: bool,
    pub(super) quirks: ChatQuirks,
    pub(super) ids: ToolIds,
    pub(super) losses: LossReport,
}

/// A part with its place.
pub(super) type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// Parts of one message by the member they go to.
#[derive(Default)]
pub(super) struct Buckets<'m, 'a> {
    pub(super) content: SmallVec<[Placed<'m, 'a>; 2]>,
    pub(super) refusals: Vec<&'m str>,
    pub(super) reasoning: Vec<Placed<'m, 'a>>,
    pub(super) details: Vec<Placed<'m, 'a>>,
    pub(super) calls: Vec<Placed<'m, 'a>>,
}

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

impl Writer {
    /// Writes the messages of one turn.
    pub(super) fn turn(&mut self, list: &mut Array<'_>, turn: &Turn<'_, '_>) {
        let is_result = |part: &Part<'_>| matches!(part.body, PartBody::ToolResult(_));
        let mut media = Vec::new();
        for (message, place, part) in turn.parts() {
            if let PartBody::ToolResult(result) = &part.body {
                self.result(list, turn, (message, place, part), result, &mut media);
            }
        }
        if !media.is_empty() {
            let mut object = list.object();
            object.string("role", "user");
            let mut content = object.array("content");
            content.object_of_text("Media that the tools returned:");
            for (message, place, part) in media {
                self.content_part(&mut content, (message, place, part));
            }
        }
        let rest = turn.parts().filter(|(_, _, part)| !is_result(part));
        let rest: SmallVec<[Placed<'_, '_>; 1]> = rest.collect();
        if rest.is_empty() && !turn.is_empty() {
            return;
        }
        let mut object = list.object();
        self.role(&mut object, turn);
        self.body(&mut object, &rest, turn.name(), turn.form(), turn.extras());
    }

    fn role(&mut self, object: &mut Object<'_>, turn: &Turn<'_, '_>) {
        let word = match turn.role() {
            Role::Developer if !self.same && !self.quirks.developer_role => "system",
            Role::Tool => "user",
            Role::Other(_) if !self.same => {
                let at = format!("/messages/{}/role", turn.at);
                self.losses
                    .note(Feature::Role, turn.role().as_str(), Severity::Altered, at);
                "user"
            }
            role @ (Role::System | Role::Developer | Role::User | Role::Assistant | Role::Other(_)) => {
                role.as_str()
            }
        };
        object.string("role", word);
    }

    /// Writes the members of a message behind its role.
    pub(super) fn body<'m, 'a: 'm>(
        &mut self,
        object: &mut Object<'_>,
        parts: &[Placed<'m, 'a>],
        name: Option<&str>,
        note: Form,
        extras: impl Iterator<Item = (usize, &'m Extra<'a>)>,
    ) {
        let note = if self.same { note } else { Form::default() };
        if let ([(_, _, part)], Side::Request, None) = (parts, self.side, name)
            && let Some(text) = plain_text(part).filter(|_| part.signature.is_none())
            && part.body.as_text().is_none_or(|text| text.citations.is_empty())
            && note.0 & form::message::CONTENT != form::message::LIST.0
        {
            // What nearly every message is.
            object.string("content", text);
            return self.extras(object, extras);
        }
        let buckets = self.sort(parts);
        self.content(object, &buckets, note);
        object.optional_string("name", name);
        if !buckets.refusals.is_empty() {
            object.string("refusal", &buckets.refusals.concat());
        } else if self.side == Side::Answer && !self.same {
            object.null("refusal");
        }
        self.reasoning(object, &buckets, note);
        self.calls(object, &buckets.calls);
        let texts = || {
            buckets
                .content
                .iter()
                .filter_map(|(_, _, part)| part.body.as_text())
        };
        let citations = || texts().flat_map(|text| &text.citations);
        if citations().any(can_cite) {
            let told = citations().filter(|citation| can_cite(citation));
            write_annotations(object.value("annotations"), told);
        }
        if !citations().all(can_cite) {
            let at = buckets.content.first().map_or(0, |(message, ..)| *message);
            self.losses.note(
                Feature::Citation,
                "",
                Severity::Altered,
                format!("/messages/{at}"),
            );
        }
        self.extras(object, extras);
    }

    fn extras<'m, 'a: 'm>(
        &mut self,
        object: &mut Object<'_>,
        extras: impl Iterator<Item = (usize, &'m Extra<'a>)>,
    ) {
        for (at, extra) in extras {
            self.extra(object, extra, || format!("/messages/{at}"));
        }
    }

    /// Sorts parts by the member they go to, and notes what no member takes.
    pub(super) fn sort<'m, 'a>(&mut self, parts: &[Placed<'m, 'a>]) -> Buckets<'m, 'a> {
        let mut buckets = Buckets::default();
        for &(message, at, part) in parts {
            let placed = (message, at, part);
            if !self.same {
                self.note_part(placed);
            }
            match &part.body {
                PartBody::Refusal(_) if self.same && part.form == form::part::IN_CONTENT => {
                    buckets.content.push(placed);
                }
                PartBody::Refusal(text) => buckets.refusals.push(text),
                PartBody::Reasoning(_) => match self.reasoning_place(part) {
                    ReasoningField::Thinking => buckets.content.push(placed),
                    ReasoningField::ReasoningDetails => buckets.details.push(placed),
                    ReasoningField::ReasoningContent | ReasoningField::Reasoning => {
                        buckets.reasoning.push(placed);
                    }
                    ReasoningField::Nowhere => {
                        self.losses
                            .note(Feature::Reasoning, "", Severity::Altered, place(message, at));
                    }
                },
                PartBody::ToolCall(_) => buckets.calls.push(placed),
                PartBody::Opaque(_) if self.same && part.form == form::part::DETAIL => {
                    buckets.details.push(placed);
                }
                PartBody::Text(_) | PartBody::Json(_) => buckets.content.push(placed),
                PartBody::Media(_) if self.side == Side::Request || self.same => buckets.content.push(placed),
                PartBody::Opaque(_) if self.same => buckets.content.push(placed),
                PartBody::Media(media) => {
                    self.losses.note(
                        Feature::of_media(media.kind),
                        "",
                        Severity::Missing,
                        place(message, at),
                    );
                }
                PartBody::Opaque(opaque) => {
                    let (feature, at) = (opaque_feature(opaque.role), place(message, at));
                    self.losses.note(feature, &opaque.kind, Severity::Missing, at);
                }
                PartBody::ToolResult(_) => {}
            }
        }
        buckets
    }

    /// Notes what a part of another dialect carries and this one has no place for.
    fn note_part(&mut self, (message, at, part): Placed<'_, '_>) {
        let Part {
            body,
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
        let carried = matches!(body, PartBody::Reasoning(_) | PartBody::ToolCall(_));
        if signature.is_some() && !carried {
            self.losses.note(
                Feature::ReasoningSignature,
                "",
                Severity::Hint,
                place(message, at),
            );
        }
        self.lost(extra, || place(message, at));
    }

    /// Which member a piece of reasoning goes to.
    pub(super) fn reasoning_place(&self, part: &Part<'_>) -> ReasoningField {
        match (self.same, part.form) {
            (true, form::part::REASONING_CONTENT) => ReasoningField::ReasoningContent,
            (true, form::part::REASONING) => ReasoningField::Reasoning,
            (true, form::part::DETAIL) => ReasoningField::ReasoningDetails,
            (true, form::part::THINKING | form::part::THINKING_STRING) => ReasoningField::Thinking,
            _ => match self.side {
                Side::Answer => ReasoningField::ReasoningContent,
                Side::Request => self.quirks.reasoning,
            },
        }
    }

    pub(super) fn content(&mut self, object: &mut Object<'_>, buckets: &Buckets<'_, '_>, note: Form) {
        let content = &buckets.content;
        let one_text = match &content[..] {
            [(_, _, part)] => plain_text(part),
            _ => None,
        };
        let wanted = Form(note.0 & form::message::CONTENT);
        match (wanted, content.is_empty(), one_text) {
            (form::message::ABSENT, true, _) => {}
            (form::message::NULL, true, _) => object.null("content"),
            (form::message::EMPTY, true, _) => object.string("content", ""),
            (form::message::LIST, _, _) => self.content_list(object, content),
            (_, true, _) if buckets.calls.is_empty() && buckets.refusals.is_empty() => {
                object.string("content", "");
            }
            (_, true, _) => object.null("content"),
            (_, false, Some(text)) => object.string("content", text),
            (_, false, None) if self.side == Side::Answer && !self.same => {
                let texts: String = content.iter().filter_map(|(_, _, part)| as_shown(part)).collect();
                object.string("content", &texts);
            }
            (_, false, None) => self.content_list(object, content),
        }
    }

    fn content_list(&mut self, object: &mut Object<'_>, content: &[Placed<'_, '_>]) {
        let mut list = object.array("content");
        for &placed in content {
            self.content_part(&mut list, placed);
        }
    }

    fn content_part(&mut self, list: &mut Array<'_>, (message, at, part): Placed<'_, '_>) {
        write_part(list, part, self.same, &mut self.losses, || place(message, at));
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

/// The text of a part that an answer shows as text.
fn as_shown<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    if let PartBody::Json(value) = &part.body {
        return Some(value.as_str());
    }
    part.body.as_text().map(|text| text.text.as_ref())
}

/// The text of a part that is only text, so that a string can stand for it.
fn plain_text<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    let plain = part.cache.is_none() && part.extra.is_empty() && part.form == Form::default();
    as_shown(part).filter(|_| plain)
}
