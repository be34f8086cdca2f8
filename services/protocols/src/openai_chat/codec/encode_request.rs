//! A request out of the canonical form.

use std::borrow::Cow;

use super::encode_message::{Side, Writer};
use super::form;
use crate::canonical::{
    Message, ReasoningConfig, Request, ResponseFormat, ResponseShape, Sampling, StreamConfig, turns,
};
use crate::dialect::Dialect;
use crate::json::{Object, write_string};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::{OutputLimitField, RequestTarget};
use crate::tool_ids::ToolIds;

/// Writes a request body for the provider `target` describes.
pub fn encode_request(request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: request.origin == Dialect::OpenAiChat && !target.meaning_only,
        side: Side::Request,
        for_any_client: false,
        openrouter: false,
        quirks: target.chat,
        ids: ToolIds::new(target.tool_ids),
        losses: LossReport::default(),
    };
    let mut body = Vec::with_capacity(estimate(request));
    writer.request(&mut Object::open(&mut body), request, target);
    Encoded {
        body,
        losses: writer.losses,
    }
}

/// About how large the body will be.
fn estimate(request: &Request<'_>) -> usize {
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    let content: usize = parts.map(crate::canonical::Part::size_hint).sum();
    512 + content + request.messages.len() * 48 + request.tools.len() * 512
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
            candidates,
            response_format,
            reasoning,
            logprobs,
            verbosity,
            modalities,
            user,
            safety_identifier,
            metadata,
            service_tier,
            prompt_cache_key,
            cache,
            store,
            stream,
            form: note,
            extra,
        } = request;
        object.optional_string("model", target.model.or(model.as_deref()));
        self.conversation(object, messages);
        self.tools(object, request);
        write_sampling(object, sampling);
        if let Some(limit) = max_output_tokens {
            let old = if self.same {
                note.has(form::request::MAX_TOKENS)
            } else {
                target.chat.output_limit == OutputLimitField::MaxTokens
            };
            object.unsigned(
                if old {
                    "max_tokens"
                } else {
                    "max_completion_tokens"
                },
                *limit,
            );
        }
        write_stop(object, stop, self.same && note.has(form::request::STOP_STRING));
        optional_u32(object, "n", *candidates);
        if let Some(format) = response_format {
            self.response_format(object, format);
        }
        if let Some(config) = reasoning {
            self.reasoning_config(object, config);
        }
        object.optional_bool(
            "logprobs",
            logprobs
                .enabled
                .or(logprobs.top.filter(|_| !self.same).map(|_| true)),
        );
        optional_u32(object, "top_logprobs", logprobs.top);
        object.optional_string("verbosity", verbosity.as_deref());
        write_modalities(object, modalities, self.same);
        object.optional_string("user", user.as_deref());
        object.optional_string("safety_identifier", safety_identifier.as_deref());
        object.optional_raw("metadata", metadata.as_ref());
        object.optional_string("service_tier", service_tier.as_deref());
        object.optional_string("prompt_cache_key", prompt_cache_key.as_deref());
        match cache {
            Some(mark) if self.same => super::encode_part::write_cache_mark(object, mark),
            Some(_) => self.losses.note(Feature::CacheMark, "", Severity::Hint, "/cache"),
            None => {}
        }
        object.optional_bool("store", *store);
        self.stream(object, stream, target.stream_usage);
        self.extra(object, extra, String::new);
    }

    fn conversation(&mut self, object: &mut Object<'_>, messages: &[Message<'_>]) {
        let mut list = object.array("messages");
        for turn in turns(messages, !self.same) {
            self.turn(&mut list, &turn);
        }
    }

    fn response_format(&mut self, object: &mut Object<'_>, format: &ResponseFormat<'_>) {
        const AT: &str = "/response_format";
        let ResponseFormat {
            shape,
            form: _,
            extra,
        } = format;
        let out = object.value("response_format");
        match shape {
            ResponseShape::Other(raw) if self.same => return raw.write(out),
            ResponseShape::Other(_) => {
                self.losses
                    .note(Feature::ResponseFormat, "", Severity::Missing, AT);
                return Object::open(out).string("type", "text");
            }
            ResponseShape::Text | ResponseShape::JsonObject | ResponseShape::JsonSchema { .. } => {}
        }
        let mut object = Object::open(out);
        match shape {
            ResponseShape::Text | ResponseShape::Other(_) => object.string("type", "text"),
            ResponseShape::JsonObject => object.string("type", "json_object"),
            ResponseShape::JsonSchema {
                name,
                description,
                schema,
                strict,
                extra,
            } => {
                object.string("type", "json_schema");
                let mut inner = object.object("json_schema");
                let named = name.as_deref().or((!self.same).then_some("response"));
                inner.optional_string("name", named);
                inner.optional_string("description", description.as_deref());
                inner.optional_raw("schema", schema.as_ref());
                inner.optional_bool("strict", *strict);
                self.extra(&mut inner, extra, || AT.to_owned());
            }
        }
        self.extra(&mut object, extra, || AT.to_owned());
    }

    fn reasoning_config(&mut self, object: &mut Object<'_>, config: &ReasoningConfig<'_>) {
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: note,
            extra,
        } = config;
        if self.same && *note == form::reasoning_config::OBJECT {
            let mut inner = object.object("reasoning");
            inner.optional_bool("enabled", *enabled);
            inner.optional_string("effort", effort.as_deref());
            if let Some(budget) = budget {
                inner.unsigned("max_tokens", *budget);
            }
            inner.optional_string("summary", summary.as_deref());
            inner.optional_bool("exclude", show.map(|show| !show));
            return extra.write(&mut inner);
        }
        let derived = effort.as_deref().or(match (enabled, budget) {
            (Some(false), _) => Some("none"),
            (_, Some(budget)) => Some(effort_of(*budget)),
            (Some(true), None) => Some("medium"),
            (None, None) => None,
        });
        object.optional_string("reasoning_effort", derived);
        let mut lost = |lost: bool, name, severity| {
            if lost {
                self.losses
                    .note(Feature::ReasoningConfig, name, severity, "/reasoning");
            }
        };
        lost(effort.is_none() && budget.is_some(), "budget", Severity::Altered);
        lost(
            derived == Some("medium") && effort.is_none() && budget.is_none(),
            "enabled",
            Severity::Altered,
        );
        lost(summary.is_some(), "summary", Severity::Hint);
        lost(*show == Some(true), "show", Severity::Hint);
        self.lost(extra, || "/reasoning".to_owned());
    }

    fn stream(&mut self, object: &mut Object<'_>, stream: &StreamConfig<'_>, ask_usage: bool) {
        let StreamConfig {
            enabled,
            usage,
            options,
            extra,
        } = stream;
        object.optional_bool("stream", *enabled);
        let ask = ask_usage && *enabled == Some(true);
        let usage = if ask { Some(true) } else { *usage };
        if (*options && self.same) || usage.is_some_and(|_| *enabled == Some(true)) {
            let mut inner = object.object("stream_options");
            inner.optional_bool("include_usage", usage);
            self.extra(&mut inner, extra, || "/stream".to_owned());
        } else {
            self.lost(extra, || "/stream".to_owned());
        }
    }
}

