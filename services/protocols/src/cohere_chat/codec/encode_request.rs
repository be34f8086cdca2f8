//! A request out of the canonical form.

use super::encode_message::{Side, Writer};
use crate::canonical::{
    FunctionTool, ReasoningConfig, Request, ResponseFormat, ResponseShape, StreamConfig, Tool, ToolBody,
    ToolMode, turns,
};
use crate::dialect::Dialect;
use crate::json::{Array, Object};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::RequestTarget;
use crate::tool_ids::ToolIds;

/// Writes a request body for the provider `target` describes.
pub fn encode_request(request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: request.origin == Dialect::CohereChat && !target.meaning_only,
        side: Side::Request,
        ids: ToolIds::new(target.tool_ids),
        losses: LossReport::default(),
    };
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    let content: usize = parts.map(crate::canonical::Part::size_hint).sum();
    let mut body = Vec::with_capacity(512 + content + request.tools.len() * 512);
    writer.request(&mut Object::open(&mut body), request, target);
    Encoded {
        body,
        losses: writer.losses,
    }
}

impl Writer {
    fn request(&mut self, object: &mut Object<'_>, request: &Request<'_>, target: &RequestTarget<'_>) {
        // Taken apart in full, so that a new field of the canonical form is thought of here.
        let Request {
            origin: _,
            model,
            messages,
            tools: _,
            tool_choice: _,
            parallel_tool_calls: _,
            sampling,
            max_output_tokens,
            stop,
            candidates: _,
            response_format,
            reasoning,
            logprobs,
            verbosity: _,
            modalities: _,
            user: _,
            safety_identifier: _,
            metadata: _,
            service_tier: _,
            prompt_cache_key: _,
            cache: _,
            store: _,
            stream,
            form: _,
            extra,
        } = request;
        object.optional_string("model", target.model.or(model.as_deref()));
        {
            let mut list = object.array("messages");
            for turn in turns(messages, !self.same) {
                self.turn(&mut list, &turn);
            }
        }
        self.tools(object, request);
        if let Some(limit) = max_output_tokens {
            object.unsigned("max_tokens", *limit);
        }
        if !stop.is_empty() {
            let mut list = object.array("stop_sequences");
            for text in stop {
                list.string(text);
            }
        }
        for (name, value) in [
            ("temperature", &sampling.temperature),
            ("p", &sampling.top_p),
            ("k", &sampling.top_k),
            ("frequency_penalty", &sampling.frequency_penalty),
            ("presence_penalty", &sampling.presence_penalty),
            ("seed", &sampling.seed),
        ] {
            object.optional_number(name, value.as_ref());
        }
        if let Some(format) = response_format {
            self.response_format(object, format);
        }
        if let Some(config) = reasoning {
            self.thinking(object, config);
        }
        object.optional_bool("logprobs", logprobs.enabled);
        let StreamConfig {
            enabled,
            usage: _,
            options: _,
            extra: options,
        } = stream;
        object.optional_bool("stream", *enabled);
        self.lost(options, || "/stream".to_owned());
        self.unsaid(request);
        self.extra(object, extra, String::new);
    }

    /// Notes what this dialect has no word for.
    fn unsaid(&mut self, request: &Request<'_>) {
        let text_only = request.modalities.iter().all(|modality| modality == "text");
        let several = request.candidates.is_some_and(|count| count > 1);
        let alternatives = request.logprobs.top.is_some_and(|top| top > 0);
        let one_call = request.parallel_tool_calls == Some(false);
        let tier = request.service_tier.as_deref();
        let plain_tier = matches!(tier, None | Some("auto" | "default"));
        for (lost, feature, severity, at) in [
            (several, Feature::Candidates, Severity::Missing, "/candidates"),
            (alternatives, Feature::Logprobs, Severity::Missing, "/logprobs"),
            (
                one_call,
                Feature::ParallelToolCalls,
                Severity::Altered,
                "/parallel_tool_calls",
            ),
            (
                request.verbosity.is_some(),
                Feature::Verbosity,
                Severity::Altered,
                "/verbosity",
            ),
            (!text_only, Feature::Modalities, Severity::Missing, "/modalities"),
            (request.user.is_some(), Feature::User, Severity::Hint, "/user"),
            (
                request.safety_identifier.is_some(),
                Feature::User,
                Severity::Hint,
                "/safety_identifier",
            ),
            (
                request.metadata.is_some(),
                Feature::Metadata,
                Severity::Hint,
                "/metadata",
            ),
            (!plain_tier, Feature::ServiceTier, Severity::Hint, "/service_tier"),
            (
                request.prompt_cache_key.is_some(),
                Feature::PromptCacheKey,
                Severity::Hint,
                "/prompt_cache_key",
            ),
            (
                request.cache.is_some(),
                Feature::CacheMark,
                Severity::Hint,
                "/cache",
            ),
            (
                request.store == Some(true),
                Feature::Store,
                Severity::Hint,
                "/store",
            ),
        ] {
            if lost {
                self.losses.note(feature, "", severity, at);
            }
        }
    }

