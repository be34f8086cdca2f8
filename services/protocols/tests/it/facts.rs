//! What a canonical value says, taken apart into statements that can be counted and compared across
//! dialects. Each names the features whose loss would excuse its absence; one that nothing excuses
//! must survive every conversion.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sluicegate_protocols::canonical::{
    Arguments, CallKind, Candidate, Citation, Extra, FinishReason, FunctionTool, Media, MediaKind, Message,
    Part, PartBody, ReasoningConfig, Request, Response, ResponseShape, Role, Source, Tool, ToolBody,
    ToolMode, ToolResult,
};
use sluicegate_protocols::json::RawJson;
use sluicegate_protocols::lossy::Feature;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The statement.
    pub(crate) says: String,
    /// Losses that excuse its absence, or that it is there though it was not before.
    pub(crate) excuses: &'static [Feature],
    /// It is a piece of the conversation, whose order counts.
    pub(crate) ordered: bool,
}

/// Everything a request says.
pub(crate) fn of_request(request: &Request<'_>) -> Vec<Fact> {
    let mut facts = Facts::default();
    facts.conversation(&request.messages);
    let allowed = request.tools.iter().filter(|tool| may_be_called(request, tool));
    allowed.for_each(|tool| facts.tool(tool));
    facts.settings(request);
    facts.labels(request);
    facts.list
}

/// Everything an answer says, save what only tells one telling from another: its id and time.
pub(crate) fn of_response(response: &Response<'_>) -> Vec<Fact> {
    let mut facts = Facts::default();
    for candidate in &response.candidates {
        facts.candidate(candidate);
    }
    if let Some(usage) = &response.usage {
        let counts = usage.counts;
        facts.add(format!("used {}/{}", counts.input, counts.output), &[]);
        if counts.reasoning > 0 {
            facts.add(
                format!("{} of it thinking", counts.reasoning),
                &[Feature::UsageDetail],
            );
        }
        if counts.cached_input > 0 {
            facts.add(
                format!("{} of it cached", counts.cached_input),
                &[Feature::UsageDetail],
            );
        }
    }
    if let Some(tier) = special_tier(response.service_tier.as_deref()) {
        facts.add(format!("tier {tier}"), &[Feature::ServiceTier]);
    }
    facts.list
}

/// A class of service other than the usual one.
fn special_tier(tier: Option<&str>) -> Option<&str> {
    tier.filter(|tier| !matches!(*tier, "auto" | "default" | "standard" | "standard_only"))
}

/// Whether the choice leaves room for a tool: offering fewer says the same as allowing fewer.
fn may_be_called(request: &Request<'_>, tool: &Tool<'_>) -> bool {
    let called = match &tool.body {
        ToolBody::Function(function) => Some(&function.name),
        ToolBody::Custom(custom) => Some(&custom.name),
        ToolBody::Provider(_) => None,
    };
    match request.tool_choice.as_ref().map(|choice| &choice.mode) {
        Some(ToolMode::None) => false,
        Some(ToolMode::Named(name)) => called.is_none_or(|called| called == name),
        Some(ToolMode::Allowed { names, .. }) => called.is_none_or(|called| names.contains(called)),
        Some(ToolMode::Auto | ToolMode::Required | ToolMode::Other(_)) | None => true,
    }
}

/// Unknown members of a request that say something, and where; each must be reported, or what it
/// stands in.
pub(crate) fn unknown_members(request: &Request<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |extra: &Extra<'_>, at: String| {
        let telling = extra.iter().filter(|(_, value)| !value.is_void());
        found.extend(telling.map(|(name, _)| (name.to_owned(), at.clone())));
    };
    add(&request.extra, String::new());
    for (at, message) in request.messages.iter().enumerate() {
        add(&message.extra, format!("/messages/{at}"));
        for (place, part) in message.parts.iter().enumerate() {
            add(&part.extra, format!("/messages/{at}/parts/{place}"));
        }
    }
    for (at, tool) in request.tools.iter().enumerate() {
        add(&tool.extra, format!("/tools/{at}"));
    }
    found
}

