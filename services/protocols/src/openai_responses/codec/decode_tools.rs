//! Tools and the choice among them into the canonical form. Callers' documents only, so read
//! strictly.

use std::borrow::Cow;

use super::decode_content::look_ahead;
use super::{Expected, Reading, form};
use crate::canonical::{CustomTool, Extra, FunctionTool, ProviderTool, Tool, ToolBody, ToolChoice, ToolMode};
use crate::json::{Cursor, Kind, Object, RawJson, Span};
use crate::{DecodeError, Fault};

const NAMED: Expected = &[
    ("name", "a string"),
    ("description", "a string"),
    ("parameters", "an object"),
    ("strict", "a boolean"),
];

/// Reads one of `tools`.
pub(super) fn tool<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    c.count_node()?;
    match c.peek()? {
        Kind::Object => {}
        found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a tool", found));
        }
    }
    let start = c.position();
    let Some(kind) = look_ahead(c)?.kind else {
        return Err(DecodeError::new(Fault::Missing, start).under_key("type"));
    };
    match kind.as_ref() {
        "function" => function(c),
        "custom" => custom(c),
        _ => Ok(Tool::new(ToolBody::Provider(ProviderTool {
            kind,
            value: c.raw()?,
        }))),
    }
}

fn function<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    let (mut function, mut name, mut extra) = (FunctionTool::default(), None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => drop(c.string()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => function.description = Some(c.text()?),
            ("parameters", Kind::Object) => function.parameters = Some(c.raw()?),
            ("strict", Kind::Bool) => function.strict = Some(c.bool()?),
            _ => Reading::Strict.leftover(c, key, &mut extra, NAMED)?,
        }
        Ok(())
    })?;
    function.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    let mut tool = Tool::new(ToolBody::Function(function));
    tool.extra = extra;
    Ok(tool)
}

fn custom<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    let (mut custom, mut name, mut extra) = (CustomTool::default(), None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => drop(c.string()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => custom.description = Some(c.text()?),
            ("format", Kind::Object) => custom.format = Some(grammar(c)?),
            _ => Reading::Strict.leftover(c, key, &mut extra, NAMED)?,
        }
        Ok(())
    })?;
    custom.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    let mut tool = Tool::new(ToolBody::Custom(custom));
    tool.extra = extra;
    Ok(tool)
}

/// Reads the format of free text. The canonical form has the grammar in an object of its own, as
/// Chat Completions writes it; here its members stand beside the type.
fn grammar<'a>(c: &mut Cursor<'a>) -> Result<RawJson<'a>, DecodeError> {
    let (mut typed, mut syntax, mut definition, mut plain) = (false, None, None, true);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => typed = c.text()? == "grammar",
            ("syntax", Kind::String) => syntax = Some(c.text()?),
            ("definition", Kind::String) => definition = Some(c.text()?),
            _ => plain = false,
        }
        Ok(())
    })?;
    let (Some(syntax), Some(definition), true) = (syntax, definition, typed && plain) else {
        return Ok(c.raw_at(whole));
    };
    let mut out = Vec::with_capacity(definition.len() + 64);
    {
        let mut object = Object::open(&mut out);
        object.string("type", "grammar");
        let mut inner = object.object("grammar");
        inner.string("syntax", &syntax);
        inner.string("definition", &definition);
    }
    RawJson::parse(String::from_utf8(out).unwrap_or_default())
}

/// Reads `tool_choice`.
pub(super) fn tool_choice<'a>(c: &mut Cursor<'a>) -> Result<ToolChoice<'a>, DecodeError> {
    let found = c.peek()?;
    let start = c.position();
    match found {
        Kind::String => {
            let word = c.text()?;
            let end = c.position();
            Ok(ToolChoice::new(match word.as_ref() {
                "auto" => ToolMode::Auto,
                "none" => ToolMode::None,
                "required" => ToolMode::Required,
                _ => ToolMode::Other(c.raw_at(Span { start, end })),
            }))
        }
        Kind::Object => choice_object(c),
        Kind::Array | Kind::Number | Kind::Bool | Kind::Null => {
            Err(c.wrong_type("a string or an object", found))
        }
    }
}

/// `{type: function, name}`, `{type: custom, name}`, `{type: allowed_tools, mode, tools}`; the tools
/// that the provider runs stay whole.
fn choice_object<'a>(c: &mut Cursor<'a>) -> Result<ToolChoice<'a>, DecodeError> {
    let (mut kind, mut name, mut mode, mut names) = (None, None, None, None);
    let mut extra = Extra::NONE;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("mode", Kind::String) => mode = Some(c.text()?),
            ("tools", Kind::Array) => names = function_names(c)?,
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let required = match mode.as_deref() {
        Some("auto") => Some(false),
        Some("required") => Some(true),
        Some(_) | None => None,
    };
    let (mode, note) = match (kind.as_deref(), name, required, names) {
        (Some("function"), Some(name), None, None) if mode.is_none() => (ToolMode::Named(name), None),
        (Some("custom"), Some(name), None, None) if mode.is_none() => {
            (ToolMode::Named(name), Some(form::tool_choice::CUSTOM))
        }
        (Some("allowed_tools"), None, Some(required), Some(names)) => {
            (ToolMode::Allowed { required, names }, None)
        }
        _ => return Ok(ToolChoice::new(ToolMode::Other(c.raw_at(whole)))),
    };
    let mut choice = ToolChoice::new(mode);
    choice.form = note.unwrap_or_default();
    choice.extra = extra;
    Ok(choice)
}

/// The names in a list of `{type: function, name}`; `None` when there is anything else in it.
fn function_names<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<Cow<'a, str>>>, DecodeError> {
    let (mut names, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        if c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        let (mut typed, mut name) = (false, None);
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => typed = c.text()? == "function",
                ("name", Kind::String) => name = Some(c.text()?),
                _ => plain = false,
            }
            Ok(())
        })?;
        plain &= typed;
        match name {
            Some(name) => names.push(name),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(names).filter(|_| plain))
}
