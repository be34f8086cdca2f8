//! Tools and the choice among them into the canonical form. Callers' documents only, so read
//! strictly.

use super::{Expected, Reading, each, form};
use crate::canonical::{
    Extra, Form, FunctionTool, ProviderTool, Request, Tool, ToolBody, ToolChoice, ToolMode,
};
use crate::gemini::schema::{self, Style};
use crate::json::{Cursor, Kind, RawJson};
use crate::{DecodeError, Fault};

const FUNCTION: Expected = &[
    ("name", "a string"),
    ("description", "a string"),
    ("parameters", "an object"),
    ("parametersJsonSchema", "an object"),
    ("parameters_json_schema", "an object"),
];

/// Reads `tools`. One element may hold functions and tools of Google's at once; each becomes a tool
/// of its own, and the first of an element is noted as such. Says whether all elements hold something.
pub(super) fn tools<'a>(c: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<bool, DecodeError> {
    let mut full = true;
    let one = each(c, "an array of tools", |c| {
        c.count_node()?;
        let from = request.tools.len();
        c.object(|c, key| {
            let name = key.decode();
            let functions = matches!(name.as_ref(), "functionDeclarations" | "function_declarations");
            if functions && c.peek()? == Kind::Array {
                let before = request.tools.len();
                let list = c.array(|c, _| {
                    let mut tool = function(c)?;
                    if name == "function_declarations" {
                        tool.form = tool.form.with(form::tool::SNAKE);
                    }
                    request.tools.push(tool);
                    Ok(())
                })?;
                if request.tools.len() > before {
                    return Ok(());
                }
                request.tools.push(provider_tool(name, c.raw_at(list)));
                return Ok(());
            }
            c.count_node()?;
            let value = c.raw()?;
            request.tools.push(provider_tool(name, value));
            Ok(())
        })?;
        match request.tools.get_mut(from) {
            Some(first) => first.form = first.form.with(form::tool::OPENS),
            None => full = false,
        }
        Ok(())
    })?;
    if one {
        request.form = request.form.with(form::request::ONE_TOOL);
    }
    Ok(full)
}

/// A tool of Google's: its name is its type, its settings are the value.
fn provider_tool<'a>(kind: std::borrow::Cow<'a, str>, value: RawJson<'a>) -> Tool<'a> {
    Tool::new(ToolBody::Provider(ProviderTool { kind, value }))
}

fn function<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    c.count_node()?;
    let mut function = FunctionTool::default();
    let mut note = Form::default();
    let mut name = None;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => function.description = Some(c.text()?),
            ("parameters", Kind::Object) if function.parameters.is_none() => {
                let (parameters, style) = google_schema(c)?;
                function.parameters = Some(parameters);
                note = note.with(form::tool::PARAMETERS).with(style);
            }
            ("parametersJsonSchema", Kind::Object) if function.parameters.is_none() => {
                function.parameters = Some(c.raw()?);
            }
            ("parameters_json_schema", Kind::Object) if function.parameters.is_none() => {
                function.parameters = Some(c.raw()?);
                note = note.with(form::tool::SCHEMA_SNAKE);
            }
            // Both were given.
            ("parameters" | "parametersJsonSchema" | "parameters_json_schema", Kind::Object) => {
                function.extra.keep(c, key)?;
            }
            _ => Reading::Strict.leftover(c, key, &mut function.extra, FUNCTION)?,
        }
        Ok(())
    })?;
    function.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    let mut tool = Tool::new(ToolBody::Function(function));
    tool.form = note;
    Ok(tool)
}

/// Reads a schema in Google's own form; gives JSON Schema and a note on how types were spelled.
pub(super) fn google_schema<'a>(c: &mut Cursor<'a>) -> Result<(RawJson<'a>, Form), DecodeError> {
    let (schema, style) = schema::widen(c.raw()?)?;
    let note = match style {
        Style::Lower => Form::default(),
        Style::Upper => form::schema::UPPER,
        Style::Numbered => form::schema::NUMBERED,
    };
    Ok((schema, note))
}

/// Reads `toolConfig`. What is beside the choice goes to the request's extra under a dotted name.
pub(super) fn tool_config<'a>(c: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<(), DecodeError> {
    request.form = request.form.with(form::request::HAS_TOOL_CONFIG);
    c.object(|c, key| {
        let name = key.decode();
        match (name.as_ref(), c.peek()?) {
            ("functionCallingConfig" | "function_calling_config", Kind::Object)
                if request.tool_choice.is_none() =>
            {
                if name == "function_calling_config" {
                    request.form = request.form.with(form::request::CALLING_SNAKE);
                }
                request.tool_choice = Some(tool_choice(c)?);
            }
            (
                "functionCallingConfig" | "function_calling_config",
                found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool),
            ) => return Err(c.wrong_type("an object", found)),
            _ => {
                c.count_node()?;
                let value = c.raw()?;
                request.extra.push(format!("{TOOL_CONFIG}{name}"), value);
            }
        }
        Ok(())
    })
    .map(drop)
}

/// What names of unknown members of `toolConfig` begin with in a request's extra.
pub(super) const TOOL_CONFIG: &str = "toolConfig.";

fn tool_choice<'a>(c: &mut Cursor<'a>) -> Result<ToolChoice<'a>, DecodeError> {
    const MODELLED: Expected = &[
        ("mode", "a string"),
        ("allowedFunctionNames", "an array"),
        ("allowed_function_names", "an array"),
    ];
    let (mut mode, mut names, mut extra, mut note) = (None, None, Extra::NONE, Form::default());
    let whole = c.object(|c, key| {
        let key_name = key.decode();
        match (key_name.as_ref(), c.peek()?) {
            ("mode", Kind::String) => mode = Some(c.text()?),
            ("allowedFunctionNames" | "allowed_function_names", Kind::Array) if names.is_none() => {
                if key_name == "allowed_function_names" {
                    note = note.with(form::tool_choice::SNAKE);
                }
                let mut list = Vec::new();
                c.array(|c, _| {
                    c.count_node()?;
                    list.push(c.text()?);
                    Ok(())
                })?;
                names = Some(list);
            }
            _ => Reading::Strict.leftover(c, key, &mut extra, MODELLED)?,
        }
        Ok(())
    })?;
    let word = mode.as_deref().unwrap_or_default();
    let upper = word.to_ascii_uppercase();
    if word == word.to_ascii_lowercase() {
        note = note.with(form::tool_choice::LOWER);
    }
    let any_name = names.as_ref().is_some_and(|names| !names.is_empty());
    let mode = match (upper.as_str(), names) {
        ("AUTO", None) => ToolMode::Auto,
        ("NONE", None) => ToolMode::None,
        ("ANY", None) => ToolMode::Required,
        ("VALIDATED", None) => {
            note = note.with(form::tool_choice::VALIDATED);
            ToolMode::Auto
        }
        ("VALIDATED", Some(names)) if any_name => ToolMode::Allowed {
            required: false,
            names,
        },
        ("ANY", Some(mut names)) if any_name => match (names.len(), names.pop()) {
            (1, Some(only)) => ToolMode::Named(only),
            (_, last) => {
                names.extend(last);
                ToolMode::Allowed {
                    required: true,
                    names,
                }
            }
        },
        _ => return Ok(ToolChoice::new(ToolMode::Other(c.raw_at(whole)))),
    };
    Ok(ToolChoice {
        mode,
        form: note,
        extra,
    })
}
