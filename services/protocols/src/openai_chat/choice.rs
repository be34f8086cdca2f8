//! The `choices` array of an answer or a chunk: which answers are there, which have ended, and how
//! much content they hold. Read leniently: a value of an unexpected type counts as absent, only
//! broken JSON is an error.

use super::FinishReason;
use crate::DecodeError;
use crate::json::{Cursor, Kind};

/// Content of one answer or chunk, in bytes of decoded UTF-8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentSize {
    /// Text and refusals.
    pub text: u64,
    /// Reasoning, where the provider shows it.
    pub reasoning: u64,
    /// Names and arguments of tool calls.
    pub tools: u64,
}

impl ContentSize {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.text
            .saturating_add(self.reasoning)
            .saturating_add(self.tools)
    }
}

/// What a `choices` array says.
#[derive(Debug, Default)]
pub(super) struct Choices {
    /// Elements.
    pub(super) count: u32,
    /// One bit per choice index below 128 that occurs.
    pub(super) present: u128,
    /// One bit per choice index below 128 that has a finish reason.
    pub(super) finished: u128,
    /// The first finish reason met.
    pub(super) finish: Option<FinishReason>,
    /// Content of all choices.
    pub(super) content: ContentSize,
}

/// The member of a choice that holds its content. Only one is read: Perplexity's last chunk repeats
/// the whole `message` beside its `delta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `message`, in whole answers.
    Whole,
    /// `delta`, in chunks.
    Chunk,
    /// `text`, a string, in answers and chunks of legacy completions.
    Text,
}

impl Form {
    fn member(self) -> &'static str {
        match self {
            Self::Whole => "message",
            Self::Chunk => "delta",
            Self::Text => "text",
        }
    }
}

/// Reads a `choices` value.
pub(super) fn read(c: &mut Cursor<'_>, form: Form) -> Result<Choices, DecodeError> {
    let mut choices = Choices::default();
    if c.peek()? == Kind::Array {
        c.array(|c, position| {
            if c.peek()? == Kind::Object {
                choice(c, form, position, &mut choices)
            } else {
                Ok(())
            }
        })?;
    } else {
        c.skip_value()?;
    }
    Ok(choices)
}

fn choice(c: &mut Cursor<'_>, form: Form, position: usize, choices: &mut Choices) -> Result<(), DecodeError> {
    choices.count = choices.count.saturating_add(1);
    let mut index = u64::try_from(position).unwrap_or(u64::MAX);
    let mut finish = None;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("index", Kind::Number) => index = c.number()?.parse().unwrap_or(index),
            ("finish_reason", Kind::String) => finish = FinishReason::parse(&c.string()?.decode()),
            ("text", Kind::String) if form == Form::Text => choices.content.text += c.string()?.decoded_len(),
            (name, Kind::Object) if name == form.member() => message(c, &mut choices.content)?,
            _ => {}
        }
        Ok(())
    })?;
    let bit = u32::try_from(index)
        .ok()
        .and_then(|i| 1u128.checked_shl(i))
        .unwrap_or(0);
    choices.present |= bit;
    if finish.is_some() {
        choices.finished |= bit;
    }
    choices.finish = choices.finish.take().or(finish);
    Ok(())
}

fn message(c: &mut Cursor<'_>, size: &mut ContentSize) -> Result<(), DecodeError> {
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("content" | "refusal", Kind::String) => size.text += c.string()?.decoded_len(),
            ("content", Kind::Array) => parts(c, size)?,
            ("reasoning_content" | "reasoning", Kind::String) => size.reasoning += c.string()?.decoded_len(),
            ("tool_calls", Kind::Array) => {
                c.array(|c, _| {
                    if c.peek()? == Kind::Object {
                        tool_call(c, size)
                    } else {
                        Ok(())
                    }
                })?;
            }
            ("function_call", Kind::Object) => function(c, size)?,
            _ => {}
        }
        Ok(())
    })
    .map(drop)
}

fn tool_call(c: &mut Cursor<'_>, size: &mut ContentSize) -> Result<(), DecodeError> {
    c.object(|c, key| match (key.decode().as_ref(), c.peek()?) {
        ("function" | "custom", Kind::Object) => function(c, size),
        _ => Ok(()),
    })
    .map(drop)
}

fn function(c: &mut Cursor<'_>, size: &mut ContentSize) -> Result<(), DecodeError> {
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name" | "arguments" | "input", Kind::String) => size.tools += c.string()?.decoded_len(),
            ("arguments", Kind::Object) => size.tools += c.skip_value()?.len() as u64,
            _ => {}
        }
        Ok(())
    })
    .map(drop)
}

/// Content given as a list of parts, as Mistral does for reasoning models.
fn parts(c: &mut Cursor<'_>, size: &mut ContentSize) -> Result<(), DecodeError> {
    c.array(|c, _| {
        if c.peek()? != Kind::Object {
            return Ok(());
        }
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("text" | "refusal", Kind::String) => size.text += c.string()?.decoded_len(),
                ("thinking", Kind::Array | Kind::String) => size.reasoning += c.skip_value()?.len() as u64,
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    })
    .map(drop)
}
