//! A request out of the canonical form. The model and whether to stream are in the path: whoever
//! sends the request puts them there.

use super::encode_message::{Side, Writer};
use crate::canonical::{Request, ResponseFormat, ResponseShape, Sampling, StreamConfig};
use crate::dialect::Dialect;
use crate::json::{Kind, Object, RawJson};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::reading::write_nested;
use crate::target::RequestTarget;
use crate::tool_ids::ToolIds;

/// Writes a request body for the provider `target` describes.
pub fn encode_request(request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: request.origin == Dialect::BedrockConverse && !target.meaning_only,
        side: Side::Request,
        ids: ToolIds::new(target.tool_ids),
        documents: 0,
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

/// Settings whose own unknown members are kept under their names.
const NESTED: [&str; 4] = [
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "outputConfig",
];

impl Writer {
    fn request(&mut self, object: &mut Object<'_>, request: &Request<'_>, target: &RequestTarget<'_>) {
        // Taken apart in full, so that a new field of the canonical form is thought of here.
        let Request {
            origin: _,
            model: _,
            messages,
            tools: _,
            tool_choice: _,
            parallel_tool_calls: _,
            sampling: _,
            max_output_tokens: _,
            stop: _,
            candidates: _,
            response_format: _,
            reasoning: _,
            logprobs: _,
            verbosity: _,
            modalities: _,
            user: _,
            safety_identifier: _,
            metadata,
            service_tier,
            prompt_cache_key: _,
            cache: _,
            store: _,
            stream,
            form: _,
            extra,
        } = request;
        let same = self.same;
        let kept = |name| {
            extra
                .get(name)
                .filter(|value| same && value.kind() == Kind::Object)
        };
        self.conversation(object, messages);
        self.inference(object, request, kept("inferenceConfig"));
        self.tool_config(object, request, kept("toolConfig"));
        self.model_fields(
            object,
            request,
            target.model,
            kept("additionalModelRequestFields"),
        );
        self.output_config(object, request, kept("outputConfig"));
        self.metadata(object, metadata.as_ref());
        self.service_tier(object, service_tier.as_deref());
        self.stream(stream);
        self.unsaid(request);
        if !same {
            return self.lost(extra, String::new);
        }
        for (name, value) in extra.iter() {
            if !(NESTED.contains(&name) && value.kind() == Kind::Object) {
                value.write(object.value_of(name));
            }
        }
    }

    /// Notes what this dialect has no word for.
    fn unsaid(&mut self, request: &Request<'_>) {
        let text_only = request.modalities.iter().all(|modality| modality == "text");
        let probabilities =
            request.logprobs.enabled == Some(true) || request.logprobs.top.is_some_and(|top| top > 0);
        let several = request.candidates.is_some_and(|count| count > 1);
        for (lost, feature, severity, at) in [
            (several, Feature::Candidates, Severity::Missing, "/candidates"),
            (probabilities, Feature::Logprobs, Severity::Missing, "/logprobs"),
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

    fn inference(&mut self, object: &mut Object<'_>, request: &Request<'_>, kept: Option<&RawJson<'_>>) {
        let Sampling {
            temperature,
            top_p,
            top_k: _,
            frequency_penalty,
            presence_penalty,
            seed,
        } = &request.sampling;
        for (lost, feature, name) in [
            (
                frequency_penalty.is_some(),
                Feature::Sampling,
                "frequency_penalty",
            ),
            (presence_penalty.is_some(), Feature::Sampling, "presence_penalty"),
            (seed.is_some(), Feature::Seed, ""),
        ] {
            if lost {
                self.losses.note(feature, name, Severity::Altered, "/sampling");
            }
        }
        let limit = request.max_output_tokens;
        let stop = &request.stop;
        let any = temperature.is_some() || top_p.is_some() || limit.is_some() || !stop.is_empty();
        if !any && kept.is_none() {
            return;
        }
        let mut config = object.object("inferenceConfig");
        if let Some(limit) = limit {
            config.unsigned("maxTokens", limit);
        }
        config.optional_number("temperature", temperature.as_ref());
        config.optional_number("topP", top_p.as_ref());
        if !stop.is_empty() {
            let mut list = config.array("stopSequences");
            for text in stop {
                list.string(text);
            }
        }
        if let Some(kept) = kept {
            write_nested(&mut config, kept);
        }
    }

    fn output_config(&mut self, object: &mut Object<'_>, request: &Request<'_>, kept: Option<&RawJson<'_>>) {
        let config = request.reasoning.as_ref();
        let effort = config.and_then(|c| c.effort.as_deref()).filter(|_| self.same);
        let mut format = Vec::new();
        if let Some(wanted) = &request.response_format {
            self.text_format(&mut format, wanted);
        }
        if format.is_empty() && effort.is_none() && kept.is_none() {
            return;
        }
        let mut config = object.object("outputConfig");
        if !format.is_empty() {
            config.value("textFormat").extend_from_slice(&format);
        }
        config.optional_string("effort", effort);
        if let Some(kept) = kept {
            write_nested(&mut config, kept);
        }
    }

    /// Writes the form asked of the answer, where it is more than text.
    fn text_format(&mut self, out: &mut Vec<u8>, format: &ResponseFormat<'_>) {
        const AT: &str = "/response_format";
        let ResponseFormat {
            shape,
            form: _,
            extra,
        } = format;
        self.lost(extra, || AT.to_owned());
        let (name, description, schema, strict, extra) = match shape {
            ResponseShape::Text => return,
            ResponseShape::Other(raw) if self.same => return raw.write(out),
            ResponseShape::JsonObject | ResponseShape::Other(_) => {
                return self
                    .losses
                    .note(Feature::ResponseFormat, "", Severity::Altered, AT);
            }
            ResponseShape::JsonSchema {
                name,
                description,
                schema,
                strict,
                extra,
            } => (name, description, schema, strict, extra),
        };
        let Some(schema) = schema else {
            return self
                .losses
                .note(Feature::ResponseFormat, "", Severity::Altered, AT);
        };
        if *strict == Some(false) && !self.same {
            self.losses.note(Feature::Schema, "strict", Severity::Hint, AT);
        }
        let mut object = Object::open(out);
        object.string("type", "json_schema");
        let mut structure = object.object("structure");
        let mut inner = structure.object("jsonSchema");
        inner.string("schema", schema.as_str());
        inner.optional_string("name", name.as_deref());
        inner.optional_string("description", description.as_deref());
        self.extra(&mut inner, extra, || AT.to_owned());
    }

    /// Labels are taken where they are texts of few signs, and few; others would be refused.
    fn metadata(&mut self, object: &mut Object<'_>, metadata: Option<&RawJson<'_>>) {
        let Some(metadata) = metadata else { return };
        if self.same || are_labels(metadata) {
            object.raw("requestMetadata", metadata);
        } else {
            self.losses
                .note(Feature::Metadata, "", Severity::Hint, "/metadata");
        }
    }

    fn service_tier(&mut self, object: &mut Object<'_>, tier: Option<&str>) {
        let Some(tier) = tier else { return };
        if self.same || matches!(tier, "priority" | "default" | "flex" | "reserved") {
            object.object("serviceTier").string("type", tier);
        } else if tier != "auto" {
            self.losses
                .note(Feature::ServiceTier, tier, Severity::Hint, "/service_tier");
        }
    }

    /// Usage always comes with a stream, and whether to stream is in the path.
    fn stream(&mut self, stream: &StreamConfig<'_>) {
        let StreamConfig {
            enabled: _,
            usage: _,
            options: _,
            extra,
        } = stream;
        self.lost(extra, || "/stream".to_owned());
    }
}

/// Whether the values are texts that this dialect takes for labels, at most 16.
fn are_labels(metadata: &RawJson<'_>) -> bool {
    let fits = |text: &str| {
        let sign = |c: char| c.is_ascii_alphanumeric() || " :_@$#=/+,-.".contains(c);
        text.len() <= 256 && text.chars().all(sign)
    };
    let (mut plain, mut count) = (true, 0);
    let walked = metadata.cursor().object(|c, key| {
        count += 1;
        plain &= fits(&key.decode()) && c.peek()? == Kind::String && fits(&c.text()?);
        Ok(())
    });
    walked.is_ok() && plain && count <= 16
}
