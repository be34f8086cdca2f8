//! A request out of the canonical form.

use super::encode_citations::write_cache_mark;
use super::encode_message::{Side, Writer};
use crate::canonical::{Extra, LogprobsConfig, Part, Request, Sampling, StreamConfig};
use crate::dialect::Dialect;
use crate::json::{Kind, Number, Object};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::reading::write_nested;
use crate::target::RequestTarget;
use crate::tool_ids::{IdRule, ToolIds};

/// Writes a request body for the provider `target` describes.
pub fn encode_request(request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    let same = request.origin == Dialect::AnthropicMessages && !target.meaning_only;
    let mut writer = Writer {
        same,
        side: Side::User,
        ids: ToolIds::new(if same { target.tool_ids } else { IdRule::ANTHROPIC }),
        losses: LossReport::default(),
    };
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    let content: usize = parts.map(Part::size_hint).sum();
    let size = 512 + content + request.messages.len() * 48 + request.tools.len() * 512;
    let mut body = Vec::with_capacity(size);
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
            response_format: _,
            reasoning: _,
            logprobs: _,
            verbosity: _,
            modalities: _,
            user: _,
            safety_identifier: _,
            metadata: _,
            service_tier,
            prompt_cache_key: _,
            cache,
            store: _,
            stream,
            form: _,
            extra,
        } = request;
        object.optional_string("model", target.model.or(model.as_deref()));
        // A request of this dialect without a limit is one to count tokens.
        let limit = max_output_tokens.or((!self.same).then_some(target.default_output_limit));
        if let Some(limit) = limit {
            object.unsigned("max_tokens", limit);
        }
        self.conversation(object, messages);
        self.tools(object, request);
        let thinking = self.thinking(request, target, limit.unwrap_or(target.default_output_limit));
        self.write_thinking(object, request, thinking);
        self.output(object, request, thinking);
        self.sampling(object, sampling, thinking.is_on());
        self.stop(object, stop);
        self.user(object, request);
        self.service_tier(object, service_tier.as_deref());
        if let Some(mark) = cache {
            write_cache_mark(object, mark, self.same);
        }
        self.stream(object, stream);
        if self.same {
            write_extra(object, extra);
        } else {
            self.unsayable(request);
            self.lost(extra, String::new);
        }
    }

    /// Notes what this dialect has no words for.
    fn unsayable(&mut self, request: &Request<'_>) {
        let mut lost = |lost: bool, feature, severity, at: &'static str| {
            if lost {
                self.losses.note(feature, "", severity, at);
            }
        };
        let LogprobsConfig { enabled, top } = request.logprobs;
        let logprobs = enabled == Some(true) || top.is_some_and(|top| top > 0);
        let several = request.candidates.is_some_and(|n| n > 1);
        let other_output = request.modalities.iter().any(|m| m != "text");
        lost(several, Feature::Candidates, Severity::Missing, "/candidates");
        lost(logprobs, Feature::Logprobs, Severity::Missing, "/logprobs");
        lost(
            request.verbosity.is_some(),
            Feature::Verbosity,
            Severity::Hint,
            "/verbosity",
        );
        lost(
            other_output,
            Feature::Modalities,
            Severity::Missing,
            "/modalities",
        );
        lost(
            request.metadata.is_some(),
            Feature::Metadata,
            Severity::Hint,
            "/metadata",
        );
        let key = request.prompt_cache_key.is_some();
        lost(key, Feature::PromptCacheKey, Severity::Hint, "/prompt_cache_key");
        lost(
            request.store == Some(true),
            Feature::Store,
            Severity::Hint,
            "/store",
        );
    }

    /// Sampling, within what a provider takes: with thinking on, none of it.
    fn sampling(&mut self, object: &mut Object<'_>, sampling: &Sampling<'_>, thinking: bool) {
        let Sampling {
            temperature,
            top_p,
            top_k,
            frequency_penalty,
            presence_penalty,
            seed,
        } = sampling;
        let adjustable = [("temperature", temperature), ("top_p", top_p), ("top_k", top_k)];
        for (name, value) in adjustable {
            let Some(value) = value else { continue };
            let hot = name == "temperature" && value.as_f64() > 1.0;
            if self.same || !(thinking || hot) {
                object.optional_number(name, Some(value));
                continue;
            }
            if hot && !thinking {
                object.optional_number(name, Some(&Number::from(1)));
            }
            // A temperature of one is what thinking implies.
            if hot || name != "temperature" || value.as_f64() < 1.0 {
                self.losses
                    .note(Feature::Sampling, name, Severity::Altered, "/sampling");
            }
        }
        let absent = [
            ("frequency_penalty", Feature::Sampling, frequency_penalty),
            ("presence_penalty", Feature::Sampling, presence_penalty),
            ("seed", Feature::Seed, seed),
        ];
        for (name, feature, value) in absent {
            let neutral = |value: &Number<'_>| feature == Feature::Sampling && value.as_f64() == 0.0;
            if value.as_ref().is_some_and(|value| !neutral(value)) {
                self.losses.note(feature, name, Severity::Altered, "/sampling");
            }
        }
    }

    fn stop(&mut self, object: &mut Object<'_>, stop: &[std::borrow::Cow<'_, str>]) {
        let same = self.same;
        let taken = |text: &&std::borrow::Cow<'_, str>| same || !text.trim().is_empty();
        if stop.iter().any(|text| !taken(&text)) {
            self.losses.note(Feature::Stop, "", Severity::Altered, "/stop");
        }
        let mut texts = stop.iter().filter(taken).peekable();
        if texts.peek().is_some() {
            let mut list = object.array("stop_sequences");
            for text in texts {
                list.string(text);
            }
        }
    }

    /// `metadata`: the end user, for abuse checks. A hash of the user serves as well.
    fn user(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        let Request {
            user,
            safety_identifier,
            ..
        } = request;
        let rest = request
            .extra
            .get("metadata")
            .filter(|raw| self.same && raw.kind() == Kind::Object);
        let told = user.as_deref().or(safety_identifier.as_deref());
        if user.is_some() && safety_identifier.is_some() {
            let at = "/safety_identifier";
            self.losses.note(Feature::User, "", Severity::Hint, at);
        }
        if told.is_some() || rest.is_some() {
            let mut inner = object.object("metadata");
            inner.optional_string("user_id", told);
            if let Some(rest) = rest {
                write_nested(&mut inner, rest);
            }
        }
    }

    fn service_tier(&mut self, object: &mut Object<'_>, tier: Option<&str>) {
        match tier {
            None => {}
            Some("default") => object.string("service_tier", "standard_only"),
            Some(tier) if self.same || tier == "auto" => object.string("service_tier", tier),
            Some(tier) => {
                let at = "/service_tier";
                self.losses.note(Feature::ServiceTier, tier, Severity::Hint, at);
            }
        }
    }

    /// Usage always comes in a stream of this dialect, so that asking for it is no loss.
    fn stream(&mut self, object: &mut Object<'_>, stream: &StreamConfig<'_>) {
        let StreamConfig {
            enabled,
            usage: _,
            options: _,
            extra,
        } = stream;
        object.optional_bool("stream", *enabled);
        for (name, value) in extra.iter().filter(|(_, value)| !value.is_void()) {
            let severity = if value.as_str() == "false" {
                Severity::Hint
            } else {
                Severity::Altered
            };
            self.losses.note(Feature::StreamOption, name, severity, "/stream");
        }
    }
}

/// Writes what is not modelled, except for the rest of objects written already.
fn write_extra(object: &mut Object<'_>, extra: &Extra<'_>) {
    extra.write_unless(object, |name, value| {
        matches!(name, "output_config" | "metadata") && value.kind() == Kind::Object
    });
}
