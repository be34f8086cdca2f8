//! Tools, settings and labels of a request, as statements.

use sluicegate_protocols::canonical::{
    FunctionTool, ReasoningConfig, Request, ResponseShape, Tool, ToolBody, ToolMode,
};
use sluicegate_protocols::json::RawJson;
use sluicegate_protocols::lossy::Feature;

use super::{Facts, document, special_tier};

impl Facts {
    pub(super) fn tool(&mut self, tool: &Tool<'_>) {
        if tool.cache.is_some() {
            self.add("cached up to here".to_owned(), &[Feature::CacheMark]);
        }
        match &tool.body {
            ToolBody::Function(FunctionTool {
                name,
                description,
                parameters,
                strict,
                extra: _,
            }) => {
                self.add(format!("tool {name}"), &[Feature::Tool, Feature::ToolChoice]);
                if let Some(text) = description.as_deref().filter(|text| !text.is_empty()) {
                    self.add(
                        format!("tool {name} is for {text}"),
                        &[Feature::Tool, Feature::ToolChoice],
                    );
                }
                let schema = schema(parameters.as_ref());
                self.add(
                    format!("tool {name} takes {schema}"),
                    &[Feature::Schema, Feature::Tool, Feature::ToolChoice],
                );
                if *strict == Some(true) {
                    self.add(format!("tool {name} is strict"), &[Feature::StrictTool]);
                }
            }
            ToolBody::Custom(custom) => {
                self.add(format!("custom tool {}", custom.name), &[Feature::CustomTool]);
            }
            ToolBody::Provider(tool) => {
                self.add(
                    format!("provider's tool {}", tool.kind),
                    &[Feature::ServerTool, Feature::Tool],
                );
            }
        }
    }

    pub(super) fn settings(&mut self, request: &Request<'_>) {
        const SAMPLING: &[Feature] = &[Feature::Sampling];
        let sampling = &request.sampling;
        let numbers = [
            ("temperature", &sampling.temperature, SAMPLING),
            ("top_p", &sampling.top_p, SAMPLING),
            ("top_k", &sampling.top_k, SAMPLING),
            ("frequency penalty", &sampling.frequency_penalty, SAMPLING),
            ("presence penalty", &sampling.presence_penalty, SAMPLING),
            ("seed", &sampling.seed, &[Feature::Seed]),
        ];
        for (name, number, excuses) in numbers {
            // What every dialect does by itself need not be said.
            let by_itself = |value: f64| match name {
                "temperature" | "top_p" => value == 1.0,
                _ => name.ends_with("penalty") && value == 0.0,
            };
            if let Some(number) = number {
                let value: f64 = number.as_str().parse().unwrap();
                if !by_itself(value) {
                    self.add(format!("{name} {value}"), excuses);
                }
            }
        }
        if let Some(limit) = request.max_output_tokens {
            self.add(format!("at most {limit} tokens"), &[Feature::OutputLimit]);
        }
        for stop in &request.stop {
            self.add(format!("stop at {stop:?}"), &[Feature::Stop]);
        }
        if let Some(count) = request.candidates.filter(|count| *count != 1) {
            self.add(format!("{count} answers"), &[Feature::Candidates]);
        }
        if let Some(choice) = request.tool_choice.as_ref().filter(|_| !request.tools.is_empty()) {
            let says = match &choice.mode {
                ToolMode::Auto | ToolMode::None | ToolMode::Allowed { required: false, .. } => None,
                ToolMode::Required | ToolMode::Named(_) | ToolMode::Allowed { required: true, .. } => {
                    Some("call a tool".to_owned())
                }
                ToolMode::Other(_) => Some("choose in another way".to_owned()),
            };
            says.into_iter()
                .for_each(|says| self.add(says, &[Feature::ToolChoice]));
        }
        if request.parallel_tool_calls == Some(false) && !request.tools.is_empty() {
            self.add("one call at a time".to_owned(), &[Feature::ParallelToolCalls]);
        }
        if let Some(format) = &request.response_format {
            self.response_shape(&format.shape);
        }
        if let Some(config) = &request.reasoning {
            self.reasoning_config(config);
        }
        if request.logprobs.enabled == Some(true) {
            self.add(
                format!("logprobs {:?}", request.logprobs.top.filter(|top| *top > 0)),
                &[Feature::Logprobs],
            );
        }
    }