    /// Writes tools and the choice among them. A choice of one tool, or among some, is said by
    /// offering no others.
    fn tools(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        const AT: &str = "/tool_choice";
        let mode = request.tool_choice.as_ref().map(|choice| &choice.mode);
        let wanted = |tool: &Tool<'_>| match (&tool.body, mode) {
            (ToolBody::Function(function), Some(ToolMode::Named(name))) => function.name == *name,
            (ToolBody::Function(function), Some(ToolMode::Allowed { names, .. })) => {
                names.contains(&function.name)
            }
            _ => true,
        };
        object.tentative(|object| {
            let mut tools = object.array("tools");
            for (at, tool) in request.tools.iter().enumerate().filter(|(_, tool)| wanted(tool)) {
                self.tool(&mut tools, tool, at);
            }
            !tools.is_empty()
        });
        match mode {
            None | Some(ToolMode::Auto | ToolMode::Allowed { required: false, .. }) => {}
            Some(ToolMode::None) => object.string("tool_choice", "NONE"),
            Some(ToolMode::Required | ToolMode::Named(_) | ToolMode::Allowed { required: true, .. }) => {
                object.string("tool_choice", "REQUIRED");
            }
            Some(ToolMode::Other(raw)) if self.same => object.raw("tool_choice", raw),
            Some(ToolMode::Other(_)) => {
                self.losses.note(Feature::ToolChoice, "", Severity::Missing, AT);
            }
        }
        if let Some(choice) = &request.tool_choice {
            self.lost(&choice.extra, || AT.to_owned());
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
        if cache.is_some() {
            self.losses.note(Feature::CacheMark, "", Severity::Hint, place());
        }
        let function = match body {
            ToolBody::Function(function) => function,
            ToolBody::Provider(provider) if self.same => return list.raw(&provider.value),
            ToolBody::Provider(provider) => {
                let (name, at) = (&provider.kind, place());
                return self.losses.note(Feature::ServerTool, name, Severity::Missing, at);
            }
            ToolBody::Custom(custom) => {
                let (name, at) = (&custom.name, place());
                return self.losses.note(Feature::CustomTool, name, Severity::Missing, at);
            }
        };
        let FunctionTool {
            name,
            description,
            parameters,
            strict,
            extra: inner_extra,
        } = function;
        let mut object = list.object();
        object.string("type", "function");
        {
            let mut inner = object.object("function");
            inner.string("name", name);
            inner.optional_string("description", description.as_deref());
            match parameters {
                None if !self.same => drop(inner.object("parameters")),
                schema => inner.optional_raw("parameters", schema.as_ref()),
            }
            self.extra(&mut inner, inner_extra, place);
        }
        // It can be promised for all tools only.
        if *strict == Some(true) {
            self.losses.note(Feature::StrictTool, "", Severity::Hint, place());
        }
        self.extra(&mut object, extra, place);
    }

    fn response_format(&mut self, object: &mut Object<'_>, format: &ResponseFormat<'_>) {
        const AT: &str = "/response_format";
        let ResponseFormat {
            shape,
            form: _,
            extra,
        } = format;
        let schema = match shape {
            ResponseShape::Other(raw) if self.same => return object.raw("response_format", raw),
            ResponseShape::Other(_) => {
                return self
                    .losses
                    .note(Feature::ResponseFormat, "", Severity::Missing, AT);
            }
            ResponseShape::Text => {
                let mut inner = object.object("response_format");
                inner.string("type", "text");
                return self.extra(&mut inner, extra, || AT.to_owned());
            }
            ResponseShape::JsonObject => None,
            ResponseShape::JsonSchema {
                name: _,
                description,
                schema,
                strict,
                extra: inner,
            } => {
                if description.is_some() || (*strict == Some(false) && !self.same) {
                    self.losses.note(Feature::Schema, "", Severity::Hint, AT);
                }
                self.lost(inner, || AT.to_owned());
                schema.as_ref()
            }
        };
        let mut inner = object.object("response_format");
        inner.string("type", "json_object");
        inner.optional_raw("json_schema", schema);
        self.extra(&mut inner, extra, || AT.to_owned());
    }

    fn thinking(&mut self, object: &mut Object<'_>, config: &ReasoningConfig<'_>) {
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: _,
            extra,
        } = config;
        let effort = effort.as_deref();
        let mut lost = |lost: bool, name, severity| {
            if lost {
                self.losses
                    .note(Feature::ReasoningConfig, name, severity, "/reasoning");
            }
        };
        lost(summary.is_some(), "summary", Severity::Hint);
        lost(show.is_some(), "show", Severity::Hint);
        let derived = effort
            .filter(|word| budget.is_none() && *word != "none")
            .map(budget_of);
        lost(derived.is_some(), "effort", Severity::Altered);
        let on = match (enabled, effort) {
            (Some(enabled), _) => Some(*enabled),
            (None, Some(word)) => Some(word != "none"),
            (None, None) => budget.map(|budget| budget > 0),
        };
        let Some(on) = on else {
            return self.lost(extra, || "/reasoning".to_owned());
        };
        let mut inner = object.object("thinking");
        inner.string("type", if on { "enabled" } else { "disabled" });
        if let Some(budget) = budget.or(derived).filter(|_| on || self.same) {
            inner.unsigned("token_budget", budget);
        }
        self.extra(&mut inner, extra, || "/reasoning".to_owned());
    }
}

/// A thinking budget in tokens for the word of an effort.
fn budget_of(effort: &str) -> u64 {
    match effort {
        "minimal" => 1_024,
        "low" => 2_048,
        "high" => 16_384,
        "xhigh" | "max" => 31_000,
        _ => 8_192,
    }
}
