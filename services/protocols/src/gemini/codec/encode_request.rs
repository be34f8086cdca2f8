//! A request out of the canonical form. Model and streaming are for the path and not written.

use super::decode_config::CONFIG;
use super::decode_tools::TOOL_CONFIG;
use super::{Name, spelled};
use crate::canonical::{Extra, Form, Part, Request, StreamConfig};
use crate::dialect::Dialect;
use crate::json::{Object, RawJson};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::{GeminiQuirks, RequestTarget};
use crate::tool_ids::ToolIds;

/// Writes a request body for the provider `target` describes.
pub fn encode_request(request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: request.origin == Dialect::Gemini && !target.meaning_only,
        own: request.origin == Dialect::Gemini,
        quirks: target.gemini,
        ids: ToolIds::new(target.tool_ids),
        losses: LossReport::default(),
    };
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    let content: usize = parts.map(Part::size_hint).sum();
    let mut body = Vec::with_capacity(512 + content + request.tools.len() * 512);
    writer.request(&mut Object::open(&mut body), request);
    Encoded {
        body,
        losses: writer.losses,
    }
}

/// Writes contents and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer {
    /// The canonical form came from this dialect: its form and extra count.
    pub(super) same: bool,
    /// It came from this dialect, though perhaps its meaning alone is to be written.
    pub(super) own: bool,
    pub(super) quirks: GeminiQuirks,
    pub(super) ids: ToolIds,
    pub(super) losses: LossReport,
}

impl Writer {
    fn request(&mut self, object: &mut Object<'_>, request: &Request<'_>) {
        // Taken apart in full, so that a new field of the canonical form is thought of here.
        let Request {
            origin: _,
            model: _,
            messages,
            tools,
            tool_choice: _,
            parallel_tool_calls,
            sampling: _,
            max_output_tokens: _,
            stop: _,
            candidates: _,
            response_format: _,
            reasoning: _,
            logprobs: _,
            verbosity,
            modalities: _,
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
        self.instructions(object, messages, *note);
        self.contents(object, messages, *note);
        if !tools.is_empty() {
            self.tools(object, tools, *note);
        }
        self.tool_config(object, request);
        self.generation_config(object, request);
        match metadata {
            Some(labels) if self.own => object.raw("labels", labels),
            // Labels must keep to rules of Google's, and the Gemini API takes none.
            Some(_) => self.drop_setting(Feature::Metadata, Severity::Hint, "/metadata"),
            None => {}
        }
        use Severity::{Altered, Hint};
        for (given, feature, severity, at) in [
            (
                *parallel_tool_calls == Some(false),
                Feature::ParallelToolCalls,
                Altered,
                "/parallel_tool_calls",
            ),
            (verbosity.is_some(), Feature::Verbosity, Altered, "/verbosity"),
            (user.is_some(), Feature::User, Hint, "/user"),
            (
                safety_identifier.is_some(),
                Feature::User,
                Hint,
                "/safety_identifier",
            ),
            (
                service_tier.is_some(),
                Feature::ServiceTier,
                Hint,
                "/service_tier",
            ),
            (
                prompt_cache_key.is_some(),
                Feature::PromptCacheKey,
                Hint,
                "/prompt_cache_key",
            ),
            (cache.is_some(), Feature::CacheMark, Hint, "/cache"),
            (*store == Some(true), Feature::Store, Hint, "/store"),
        ] {
            if given {
                self.drop_setting(feature, severity, at);
            }
        }
        self.rest(object, stream, extra);
    }

    fn drop_setting(&mut self, feature: Feature, severity: Severity, at: &'static str) {
        self.losses.note(feature, "", severity, at);
    }

    /// Writes unknown members of the request, or notes them as lost; those under a dotted name are
    /// in their objects already.
    fn rest(&mut self, object: &mut Object<'_>, stream: &StreamConfig<'_>, extra: &Extra<'_>) {
        let StreamConfig {
            enabled: _,
            // Usage comes unasked.
            usage: _,
            options: _,
            extra: options,
        } = stream;
        self.lost(options, || "/stream".to_owned());
        if !self.same {
            return self.lost(extra, String::new);
        }
        for (name, value) in extra.iter() {
            if !name.starts_with(CONFIG) && !name.starts_with(TOOL_CONFIG) {
                value.write(object.value_of(name.strip_prefix('.').unwrap_or(name)));
            }
        }
    }

    /// The key of a top-level member in the spelling noted.
    pub(super) fn key(&self, name: Name, note: Form, snake: Form) -> &'static str {
        spelled(name, self.same && note.has(snake))
    }

    /// Writes what the dialect of origin did not model, or notes it as lost.
    pub(super) fn extra(&mut self, object: &mut Object<'_>, extra: &Extra<'_>, at: impl Fn() -> String) {
        if self.same {
            extra.write(object);
        } else {
            self.lost(extra, at);
        }
    }

    /// Notes what the dialect of origin did not model as lost, unless it says nothing.
    pub(super) fn lost(&mut self, extra: &Extra<'_>, at: impl Fn() -> String) {
        for (name, value) in extra.iter() {
            if !value.is_void() {
                self.losses
                    .note(Feature::UnknownField, name, Severity::Altered, at());
            }
        }
    }

    /// The members of `generationConfig` or `toolConfig` that are not modelled.
    pub(super) fn dotted<'e, 'a>(
        &self,
        extra: &'e Extra<'a>,
        prefix: &'static str,
    ) -> Vec<(&'e str, &'e RawJson<'a>)> {
        let mut found = Vec::new();
        if self.same {
            found.extend(
                extra
                    .iter()
                    .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value))),
            );
        }
        found
    }

    /// Whether a note on the request's spelling counts.
    pub(super) fn noted(&self, request: &Request<'_>, note: Form) -> bool {
        self.same && request.form.has(note)
    }
}
