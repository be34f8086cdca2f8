//! A message of a request or of an answer into the canonical form. Results of tools stay in the turn
//! of the user that brought them.

use super::decode_block::blocks;
use super::form;
use crate::canonical::{Extra, Form, Message, Role};
use crate::json::{Cursor, Kind};
use crate::reading::{Expected, Reading};
use crate::{DecodeError, Fault};

const MODELLED: Expected = &[("role", "a string"), ("content", "an array of content blocks")];

/// Reads one message.
pub(super) fn message<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Message<'a>, DecodeError> {
    c.count_node()?;
    let (mut role, mut parts, mut extra) = (None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("role", Kind::String) => role = Some(c.text()?),
            ("content", Kind::Array) => parts = Some(blocks(c, reading)?),
            _ => reading.leftover(c, key, &mut extra, MODELLED)?,
        }
        Ok(())
    })?;
    if reading == Reading::Strict {
        for (present, name) in [(role.is_some(), "role"), (parts.is_some(), "content")] {
            if !present {
                return Err(DecodeError::new(Fault::Missing, whole.start).under_key(name));
            }
        }
    }
    let mut note = Form::default();
    if parts.is_none() {
        note = note.with(form::message::NO_CONTENT);
    }
    let role = match role {
        None => {
            note = note.with(form::message::NO_ROLE);
            Role::Assistant
        }
        Some(word) => match word.as_ref() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => {
                note = note.with(form::message::IN_PLACE);
                Role::System
            }
            _ => Role::Other(word),
        },
    };
    Ok(Message {
        role,
        name: None,
        parts: parts.unwrap_or_default(),
        form: note,
        extra,
    })
}