#[derive(Default)]
struct Facts {
    list: Vec<Fact>,
    /// Calls so far: id and name, and whether a result has come.
    calls: Vec<(String, String, bool)>,
    /// Who has the turn.
    turn: &'static str,
    /// The text of this turn that the next piece goes on with.
    speaking: Option<usize>,
    /// The same of what was thought.
    thinking: Option<usize>,
}

impl Facts {
    fn add(&mut self, says: String, excuses: &'static [Feature]) {
        self.list.push(Fact {
            says,
            excuses,
            ordered: false,
        });
    }

    /// A turn begins, or goes on.
    fn turn(&mut self, who: &'static str) {
        if self.turn != who {
            self.turn = who;
            self.speaking = None;
            self.thinking = None;
        }
    }

    fn tell(&mut self, says: String, excuses: &'static [Feature]) {
        self.list.push(Fact {
            says,
            excuses,
            ordered: true,
        });
    }

    /// Text, which may come in any number of pieces. What a model says around its calls is one text
    /// to dialects that do not keep the order of the two.
    fn text(&mut self, who: &'static str, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.speaking {
            Some(at) => self.list[at].says.push_str(text),
            None => {
                self.speaking = Some(self.list.len());
                self.tell(format!("{who}: {text}"), &[]);
            }
        }
    }

    /// What was thought; how its pieces are joined means nothing.
    fn thought(&mut self, text: &str) {
        let text: String = text.split_whitespace().collect();
        match self.thinking {
            Some(at) => self.list[at].says.push_str(&text),
            None => {
                self.thinking = Some(self.list.len());
                self.add(format!("thought {text}"), &[Feature::Reasoning]);
            }
        }
    }

    /// Instructions are one text, wherever they stand; how pieces are joined means nothing. Those
    /// behind the beginning also have a place.
    fn conversation(&mut self, messages: &[Message<'_>]) {
        let mut instructions = String::new();
        let (mut begun, mut placed) = (false, true);
        for message in messages {
            if !message.role.is_instruction() {
                (begun, placed) = (true, false);
                self.message(message);
                continue;
            }
            for part in &message.parts {
                match part.body.as_text() {
                    Some(text) => instructions.extend(text.text.split_whitespace().map(|w| format!("{w} "))),
                    None => self.part("instruction", part),
                }
                self.marks(part);
            }
            if begun && !std::mem::replace(&mut placed, true) {
                self.add(
                    "instructions amid the conversation".to_owned(),
                    &[Feature::InstructionPlace],
                );
            }
            self.name(message);
        }
        if !instructions.is_empty() {
            self.add(
                format!("instructions: {instructions}"),
                &[Feature::InstructionPlace],
            );
        }
    }

    fn name(&mut self, message: &Message<'_>) {
        if let Some(name) = &message.name {
            self.add(format!("speaker {name}"), &[Feature::SpeakerName]);
        }
    }

    fn message(&mut self, message: &Message<'_>) {
        let who = match &message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
            Role::System | Role::Developer => "instruction",
            Role::Other(word) => {
                self.add(format!("role {word}"), &[Feature::Role]);
                "user"
            }
        };
        self.name(message);
        self.turn(who);
        for part in &message.parts {
            self.part(who, part);
            self.marks(part);
        }
    }

    fn marks(&mut self, part: &Part<'_>) {
        if part.cache.is_some() {
            self.add("cached up to here".to_owned(), &[Feature::CacheMark]);
        }
        if let Some(signature) = &part.signature {
            let thought: &[Feature] = &[Feature::ReasoningSignature, Feature::Reasoning];
            let other: &[Feature] = &[Feature::ReasoningSignature];
            let excuses = if part.body.as_reasoning().is_some() {
                thought
            } else {
                other
            };
            self.add(format!("signed {}", out_of_envelope(signature)), excuses);
        }
    }

    fn part(&mut self, who: &'static str, part: &Part<'_>) {
        match &part.body {
            PartBody::Text(text) => {
                self.text(who, &text.text);
                text.citations.iter().for_each(|citation| self.citation(citation));
            }
            PartBody::Refusal(text) => {
                self.text(who, text);
                self.add("declined".to_owned(), &[Feature::Refusal]);
            }
            PartBody::Media(media) => {
                if let Some(text) = plain_text(media) {
                    self.text(who, &text);
                    return self.document(media);
                }
                self.media(media);
                self.speaking = None;
            }
            PartBody::Reasoning(reasoning) => {
                // A summary beside the text says less of the same.
                let told = if reasoning.text.is_empty() {
                    &reasoning.summary
                } else {
                    &reasoning.text
                };
                let said = told.concat();
                if !said.is_empty() {
                    self.thought(&said);
                }
                if let Some(sealed) = &reasoning.encrypted {
                    self.add(
                        format!("signed {}", out_of_envelope(sealed)),
                        &[Feature::ReasoningSignature, Feature::Reasoning],
                    );
                }
            }
            PartBody::ToolCall(call) => {
                let input = match (&call.kind, &call.arguments) {
                    // As dialects without free text carry it.
                    (CallKind::Custom, Arguments::Text(text)) => json!({ "input": text }).to_string(),
                    (_, arguments) => document(arguments.as_text()),
                };
                self.calls.push((
                    call.id.as_deref().unwrap_or_default().to_owned(),
                    call.name.to_string(),
                    false,
                ));
                self.tell(
                    format!("call {} {input}", call.name),
                    &[Feature::ToolArguments, Feature::CustomTool],
                );
            }
            PartBody::ToolResult(result) => self.result(result),
            PartBody::Json(value) => self.tell(format!("{who}: {}", document(value.as_str())), &[]),
            PartBody::Opaque(opaque) => {
                let says = format!("block {}", opaque.kind);
                self.add(
                    says,
                    &[Feature::ServerTool, Feature::UnknownPart, Feature::UnknownField],
                );
            }
        }
    }

    /// A result, told by the number of the call it answers: ids are each dialect's own.
    fn result(&mut self, result: &ToolResult<'_>) {
        let id = result.call_id.as_deref().unwrap_or_default();
        let name = result.name.as_deref().unwrap_or_default();
        let by_id = self.calls.iter().rposition(|call| !id.is_empty() && call.0 == id);
        let waiting = || {
            self.calls
                .iter()
                .position(|(_, called, answered)| !answered && called == name)
        };
        let number = by_id.or_else(waiting);
        if let Some(number) = number {
            self.calls[number].2 = true;
        }
        let mut said = String::new();
        for part in &result.content {
            match &part.body {
                PartBody::Text(text) => said.push_str(&text.text),
                PartBody::Json(value) => said.push_str(value.as_str()),
                PartBody::Media(media) if plain_text(media).is_some() => {
                    said.extend(plain_text(media));
                    self.document(media);
                }
                PartBody::Media(media) => {
                    self.media(media);
                    self.add(
                        format!("shown by call {number:?}"),
                        &[
                            Feature::ToolResultContent,
                            Feature::FileId,
                            Feature::Image,
                            Feature::Video,
                            Feature::File,
                        ],
                    );
                }
                PartBody::Opaque(opaque) => self.add(
                    format!("block {}", opaque.kind),
                    &[
                        Feature::UnknownPart,
                        Feature::ToolResultContent,
                        Feature::ServerTool,
                    ],
                ),
                PartBody::Refusal(_)
                | PartBody::Reasoning(_)
                | PartBody::ToolCall(_)
                | PartBody::ToolResult(_) => {
                    self.add(
                        "odd content of a result".to_owned(),
                        &[Feature::ToolResultContent],
                    );
                }
            }
            self.marks(part);
        }
        self.tell(
            format!(
                "call {number:?} gave {}",
                document(&said).split_whitespace().collect::<String>()
            ),
            &[Feature::ToolResultContent],
        );
        if result.is_error == Some(true) {
            self.add(format!("call {number:?} failed"), &[Feature::ToolError]);
        }
    }

    /// A document of plain text reads the same as text, save that it is one.
    fn document(&mut self, media: &Media<'_>) {
        self.add(
            "that was a document".to_owned(),
            &[Feature::File, Feature::ToolResultContent],
        );
        if let Some(name) = &media.name {
            self.add(
                format!("file called {name}"),
                &[Feature::File, Feature::ToolResultContent],
            );
        }
    }

    fn media(&mut self, media: &Media<'_>) {
        let Media {
            kind,
            source,
            mime,
            name,
            detail,
        } = media;
        // Some dialects know the kind by the type alone, and others nothing but files.
        let kind = match mime.as_deref().and_then(|mime| mime.split('/').next()) {
            Some("image") => &MediaKind::Image,
            Some("audio") => &MediaKind::Audio,
            Some("video") => &MediaKind::Video,
            _ => kind,
        };
        let (what, excuses): (&str, &'static [Feature]) = match kind {
            MediaKind::Image => (
                "image",
                &[
                    Feature::Image,
                    Feature::File,
                    Feature::FileId,
                    Feature::ToolResultContent,
                ],
            ),
            MediaKind::Audio => (
                "audio",
                &[
                    Feature::Audio,
                    Feature::File,
                    Feature::FileId,
                    Feature::ToolResultContent,
                ],
            ),
            MediaKind::Video => (
                "video",
                &[
                    Feature::Video,
                    Feature::File,
                    Feature::FileId,
                    Feature::ToolResultContent,
                ],
            ),
            MediaKind::File => (
                "file",
                &[Feature::File, Feature::FileId, Feature::ToolResultContent],
            ),
        };
        let place = match source {
            Source::Base64(text) | Source::Text(text) => format!("{} bytes", text.len()),
            Source::Url(url) => url.to_string(),
            Source::FileId(id) => id.to_string(),
        };
        self.tell(format!("{what} {place}"), excuses);
        // MP3 has two names.
        let mime = mime
            .as_deref()
            .map(|mime| mime.replace("audio/mpeg", "audio/mp3"));
        if let (Some(mime), Source::Base64(_)) = (mime, source) {
            self.add(format!("{what} is {mime}"), excuses);
        }
        if let Some(name) = name {
            self.add(
                format!("{what} called {name}"),
                &[Feature::File, Feature::ToolResultContent],
            );
        }
        if let Some(detail) = detail {
            self.add(
                format!("{what} in detail {detail}"),
                &[Feature::ImageDetail, Feature::Image, Feature::ToolResultContent],
            );
        }
    }

    fn citation(&mut self, citation: &Citation<'_>) {
        let Citation {
            kind: _,
            url,
            title,
            quote,
            start,
            end,
            document,
            extra,
        } = citation;
        let mut cite = |says: Option<String>| {
            if let Some(says) = says {
                self.add(format!("cites {says}"), &[Feature::Citation]);
            }
        };
        // Cohere has a list of sources, each with what is known of it.
        let sources = extra
            .get("sources")
            .map(|raw| serde_json::from_str::<Value>(raw.as_str()).unwrap());
        for source in sources.iter().flat_map(|list| list.as_array()).flatten() {
            let told = |name: &str| source["document"][name].as_str();
            cite(told("url").map(str::to_owned));
            cite(
                told("title")
                    .filter(|title| !title.is_empty())
                    .map(|title| format!("title {title}")),
            );
            cite(
                source["id"]
                    .as_str()
                    .filter(|id| !id.is_empty())
                    .map(|id| format!("document {id}")),
            );
        }
        cite(url.as_deref().map(str::to_owned));
        let title = title.as_deref().filter(|title| !title.is_empty());
        cite(title.map(|title| format!("title {title}")));
        cite(
            quote
                .as_deref()
                .filter(|quote| !quote.is_empty())
                .map(|quote| format!("quote {quote}")),
        );
        let place = start.zip(*end).filter(|(start, end)| start < end);
        cite(place.map(|(start, end)| format!("at {start} to {end}")));
        cite(document.map(|number| format!("document {number}")));
    }

    fn tool(&mut self, tool: &Tool<'_>) {
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

    fn settings(&mut self, request: &Request<'_>) {
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

    fn response_shape(&mut self, shape: &ResponseShape<'_>) {
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

    fn reasoning_config(&mut self, config: &ReasoningConfig<'_>) {
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

    fn labels(&mut self, request: &Request<'_>) {
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

    fn candidate(&mut self, candidate: &Candidate<'_>) {
        let excuses: &'static [Feature] = if candidate.index == 0 {
            &[]
        } else {
            &[Feature::Candidates]
        };
        let from = self.list.len();
        self.turn("");
        self.message(&candidate.message);
        if let Some(finish) = &candidate.finish {
            let reason = match finish.reason {
                FinishReason::Stop | FinishReason::StopSequence => Some("stop"),
                FinishReason::Length | FinishReason::ContextWindow => Some("length"),
                FinishReason::ToolUse => Some("tool use"),
                FinishReason::ContentFilter | FinishReason::Refusal => Some("refusal"),
                FinishReason::Pause => Some("pause"),
                FinishReason::Error => Some("error"),
                // No reason that anybody knows.
                FinishReason::Other => None,
            };
            if let Some(reason) = reason {
                self.add(format!("ends with {reason}"), &[Feature::FinishReason]);
            }
            if let Some(sequence) = &finish.sequence {
                self.add(format!("ended at {sequence:?}"), &[Feature::StopSequence]);
            }
        }
        if let Some(logprobs) = candidate.logprobs.as_ref().filter(|l| !l.content.is_empty()) {
            let tokens: String = logprobs
                .content
                .iter()
                .map(|token| token.token.as_ref())
                .collect();
            self.add(format!("logprobs of {tokens}"), &[Feature::Logprobs]);
        }
        if !excuses.is_empty() {
            for fact in &mut self.list[from..] {
                fact.excuses = excuses;
            }
        }
    }
}

/// A signature as its issuer wrote it: a dialect carries that of another in an envelope.
fn out_of_envelope(signature: &str) -> &str {
    let inside = signature.rsplit(['#', '.']).next().unwrap_or_default();
    let enclosed = signature.starts_with("sluicegate.") || signature.contains("-v1#");
    if enclosed { inside } else { signature }
}

/// The text of a document that is nothing but text.
fn plain_text<'m>(media: &'m Media<'_>) -> Option<Cow<'m, str>> {
    match &media.source {
        Source::Text(text) => Some(Cow::Borrowed(text)),
        Source::Base64(data) if media.mime.as_deref() == Some("text/plain") => {
            let bytes = STANDARD.decode(data.as_bytes()).ok()?;
            String::from_utf8(bytes).ok().map(Cow::Owned)
        }
        Source::Base64(_) | Source::Url(_) | Source::FileId(_) => None,
    }
}

/// A text in one spelling, if it is JSON.
fn document(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}

/// A schema in one spelling; those that ask for nothing are alike.
fn schema(schema: Option<&RawJson<'_>>) -> String {
    let text = schema.map_or_else(|| "{}".to_owned(), |raw| document(raw.as_str()));
    match text.as_str() {
        "{}" | r#"{"type":"object"}"# | r#"{"properties":{},"type":"object"}"# => "anything".to_owned(),
        _ => text,
    }
}
