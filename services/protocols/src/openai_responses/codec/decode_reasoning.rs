//! Reasoning items into the canonical form.

use std::borrow::Cow;

use super::form;
use super::item::ReadItem;
use super::seal::{self, Sealed};
use crate::DecodeError;
use crate::canonical::{Form, Issuer, Item, Part, PartBody, Reasoning, Role};
use crate::json::{Cursor, Kind};

/// Reads reasoning, which stays whole when its pieces are not plain text.
pub(super) fn reasoning<'a>(c: &mut Cursor<'a>, kind: Cow<'a, str>) -> Result<ReadItem<'a>, DecodeError> {
    let mut reasoning = Reasoning::default();
    let (mut sealed, mut item) = (None, Item::default());
    let (mut plain, mut note) = (true, form::part::NO_SUMMARY);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => drop(c.string()?),
            ("id", Kind::String) => reasoning.id = Some(c.text()?),
            ("encrypted_content", Kind::String) => sealed = Some(seal::open(c.text()?)),
            ("summary", Kind::Array) => {
                note = Form(note.0 & !form::part::NO_SUMMARY.0);
                plain &= pieces(c, "summary_text", &mut reasoning.summary)?;
            }
            ("content", Kind::Array) => {
                plain &= pieces(c, "reasoning_text", &mut reasoning.text)?;
                if reasoning.text.is_empty() {
                    note = note.with(form::part::EMPTY_CONTENT);
                }
            }
            _ => item.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    if !plain {
        return Ok(ReadItem::whole(kind, c.raw_at(whole)));
    }
    Ok(ReadItem::one(
        Role::Assistant,
        sealed_part(reasoning, sealed, note),
        item,
    ))
}

/// Puts reasoning and what it is sealed with together.
pub(super) fn sealed_part<'a>(
    mut reasoning: Reasoning<'a>,
    sealed: Option<Sealed<'a>>,
    mut note: Form,
) -> Part<'a> {
    let (mut signature, mut issuer) = (None, None);
    match sealed {
        Some(Sealed::Own(data)) => {
            reasoning.encrypted = Some(data);
            issuer = Some(Issuer::OpenAi);
        }
        Some(Sealed::Encrypted(whose, data)) => {
            reasoning.encrypted = Some(data);
            issuer = Some(whose);
        }
        Some(Sealed::Signature(whose, data)) => {
            // What another provider signs is its reasoning, which callers here are told as a summary.
            if reasoning.text.is_empty() {
                reasoning.text = std::mem::take(&mut reasoning.summary);
            }
            signature = Some(data);
            issuer = Some(whose);
        }
        Some(Sealed::OnCall(whose, data)) => {
            signature = Some(data);
            issuer = Some(whose);
            note = note.with(form::part::ON_CALL);
        }
        None => {}
    }
    let mut part = Part::new(PartBody::from(reasoning));
    part.signature = signature;
    part.issuer = issuer;
    part.form = note;
    part
}

/// Reads a list of `{type, text}`; false when there is anything else in it.
pub(super) fn pieces<'a>(
    c: &mut Cursor<'a>,
    word: &str,
    texts: &mut Vec<Cow<'a, str>>,
) -> Result<bool, DecodeError> {
    let mut plain = true;
    c.array(|c, _| {
        c.count_node()?;
        if c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        let (mut typed, mut text) = (false, None);
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => typed = c.text()? == word,
                ("text", Kind::String) => text = Some(c.text()?),
                _ => plain = false,
            }
            Ok(())
        })?;
        plain &= typed;
        match text {
            Some(text) => texts.push(text),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(plain)
}
