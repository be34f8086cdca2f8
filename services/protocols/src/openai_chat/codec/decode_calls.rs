//! Tool calls of a message into the canonical form.

use std::borrow::Cow;

use super::{Reading, form};
use crate::canonical::{Arguments, CallKind, Extra, Form, Issuer, Part, PartBody, ToolCall};
use crate::json::{Cursor, Kind};
use crate::{DecodeError, Fault};

/// Reads one of `tool_calls`. `None` when it is not in a shape that can be written back.
pub(super) fn tool_call<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a tool call", found)),
        (_, Reading::Lenient) => return Ok(None),
    }
    let (mut id, mut kind, mut function_at, mut custom_at) = (None, None, None, None);
    let (mut signature, mut extra) = (None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => id = Some(c.text()?),
            ("type", Kind::String) => kind = Some(c.text()?),
            ("function", Kind::Object) => function_at = Some((key, c.skip_value()?)),
            ("custom", Kind::Object) => custom_at = Some((key, c.skip_value()?)),
            ("extra_content", Kind::Object) => {
                let span = c.skip_value()?;
                signature = google_signature(&mut c.revisit(span))?;
                if signature.is_none() {
                    extra.push(key.decode(), c.raw_at(span));
                }
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let custom = kind.as_deref() == Some("custom");
    let untyped = kind.is_none();
    let known_type = matches!(kind.as_deref(), None | Some("function" | "custom"));
    let (named, other) = if custom {
        (custom_at, function_at)
    } else {
        (function_at, custom_at)
    };
    let kind = if custom {
        CallKind::Custom
    } else {
        CallKind::Function
    };
    let name = if custom { "custom" } else { "function" };
    let call = match named {
        None if reading == Reading::Strict => {
            return Err(DecodeError::new(Fault::Missing, whole.start).under_key(name));
        }
        None => None,
        Some((_, span)) => function(&mut c.revisit(span), kind).map_err(|e| e.under_key(name))?,
    };
    let Some((mut call, form)) = call.filter(|_| known_type) else {
        return Ok(None);
    };
    if let Some((key, span)) = other {
        extra.push(key.decode(), c.raw_at(span));
    }
    call.id = id;
    let mut part = Part::new(PartBody::from(call));
    part.issuer = signature.is_some().then_some(Issuer::Google);
    part.signature = signature;
    part.extra = extra;
    part.form = if untyped {
        form.with(form::part::UNTYPED)
    } else {
        form
    };
    Ok(Some(part))
}

/// Reads `{name, arguments}` of a function, or `{name, input}` of a custom tool. `None` without
/// a name.
pub(super) fn function<'a>(
    c: &mut Cursor<'a>,
    kind: CallKind,
) -> Result<Option<(ToolCall<'a>, Form)>, DecodeError> {
    let (mut name, mut arguments, mut extra) = (None, None, Extra::NONE);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?, kind) {
            ("name", Kind::String, _) => name = Some(c.text()?),
            ("arguments", Kind::String, CallKind::Function) | ("input", Kind::String, CallKind::Custom) => {
                arguments = Some(Arguments::Text(c.text()?));
            }
            // Ollama and others give an object.
            ("arguments", Kind::Object, CallKind::Function) => arguments = Some(Arguments::Json(c.raw()?)),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let form = match arguments {
        Some(_) => Form::default(),
        None => form::part::NO_ARGUMENTS,
    };
    let call = |name| ToolCall {
        id: None,
        name,
        arguments: arguments.unwrap_or_default(),
        kind,
        extra,
    };
    Ok(name.map(|name| (call(name), form)))
}

/// The signature in `{google: {thought_signature}}`, when there is nothing else in it.
pub(super) fn google_signature<'a>(c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let (mut signature, mut plain) = (None, true);
    c.object(|c, key| {
        if key.decode() != "google" || c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        c.object(|c, key| {
            if key.decode() == "thought_signature" && c.peek()? == Kind::String {
                signature = Some(c.text()?);
            } else {
                plain = false;
            }
            Ok(())
        })
        .map(drop)
    })?;
    Ok(signature.filter(|_| plain))
}
