//! Tools and the choice among them out of the canonical form.

use super::encode_item::Writer;
use super::form;
use crate::DecodeError;
use crate::canonical::{CustomTool, FunctionTool, Request, Tool, ToolBody, ToolChoice, ToolMode};
use crate::json::{Kind, Object, RawJson, write_string};
use crate::lossy::{Feature, Severity};

impl Writer<'_> {
    /// Writes tools and tool choice.
    pub(super) fn tools(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        let foreign = self.foreign;
        let expressible = |tool: &Tool<'_>| !foreign || !matches!(tool.body, ToolBody::Provider(_));
        let any = request.tools.iter().any(expressible);
        let mut list = any.then(|| object.array("tools"));
        for (at, tool) in request.tools.iter().enumerate() {
            match (&tool.body, &mut list) {
                (ToolBody::Provider(tool), _) if foreign => {
                    let at = format!("/tools/{at}");
                    self.losses
                        .note(Feature::ServerTool, &tool.kind, Severity::Missing, at);
                }
                (_, Some(list)) => self.tool(list.value(), tool, at),
                (_, None) => {}
            }
        }
        drop(list);
        if let Some(choice) = &request.tool_choice {
            self.tool_choice(object, choice, &request.tools);
        }
        object.optional_bool("parallel_tool_calls", request.parallel_tool_calls);
    }

    fn tool(&mut self, out: &mut Vec<u8>, tool: &Tool<'_>, at: usize) {
        let at = || format!("/tools/{at}");
        let Tool {
            body,
            cache,
            form: _,
            extra,
        } = tool;
        if cache.is_some() {
            self.losses.note(Feature::CacheMark, "", Severity::Hint, at());
        }
        let inner = match body {
            ToolBody::Provider(tool) => return tool.value.write(out),
            ToolBody::Function(FunctionTool {
                name,
                description,
                parameters,
                strict,
                extra: inner,
            }) => {
                let mut object = Object::open(out);
                object.string("type", "function");
                object.string("name", name);
                object.optional_string("description", description.as_deref());
                match parameters {
                    Some(parameters) => object.raw("parameters", parameters),
                    None if self.foreign => object.null("parameters"),
                    None => {}
                }
                // Absent means strict here, and lax elsewhere.
                object.optional_bool("strict", strict.or(self.foreign.then_some(false)));
                self.extra(&mut object, extra, at);
                inner
            }
            ToolBody::Custom(CustomTool {
                name,
                description,
                format,
                extra: inner,
            }) => {
                let mut object = Object::open(out);
                object.string("type", "custom");
                object.string("name", name);
                object.optional_string("description", description.as_deref());
                if let Some(format) = format {
                    write_format(object.value("format"), format);
                }
                self.extra(&mut object, extra, at);
                inner
            }
        };
        self.lost(inner, at);
    }

    fn tool_choice(&mut self, object: &mut Object<'_>, choice: &ToolChoice<'_>, tools: &[Tool<'_>]) {
        const AT: &str = "/tool_choice";
        let ToolChoice {
            mode,
            form: note,
            extra,
        } = choice;
        let is_custom = |name: &str| {
            let among = |tool: &Tool<'_>| matches!(&tool.body, ToolBody::Custom(c) if c.name == name);
            (self.same && *note == form::tool_choice::CUSTOM) || tools.iter().any(among)
        };
        let out = object.value("tool_choice");
        match mode {
            ToolMode::Auto => write_string(out, "auto"),
            ToolMode::None => write_string(out, "none"),
            ToolMode::Required => write_string(out, "required"),
            ToolMode::Named(name) => {
                let mut object = Object::open(out);
                object.string("type", if is_custom(name) { "custom" } else { "function" });
                object.string("name", name);
                self.extra(&mut object, extra, || AT.to_owned());
            }
            ToolMode::Allowed { required, names } => {
                let mut object = Object::open(out);
                object.string("type", "allowed_tools");
                object.string("mode", if *required { "required" } else { "auto" });
                {
                    let mut list = object.array("tools");
                    for name in names {
                        let mut tool = list.object();
                        tool.string("type", "function");
                        tool.string("name", name);
                    }
                }
                self.extra(&mut object, extra, || AT.to_owned());
            }
            ToolMode::Other(raw) if !self.foreign => raw.write(out),
            ToolMode::Other(_) => {
                write_string(out, "auto");
                self.losses.note(Feature::ToolChoice, "", Severity::Missing, AT);
            }
        }
    }
}

/// Writes the format of free text: a grammar's members stand beside the type here.
fn write_format(out: &mut Vec<u8>, format: &RawJson<'_>) {
    match grammar(format) {
        Ok(Some(grammar)) => {
            let mut object = Object::open(out);
            object.string("type", "grammar");
            for (name, value) in grammar {
                value.write(object.value_of(&name));
            }
        }
        Ok(None) | Err(_) => format.write(out),
    }
}

/// The members of `{type: grammar, grammar: {...}}`, if it is that.
type Members<'f> = Vec<(String, RawJson<'f>)>;

fn grammar<'f>(format: &'f RawJson<'_>) -> Result<Option<Members<'f>>, DecodeError> {
    let mut c = format.cursor();
    let (mut members, mut plain) = (None, true);
    if c.peek()? != Kind::Object {
        return Ok(None);
    }
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => plain &= c.text()? == "grammar",
            ("grammar", Kind::Object) => {
                let mut inner = Vec::new();
                c.object(|c, key| {
                    inner.push((key.decode().into_owned(), c.raw()?));
                    Ok(())
                })?;
                members = Some(inner);
            }
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(members.filter(|_| plain))
}
