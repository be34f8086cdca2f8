//! Items out of the canonical form, for requests and answers alike. What stands in a row becomes one
//! message item until something that is an item of its own comes, or a part that opens one.

use smallvec::SmallVec;

use super::form;
use crate::canonical::{Extra, Form, Item, Part, PartBody, Role, TokenLogprob};
use crate::json::{Array, Object};
use crate::lossy::{Feature, LossReport, Severity};
use crate::tool_ids::{self, ToolIds};

/// Which kind of document an item is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A request, for a provider.
    Request,
    /// An answer, for a caller, who expects every item to have an id and a status.
    Answer,
}

/// Writes items and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer<'t> {
    /// The canonical form came from this dialect and is to be spelled as it was: its form and extra
    /// count.
    pub(super) same: bool,
    /// The canonical form came from another dialect.
    pub(super) foreign: bool,
    /// Reasoning is told as its summary.
    pub(super) summarizes: bool,
    pub(super) side: Side,
    pub(super) ids: ToolIds,
    /// What ids are minted from: the id of the answer.
    pub(super) seed: String,
    /// Items so far, which numbers minted ids.
    pub(super) items: u32,
    /// Probabilities that no text has taken yet.
    pub(super) tokens: &'t [TokenLogprob<'t>],
    /// The status of the item at hand, for answers.
    pub(super) status: &'static str,
    pub(super) losses: LossReport,
}

/// A part with its place.
pub(super) type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// One item to be.
enum Group<'m, 'a> {
    Message(SmallVec<[Placed<'m, 'a>; 2]>),
    Alone(Placed<'m, 'a>),
}

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

/// An id for an item that has none: the same for the same answer and place.
pub(super) fn mint_item(prefix: &str, seed: &str, position: u32) -> String {
    let minted = tool_ids::mint(seed, position);
    let tail = minted.split_once('_').map_or(minted.as_str(), |(_, tail)| tail);
    format!("{prefix}_{tail}")
}

/// Whether the part is an item of its own.
pub(super) fn is_alone(part: &Part<'_>) -> bool {
    match &part.body {
        PartBody::Reasoning(_) | PartBody::ToolCall(_) | PartBody::ToolResult(_) => true,
        PartBody::Opaque(_) => part.item.is_some() && !part.form.has(form::part::IN_CONTENT),
        PartBody::Text(_) | PartBody::Refusal(_) | PartBody::Media(_) | PartBody::Json(_) => false,
    }
}

fn groups<'m, 'a>(message: usize, parts: &'m [Part<'a>]) -> Vec<Group<'m, 'a>> {
    let mut groups: Vec<Group<'m, 'a>> = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let placed = (message, at, part);
        match groups.last_mut() {
            _ if is_alone(part) => groups.push(Group::Alone(placed)),
            Some(Group::Message(open)) if part.item.is_none() => open.push(placed),
            Some(Group::Message(_) | Group::Alone(_)) | None => {
                groups.push(Group::Message(SmallVec::from_iter([placed])));
            }
        }
    }
    if groups.is_empty() {
        groups.push(Group::Message(SmallVec::new()));
    }
    groups
}

