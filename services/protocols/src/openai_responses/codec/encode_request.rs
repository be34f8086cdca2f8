//! A request out of the canonical form.

use super::decode_request::{INCLUDE_LOGPROBS, INCLUDE_SEALED};
use super::encode_item::{Side, Writer};
use super::form;
use crate::canonical::{
    LogprobsConfig, Message, Part, ReasoningConfig, Request, ResponseFormat, ResponseShape, Role, Sampling,
    StreamConfig,
};
use crate::dialect::Dialect;
use crate::json::Object;
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::RequestTarget;
use crate::tool_ids::ToolIds;

/// Writes a request body for the provider `target` describes.
pub fn encode_request(request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    let foreign = request.origin != Dialect::OpenAiResponses;
    let mut writer = Writer {
        same: !foreign && !target.meaning_only,
        foreign,
        summarizes: false,
        side: Side::Request,
        ids: ToolIds::new(target.tool_ids),
        seed: String::new(),
        items: 0,
        tokens: &[],
        status: "",
        losses: LossReport::default(),
    };
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    let content: usize = parts.map(Part::size_hint).sum();
    let mut body =
        Vec::with_capacity(512 + content + request.messages.len() * 64 + request.tools.len() * 512);
    writer.request(&mut Object::open(&mut body), request, target);
    Encoded {
        body,
        losses: writer.losses,
    }
}

