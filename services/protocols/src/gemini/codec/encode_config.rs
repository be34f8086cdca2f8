//! `generationConfig` out of the canonical form.

use super::decode_config::CONFIG;
use super::encode_request::Writer;
use super::{Name, form, spelled};
use crate::canonical::{
    Form, LogprobsConfig, ReasoningConfig, Request, ResponseFormat, ResponseShape, Sampling,
};
use crate::gemini::schema::{self, Style};
use crate::json::{Object, RawJson};
use crate::lossy::{Feature, Severity};
use crate::target::ThinkingField;

impl Writer {
    pub(super) fn generation_config(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        let extra = self.dotted(&request.extra, CONFIG);
        let needed = request.sampling != Sampling::default()
            || request.max_output_tokens.is_some()
            || !request.stop.is_empty()
            || request.candidates.is_some()
            || request.response_format.is_some()
            || request.reasoning.is_some()
            || request.logprobs != LogprobsConfig::default()
            || !request.modalities.is_empty();
        if !needed && extra.is_empty() && !self.noted(request, form::request::HAS_CONFIG) {
            return;
        }
        const KEY: Name = ("generationConfig", "generation_config");
        let key = self.key(KEY, request.form, form::request::CONFIG_SNAKE);
        let snake = self.noted(request, form::request::CONFIG_NAMES_SNAKE);
        let mut config = object.object(key);
        self.settings(&mut config, request, snake);
        if let Some(format) = &request.response_format {
            self.response_format(&mut config, format, snake);
        }
        if let Some(reasoning) = &request.reasoning {
            self.thinking_config(&mut config, reasoning, snake);
        }
        for (name, value) in extra {
            value.write(config.value_of(name));
        }
    }

    fn settings(&mut self, config: &mut Object<'_>, request: &Request<'_>, snake: bool) {
        let name = |camel, other| spelled((camel, other), snake);
        let Sampling {
            temperature,
            top_p,
            top_k,
            frequency_penalty,
            presence_penalty,
            seed,
        } = &request.sampling;
        config.optional_number("temperature", temperature.as_ref());
        config.optional_number(name("topP", "top_p"), top_p.as_ref());
        config.optional_number(name("topK", "top_k"), top_k.as_ref());
        config.optional_number(
            name("frequencyPenalty", "frequency_penalty"),
            frequency_penalty.as_ref(),
        );
        config.optional_number(
            name("presencePenalty", "presence_penalty"),
            presence_penalty.as_ref(),
        );
        config.optional_number("seed", seed.as_ref());
        if let Some(count) = request.candidates {
            config.unsigned(name("candidateCount", "candidate_count"), u64::from(count));
        }
        if let Some(limit) = request.max_output_tokens {
            config.unsigned(name("maxOutputTokens", "max_output_tokens"), limit);
        }
        if !request.stop.is_empty() {
            let mut list = config.array(name("stopSequences", "stop_sequences"));
            for text in &request.stop {
                list.string(text);
            }
        }
        let LogprobsConfig { enabled, top } = request.logprobs;
        let enabled = enabled.or(top.filter(|_| !self.same).map(|_| true));
        config.optional_bool(name("responseLogprobs", "response_logprobs"), enabled);
        if let Some(top) = top {
            config.unsigned("logprobs", u64::from(top));
        }
        if !request.modalities.is_empty() {
            let mut list = config.array(name("responseModalities", "response_modalities"));
            for modality in &request.modalities {
                list.string(&modality.to_ascii_uppercase());
            }
        }
    }

    fn response_format(&mut self, config: &mut Object<'_>, format: &ResponseFormat<'_>, snake: bool) {
        const AT: &str = "/response_format";
        let ResponseFormat {
            shape,
            form: note,
            extra,
        } = format;
        let mime = spelled(("responseMimeType", "response_mime_type"), snake);
        self.lost(extra, || AT.to_owned());
        match shape {
            ResponseShape::Text => config.string(mime, "text/plain"),
            ResponseShape::JsonObject => config.string(mime, "application/json"),
            ResponseShape::JsonSchema {
                name: _,
                description,
                schema,
                // What is generated keeps to the schema in any case.
                strict: _,
                extra,
            } => {
                self.lost(extra, || AT.to_owned());
                if description.is_some() {
                    self.losses
                        .note(Feature::ResponseFormat, "description", Severity::Hint, AT);
                }
                config.string(mime, "application/json");
                let google = self.same && note.has(form::response_format::SCHEMA);
                let google_key = spelled(("responseSchema", "response_schema"), snake);
                let key = spelled(("responseJsonSchema", "response_json_schema"), snake);
                let Some(schema) = schema else { return };
                if let Some(own) = self.google_schema(schema, google, *note, || AT.to_owned()) {
                    config.raw(google_key, &own);
                } else {
                    config.raw(key, schema);
                }
            }
            ResponseShape::Other(_) => {
                self.losses
                    .note(Feature::ResponseFormat, "", Severity::Missing, AT);
            }
        }
    }

