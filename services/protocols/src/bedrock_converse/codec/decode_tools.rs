//! Tools and the choice among them into the canonical form. Callers' documents only, so read
//! strictly.

use std::borrow::Cow;

use super::decode_block::cache_point;
use crate::canonical::{Extra, FunctionTool, ProviderTool, Request, Tool, ToolBody, ToolChoice, ToolMode};
use crate::json::{Cursor, Kind, RawJson, Span};
use crate::reading::{Expected, Reading, nested};
use crate::{DecodeError, Fault};

const SPEC: Expected = &[
    ("name", "a string"),
    ("description", "a string"),
    ("strict", "a boolean"),
];

/// Reads `toolConfig`.
pub(super) fn tool_config<'a>(c: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<(), DecodeError> {
    let mut rest = Extra::NONE;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("tools", Kind::Array) => {
                let span = tools(c, &mut request.tools)?;
                if request.tools.is_empty() {
                    rest.push("tools", c.raw_at(span));
                }
            }
            ("tools", found @ (Kind::Object | Kind::String | Kind::Number | Kind::Bool)) => {
                return Err(c.wrong_type("an array", found));
            }
            ("toolChoice", Kind::Object) => request.tool_choice = Some(tool_choice(c)?),
            ("toolChoice", found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool)) => {
                return Err(c.wrong_type("an object", found));
            }
            _ => rest.keep(c, key)?,
        }
        Ok(())
    })?;
    let said = !request.tools.is_empty() || request.tool_choice.is_some();
    if !rest.is_empty() || !said {
        request.extra.push("toolConfig", nested(&rest));
    }
    Ok(())
}

fn tools<'a>(c: &mut Cursor<'a>, tools: &mut Vec<Tool<'a>>) -> Result<Span, DecodeError> {
    c.array(|c, _| {
        c.count_node()?;
        let found = c.peek()?;
        if found != Kind::Object {
            return Err(c.wrong_type("an object", found));
        }
        let span = c.skip_value()?;
        let mark = cache_point(&mut c.revisit(span))?;
        match (mark, tools.last_mut()) {
            (Some(mark), Some(before)) if before.cache.is_none() => before.cache = Some(mark),
            (Some(_), _) => tools.push(provider(Cow::Borrowed("cachePoint"), c.raw_at(span))),
            (None, _) => {
                let mut inner = c.revisit(span);
                tools.push(tool(&mut inner)?);
                c.count_like(&inner);
            }
        }
        Ok(())
    })
}

fn provider<'a>(kind: Cow<'a, str>, value: RawJson<'a>) -> Tool<'a> {
    Tool::new(ToolBody::Provider(ProviderTool { kind, value }))
}

fn tool<'a>(c: &mut Cursor<'a>) -> Result<Tool<'a>, DecodeError> {
    let (mut spec_at, mut first, mut extra) = (None, None, Extra::NONE);
    let whole = c.object(|c, key| {
        let name = key.decode();
        match (name.as_ref(), c.peek()?) {
            ("toolSpec", Kind::Object) => spec_at = Some(c.skip_value()?),
            _ => extra.keep(c, key)?,
        }
        first.get_or_insert(name);
        Ok(())
    })?;
    let spec = match spec_at {
        Some(span) => {
            let mut inner = c.revisit(span);
            let function = function(&mut inner).map_err(|e| e.under_key("toolSpec"))?;
            c.count_like(&inner);
            function
        }
        None => None,
    };
    Ok(match spec {
        Some(function) => Tool {
            extra,
            ..Tool::new(ToolBody::Function(function))
        },
        None => provider(first.unwrap_or_default(), c.raw_at(whole)),
    })
}

/// Reads a `toolSpec`; `None` when its schema is given in another way than as JSON.
fn function<'a>(c: &mut Cursor<'a>) -> Result<Option<FunctionTool<'a>>, DecodeError> {
    let mut function = FunctionTool::default();
    let (mut name, mut plain) = (None, true);
    let whole = c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("name", Kind::String) => name = Some(c.text()?),
            ("description", Kind::String) => function.description = Some(c.text()?),
            ("strict", Kind::Bool) => function.strict = Some(c.bool()?),
            ("inputSchema", Kind::Object) => {
                c.object(|c, key| {
                    if key.decode() == "json" && function.parameters.is_none() {
                        function.parameters = Some(c.raw()?);
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
                plain &= function.parameters.is_some();
            }
            _ => Reading::Strict.leftover(c, key, &mut function.extra, SPEC)?,
        }
        Ok(())
    })?;
    function.name = name.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("name"))?;
    Ok(Some(function).filter(|_| plain))
}

/// `{auto: {}}`, `{any: {}}` or `{tool: {name}}`.
fn tool_choice<'a>(c: &mut Cursor<'a>) -> Result<ToolChoice<'a>, DecodeError> {
    let (mut mode, mut plain) = (None, true);
    let whole = c.object(|c, key| {
        let word = key.decode();
        if c.peek()? != Kind::Object || mode.is_some() {
            plain = false;
            return Ok(());
        }
        let mut name = None;
        c.object(|c, key| {
            if word == "tool" && key.decode() == "name" && c.peek()? == Kind::String {
                name = Some(c.text()?);
            } else {
                plain = false;
            }
            Ok(())
        })?;
        mode = match (word.as_ref(), name) {
            ("auto", None) => Some(ToolMode::Auto),
            ("any", None) => Some(ToolMode::Required),
            ("tool", Some(name)) => Some(ToolMode::Named(name)),
            _ => {
                plain = false;
                None
            }
        };
        Ok(())
    })?;
    let other = || ToolMode::Other(c.raw_at(whole));
    Ok(ToolChoice::new(mode.filter(|_| plain).unwrap_or_else(other)))
}
