//! Tools and the choice among them out of the canonical form.

use super::decode_tools::TOOL_CONFIG;
use super::encode_request::Writer;
use super::{Name, form, spelled};
use crate::canonical::{
    CustomTool, Form, FunctionTool, ProviderTool, Request, Tool, ToolBody, ToolChoice, ToolMode,
};
use crate::json::{Array, Object, RawJson};
use crate::lossy::{Feature, Severity};

/// What a tool that takes free text takes here: the text as the one member of an object.
const FREE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

impl Writer {
    pub(super) fn tools(&mut self, object: &mut Object<'_>, tools: &[Tool<'_>], note: Form) {
        // Elements of the list: as they were, or all functions in one.
        let mut elements: Vec<Vec<(usize, &Tool<'_>)>> = Vec::new();
        for (at, tool) in tools.iter().enumerate() {
            if self.dropped(at, tool) {
                continue;
            }
            let opens = self.same && tool.form.has(form::tool::OPENS);
            match elements.last_mut() {
                Some(last) if !opens => last.push((at, tool)),
                _ => elements.push(vec![(at, tool)]),
            }
        }
        match &elements[..] {
            [] => {}
            [one] if self.same && note.has(form::request::ONE_TOOL) => {
                self.element(&mut object.object("tools"), one);
            }
            all => {
                let mut list = object.array("tools");
                for element in all {
                    self.element(&mut list.object(), element);
                }
            }
        }
    }

    /// Notes a tool of another provider as lost, which it is.
    fn dropped(&mut self, at: usize, tool: &Tool<'_>) -> bool {
        let Tool {
            body,
            cache,
            form: _,
            extra,
        } = tool;
        let at = || format!("/tools/{at}");
        if cache.is_some() {
            self.losses.note(Feature::CacheMark, "", Severity::Hint, at());
        }
        self.lost(extra, at);
        match body {
            ToolBody::Provider(ProviderTool { kind, value: _ }) if !self.own => {
                self.losses
                    .note(Feature::ServerTool, kind, Severity::Missing, at());
                true
            }
            ToolBody::Custom(_) => {
                self.losses.note(Feature::CustomTool, "", Severity::Altered, at());
                false
            }
            ToolBody::Provider(_) | ToolBody::Function(_) => false,
        }
    }

    fn element(&mut self, object: &mut Object<'_>, tools: &[(usize, &Tool<'_>)]) {
        const KEY: Name = ("functionDeclarations", "function_declarations");
        let is_provider = |tool: &Tool<'_>| matches!(tool.body, ToolBody::Provider(_));
        let (others, functions): (Vec<_>, Vec<_>) = tools.iter().partition(|(_, tool)| is_provider(tool));
        // An element may have both spellings, each with functions of its own.
        let (snake, camel): (Vec<_>, Vec<_>) = functions
            .into_iter()
            .partition(|(_, tool)| self.same && tool.form.has(form::tool::SNAKE));
        for functions in [camel, snake] {
            let Some((_, first)) = functions.first() else {
                continue;
            };
            let mut list = object.array(self.key(KEY, first.form, form::tool::SNAKE));
            for (at, tool) in functions {
                self.declaration(&mut list, at, tool);
            }
        }
        for (_, tool) in others {
            if let ToolBody::Provider(ProviderTool { kind, value }) = &tool.body {
                value.write(object.value_of(kind));
            }
        }
    }

    fn declaration(&mut self, list: &mut Array<'_>, at: usize, tool: &Tool<'_>) {
        let at = || format!("/tools/{at}");
        let mut object = list.object();
        match &tool.body {
            ToolBody::Function(function) => {
                let FunctionTool {
                    name,
                    description,
                    parameters,
                    strict,
                    extra,
                } = function;
                object.string("name", name);
                object.optional_string("description", description.as_deref());
                if let Some(parameters) = parameters {
                    self.parameters(&mut object, parameters, tool.form, at);
                }
                if *strict == Some(true) {
                    self.losses.note(Feature::StrictTool, "", Severity::Altered, at());
                }
                self.extra(&mut object, extra, at);
            }
            ToolBody::Custom(custom) => {
                let CustomTool {
                    name,
                    description,
                    format,
                    extra,
                } = custom;
                object.string("name", name);
                object.optional_string("description", description.as_deref());
                if let Ok(schema) = RawJson::parse(FREE_TEXT) {
                    self.parameters(&mut object, &schema, Form::default(), at);
                }
                if format.is_some() {
                    self.losses
                        .note(Feature::CustomTool, "format", Severity::Altered, at());
                }
                self.lost(extra, at);
            }
            ToolBody::Provider(_) => {}
        }
    }

    fn parameters(
        &mut self,
        object: &mut Object<'_>,
        parameters: &RawJson<'_>,
        note: Form,
        at: impl Fn() -> String,
    ) {
        let came_so = self.same && note.has(form::tool::PARAMETERS);
        if let Some(own) = self.google_schema(parameters, came_so, note, at) {
            return object.raw("parameters", &own);
        }
        const KEY: Name = ("parametersJsonSchema", "parameters_json_schema");
        object.raw(self.key(KEY, note, form::tool::SCHEMA_SNAKE), parameters);
    }

    pub(super) fn tool_config(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        let extra = self.dotted(&request.extra, TOOL_CONFIG);
        let choice = request
            .tool_choice
            .as_ref()
            .filter(|choice| self.expressible(choice));
        if choice.is_none() && extra.is_empty() && !self.noted(request, form::request::HAS_TOOL_CONFIG) {
            return;
        }
        const KEY: Name = ("toolConfig", "tool_config");
        const CALLING: Name = ("functionCallingConfig", "function_calling_config");
        let mut config = object.object(self.key(KEY, request.form, form::request::TOOL_CONFIG_SNAKE));
        if let Some(choice) = choice {
            let key = self.key(CALLING, request.form, form::request::CALLING_SNAKE);
            self.tool_choice(&mut config, key, choice);
        }
        for (name, value) in extra {
            value.write(config.value_of(name));
        }
    }

    fn expressible(&mut self, choice: &ToolChoice<'_>) -> bool {
        let known = self.same || !matches!(choice.mode, ToolMode::Other(_));
        if !known {
            self.losses
                .note(Feature::ToolChoice, "", Severity::Missing, "/tool_choice");
        }
        known
    }

    fn tool_choice(&mut self, config: &mut Object<'_>, key: &'static str, choice: &ToolChoice<'_>) {
        let ToolChoice {
            mode,
            form: note,
            extra,
        } = choice;
        if let ToolMode::Other(raw) = mode {
            return config.raw(key, raw);
        }
        let noted = |bit| self.same && note.has(bit);
        let (word, names): (&str, &[_]) = match mode {
            ToolMode::Auto if noted(form::tool_choice::VALIDATED) => ("VALIDATED", &[]),
            ToolMode::Auto | ToolMode::Other(_) => ("AUTO", &[]),
            ToolMode::None => ("NONE", &[]),
            ToolMode::Required => ("ANY", &[]),
            ToolMode::Named(name) => ("ANY", std::slice::from_ref(name)),
            ToolMode::Allowed { required, names } => {
                // Names beside AUTO are refused; VALIDATED leaves the choice to the model as well.
                (if *required { "ANY" } else { "VALIDATED" }, names)
            }
        };
        let mut object = config.object(key);
        if noted(form::tool_choice::LOWER) {
            object.string("mode", &word.to_ascii_lowercase());
        } else {
            object.string("mode", word);
        }
        if !names.is_empty() {
            const NAMES: Name = ("allowedFunctionNames", "allowed_function_names");
            let mut list = object.array(spelled(NAMES, noted(form::tool_choice::SNAKE)));
            for name in names {
                list.string(name);
            }
        }
        self.extra(&mut object, extra, || "/tool_choice".to_owned());
    }
}
