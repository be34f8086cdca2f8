//! How much to think and the form asked of the answer, into the canonical form.

use super::members::Members;
use super::{Expected, Reading, form};
use crate::DecodeError;
use crate::canonical::{Extra, Form, Request, ResponseFormat, ResponseShape};
use crate::json::{Cursor, Kind, RawJson};

const THINKING: Expected = &[
    ("budget_tokens", "a non-negative integer"),
    ("display", "a string"),
];
const CONFIG: Expected = &[("effort", "a string"), ("format", "an object")];
const FORMAT: Expected = &[("schema", "an object")];

/// Reads `thinking`. `false`, with nothing read, when it is of a type not known.
pub(super) fn thinking<'a>(c: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<bool, DecodeError> {
    let mut members = Members::read(c)?;
    let Some(kind) = members.text("type") else {
        return Err(members.missing("type", "a string"));
    };
    let mut note = Form::default();
    let enabled = match kind.as_ref() {
        "enabled" => true,
        "adaptive" => {
            note = form::reasoning_config::ADAPTIVE;
            true
        }
        "disabled" => false,
        _ => return Ok(false),
    };
    let config = request.reasoning.get_or_insert_default();
    config.enabled = Some(enabled);
    config.form = note;
    let budgeted = kind == "enabled";
    if budgeted {
        config.budget = members.unsigned(c, "budget_tokens");
    }
    let mut misread = None;
    if let Some(display) = members.text("display") {
        match display.as_ref() {
            "summarized" => config.show = Some(true),
            "omitted" => config.show = Some(false),
            _ => misread = Some(RawJson::of_string(&display)),
        }
    }
    // A budget beside another type means nothing, and stays where it was.
    let modelled = if budgeted { THINKING } else { &THINKING[1..] };
    config.extra = members.into_extra(c, Reading::Strict, modelled)?;
    if let Some(display) = misread {
        config.extra.push("display", display);
    }
    Ok(true)
}

/// Reads `output_config`. What is not modelled of it goes to the request's extra, as an object of
/// the same name.
pub(super) fn output_config<'a>(c: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<(), DecodeError> {
    let mut members = Members::read(c)?;
    let effort = members.text("effort");
    // Where both are given, the name of the beta came first and counts.
    let taken = request.response_format.is_some();
    let format = if taken {
        None
    } else {
        members.span("format", Kind::Object)
    };
    let nothing = effort.is_none() && format.is_none();
    if effort.is_some() {
        request.reasoning.get_or_insert_default().effort = effort;
    }
    if let Some(span) = format {
        let read = response_format(&mut c.revisit(span)).map_err(|e| e.under_key("format"))?;
        request.response_format = Some(read);
    }
    let rest = members.into_extra(c, Reading::Strict, if taken { &CONFIG[..1] } else { CONFIG })?;
    keep_rest(request, "output_config", &rest, nothing);
    Ok(())
}

/// Reads `metadata`; as [`output_config`].
pub(super) fn metadata<'a>(c: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<(), DecodeError> {
    const MODELLED: Expected = &[("user_id", "a string")];
    let mut members = Members::read(c)?;
    request.user = members.text("user_id");
    let rest = members.into_extra(c, Reading::Strict, MODELLED)?;
    let nothing = request.user.is_none();
    keep_rest(request, "metadata", &rest, nothing);
    Ok(())
}

/// Keeps the unmodelled members of a modelled object, and the object itself when it is `nothing`
/// else.
fn keep_rest<'a>(request: &mut Request<'a>, name: &'static str, rest: &Extra<'a>, nothing: bool) {
    if rest.is_empty() && !nothing {
        return;
    }
    let mut out = Vec::new();
    rest.write(&mut crate::json::Object::open(&mut out));
    let raw = String::from_utf8(out)
        .ok()
        .and_then(|text| RawJson::parse(text).ok());
    request
        .extra
        .push(name, raw.unwrap_or_else(RawJson::empty_object));
}

/// Reads `output_config.format` or `output_format`.
pub(super) fn response_format<'a>(c: &mut Cursor<'a>) -> Result<ResponseFormat<'a>, DecodeError> {
    let mut members = Members::read(c)?;
    let whole = members.whole();
    let shape = match members.text("type").as_deref() {
        None => return Err(members.missing("type", "a string")),
        Some("json_schema") => {
            let Some(schema) = members.span("schema", Kind::Object) else {
                return Err(members.missing("schema", "an object"));
            };
            ResponseShape::JsonSchema {
                name: None,
                description: None,
                schema: Some(c.raw_at(schema)),
                // The answer is made to fit; there is no looser kind here.
                strict: Some(true),
                extra: Extra::NONE,
            }
        }
        Some(_) => {
            return Ok(ResponseFormat {
                shape: ResponseShape::Other(c.raw_at(whole)),
                form: Form::default(),
                extra: Extra::NONE,
            });
        }
    };
    Ok(ResponseFormat {
        shape,
        form: Form::default(),
        extra: members.into_extra(c, Reading::Strict, FORMAT)?,
    })
}
