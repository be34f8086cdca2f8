//! Tools and the choice among them into the canonical form. Callers' documents only, so read
//! strictly.

use super::{Expected, Reading, form};
use crate::canonical::{
    CustomTool, Extra, Form, FunctionTool, ProviderTool, Tool, ToolBody, ToolChoice, ToolMode,
};
use crate::json::{Cursor, Kind};
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
    let (mut kind, mut function_at, mut custom_at) = (None, None, None);
    let (mut cache, mut extra) = (None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("function", Kind::Object) => function_at = Some(c.skip_value()?),
            ("custom", Kind::Object) => custom_at = Some(c.skip_value()?),
            ("cache_control", Kind::Object) => {
                cache = super::decode_part::cache_mark(c, key, &mut extra)?;
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let mut tool = match (kind.as_deref(), function_at, custom_at) {
        (Some("function") | None, Some(span), None) => {
            let function = function(&mut c.revisit(span)).map_err(|e| e.under_key("function"))?;
            Tool::new(ToolBody::Function(function))
        }
        (Some("custom"), None, Some(span)) => {
            let custom = custom(&mut c.revisit(span)).map_err(|e| e.under_key("custom"))?;
            Tool::new(ToolBody::Custom(custom))
        }
        (Some("function"), None, _) => {
            return Err(DecodeError::new(Fault::Missing, whole.start).under_key("function"));
        }
        (None, None, _) => return Err(DecodeError::new(Fault::Missing, whole.start).under_key("type")),
        (Some(_) | None, _, _) => {
            return Ok(Tool::new(ToolBody::Provider(ProviderTool {
                kind: kind.unwrap_or_default(),
                value: c.raw_at(whole),
            })));
        }
    };
    if kind.is_none() {
        tool.form = form::tool::UNTYPED;
    }
    tool.cache = cache;
    tool.extra = extra;
    Ok(tool)
}

/// Reads a function, inside a tool or as one of `functions`.
pub(super) fn function<'a>(c: &mut Cursor<'a>) -> Result<FunctionTool<'a>, DecodeError> {
    c.count_node()?;
    let mut function = FunctionTool::default();
    let mut name = None;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => function.description = Some(c.text()?),
            ("parameters", Kind::Object) => function.parameters = Some(c.raw()?),
            ("strict", Kind::Bool) => function.strict = Some(c.bool()?),
            _ => Reading::Strict.leftover(c, key, &mut function.extra, NAMED)?,
        }
        Ok(())
    })?;
    function.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    Ok(function)
}

fn custom<'a>(c: &mut Cursor<'a>) -> Result<CustomTool<'a>, DecodeError> {
    let mut custom = CustomTool::default();
    let mut name = None;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => custom.description = Some(c.text()?),
            ("format", Kind::Object) => custom.format = Some(c.raw()?),
            _ => Reading::Strict.leftover(c, key, &mut custom.extra, NAMED)?,
        }
        Ok(())
    })?;
    custom.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    Ok(custom)
}

/// The member that says how tools are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chooser {
    ToolChoice,
    /// The older one, whose object is `{name}`.
    FunctionCall,
}

/// Reads `tool_choice`, or `function_call` when that is the `member`.
pub(super) fn tool_choice<'a>(c: &mut Cursor<'a>, member: Chooser) -> Result<ToolChoice<'a>, DecodeError> {
    let start = c.position();
    match c.peek()? {
        Kind::String => {
            let word = c.text()?;
            let mode = match word.as_ref() {
                "auto" => ToolMode::Auto,
                "none" => ToolMode::None,
                "required" | "any" => ToolMode::Required,
                _ => ToolMode::Other(c.raw_at(crate::json::Span {
                    start,
                    end: c.position(),
                })),
            };
            let mut choice = ToolChoice::new(mode);
            if word == "any" {
                choice.form = form::tool_choice::ANY;
            }
            Ok(choice)
        }
        Kind::Object => choice_object(c, member),
        found @ (Kind::Array | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("a string or an object", found))
        }
    }
}

/// `{type: function, function: {name}}`, `{name}` as `function_call`, or
/// `{type: allowed_tools, allowed_tools: {mode, tools}}`.
fn choice_object<'a>(c: &mut Cursor<'a>, member: Chooser) -> Result<ToolChoice<'a>, DecodeError> {
    let (mut kind, mut name, mut inner_name, mut allowed) = (None, None, None, None);
    let mut extra = Extra::NONE;
    let mut plain = true;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("name", Kind::String) => name = Some(c.text()?),
            ("function", Kind::Object) => {
                c.object(|c, key| {
                    if key.decode() == "name" && c.peek()? == Kind::String {
                        inner_name = Some(c.text()?);
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
            }
            ("allowed_tools", Kind::Object) => allowed = allowed_tools(c)?,
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let found = match (member, kind.as_deref(), inner_name, name, allowed) {
        (Chooser::ToolChoice, Some("function"), Some(name), None, None) if plain => {
            Some((ToolMode::Named(name), Form::default()))
        }
        (Chooser::ToolChoice, None, Some(name), None, None) if plain => {
            Some((ToolMode::Named(name), form::tool_choice::UNTYPED))
        }
        (Chooser::ToolChoice, Some("allowed_tools"), None, None, Some(mode)) => Some((mode, Form::default())),
        (Chooser::FunctionCall, None, None, Some(name), None) => {
            Some((ToolMode::Named(name), Form::default()))
        }
        _ => None,
    };
    let Some((mode, note)) = found else {
        return Ok(ToolChoice::new(ToolMode::Other(c.raw_at(whole))));
    };
    let mut choice = ToolChoice::new(mode);
    choice.form = note;
    choice.extra = extra;
    Ok(choice)
}

/// `None` when the list holds anything but plain function names.
fn allowed_tools<'a>(c: &mut Cursor<'a>) -> Result<Option<ToolMode<'a>>, DecodeError> {
    let (mut required, mut names, mut plain) = (None, Vec::new(), true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("mode", Kind::String) => {
                required = match c.text()?.as_ref() {
                    "auto" => Some(false),
                    "required" => Some(true),
                    _ => None,
                };
            }
            ("tools", Kind::Array) => {
                c.array(|c, _| {
                    c.count_node()?;
                    let name = if c.peek()? == Kind::Object {
                        allowed_name(c)?
                    } else {
                        None
                    };
                    match name {
                        Some(name) => names.push(name),
                        None => plain = false,
                    }
                    Ok(())
                })?;
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(required
        .filter(|_| plain)
        .map(|required| ToolMode::Allowed { required, names }))
}

/// The name in `{type: function, function: {name}}`; `None` when there is anything else in it.
fn allowed_name<'a>(c: &mut Cursor<'a>) -> Result<Option<std::borrow::Cow<'a, str>>, DecodeError> {
    let (mut typed, mut name, mut plain) = (false, None, true);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => typed = c.text()? == "function",
            ("function", Kind::Object) => {
                c.object(|c, key| {
                    if key.decode() == "name" && c.peek()? == Kind::String {
                        name = Some(c.text()?);
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(name.filter(|_| typed && plain))
}
