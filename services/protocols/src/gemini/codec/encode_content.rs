//! Messages out of the canonical form: instructions to the top, the rest as contents. Neighbors of
//! one role become one content, so that the results of one turn's calls stand together.

use smallvec::SmallVec;

use super::encode_request::Writer;
use super::{Name, form};
use crate::canonical::{Form, Message, Part, PartBody, Role, Turn, turns};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};

/// A part with its place.
pub(super) type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// Those of a content: nearly always one.
type Placements<'m, 'a> = SmallVec<[Placed<'m, 'a>; 1]>;

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

impl Writer {
    /// Writes all instructions as one, in their order.
    pub(super) fn instructions(&mut self, object: &mut Object<'_>, messages: &[Message<'_>], note: Form) {
        const KEY: Name = ("systemInstruction", "system_instruction");
        let mut all = messages
            .iter()
            .enumerate()
            .filter(|(_, m)| m.role.is_instruction())
            .peekable();
        let Some((_, first)) = all.peek() else { return };
        let spelling = if self.same { first.form } else { Form::default() };
        let mut content = object.object(self.key(KEY, note, form::request::SYSTEM_SNAKE));
        if spelling.has(form::message::USER) {
            content.string("role", "user");
        } else if spelling.has(form::message::SYSTEM) {
            content.string("role", "system");
        }
        let mut parts = Vec::new();
        let opening = messages.iter().take_while(|m| m.role.is_instruction()).count();
        for (at, message) in all {
            let Message {
                role: _,
                name,
                parts: said,
                form: _,
                extra,
            } = message;
            if at >= opening {
                let at = format!("/messages/{at}");
                self.losses
                    .note(Feature::InstructionPlace, "", Severity::Altered, at);
            }
            self.speaker(at, name.as_deref());
            parts.extend(said.iter().enumerate().map(|(p, part)| (at, p, part)));
            self.extra(&mut content, extra, || format!("/messages/{at}"));
        }
        self.parts(&mut content, &parts, spelling);
    }

    /// Writes the conversation.
    pub(super) fn contents(&mut self, object: &mut Object<'_>, messages: &[Message<'_>], note: Form) {
        let turns = turns(messages, !self.same);
        let mut spoken = turns.filter(|turn| !turn.role().is_instruction());
        if self.same
            && note.has(form::request::ONE_CONTENT)
            && let Some(turn) = spoken.next()
        {
            return self.content(&mut object.object("contents"), &turn);
        }
        let mut list = object.array("contents");
        for turn in spoken {
            // A content without parts is refused.
            if self.same || turn.parts().any(|placed| self.says(placed)) {
                self.content(&mut list.object(), &turn);
            } else {
                // Written for what is lost with it.
                let parts: Placements<'_, '_> = turn.parts().collect();
                self.parts(&mut Object::open(&mut Vec::new()), &parts, Form::default());
            }
        }
    }

    fn content(&mut self, object: &mut Object<'_>, turn: &Turn<'_, '_>) {
        let note = if self.same { turn.form() } else { Form::default() };
        match turn.role() {
            _ if note.has(form::message::NO_ROLE) => {}
            Role::Assistant => object.string("role", "model"),
            Role::Tool if note.has(form::message::FUNCTION) => object.string("role", "function"),
            Role::Tool if note.has(form::message::TOOL) => object.string("role", "tool"),
            Role::User | Role::Tool | Role::System | Role::Developer => object.string("role", "user"),
            Role::Other(word) if self.same => object.string("role", word),
            Role::Other(word) => {
                let at = format!("/messages/{}/role", turn.at);
                self.losses.note(Feature::Role, word, Severity::Altered, at);
                object.string("role", "user");
            }
        }
        self.speaker(turn.at, turn.name());
        let cites = |part: &Part<'_>| part.body.as_text().is_some_and(|text| !text.citations.is_empty());
        if !self.own && turn.parts().any(|(_, _, part)| cites(part)) {
            let at = format!("/messages/{}", turn.at);
            self.losses.note(Feature::Citation, "", Severity::Hint, at);
        }
        let parts: Placements<'_, '_> = turn.parts().collect();
        self.parts(object, &parts, note);
        for (at, extra) in turn.extras() {
            self.extra(object, extra, || format!("/messages/{at}"));
        }
    }

    fn speaker(&mut self, at: usize, name: Option<&str>) {
        if name.is_some() {
            let at = format!("/messages/{at}/name");
            self.losses.note(Feature::SpeakerName, "", Severity::Hint, at);
        }
    }

    /// Writes `parts`: results of tools first, then the media they returned, where these cannot be
    /// in them, then the rest.
    pub(super) fn parts(&mut self, object: &mut Object<'_>, parts: &[Placed<'_, '_>], note: Form) {
        if note.has(form::message::NO_PARTS) && parts.is_empty() {
            return;
        }
        if let (true, [only]) = (note.has(form::message::ONE_PART), parts) {
            // One part writes one object: it opens the only element of a list of its own.
            let mut single = Vec::new();
            self.part(&mut Array::open(&mut single), *only, &mut Vec::new());
            let inner = single.get(1..single.len().saturating_sub(1)).unwrap_or_default();
            object.value("parts").extend_from_slice(inner);
            return;
        }
        let mut list = object.array("parts");
        let mut unsigned_call = !self.same && self.quirks.signed_calls;
        let is_result = |placed: &Placed<'_, '_>| matches!(placed.2.body, PartBody::ToolResult(_));
        if self.same || !parts.iter().any(is_result) {
            for placed in parts {
                self.signed_part(&mut list, *placed, &mut unsigned_call);
            }
            return;
        }
        let mut media = Vec::new();
        for placed in parts.iter().filter(|placed| is_result(placed)) {
            self.part(&mut list, *placed, &mut media);
        }
        for placed in media {
            self.part(&mut list, placed, &mut Vec::new());
        }
        for placed in parts.iter().filter(|placed| !is_result(placed)) {
            self.signed_part(&mut list, *placed, &mut unsigned_call);
        }
    }

    /// Writes a part, and where it is the first call of a turn and the model demands a signature
    /// on it, the stand-in for one that another model could not make.
    fn signed_part(&mut self, list: &mut Array<'_>, placed: Placed<'_, '_>, unsigned_call: &mut bool) {
        let is_call = matches!(placed.2.body, PartBody::ToolCall(_));
        let stand_in = is_call && std::mem::take(unsigned_call) && !self.keeps_signature(placed.2);
        if !stand_in {
            return self.part(list, placed, &mut Vec::new());
        }
        let (message, at, part) = placed;
        self.note_part(placed);
        if let PartBody::ToolCall(call) = &part.body {
            let mut object = list.object();
            self.call(&mut object, part, call, || place(message, at));
            object.string("thoughtSignature", STAND_IN);
        }
    }
}

/// What Google documents for calls that another model made: ai.google.dev/gemini-api/docs/thought-signatures (FAQs), which
/// names one more, and the page of that name of Vertex AI, which names this one alone.
const STAND_IN: &str = "skip_thought_signature_validator";