/// The word for a thinking budget in tokens.
fn effort_of(budget: u64) -> &'static str {
    match budget {
        0 => "none",
        1..=2_048 => "low",
        2_049..=8_192 => "medium",
        _ => "high",
    }
}

fn write_sampling(object: &mut Object<'_>, sampling: &Sampling<'_>) {
    let Sampling {
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        seed,
    } = sampling;
    object.optional_number("temperature", temperature.as_ref());
    object.optional_number("top_p", top_p.as_ref());
    object.optional_number("top_k", top_k.as_ref());
    object.optional_number("frequency_penalty", frequency_penalty.as_ref());
    object.optional_number("presence_penalty", presence_penalty.as_ref());
    object.optional_number("seed", seed.as_ref());
}

fn write_stop(object: &mut Object<'_>, stop: &[Cow<'_, str>], as_string: bool) {
    match stop {
        [] => {}
        [one] if as_string => write_string(object.value("stop"), one),
        all => {
            let mut list = object.array("stop");
            for text in all {
                list.string(text);
            }
        }
    }
}

/// Text alone is what every server gives anyway, and some refuse to be told.
fn write_modalities(object: &mut Object<'_>, modalities: &[Cow<'_, str>], same: bool) {
    let only_text = modalities.iter().all(|m| m == "text");
    if modalities.is_empty() || (only_text && !same) {
        return;
    }
    let mut list = object.array("modalities");
    for modality in modalities {
        list.string(modality);
    }
}

fn optional_u32(object: &mut Object<'_>, key: &'static str, value: Option<u32>) {
    if let Some(value) = value {
        object.unsigned(key, u64::from(value));
    }
}
