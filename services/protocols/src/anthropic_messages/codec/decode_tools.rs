//! Tools and the choice among them into the canonical form. Callers' documents only, so read
//! strictly.

use super::decode_block::cache_mark;
use super::members::Members;
use super::{Expected, Reading, form};
use crate::DecodeError;
use crate::canonical::{Extra, Form, FunctionTool, ProviderTool, Tool, ToolBody, ToolChoice, ToolMode};
use crate::json::{Cursor, Kind};

const TOOL: Expected = &[
    ("description", "a string"),
    ("input_schema", "an object"),
    ("strict", "a boolean"),
    ("cache_control", "an object"),
];
const CHOICE: Expected = &[("name", "a string"), ("disable_parallel_tool_use", "a boolean")];

/// Reads one of `tools`. Any type but `custom` is a tool that the provider runs or defines.
pub(super) fn tool<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    c.count_node()?;
    let mut members = Members::read(c)?;
    let kind = members.text("type");
    if let Some(kind) = kind.as_ref().filter(|kind| *kind != "custom") {
        return Ok(Tool::new(ToolBody::Provider(ProviderTool {
            kind: kind.clone(),
            value: c.raw_at(members.whole()),
        })));
    }
    let Some(name) = members.text("name") else {
        return Err(members.missing("name", "a string"));
    };
    let function = FunctionTool {
        name,
        description: members.text("description"),
        parameters: members
            .span("input_schema", Kind::Object)
            .map(|span| c.raw_at(span)),
        strict: members.bool(c, "strict"),
        extra: Extra::NONE,
    };
    let mut misshapen = Extra::NONE;
    let cache = match members.span("cache_control", Kind::Object) {
        Some(span) => cache_mark(c, span, &mut misshapen)?,
        None => None,
    };
    let mut extra = members.into_extra(c, Reading::Strict, TOOL)?;
    for (name, value) in misshapen.iter() {
        extra.push(name.to_owned(), value.clone());
    }
    Ok(Tool {
        body: ToolBody::Function(function),
        cache,
        form: if kind.is_some() {
            form::tool::TYPED
        } else {
            Form::default()
        },
        extra,
    })
}

/// Reads `tool_choice`: the rule, and whether several tools may be called at once.
pub(super) fn tool_choice<'a>(c: &mut Cursor<'a>) -> Result<(ToolChoice<'a>, Option<bool>), DecodeError> {
    let mut members = Members::read(c)?;
    let whole = members.whole();
    let Some(kind) = members.text("type") else {
        return Err(members.missing("type", "a string"));
    };
    let mode = match kind.as_ref() {
        "auto" => ToolMode::Auto,
        "any" => ToolMode::Required,
        "none" => ToolMode::None,
        "tool" => match members.text("name") {
            Some(name) => ToolMode::Named(name),
            None => return Err(members.missing("name", "a string")),
        },
        _ => return Ok((ToolChoice::new(ToolMode::Other(c.raw_at(whole))), None)),
    };
    let parallel = members
        .bool(c, "disable_parallel_tool_use")
        .map(|disabled| !disabled);
    let mut choice = ToolChoice::new(mode);
    choice.extra = members.into_extra(c, Reading::Strict, CHOICE)?;
    Ok((choice, parallel))
}