impl Writer<'_> {
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
        let bare = note.has(form::request::NO_INPUT);
        let as_string = note.has(form::request::INPUT_STRING);
        self.conversation(object, messages, self.same && bare, self.same && as_string);
        self.tools(object, request);
        self.sampling(object, sampling);
        if let Some(limit) = max_output_tokens {
            object.unsigned("max_output_tokens", *limit);
        }
        self.missing(!stop.is_empty(), Feature::Stop, "/stop");
        self.missing(
            candidates.is_some_and(|n| n > 1),
            Feature::Candidates,
            "/candidates",
        );
        let is_kept = |name| self.same && extra.get(name).is_some();
        let (text_kept, include_kept) = (is_kept("text"), is_kept("include"));
        if !text_kept && (response_format.is_some() || verbosity.is_some()) {
            let mut text = object.object("text");
            if let Some(format) = response_format {
                self.response_format(&mut text, format);
            }
            text.optional_string("verbosity", verbosity.as_deref());
        }
        let sealed = reasoning
            .as_ref()
            .is_some_and(|config| self.reasoning_config(object, config));
        if let Some(top) = logprobs.top {
            object.unsigned("top_logprobs", u64::from(top));
        }
        if !include_kept {
            self.include(object, request, sealed);
        }
        let other_output = modalities.iter().any(|modality| modality != "text");
        self.missing(other_output, Feature::Modalities, "/modalities");
        object.optional_string("user", user.as_deref());
        object.optional_string("safety_identifier", safety_identifier.as_deref());
        object.optional_raw("metadata", metadata.as_ref());
        object.optional_string("service_tier", service_tier.as_deref());
        object.optional_string("prompt_cache_key", prompt_cache_key.as_deref());
        if cache.is_some() {
            self.losses.note(Feature::CacheMark, "", Severity::Hint, "/cache");
        }
        // Absent means that the answer is kept here, and not elsewhere.
        object.optional_bool("store", store.or(self.foreign.then_some(false)));
        self.stream(object, stream);
        self.extra(object, extra, String::new);
    }

    /// What the answer is to tell besides: of the caller's list what concerns the answer itself.
    fn include(&mut self, object: &mut Object<'_>, request: &Request<'_>, thinks: bool) {
        let asked = request.extra.get("include").filter(|_| !self.foreign);
        let asks_sealed = asked.is_some_and(|raw| raw.as_str().contains(INCLUDE_SEALED));
        let LogprobsConfig { enabled, top } = request.logprobs;
        let asks_logprobs = enabled == Some(true) || (self.foreign && top > Some(0));
        let mut wanted = Vec::new();
        wanted.extend(asks_logprobs.then_some(INCLUDE_LOGPROBS));
        // Whoever keeps nothing must get back what the model thought to go on from it.
        wanted.extend((asks_sealed || (self.foreign && thinks)).then_some(INCLUDE_SEALED));
        if !wanted.is_empty() {
            let mut list = object.array("include");
            wanted.into_iter().for_each(|entry| list.string(entry));
        }
    }

    fn missing(&mut self, is_missing: bool, feature: Feature, at: &'static str) {
        if is_missing {
            self.losses.note(feature, "", Severity::Missing, at);
        }
    }

    fn conversation(
        &mut self,
        object: &mut Object<'_>,
        messages: &[Message<'_>],
        bare: bool,
        as_string: bool,
    ) {
        let (first, rest) = match messages.split_first() {
            Some((first, rest)) => (self.instructions(first), rest),
            None => (None, messages),
        };
        let items = if first.is_some() { rest } else { messages };
        object.optional_string("instructions", first);
        match items {
            [] if bare => return,
            [one] if as_string => {
                if let Some(text) = only_text(one) {
                    return object.string("input", text);
                }
            }
            _ => {}
        }
        let mut list = object.array("input");
        let skipped = messages.len() - items.len();
        for (at, message) in items.iter().enumerate() {
            let at = at + skipped;
            let Message {
                role,
                name,
                parts,
                form: note,
                extra,
            } = message;
            if name.is_some() {
                let at = format!("/messages/{at}/name");
                self.losses.note(Feature::SpeakerName, "", Severity::Hint, at);
            }
            self.items(&mut list, at, role, parts, *note, extra);
        }
    }

    /// The text of the first message if it can stand as `instructions`.
    fn instructions<'m>(&self, message: &'m Message<'_>) -> Option<&'m str> {
        let told_so = message.form.has(form::message::INSTRUCTIONS);
        let fits = message.role == Role::System && message.name.is_none();
        only_text(message).filter(|text| fits && !text.is_empty() && (told_so || !self.same))
    }

    fn response_format(&mut self, text: &mut Object<'_>, format: &ResponseFormat<'_>) {
        const AT: &str = "/response_format";
        let ResponseFormat {
            shape,
            form: _,
            extra,
        } = format;
        if let ResponseShape::Other(raw) = shape {
            if self.foreign {
                self.losses
                    .note(Feature::ResponseFormat, "", Severity::Missing, AT);
            } else {
                text.raw("format", raw);
            }
            return;
        }
        let mut object = text.object("format");
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
                let named = name.as_deref().or((!self.same).then_some("response"));
                object.optional_string("name", named);
                object.optional_string("description", description.as_deref());
                object.optional_raw("schema", schema.as_ref());
                object.optional_bool("strict", *strict);
                self.extra(&mut object, extra, || AT.to_owned());
            }
        }
        self.extra(&mut object, extra, || AT.to_owned());
    }

    /// Writes how to think. Says whether the model is to think at all.
    fn reasoning_config(&mut self, object: &mut Object<'_>, config: &ReasoningConfig<'_>) -> bool {
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: _,
            extra,
        } = config;
        let derived = effort.as_deref().or(match (enabled, budget) {
            (Some(false), _) => Some("none"),
            (_, Some(budget)) => Some(effort_of(*budget)),
            (Some(true), None) => Some("medium"),
            (None, None) => None,
        });
        // Where reasoning is switched on, it is shown unless the caller says otherwise.
        let shows = show.unwrap_or(!self.same && *enabled == Some(true));
        let shown = summary.as_deref().or(shows.then_some("auto"));
        {
            let mut inner = object.object("reasoning");
            inner.optional_string("effort", derived);
            inner.optional_string("summary", shown);
            self.extra(&mut inner, extra, || "/reasoning".to_owned());
        }
        let guessed = [
            (effort.is_none() && budget.is_some(), "budget"),
            (
                effort.is_none() && budget.is_none() && *enabled == Some(true),
                "enabled",
            ),
        ];
        for (_, name) in guessed.into_iter().filter(|(guessed, _)| *guessed) {
            self.losses
                .note(Feature::ReasoningConfig, name, Severity::Altered, "/reasoning");
        }
        derived != Some("none")
    }

    fn sampling(&mut self, object: &mut Object<'_>, sampling: &Sampling<'_>) {
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
        // OpenAI itself has none of these; servers that speak its dialect do.
        for (name, value, feature) in [
            ("top_k", top_k, Feature::Sampling),
            ("frequency_penalty", frequency_penalty, Feature::Sampling),
            ("presence_penalty", presence_penalty, Feature::Sampling),
            ("seed", seed, Feature::Seed),
        ] {
            match value {
                Some(_) if !self.same => {
                    self.losses.note(feature, name, Severity::Altered, "/sampling");
                }
                value => object.optional_number(name, value.as_ref()),
            }
        }
    }

    fn stream(&mut self, object: &mut Object<'_>, stream: &StreamConfig<'_>) {
        let StreamConfig {
            enabled,
            // Every stream of this dialect ends with the usage.
            usage: _,
            options,
            extra,
        } = stream;
        object.optional_bool("stream", *enabled);
        if *options && self.same {
            extra.write(&mut object.object("stream_options"));
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

/// The text of a message that says nothing else.
fn only_text<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    let [part] = &message.parts[..] else {
        return None;
    };
    let plain = part.cache.is_none() && part.extra.is_empty() && part.item.is_none();
    let text = part.body.as_text().filter(|text| text.citations.is_empty());
    text.map(|text| text.text.as_ref())
        .filter(|_| plain && message.extra.is_empty())
}
