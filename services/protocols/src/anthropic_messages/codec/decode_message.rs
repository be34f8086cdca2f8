//! Messages of a request, and its system prompt, into the canonical form.

use super::decode_block::block;
use super::{Reading, form};
use crate::canonical::{Extra, Form, Message, Part, PartBody, Role};
use crate::json::{Cursor, Kind};
use crate::{DecodeError, Fault};

/// Reads one message. One that holds nothing but results of tools is the tools' own; results beside
/// other content stay in the user's turn.
pub(super) fn message<'a>(c: &mut Cursor<'a>) -> Result<Message<'a>, DecodeError> {
    c.count_node()?;
    let (mut role, mut content, mut extra) = (None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("role", Kind::String) => role = Some(c.text()?),
            ("content", _) => content = Some(self::content(c)?),
            ("role", found @ (Kind::Object | Kind::Array | Kind::Number | Kind::Bool)) => {
                return Err(c.wrong_type("a string", found));
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
    let role = role.ok_or_else(|| missing("role"))?;
    let (parts, mut note) = content.ok_or_else(|| missing("content"))?;
    let only_results = !parts.is_empty() && parts.iter().all(|p| matches!(p.body, PartBody::ToolResult(_)));
    let role = match role.as_ref() {
        "user" if only_results => Role::Tool,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => {
            note = note.with(form::message::IN_PLACE);
            Role::System
        }
        _ => Role::Other(role),
    };
    let mut message = Message::new(role, parts);
    message.form = note;
    message.extra = extra;
    Ok(message)
}

/// Reads the system prompt.
pub(super) fn system<'a>(c: &mut Cursor<'a>) -> Result<Message<'a>, DecodeError> {
    let (parts, note) = content(c)?;
    let mut message = Message::new(Role::System, parts);
    message.form = note;
    Ok(message)
}

/// Reads content: a text, or blocks.
fn content<'a>(c: &mut Cursor<'a>) -> Result<(Vec<Part<'a>>, Form), DecodeError> {
    match c.peek()? {
        Kind::String => {
            let text = c.text()?;
            if text.is_empty() {
                Ok((Vec::new(), form::message::EMPTY))
            } else {
                Ok((vec![Part::text(text)], form::message::STRING))
            }
        }
        Kind::Array => {
            let mut parts = Vec::with_capacity(1);
            c.array(|c, _| {
                parts.push(block(c, Reading::Strict)?);
                Ok(())
            })?;
            Ok((parts, form::message::LIST))
        }
        found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("a string or an array of content blocks", found))
        }
    }
}
