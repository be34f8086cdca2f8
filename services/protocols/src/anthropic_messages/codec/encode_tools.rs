//! Tools and the choice among them out of the canonical form.

use super::encode_citations::write_cache_mark;
use super::encode_message::Writer;
use super::form;
use crate::canonical::{CustomTool, FunctionTool, Request, Tool, ToolBody, ToolChoice, ToolMode};
use crate::json::{Cursor, MAX_DEPTH, Object, RawJson};
use crate::lossy::{Feature, Severity};

/// What a tool that takes free text becomes: a function with one text for its input.
const FREE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

impl Writer {
    /// Writes tools and tool choice.
    pub(super) fn tools(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        let mode = request.tool_choice.as_ref().map(|choice| &choice.mode);
        // Only these may be called: the others are not offered.
        let only = match mode {
            Some(ToolMode::Allowed { names, .. }) => Some(names),
            _ => None,
        };
        let offered = |tool: &Tool<'_>| match (&tool.body, only) {
            (ToolBody::Provider(_), _) => self.same,
            (_, None) => true,
            (
                ToolBody::Function(FunctionTool { name, .. }) | ToolBody::Custom(CustomTool { name, .. }),
                Some(only),
            ) => only.contains(name),
        };
        let shown: Vec<bool> = request.tools.iter().map(offered).collect();
        let any = shown.contains(&true);
        let mut list = any.then(|| object.array("tools"));
        for ((at, tool), shown) in request.tools.iter().enumerate().zip(shown) {
            if let (ToolBody::Provider(provider), false) = (&tool.body, self.same) {
                let at = format!("/tools/{at}");
                self.losses
                    .note(Feature::ServerTool, &provider.kind, Severity::Missing, at);
            }
            if let (true, Some(list)) = (shown, &mut list) {
                self.tool(list.value(), tool, || format!("/tools/{at}"));
            }
        }
        drop(list);
        self.tool_choice(object, request, any);
    }

    fn tool(&mut self, out: &mut Vec<u8>, tool: &Tool<'_>, at: impl Fn() -> String) {
        let Tool {
            body,
            cache,
            form: note,
            extra,
        } = tool;
        if let ToolBody::Provider(tool) = body {
            return tool.value.write(out);
        }
        let mut object = Object::open(out);
        if self.same && *note == form::tool::TYPED {
            object.string("type", "custom");
        }
        match body {
            ToolBody::Function(function) => self.function(&mut object, function, &at),
            ToolBody::Custom(custom) => self.custom(&mut object, custom, &at),
            ToolBody::Provider(_) => {}
        }
        if let Some(mark) = cache {
            write_cache_mark(&mut object, mark, self.same);
        }
        self.extra(&mut object, extra, at);
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
        match parameters {
            Some(schema) if self.same || is_typed(schema) => object.raw("input_schema", schema),
            Some(schema) => write_typed(object.value("input_schema"), schema),
            None if self.same => {}
            None => object.object("input_schema").string("type", "object"),
        }
        object.optional_bool("strict", *strict);
        self.extra(object, extra, at);
    }

    fn custom(&mut self, object: &mut Object<'_>, custom: &CustomTool<'_>, at: impl Fn() -> String) {
        let CustomTool {
            name,
            description,
            format: _,
            extra,
        } = custom;
        object.string("name", name);
        object.optional_string("description", description.as_deref());
        object
            .value("input_schema")
            .extend_from_slice(FREE_TEXT.as_bytes());
        self.losses
            .note(Feature::CustomTool, name, Severity::Altered, at());
        self.lost(extra, at);
    }

    fn tool_choice(&mut self, object: &mut Object<'_>, request: &Request<'_>, any: bool) {
        const AT: &str = "/tool_choice";
        let parallel = request.parallel_tool_calls;
        let choice = request.tool_choice.as_ref();
        if !any && !self.same {
            // Without tools there is nothing to choose, and a choice is refused.
            if choice.is_some_and(|choice| !matches!(choice.mode, ToolMode::Auto | ToolMode::None)) {
                self.losses.note(Feature::ToolChoice, "", Severity::Altered, AT);
            }
            return;
        }
        let auto = ToolChoice::new(ToolMode::Auto);
        let choice = match choice {
            Some(choice) => choice,
            // One call at a time has to be asked for; several are what is usual.
            None if parallel == Some(false) => &auto,
            None => return,
        };
        let ToolChoice { mode, form: _, extra } = choice;
        if let (ToolMode::Other(raw), true) = (mode, self.same) {
            return object.raw("tool_choice", raw);
        }
        let mut inner = object.object("tool_choice");
        match mode {
            ToolMode::Auto | ToolMode::Allowed { required: false, .. } => inner.string("type", "auto"),
            ToolMode::Required | ToolMode::Allowed { required: true, .. } => inner.string("type", "any"),
            ToolMode::None => inner.string("type", "none"),
            ToolMode::Named(name) => {
                inner.string("type", "tool");
                inner.string("name", name);
            }
            ToolMode::Other(_) => {
                inner.string("type", "auto");
                self.losses.note(Feature::ToolChoice, "", Severity::Missing, AT);
            }
        }
        let asked = parallel.filter(|parallel| self.same || (!parallel && *mode != ToolMode::None));
        inner.optional_bool("disable_parallel_tool_use", asked.map(|parallel| !parallel));
        self.extra(&mut inner, extra, || AT.to_owned());
    }
}

/// Whether a schema says that it is of an object, as the dialect demands.
fn is_typed(schema: &RawJson<'_>) -> bool {
    let mut typed = false;
    let read = Cursor::new(schema.as_str().as_bytes(), MAX_DEPTH).and_then(|mut c| {
        c.object(|_, key| {
            typed |= key.decode() == "type";
            Ok(())
        })
    });
    read.is_ok() && typed
}

/// Writes a schema with its type in front.
fn write_typed(out: &mut Vec<u8>, schema: &RawJson<'_>) {
    let inside = schema.as_str().strip_prefix('{').unwrap_or("}");
    out.extend_from_slice(br#"{"type":"object""#);
    if !schema.is_void() {
        out.push(b',');
    }
    crate::json::write_raw(out, inside);
}
