//! OpenRouter's `reasoning_details` into the canonical form: reasoning with its signature, its
//! summary, or sealed.

use std::borrow::Cow;

use super::form;
use crate::DecodeError;
use crate::canonical::{Extra, Issuer, Opaque, OpaqueRole, Part, PartBody, Reasoning};
use crate::json::{Cursor, Kind};

/// Reads one of `reasoning_details`.
pub(super) fn reasoning_detail<'a>(c: &mut Cursor<'a>) -> Result<Part<'a>, DecodeError> {
    c.count_node()?;
    let mut kind = Cow::Borrowed("");
    let (mut reasoning, mut signature, mut issuer, mut extra) =
        (Reasoning::default(), None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = c.text()?,
            ("text", Kind::String) => reasoning.text = vec![c.text()?],
            ("summary", Kind::String) => reasoning.summary = vec![c.text()?],
            ("data", Kind::String) => reasoning.encrypted = Some(c.text()?),
            ("id", Kind::String) => reasoning.id = Some(c.text()?),
            ("signature", Kind::String) => signature = Some(c.text()?),
            ("format", Kind::String) => issuer = Some(Issuer::parse(c.text()?)),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let (text, summary, sealed) = (
        !reasoning.text.is_empty(),
        !reasoning.summary.is_empty(),
        reasoning.encrypted.is_some(),
    );
    let body = match (kind.as_ref(), text, summary, sealed) {
        ("reasoning.text", _, false, false)
        | ("reasoning.summary", false, true, false)
        | ("reasoning.encrypted", false, false, true) => PartBody::from(reasoning),
        _ => {
            (signature, issuer, extra) = (None, None, Extra::NONE);
            PartBody::from(Opaque {
                kind,
                role: OpaqueRole::Unknown,
                value: c.raw_at(whole),
            })
        }
    };
    let mut part = Part::new(body);
    part.signature = signature;
    part.issuer = issuer;
    part.extra = extra;
    part.form = form::part::DETAIL;
    Ok(part)
}
