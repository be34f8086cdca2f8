//! Tools and calls of them into the canonical form.

use crate::canonical::{
    Arguments, CallKind, Extra, FunctionTool, Part, PartBody, ProviderTool, Tool, ToolBody, ToolCall,
};
use crate::json::{Cursor, Kind};
use crate::reading::{Expected, Reading};
use crate::{DecodeError, Fault};

const FUNCTION: Expected = &[
    ("name", "a string"),
    ("description", "a string"),
    ("parameters", "an object"),
];

/// Reads one of `tools`.
pub(super) fn tool<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    c.count_node()?;
    let (mut kind, mut function_at, mut extra) = (None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("function", Kind::Object) => function_at = Some(c.skip_value()?),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
    let kind = kind.ok_or_else(|| missing("type"))?;
    if kind != "function" {
        let value = c.raw_at(whole);
        return Ok(Tool::new(ToolBody::Provider(ProviderTool { kind, value })));
    }
    let span = function_at.ok_or_else(|| missing("function"))?;
    let mut inner = c.revisit(span);
    let function = function(&mut inner).map_err(|e| e.under_key("function"))?;
    c.count_like(&inner);
    Ok(Tool {
        extra,
        ..Tool::new(ToolBody::Function(function))
    })
}

fn function<'a>(c: &mut Cursor<'a>) -> Result<FunctionTool<'a>, DecodeError> {
    let mut function = FunctionTool::default();
    let mut name = None;
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => function.description = Some(c.text()?),
            ("parameters", Kind::Object) => function.parameters = Some(c.raw()?),
            _ => Reading::Strict.leftover(c, key, &mut function.extra, FUNCTION)?,
        }
        Ok(())
    })?;
    function.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    Ok(function)
}

/// Reads one of `tool_calls`; `None` when it is not in a shape that can be written back.
pub(super) fn tool_call<'a>(c: &mut Cursor<'a>, reading: Reading) -> Result<Option<Part<'a>>, DecodeError> {
    c.count_node()?;
    match (c.peek()?, reading) {
        (Kind::Object, _) => {}
        (found, Reading::Strict) => return Err(c.wrong_type("a tool call", found)),
        (_, Reading::Lenient) => return Ok(None),
    }
    let (mut id, mut function_at, mut is_function, mut extra) = (None, None, false, Extra::NONE);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => id = Some(c.text()?),
            ("type", Kind::String) => is_function = c.text()? == "function",
            ("function", Kind::Object) => function_at = Some(c.skip_value()?),
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let Some(span) = function_at else {
        return match reading {
            Reading::Strict => Err(DecodeError::new(Fault::Missing, whole.start).under_key("function")),
            Reading::Lenient => Ok(None),
        };
    };
    let (mut name, mut arguments, mut inner) = (None, None, Extra::NONE);
    let mut function = c.revisit(span);
    function.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("arguments", Kind::String) => arguments = Some(c.text()?),
            _ => inner.keep(c, key)?,
        }
        Ok(())
    })?;
    c.count_like(&function);
    let call = name
        .zip(arguments)
        .filter(|_| is_function)
        .map(|(name, arguments)| {
            let call = ToolCall {
                id,
                name,
                arguments: Arguments::Text(arguments),
                kind: CallKind::Function,
                extra: inner,
            };
            let mut part = Part::new(PartBody::from(call));
            part.extra = extra;
            part
        });
    Ok(call)
}
