//! Contents of a request or an answer, and the instruction, into messages.

use std::borrow::Cow;

use super::decode_part::part;
use super::{Expected, Reading, each, form};
use crate::DecodeError;
use crate::canonical::{Extra, Form, Message, Part, PartBody, Role};
use crate::json::{Cursor, Kind, RawJson};

const MODELLED: Expected = &[("role", "a string"), ("parts", "an array of parts")];

/// A content so far.
struct Draft<'a> {
    role: Option<Cow<'a, str>>,
    parts: Vec<Part<'a>>,
    form: Form,
    extra: Extra<'a>,
}

impl<'a> Draft<'a> {
    fn read(c: &mut Cursor<'a>, reading: Reading) -> Result<Self, DecodeError> {
        c.count_node()?;
        let mut draft = Self {
            role: None,
            parts: Vec::new(),
            form: form::message::NO_PARTS,
            extra: Extra::NONE,
        };
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("role", Kind::String) => draft.role = Some(c.text()?),
                ("parts", Kind::Array | Kind::Object) => {
                    draft.parts = Vec::with_capacity(1);
                    let one = each(c, "an array of parts", |c| {
                        draft.parts.push(part(c, reading)?);
                        Ok(())
                    })?;
                    draft.form = if one {
                        form::message::ONE_PART
                    } else {
                        Form::default()
                    };
                }
                _ => reading.leftover(c, key, &mut draft.extra, MODELLED)?,
            }
            Ok(())
        })?;
        Ok(draft)
    }

    fn message(self, role: Role<'a>, note: Form) -> Message<'a> {
        Message {
            role,
            name: None,
            parts: self.parts,
            form: self.form.with(note),
            extra: self.extra,
        }
    }
}

/// Reads one of `contents`.
pub(super) fn content<'a>(c: &mut Cursor<'a>) -> Result<Message<'a>, DecodeError> {
    let mut draft = Draft::read(c, Reading::Strict)?;
    let results = !draft.parts.is_empty()
        && draft
            .parts
            .iter()
            .all(|part| matches!(part.body, PartBody::ToolResult(_)));
    let (role, note) = match draft.role.take() {
        None if results => (Role::Tool, form::message::NO_ROLE),
        None => (Role::User, form::message::NO_ROLE),
        Some(word) => match word.as_ref() {
            "model" => (Role::Assistant, Form::default()),
            "user" if results => (Role::Tool, Form::default()),
            "user" => (Role::User, Form::default()),
            "function" => (Role::Tool, form::message::FUNCTION),
            "tool" => (Role::Tool, form::message::TOOL),
            _ => (Role::Other(word), Form::default()),
        },
    };
    Ok(draft.message(role, note))
}

/// Reads `systemInstruction`, whose role means nothing.
pub(super) fn instruction<'a>(c: &mut Cursor<'a>) -> Result<Message<'a>, DecodeError> {
    let mut draft = Draft::read(c, Reading::Strict)?;
    let note = match draft.role.take() {
        None => Form::default(),
        Some(word) if word == "user" => form::message::USER,
        Some(word) if word == "system" => form::message::SYSTEM,
        Some(word) => {
            draft.extra.push("role", RawJson::of_string(&word));
            Form::default()
        }
    };
    Ok(draft.message(Role::System, note))
}

/// Reads the content of an answer.
pub(super) fn answer<'a>(c: &mut Cursor<'a>) -> Result<Message<'a>, DecodeError> {
    let mut draft = Draft::read(c, Reading::Lenient)?;
    let note = match draft.role.take() {
        None => form::message::NO_ROLE,
        Some(word) if word == "model" => Form::default(),
        Some(word) => {
            draft.extra.push("role", RawJson::of_string(&word));
            form::message::NO_ROLE
        }
    };
    Ok(draft.message(Role::Assistant, note))
}