    pub(super) fn response_shape(&mut self, shape: &ResponseShape<'_>) {
        const FORMAT: &[Feature] = &[Feature::ResponseFormat, Feature::Schema];
        match shape {
            ResponseShape::Text => {}
            ResponseShape::JsonObject => self.add("answer in JSON".to_owned(), FORMAT),
            // Most dialects cannot but keep to a schema, so that being strict says nothing; nor does
            // a name, which some demand.
            ResponseShape::JsonSchema {
                schema: told,
                description,
                ..
            } => {
                self.add(format!("answer in {}", schema(told.as_ref())), FORMAT);
                if let Some(text) = description {
                    self.add(format!("the answer is {text}"), FORMAT);
                }
            }
            ResponseShape::Other(_) => self.add("answer in another form".to_owned(), FORMAT),
        }
    }

    pub(super) fn reasoning_config(&mut self, config: &ReasoningConfig<'_>) {
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: _,
            extra: _,
        } = config;
        let on = enabled.or(effort.as_deref().map(|effort| effort != "none"));
        let on = on.or(budget.map(|budget| budget > 0));
        let told = [
            on.map(|on| format!("thinking {on}")),
            effort
                .as_deref()
                .filter(|effort| *effort != "none")
                .map(|effort| format!("effort {effort}")),
            budget.map(|budget| format!("think {budget} tokens")),
            // To ask for a summary is to ask for thoughts to be shown.
            summary
                .as_deref()
                .filter(|summary| *summary != "auto")
                .map(|summary| format!("summary {summary}")),
            show.or(summary.as_ref().map(|_| true))
                .map(|show| format!("show thoughts {show}")),
        ];
        for says in told.into_iter().flatten() {
            self.add(says, &[Feature::ReasoningConfig]);
        }
    }

    pub(super) fn labels(&mut self, request: &Request<'_>) {
        let mut label = |name: &str, value: Option<&str>, excuses| {
            if let Some(value) = value {
                self.add(format!("{name} {value}"), excuses);
            }
        };
        label("verbosity", request.verbosity.as_deref(), &[Feature::Verbosity]);
        label("end user", request.user.as_deref(), &[Feature::User]);
        label("end user", request.safety_identifier.as_deref(), &[Feature::User]);
        label(
            "tier",
            special_tier(request.service_tier.as_deref()),
            &[Feature::ServiceTier],
        );
        label(
            "cache key",
            request.prompt_cache_key.as_deref(),
            &[Feature::PromptCacheKey],
        );
        label(
            "caches",
            request.cache.as_ref().map(|_| "the prompt"),
            &[Feature::CacheMark],
        );
        let metadata = request.metadata.as_ref().map(|raw| document(raw.as_str()));
        label(
            "labels",
            metadata.as_deref().filter(|m| *m != "{}"),
            &[Feature::Metadata],
        );
        // Not to keep it is what dialects without the choice do.
        let store = request.store.filter(|store| *store).map(|_| "the answer");
        label("store", store, &[Feature::Store]);
        for modality in request.modalities.iter().filter(|m| *m != "text") {
            label("gives", Some(modality), &[Feature::Modalities]);
        }
    }
}

/// A schema in one spelling; those that ask for nothing are alike.
fn schema(schema: Option<&RawJson<'_>>) -> String {
    let text = schema.map_or_else(|| "{}".to_owned(), |raw| document(raw.as_str()));
    match text.as_str() {
        "{}" | r#"{"type":"object"}"# | r#"{"properties":{},"type":"object"}"# => "anything".to_owned(),
        _ => text,
    }
}
