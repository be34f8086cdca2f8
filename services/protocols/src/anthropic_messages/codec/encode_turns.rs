//! The conversation out of the canonical form. Of another dialect: instructions at the top, what one
//! side says in a row as one message, and in it the results of tools before all else.

use smallvec::SmallVec;

use super::encode_message::{Placed, Side, Writer};
use super::form;
use crate::canonical::{Message, Part, PartBody, Role};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};

/// What one side says in a row.
struct Turn<'m, 'a> {
    /// Number of its first message, for loss reports.
    at: usize,
    model: bool,
    parts: SmallVec<[Placed<'m, 'a>; 1]>,
}

impl Writer {
    /// Writes `system` and `messages`.
    pub(super) fn conversation(&mut self, object: &mut Object<'_>, messages: &[Message<'_>]) {
        if self.same {
            self.as_it_was(object, messages);
        } else {
            self.in_turns(object, messages);
        }
    }

    /// Of this dialect: every message as it was.
    fn as_it_was(&mut self, object: &mut Object<'_>, messages: &[Message<'_>]) {
        let at_top = |m: &&Message<'_>| m.role.is_instruction() && !m.form.has(form::message::IN_PLACE);
        let top = messages.iter().take_while(at_top).count();
        let (system, rest) = messages.split_at(top);
        if let Some(first) = system.first() {
            let parts: Vec<_> = system.iter().enumerate().flat_map(placed).collect();
            self.own_content(object.value("system"), &parts, first.form);
        }
        let mut list = object.array("messages");
        for (at, message) in rest.iter().enumerate() {
            let at = at + top;
            let parts: Vec<_> = placed((at, message)).collect();
            if self.is_foreign_thinking(message) {
                // Nothing would be left of it.
                self.own_content(&mut Vec::new(), &parts, message.form);
                continue;
            }
            let mut object = list.object();
            let role = match &message.role {
                Role::Tool => "user",
                Role::Developer => "system",
                role @ (Role::System | Role::User | Role::Assistant | Role::Other(_)) => role.as_str(),
            };
            self.side = if message.role == Role::Assistant {
                Side::Model
            } else {
                Side::User
            };
            object.string("role", role);
            self.own_content(object.value("content"), &parts, message.form);
            message.extra.write(&mut object);
        }
    }

    /// Whether a message is only thinking under seals of other providers.
    fn is_foreign_thinking(&self, message: &Message<'_>) -> bool {
        let foreign = |part: &Part<'_>| {
            let reasoning = part.body.as_reasoning();
            reasoning.is_some_and(|reasoning| !self.takes_back(part, reasoning))
        };
        !message.parts.is_empty() && message.parts.iter().all(foreign)
    }

    fn in_turns(&mut self, object: &mut Object<'_>, messages: &[Message<'_>]) {
        let mut system: SmallVec<[Placed<'_, '_>; 1]> = SmallVec::new();
        let mut turns: Vec<Turn<'_, '_>> = Vec::new();
        for (at, message) in messages.iter().enumerate() {
            self.note_message(at, message, turns.is_empty());
            if message.role.is_instruction() {
                system.extend(placed((at, message)));
                continue;
            }
            let model = message.role == Role::Assistant;
            match turns.last_mut() {
                Some(last) if last.model == model => last.parts.extend(placed((at, message))),
                _ => turns.push(Turn {
                    at,
                    model,
                    parts: placed((at, message)).collect(),
                }),
            }
        }
        if turns.is_empty() && !system.is_empty() {
            // Somebody has to say something: instructions alone are said by the user.
            let note = "/messages/0/role";
            self.losses
                .note(Feature::InstructionPlace, "", Severity::Altered, note);
            turns.push(Turn {
                at: 0,
                model: false,
                parts: std::mem::take(&mut system),
            });
        }
        self.side = Side::User;
        object.tentative(|object| self.foreign_content(object.value("system"), &system));
        let mut list = object.array("messages");
        for turn in turns {
            self.turn(&mut list, turn);
        }
    }

    fn turn(&mut self, list: &mut Array<'_>, turn: Turn<'_, '_>) {
        let Turn { at, model, mut parts } = turn;
        self.side = if model { Side::Model } else { Side::User };
        // Stable: results stay in their order, and so does the rest.
        parts.sort_by_key(|(_, _, part): &(usize, usize, &Part<'_>)| {
            !model && !matches!(part.body, PartBody::ToolResult(_))
        });
        // The user has the first word in this dialect.
        let prompted = model && list.is_empty();
        list.tentative(|list| {
            if prompted {
                let mut object = list.object();
                object.string("role", "user");
                object.string("content", ".");
            }
            let mut object = list.object();
            object.string("role", if model { "assistant" } else { "user" });
            self.foreign_content(object.value("content"), &parts)
        });
        if prompted && !list.is_empty() {
            let note = format!("/messages/{at}/role");
            self.losses.note(Feature::Role, "user", Severity::Hint, note);
        }
    }

    /// Notes what a message of another dialect carries and this one has no place for.
    fn note_message(&mut self, at: usize, message: &Message<'_>, before_turns: bool) {
        let Message {
            role,
            name,
            parts: _,
            form: _,
            extra,
        } = message;
        let mut note = |feature, name: &str, severity, member| {
            self.losses
                .note(feature, name, severity, format!("/messages/{at}/{member}"));
        };
        if name.is_some() {
            note(Feature::SpeakerName, "", Severity::Hint, "name");
        }
        if let Role::Other(word) = role {
            note(Feature::Role, word, Severity::Altered, "role");
        }
        if role.is_instruction() && !before_turns {
            note(Feature::InstructionPlace, "", Severity::Altered, "role");
        }
        self.lost(extra, || format!("/messages/{at}"));
    }
}

fn placed<'m, 'a>((at, message): (usize, &'m Message<'a>)) -> impl Iterator<Item = Placed<'m, 'a>> {
    let parts = message.parts.iter().enumerate();
    parts.map(move |(place, part)| (at, place, part))
}
