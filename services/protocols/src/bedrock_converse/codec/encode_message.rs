//! Messages out of the canonical form, for requests and answers alike. Instructions go to `system`;
//! results of tools go into the turn of the user, as this dialect has them.

use super::form;
use crate::canonical::{Extra, Message, Part, Role, Turn, turns};
use crate::json::{Array, Object};
use crate::lossy::{Feature, LossReport, Severity};
use crate::tool_ids::ToolIds;

/// Which kind of document a message is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A request, for a provider.
    Request,
    /// An answer, for a caller: all reasoning and all sources are shown.
    Answer,
}

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    System,
    Message,
    Result,
}

/// Writes messages and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer {
    /// The canonical form came from this dialect: its form and extra count.
    pub(super) same: bool,
    pub(super) side: Side,
    pub(super) ids: ToolIds,
    /// Documents so far, which are to be told apart by name.
    pub(super) documents: u32,
    pub(super) losses: LossReport,
}

/// A part with its place.
pub(super) type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

impl Writer {
    /// Writes `system` and `messages`.
    pub(super) fn conversation(&mut self, object: &mut Object<'_>, messages: &[Message<'_>]) {
        let turns = turns(messages, !self.same);
        let (system, spoken): (Vec<_>, Vec<_>) = turns.partition(|turn| self.goes_on_top(turn));
        if !system.is_empty() {
            let first_spoken = spoken.first().map_or(usize::MAX, |turn| turn.at);
            let mut list = object.array("system");
            for turn in &system {
                if turn.at > first_spoken {
                    let at = format!("/messages/{}", turn.at);
                    self.losses
                        .note(Feature::InstructionPlace, "", Severity::Altered, at);
                }
                self.around(turn);
                for part in turn.parts() {
                    self.part(&mut list, part, Inside::System);
                }
            }
        }
        let mut list = object.array("messages");
        let mut rest = spoken.as_slice();
        while let Some(first) = rest.first() {
            let role = self.role(first);
            let together = if self.same {
                1
            } else {
                rest.iter()
                    .take_while(|turn| wire_role(turn.role()) == role)
                    .count()
            };
            let (turns, behind) = rest.split_at(together.max(1));
            self.message(&mut list, role, turns);
            rest = behind;
        }
    }

    fn goes_on_top(&self, turn: &Turn<'_, '_>) -> bool {
        let in_place = self.same && turn.form().has(form::message::IN_PLACE);
        turn.role().is_instruction() && !in_place
    }

    /// The word for who speaks. Its borrow is of the turn alone.
    fn role<'t>(&mut self, turn: &Turn<'t, '_>) -> &'t str {
        match turn.role() {
            Role::Other(word) if self.same => word,
            Role::Other(word) => {
                let at = format!("/messages/{}/role", turn.at);
                self.losses.note(Feature::Role, word, Severity::Altered, at);
                wire_role(turn.role())
            }
            Role::System | Role::Developer | Role::User | Role::Assistant | Role::Tool => {
                wire_role(turn.role())
            }
        }
    }

    /// Writes the turns of one side as one message.
    fn message(&mut self, list: &mut Array<'_>, role: &str, turns: &[Turn<'_, '_>]) {
        list.tentative(|list| {
            let mut object = list.object();
            object.string("role", role);
            let mut content = object.array("content");
            for turn in turns {
                self.around(turn);
                for part in turn.parts() {
                    self.part(&mut content, part, Inside::Message);
                }
            }
            // A message in which nothing is left would be refused.
            let said = !content.is_empty();
            drop(content);
            if self.same {
                for (_, extra) in turns.iter().flat_map(Turn::extras) {
                    extra.write(&mut object);
                }
            }
            said || self.same
        });
    }

    /// Notes what stands around the parts of a turn and this dialect has no place for.
    fn around(&mut self, turn: &Turn<'_, '_>) {
        if turn.name().is_some() {
            let at = format!("/messages/{}/name", turn.at);
            self.losses.note(Feature::SpeakerName, "", Severity::Hint, at);
        }
        if !self.same {
            for (at, extra) in turn.extras() {
                self.lost(extra, || format!("/messages/{at}"));
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

/// Who speaks, of the sides this dialect has.
fn wire_role(role: &Role<'_>) -> &'static str {
    match role {
        Role::Assistant => "assistant",
        Role::System | Role::Developer => "system",
        Role::User | Role::Tool | Role::Other(_) => "user",
    }
}