impl Writer<'_> {
    /// Writes the items that a message is.
    pub(super) fn items(
        &mut self,
        list: &mut Array<'_>,
        at: usize,
        role: &Role<'_>,
        parts: &[Part<'_>],
        note: Form,
        extra: &Extra<'_>,
    ) {
        if let [part] = parts
            && !is_alone(part)
        {
            self.message(list, at, role, &[(at, 0, part)], note, extra);
            self.items += 1;
            return self.lost(extra, || format!("/messages/{at}"));
        }
        let groups = groups(at, parts);
        let (last, ending) = (groups.len(), self.status);
        for (number, group) in groups.into_iter().enumerate() {
            self.status = if number + 1 == last { ending } else { "completed" };
            match group {
                Group::Message(parts) => self.message(list, at, role, &parts, note, extra),
                Group::Alone(placed) => self.alone(list, placed),
            }
            self.items += 1;
        }
        if !parts.is_empty() {
            self.lost(extra, || format!("/messages/{at}"));
        }
    }

    fn message(
        &mut self,
        list: &mut Array<'_>,
        at: usize,
        role: &Role<'_>,
        parts: &[Placed<'_, '_>],
        note: Form,
        extra: &Extra<'_>,
    ) {
        let note = if self.same { note } else { Form::default() };
        let word = match role {
            Role::Tool => "user",
            Role::Other(word) if self.foreign => {
                let at = format!("/messages/{at}/role");
                self.losses.note(Feature::Role, word, Severity::Altered, at);
                "user"
            }
            role @ (Role::System | Role::Developer | Role::User | Role::Assistant | Role::Other(_)) => {
                role.as_str()
            }
        };
        let item = parts.first().and_then(|(_, _, part)| part.item.as_deref());
        let mut object = list.object();
        if !note.has(form::message::UNTYPED) {
            object.string("type", "message");
        }
        self.identity(&mut object, item, "msg");
        object.string("role", word);
        let one_text = match parts {
            [(_, _, part)] => plain_text(part),
            _ => None,
        };
        match (Form(note.0 & form::message::CONTENT), one_text) {
            (form::message::ABSENT, None) if parts.is_empty() => {}
            (form::message::STRING, None) if parts.is_empty() => object.string("content", ""),
            (form::message::STRING, Some(text)) => object.string("content", text),
            (Form(0), Some(text)) if self.side == Side::Request => object.string("content", text),
            _ => self.content(&mut object, "content", role, parts),
        }
        if parts.is_empty() {
            self.extra(&mut object, extra, || format!("/messages/{at}"));
        }
        self.item_extra(&mut object, item, at);
    }

    pub(super) fn content(
        &mut self,
        object: &mut Object<'_>,
        member: &'static str,
        role: &Role<'_>,
        parts: &[Placed<'_, '_>],
    ) {
        let mut list = object.array(member);
        for &placed in parts {
            let stands_for_nothing = self.same && placed.2.form.has(form::part::NO_CONTENT);
            let is_text = matches!(placed.2.body, PartBody::Text(_));
            if !(stands_for_nothing && is_text) {
                self.content_part(&mut list, role, placed);
            }
        }
    }

    /// Id and, in an answer, status of an item.
    pub(super) fn identity(&mut self, object: &mut Object<'_>, item: Option<&Item<'_>>, prefix: &str) {
        let id = item.and_then(|item| item.id.as_deref());
        match id {
            Some(id) => object.string("id", id),
            None if self.side == Side::Answer && !self.same => {
                object.string("id", &mint_item(prefix, &self.seed, self.items));
            }
            None => {}
        }
        if self.side == Side::Answer && !self.same {
            object.string("status", self.status);
        }
    }

    /// What an item carries that is not modelled. Its status is of no account elsewhere.
    pub(super) fn item_extra(&mut self, object: &mut Object<'_>, item: Option<&Item<'_>>, message: usize) {
        let Some(item) = item else { return };
        if self.same {
            return item.extra.write(object);
        }
        for (name, value) in item.extra.iter() {
            if name != "status" && !value.is_void() {
                let at = format!("/messages/{message}");
                self.losses.note(Feature::Item, name, Severity::Hint, at);
            }
        }
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

/// The text of a part that is only text, so that a string can stand for it.
pub(super) fn plain_text<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    let plain = part.cache.is_none() && part.extra.is_empty() && part.form == Form::default();
    let text = match &part.body {
        PartBody::Text(text) if text.citations.is_empty() => text.text.as_ref(),
        PartBody::Json(value) => value.as_str(),
        PartBody::Text(_)
        | PartBody::Refusal(_)
        | PartBody::Media(_)
        | PartBody::Reasoning(_)
        | PartBody::ToolCall(_)
        | PartBody::ToolResult(_)
        | PartBody::Opaque(_) => return None,
    };
    Some(text).filter(|_| plain)
}
