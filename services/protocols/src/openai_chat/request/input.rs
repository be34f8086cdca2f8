//! How much input a request holds: what is counted of messages and their content.

use crate::DecodeError;
use crate::json::{Cursor, Kind, Span};

/// Size of the input, for estimates and upper bounds. Byte counts are of UTF-8; a token is at
/// least one byte in every tokenizer in use, so they bound the tokens of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputSize {
    /// Text of all messages: decoded text content, and the raw JSON of tool calls and of every
    /// other member except the role and media.
    pub text_bytes: u64,
    /// Raw JSON of tools, functions and the response format, which models read as input.
    pub schema_bytes: u64,
    /// Image parts.
    pub images: u32,
    /// Audio parts.
    pub audio: u32,
    /// File parts.
    pub files: u32,
}

/// Counts messages and what is in them. Roles and the inside of parts are for the provider to judge.
pub(super) fn messages(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(u32, Span), DecodeError> {
    let mut count = 0u32;
    let span = c.array(|c, _| {
        count = count.saturating_add(1);
        c.count_node()?;
        c.object(|c, key| match key.decode().as_ref() {
            "role" => Ok(()),
            "content" => content(c, input),
            _ => {
                input.text_bytes += c.skip_value()?.len() as u64;
                Ok(())
            }
        })
        .map(drop)
    })?;
    Ok((count, span))
}

fn content(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    match c.peek()? {
        Kind::Null => drop(c.take_null()?),
        Kind::String => input.text_bytes += c.string()?.decoded_len(),
        Kind::Array => drop(c.array(|c, _| part(c, input))?),
        found @ (Kind::Object | Kind::Number | Kind::Bool) => {
            return Err(c.wrong_type("a string or an array of content parts", found));
        }
    }
    Ok(())
}

fn part(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    c.count_node()?;
    match c.peek()? {
        Kind::Object => {}
        Kind::String => {
            input.text_bytes += c.string()?.decoded_len();
            return Ok(());
        }
        found @ (Kind::Array | Kind::Number | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a content part", found));
        }
    }
    c.object(|c, key| {
        match key.decode().as_ref() {
            "type" | "cache_control" => {}
            // Some clients write out the members of the other part types as null.
            _ if c.peek()? == Kind::Null => {}
            "text" | "refusal" if c.peek()? == Kind::String => input.text_bytes += c.string()?.decoded_len(),
            "image_url" | "image" => input.images = input.images.saturating_add(1),
            "input_audio" | "audio" => input.audio = input.audio.saturating_add(1),
            "file" => input.files = input.files.saturating_add(1),
            _ => input.text_bytes += c.skip_value()?.len() as u64,
        }
        Ok(())
    })
    .map(drop)
}
