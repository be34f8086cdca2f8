//! Tools and the choice among them out of the canonical form.

use super::encode_message::Writer;
use super::encode_part::write_cache_mark;
use super::form;
use crate::canonical::{CustomTool, FunctionTool, Request, Tool, ToolBody, ToolChoice, ToolMode};
use crate::json::{Object, write_string};
use crate::lossy::{Feature, Severity};

impl Writer {
    /// Writes tools and tool choice.
    pub(super) fn tools(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        let old = self.same && request.form.has(form::request::FUNCTIONS);
        if !request.tools.is_empty() {
            self.tool_list(object, &request.tools, old);
        }
        if let Some(choice) = &request.tool_choice {
            self.tool_choice(object, choice);
        }
        object.optional_bool("parallel_tool_calls", request.parallel_tool_calls);
    }

    fn tool_list(&mut self, object: &mut Object<'_>, tools: &[Tool<'_>], old: bool) {
        let expressible = |tool: &Tool<'_>| self.same || !matches!(tool.body, ToolBody::Provider(_));
        let any = tools.iter().any(expressible);
        let mut list = any.then(|| object.array(if old { "functions" } else { "tools" }));
        for (at, tool) in tools.iter().enumerate() {
            let at = || format!("/tools/{at}");
            let Tool {
                body,
                cache,
                form: note,
                extra,
            } = tool;
            if !self.same {
                if cache.is_some() {
                    self.losses.note(Feature::CacheMark, "", Severity::Hint, at());
                }
                self.lost(extra, at);
            }
            let (kind, function) = match body {
                ToolBody::Provider(tool) if self.same => {
                    if let Some(list) = &mut list {
                        list.raw(&tool.value);
                    }
                    continue;
                }
                ToolBody::Provider(tool) => {
                    self.losses
                        .note(Feature::ServerTool, &tool.kind, Severity::Missing, at());
                    continue;
                }
                ToolBody::Function(function) => ("function", Ok(function)),
                ToolBody::Custom(custom) => ("custom", Err(custom)),
            };
            let Some(list) = &mut list else { continue };
            let mut object = list.object();
            if let (true, Ok(function)) = (old, function) {
                self.function(&mut object, function, at);
                continue;
            }
            if !(self.same && *note == form::tool::UNTYPED) {
                object.string("type", kind);
            }
            match function {
                Ok(function) => self.function(&mut object.object(kind), function, at),
                Err(custom) => self.custom(&mut object.object(kind), custom, at),
            }
            if self.same {
                if let Some(mark) = cache {
                    write_cache_mark(&mut object, mark);
                }
                extra.write(&mut object);
            }
        }
    }

    fn function(&mut self, object: &mut Object<'_>, function: &FunctionTool<'_>, at: impl Fn() -> String) {
        let FunctionTool {
            name,
            description,
            parameters,
            strict,
            extra,
        } = function;
        object.string("name", name);
        object.optional_string("description", description.as_deref());
        object.optional_raw("parameters", parameters.as_ref());
        object.optional_bool("strict", *strict);
        self.extra(object, extra, at);
    }

    fn custom(&mut self, object: &mut Object<'_>, custom: &CustomTool<'_>, at: impl Fn() -> String) {
        let CustomTool {
            name,
            description,
            format,
            extra,
        } = custom;
        object.string("name", name);
        object.optional_string("description", description.as_deref());
        object.optional_raw("format", format.as_ref());
        self.extra(object, extra, at);
    }

    fn tool_choice(&mut self, object: &mut Object<'_>, choice: &ToolChoice<'_>) {
        let ToolChoice {
            mode,
            form: note,
            extra,
        } = choice;
        let spelled = |note_of| self.same && note.has(note_of);
        let old = spelled(form::tool_choice::FUNCTION_CALL);
        let out = object.value(if old { "function_call" } else { "tool_choice" });
        match mode {
            ToolMode::Auto => write_string(out, "auto"),
            ToolMode::None => write_string(out, "none"),
            ToolMode::Required if spelled(form::tool_choice::ANY) => write_string(out, "any"),
            ToolMode::Required => write_string(out, "required"),
            ToolMode::Named(name) => {
                let mut object = Object::open(out);
                if old {
                    object.string("name", name);
                } else {
                    if !spelled(form::tool_choice::UNTYPED) {
                        object.string("type", "function");
                    }
                    object.object("function").string("name", name);
                }
                self.extra(&mut object, extra, || "/tool_choice".to_owned());
            }
            ToolMode::Allowed { required, names } => {
                let mut object = Object::open(out);
                object.string("type", "allowed_tools");
                {
                    let mut allowed = object.object("allowed_tools");
                    allowed.string("mode", if *required { "required" } else { "auto" });
                    let mut tools = allowed.array("tools");
                    for name in names {
                        let mut tool = tools.object();
                        tool.string("type", "function");
                        tool.object("function").string("name", name);
                    }
                }
                self.extra(&mut object, extra, || "/tool_choice".to_owned());
            }
            ToolMode::Other(raw) if self.same => raw.write(out),
            ToolMode::Other(_) => {
                write_string(out, "auto");
                self.losses
                    .note(Feature::ToolChoice, "", Severity::Missing, "/tool_choice");
            }
        }
    }
}
