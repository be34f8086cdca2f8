//! Tools and the choice among them out of the canonical form. This dialect has no way to offer tools
//! and forbid them: they are left out then, unless the conversation has used some.

use super::encode_block::write_cache_point;
use super::encode_message::Writer;
use crate::canonical::{FunctionTool, PartBody, Request, Tool, ToolBody, ToolMode};
use crate::json::{Array, Object, RawJson};
use crate::lossy::{Feature, Severity};
use crate::reading::write_nested;

/// A schema that takes anything, where a tool came without one.
const ANY_OBJECT: &str = r#"{"type":"object","properties":{}}"#;

impl Writer {
    /// Writes `toolConfig`. `kept`: what of it is not modelled.
    pub(super) fn tool_config(
        &mut self,
        object: &mut Object<'_>,
        request: &Request<'_>,
        kept: Option<&RawJson<'_>>,
    ) {
        const AT: &str = "/tool_choice";
        let mode = request.tool_choice.as_ref().map(|choice| &choice.mode);
        if request.parallel_tool_calls == Some(false) {
            let at = "/parallel_tool_calls";
            self.losses
                .note(Feature::ParallelToolCalls, "", Severity::Altered, at);
        }
        if mode == Some(&ToolMode::None) {
            if !uses_tools(request) {
                return;
            }
            self.losses
                .note(Feature::ToolChoice, "none", Severity::Altered, AT);
        }
        let wanted = |tool: &Tool<'_>| match (&tool.body, mode) {
            (ToolBody::Function(function), Some(ToolMode::Allowed { names, .. })) => {
                names.contains(&function.name)
            }
            _ => true,
        };
        let mut list = Vec::new();
        {
            let mut tools = Array::open(&mut list);
            for (at, tool) in request.tools.iter().enumerate().filter(|(_, tool)| wanted(tool)) {
                self.tool(&mut tools, tool, at);
            }
        }
        let any = list != b"[]";
        if !any && kept.is_none() && (!self.same || mode.is_none()) {
            if mode.is_some_and(|mode| *mode != ToolMode::Auto) {
                self.losses.note(Feature::ToolChoice, "", Severity::Altered, AT);
            }
            return;
        }
        let mut config = object.object("toolConfig");
        if any {
            config.value("tools").extend_from_slice(&list);
        }
        match mode {
            None | Some(ToolMode::None) => {}
            Some(ToolMode::Auto | ToolMode::Allowed { required: false, .. }) => {
                drop(config.object("toolChoice").object("auto"));
            }
            Some(ToolMode::Required | ToolMode::Allowed { required: true, .. }) => {
                drop(config.object("toolChoice").object("any"));
            }
            Some(ToolMode::Named(name)) => {
                let mut choice = config.object("toolChoice");
                choice.object("tool").string("name", name);
            }
            Some(ToolMode::Other(raw)) if self.same => config.raw("toolChoice", raw),
            Some(ToolMode::Other(_)) => {
                self.losses.note(Feature::ToolChoice, "", Severity::Missing, AT);
            }
        }
        if let Some(choice) = &request.tool_choice {
            self.lost(&choice.extra, || AT.to_owned());
        }
        if let Some(kept) = kept {
            write_nested(&mut config, kept);
        }
    }

    fn tool(&mut self, list: &mut Array<'_>, tool: &Tool<'_>, at: usize) {
        let place = || format!("/tools/{at}");
        let Tool {
            body,
            cache,
            form: _,
            extra,
        } = tool;
        if !self.same {
            self.lost(extra, place);
        }
        match body {
            ToolBody::Function(function) => {
                let mut outer = list.object();
                self.function(&mut outer.object("toolSpec"), function, place);
                if self.same {
                    extra.write(&mut outer);
                }
            }
            ToolBody::Provider(provider) if self.same => list.raw(&provider.value),
            ToolBody::Provider(provider) => {
                let (name, at) = (&provider.kind, place());
                return self.losses.note(Feature::ServerTool, name, Severity::Missing, at);
            }
            ToolBody::Custom(custom) => {
                let (name, at) = (&custom.name, place());
                return self.losses.note(Feature::CustomTool, name, Severity::Missing, at);
            }
        }
        if let Some(mark) = cache {
            write_cache_point(list, mark, self.same);
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
        self.tool_name(name, &at);
        object.string("name", name);
        let description = description
            .as_deref()
            .filter(|text| self.same || !text.is_empty());
        object.optional_string("description", description);
        match parameters {
            Some(schema) => object.object("inputSchema").raw("json", schema),
            None if self.same => {}
            None => {
                let mut schema = object.object("inputSchema");
                schema.value("json").extend_from_slice(ANY_OBJECT.as_bytes());
            }
        }
        object.optional_bool("strict", *strict);
        self.extra(object, extra, at);
    }
}

/// Whether the conversation holds calls of tools or results: then it has to say what they are.
fn uses_tools(request: &Request<'_>) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.any(|part| matches!(part.body, PartBody::ToolCall(_) | PartBody::ToolResult(_)))
}