    /// A schema in Google's own form, where it is to be written so: because it came so, or because
    /// the server takes no other. `None` where JSON Schema is to be written as it is.
    pub(super) fn google_schema(
        &mut self,
        schema: &RawJson<'_>,
        came_so: bool,
        note: Form,
        at: impl Fn() -> String,
    ) -> Option<RawJson<'static>> {
        if came_so {
            let style = if note.has(form::schema::NUMBERED) {
                Style::Numbered
            } else if note.has(form::schema::UPPER) {
                Style::Upper
            } else {
                return Some(schema.clone().into_owned());
            };
            return schema::respell(schema, style).ok();
        }
        if self.same || self.quirks.json_schema {
            return None;
        }
        let narrowed = schema::narrow(schema).ok()?;
        for keyword in &narrowed.dropped {
            self.losses
                .note(Feature::Schema, keyword, Severity::Altered, at());
        }
        Some(narrowed.schema)
    }

    fn thinking_config(&mut self, config: &mut Object<'_>, reasoning: &ReasoningConfig<'_>, snake: bool) {
        const AT: &str = "/reasoning";
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: note,
            extra,
        } = reasoning;
        let inner_snake = self.same && note.has(form::thinking::SNAKE);
        let name = |camel, other| spelled((camel, other), inner_snake);
        let mut thinking = config.object(spelled(("thinkingConfig", "thinking_config"), snake));
        let off = *enabled == Some(false);
        // Asking for a summary is asking to see thoughts. Elsewhere they are shown unasked.
        let thinks = !off && effort.as_deref() != Some("none");
        let asked = summary.is_some() || (!self.same && thinks);
        let show = show.or(asked.then_some(true));
        thinking.optional_bool(name("includeThoughts", "include_thoughts"), show);
        let budget_key = name("thinkingBudget", "thinking_budget");
        let level_key = name("thinkingLevel", "thinking_level");
        let mut lost = |name| {
            self.losses
                .note(Feature::ReasoningConfig, name, Severity::Altered, AT);
        };
        let dynamic = |thinking: &mut Object<'_>| thinking.value(budget_key).extend_from_slice(b"-1");
        if self.same && *enabled == Some(true) && budget.is_none() {
            dynamic(&mut thinking);
        }
        if summary.as_deref().is_some_and(|summary| summary != "auto") {
            lost("summary");
        }
        match (effort.as_deref(), budget) {
            (effort, Some(budget)) => {
                thinking.unsigned(budget_key, *budget);
                match effort {
                    Some(effort) if self.same => write_level(&mut thinking, level_key, effort, *note),
                    Some(_) => lost("effort"),
                    None => {}
                }
            }
            (None, None) if self.same => {}
            (Some(effort), None) if self.own => write_level(&mut thinking, level_key, effort, *note),
            (effort, None) => match (effort.or(off.then_some("none")), self.quirks.thinking) {
                (Some(effort), ThinkingField::Level) => match level(effort) {
                    Some((level, exact)) => {
                        thinking.string(level_key, level);
                        if !exact {
                            lost("effort");
                        }
                    }
                    None => lost("effort"),
                },
                (Some(effort), ThinkingField::Budget) => match tokens(effort) {
                    Some(budget) => thinking.unsigned(budget_key, budget),
                    None => lost("effort"),
                },
                (None, _) if *enabled == Some(true) => dynamic(&mut thinking),
                (None, _) => {}
            },
        }
        if self.same {
            extra.write(&mut thinking);
        } else {
            drop(thinking);
            self.lost(extra, || AT.to_owned());
        }
    }
}

fn write_level(thinking: &mut Object<'_>, key: &'static str, effort: &str, note: Form) {
    if note.has(form::thinking::UPPER) {
        thinking.string(key, &effort.to_ascii_uppercase());
    } else {
        thinking.string(key, effort);
    }
}

/// Google's level for an effort, and whether it means the same: thinking cannot be turned off by
/// level, and there is none above high.
fn level(effort: &str) -> Option<(&'static str, bool)> {
    Some(match effort {
        "none" => ("minimal", false),
        "minimal" => ("minimal", true),
        "low" => ("low", true),
        "medium" => ("medium", true),
        "high" => ("high", true),
        "xhigh" | "max" => ("high", false),
        _ => return None,
    })
}

/// The budget for an effort, as Google's own OpenAI-compatible endpoint has it.
fn tokens(effort: &str) -> Option<u64> {
    Some(match effort {
        "none" => 0,
        "minimal" | "low" => 1_024,
        "medium" => 8_192,
        "high" | "xhigh" | "max" => 24_576,
        _ => return None,
    })
}
