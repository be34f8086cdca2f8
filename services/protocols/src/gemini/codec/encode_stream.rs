//! Canonical events into chunks. Owns what this dialect wants of a stream: text at once, a call only
//! when its arguments are whole, usage and finish reasons in the last chunk.

use std::borrow::Cow;

use super::encode_grounding::{Cited, is_told, write_grounding, write_tokens};
use super::encode_part::{own_block, write_media};
use super::encode_response::lost_of;
use super::timestamp;
use crate::TokenCounts;
use crate::canonical::{
    Arguments, CallKind, Citation, Delta, Finish, Form, Issuer, Opaque, Part, PartBody, Reasoning, Source,
    StreamEvent, StreamStart, Text, TokenLogprob, ToolCall, Usage,
};
use crate::failure::{Failure, FailureClass};
use crate::gemini::error::ErrorBody;
use crate::gemini::{finish, usage};
use crate::json::{Object, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids;

/// Most bytes of arguments kept until a call is whole.
const MAX_ARGUMENTS: usize = 8 << 20;
/// Most citations kept for the last chunk.
const MAX_CITATIONS: usize = 1024;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    created: u64,
    /// What every chunk ends with; made when the stream starts.
    suffix: Vec<u8>,
    answers: Vec<Answer>,
    usage: Option<TokenCounts>,
    calls: u32,
    ended: bool,
    losses: LossReport,
}

/// One answer so far.
#[derive(Debug)]
struct Answer {
    index: u32,
    open: Open,
    /// Token probabilities that go with the next chunk.
    logprobs: Vec<TokenLogprob<'static>>,
    citations: Vec<Citation<'static>>,
    finish: Option<String>,
}

/// The part that is open.
#[derive(Debug)]
enum Open {
    Nothing,
    Text,
    /// With the summary piece reached.
    Reasoning(u32),
    Call(Box<Held>),
    /// A part this dialect cannot stream.
    Lost,
}

/// A call until it is whole.
#[derive(Debug)]
struct Held {
    id: String,
    name: String,
    arguments: String,
    kind: CallKind,
    signature: Option<String>,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        let mut encoder = Self {
            id: target.id.to_owned(),
            model: target.model.to_owned(),
            created: target.created,
            suffix: Vec::new(),
            answers: Vec::new(),
            usage: None,
            calls: 0,
            ended: false,
            losses: LossReport::default(),
        };
        encoder.make_suffix();
        encoder
    }

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        &self.losses
    }

    /// Appends the frames that an event makes.
    pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start(start) => self.start(start),
            StreamEvent::PartStart {
                candidate,
                index: _,
                part,
            } => self.part_start(*candidate, part, out),
            StreamEvent::Delta { candidate, delta } => self.delta(*candidate, delta, out),
            StreamEvent::PartEnd { candidate } => self.part_end(*candidate, out),
            StreamEvent::Logprobs { candidate, tokens } => {
                let at = self.answer(*candidate);
                let tokens = tokens.iter().map(|token| token.clone().into_owned());
                self.answers[at].logprobs.extend(tokens);
            }
            StreamEvent::Usage(Usage { counts, native: _ }) => self.usage = Some(*counts),
            StreamEvent::Extra { name, .. } => self.lose(Feature::UnknownField, name, Severity::Hint),
            StreamEvent::Finish { candidate, finish } => self.finish(*candidate, finish),
            StreamEvent::Error(error) => {
                let failure = Failure {
                    class: error.class(200),
                    message: &error.message,
                    param: None,
                    code: error.code.as_deref(),
                };
                self.fail(&failure, out);
            }
            StreamEvent::Done => self.done(out),
        }
    }

    /// Ends the stream with an error.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        if !self.ended {
            self.ended = true;
            out.extend_from_slice(&ErrorBody::from(failure).to_stream_frame());
        }
    }

    fn lose(&mut self, feature: Feature, name: &str, severity: Severity) {
        self.losses.note_once(feature, name, severity, "/stream");
    }

    fn start(&mut self, start: &StreamStart<'_>) {
        let StreamStart {
            id,
            model,
            created,
            service_tier,
        } = start;
        if let Some(id) = id {
            self.id = id.as_ref().to_owned();
        }
        if let Some(model) = model {
            self.model = model.as_ref().to_owned();
        }
        self.created = created.unwrap_or(self.created);
        if service_tier.is_some() {
            self.lose(Feature::ServiceTier, "", Severity::Hint);
        }
        self.make_suffix();
    }

    fn make_suffix(&mut self) {
        let mut suffix = Vec::new();
        {
            let mut object = Object::open(&mut suffix);
            object.string("modelVersion", &self.model);
            object.string("responseId", &self.id);
            object.string("createTime", &timestamp::write(self.created));
        }
        // Chunks begin an object that this one ends.
        if let Some(first) = suffix.first_mut() {
            *first = b',';
        }
        self.suffix = suffix;
    }

    /// The place of an answer among all.
    fn answer(&mut self, candidate: u32) -> usize {
        if let Some(at) = self.answers.iter().position(|a| a.index == candidate) {
            return at;
        }
        self.answers.push(Answer {
            index: candidate,
            open: Open::Nothing,
            logprobs: Vec::new(),
            citations: Vec::new(),
            finish: None,
        });
        self.answers.len() - 1
    }

    /// Appends a chunk with one part of an answer.
    fn chunk(&mut self, at: usize, out: &mut Vec<u8>, part: impl FnOnce(&mut Vec<u8>)) {
        let from = out.len();
        out.extend_from_slice(b"data: {\"candidates\":[");
        {
            let answer = &mut self.answers[at];
            let mut object = Object::open(out);
            {
                let mut content = object.object("content");
                part(content.array("parts").value());
                content.string("role", "model");
            }
            object.unsigned("index", u64::from(answer.index));
            write_held_tokens(&mut object, &mut answer.logprobs);
        }
        out.push(b']');
        out.extend_from_slice(&self.suffix);
        end_frame(out, from);
    }

    fn part_start(&mut self, candidate: u32, part: &Part<'_>, out: &mut Vec<u8>) {
        let at = self.answer(candidate);
        let Part {
            body,
            cache: _,
            signature,
            issuer,
            item: _,
            form: _,
            extra: _,
        } = part;
        let own = signature.as_deref().filter(|_| *issuer == Some(Issuer::Google));
        if signature.is_some() && own.is_none() {
            self.lose(Feature::ReasoningSignature, "", Severity::Altered);
        }
        match body {
            PartBody::Text(Text { text, citations }) => {
                self.answers[at].open = Open::Text;
                self.text(at, text, false, own, out);
                for citation in citations {
                    self.cite(at, citation);
                }
            }
            PartBody::Json(value) => {
                self.answers[at].open = Open::Text;
                self.text(at, value.as_str(), false, own, out);
            }
            PartBody::Refusal(text) => {
                self.lose(Feature::Refusal, "", Severity::Hint);
                self.answers[at].open = Open::Text;
                self.text(at, text, false, own, out);
            }
            PartBody::Reasoning(reasoning) => {
                let Reasoning {
                    id: _,
                    text,
                    summary,
                    encrypted,
                } = reasoning;
                self.answers[at].open = Open::Reasoning(0);
                if encrypted.is_some() {
                    self.lose(Feature::ReasoningSignature, "", Severity::Altered);
                }
                let shown = if text.is_empty() {
                    self.answers[at].open = Open::Reasoning(summary.len().saturating_sub(1) as u32);
                    summary.join("\n\n")
                } else {
                    text.concat()
                };
                self.text(at, &shown, true, own, out);
            }
            PartBody::ToolCall(call) => self.hold(at, call, own),
            PartBody::Media(media) if !matches!(media.source, Source::FileId(_)) => {
                self.answers[at].open = Open::Lost;
                self.chunk(at, out, |out| {
                    let mut object = Object::open(out);
                    match &media.source {
                        Source::Text(text) => object.string("text", text),
                        Source::Base64(_) | Source::Url(_) | Source::FileId(_) => {
                            write_media(&mut object, media, Form::default(), false);
                        }
                    }
                    object.optional_string("thoughtSignature", own);
                });
            }
            PartBody::Media(_) => self.lost_part(at, Feature::FileId, ""),
            PartBody::Opaque(opaque) => match own_block(opaque) {
                Some(block) => {
                    self.answers[at].open = Open::Lost;
                    self.chunk(at, out, |out| block.write(out));
                }
                None => {
                    let Opaque { kind, .. } = opaque;
                    self.lost_part(at, Feature::UnknownPart, kind);
                }
            },
            PartBody::ToolResult(_) => self.lost_part(at, Feature::ToolResultContent, ""),
        }
    }

    fn lost_part(&mut self, at: usize, feature: Feature, name: &str) {
        self.lose(feature, name, Severity::Missing);
        self.answers[at].open = Open::Lost;
    }

    fn hold(&mut self, at: usize, call: &ToolCall<'_>, signature: Option<&str>) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra: _,
        } = call;
        let id = match id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Cow::Borrowed(id),
            None => Cow::Owned(tool_ids::mint(&self.id, self.calls)),
        };
        self.calls = self.calls.saturating_add(1);
        let opening = match arguments {
            Arguments::Text(text) => text.as_ref(),
            Arguments::Json(raw) => raw.as_str(),
        };
        self.answers[at].open = Open::Call(Box::new(Held {
            id: id.into_owned(),
            name: name.as_ref().to_owned(),
            arguments: opening.to_owned(),
            kind: *kind,
            signature: signature.map(str::to_owned),
        }));
    }

    fn delta(&mut self, candidate: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let at = self.answer(candidate);
        match (delta, &mut self.answers[at].open) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Reasoning(_)) => self.text(at, text, true, None, out),
            (Delta::Text(text), _) => self.text(at, text, false, None, out),
            (Delta::Summary { piece, text }, Open::Reasoning(reached)) => {
                let apart = if *piece > *reached { "\n\n" } else { "" };
                *reached = *piece;
                self.text(at, &format!("{apart}{text}"), true, None, out);
            }
            (Delta::Arguments(text), Open::Call(held)) => {
                held.arguments.push_str(text);
                if held.arguments.len() > MAX_ARGUMENTS {
                    let failure = Failure {
                        class: FailureClass::Upstream,
                        message: "a tool call of the provider is too large",
                        param: None,
                        code: None,
                    };
                    self.fail(&failure, out);
                }
            }
            // Who made it is told when a part starts.
            (Delta::Signature(_) | Delta::Encrypted(_), _) => {
                self.lose(Feature::ReasoningSignature, "", Severity::Altered);
            }
            (Delta::Citation(citation), _) => self.cite(at, citation),
            // A decoder that keeps its promises does not come here.
            (Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.lose(Feature::UnknownPart, "delta", Severity::Missing);
            }
        }
    }

    fn cite(&mut self, at: usize, citation: &Citation<'_>) {
        let kept = &mut self.answers[at].citations;
        if is_told(citation) && kept.len() < MAX_CITATIONS {
            kept.push(citation.clone().into_owned());
        } else {
            self.lose(Feature::Citation, &citation.kind, Severity::Altered);
        }
    }

    fn text(&mut self, at: usize, text: &str, thought: bool, signature: Option<&str>, out: &mut Vec<u8>) {
        if text.is_empty() && signature.is_none() {
            return;
        }
        self.chunk(at, out, |out| {
            let mut object = Object::open(out);
            write_string(object.value("text"), text);
            if thought {
                object.bool("thought", true);
            }
            object.optional_string("thoughtSignature", signature);
        });
    }

    fn part_end(&mut self, candidate: u32, out: &mut Vec<u8>) {
        let at = self.answer(candidate);
        let open = std::mem::replace(&mut self.answers[at].open, Open::Nothing);
        let Open::Call(held) = open else { return };
        let Held {
            id,
            name,
            arguments,
            kind,
            signature,
        } = *held;
        let arguments = Arguments::Text(Cow::Owned(arguments));
        let object = arguments.as_object();
        if object.is_err() && kind == CallKind::Function {
            self.lose(Feature::ToolArguments, "", Severity::Altered);
        }
        self.chunk(at, out, |out| {
            let mut part = Object::open(out);
            {
                let mut call = part.object("functionCall");
                call.string("id", &id);
                call.string("name", &name);
                match (kind, object) {
                    (CallKind::Function, Ok(object)) => call.raw("args", &object),
                    // Free text, or what was to be an object and is not.
                    (CallKind::Function | CallKind::Custom, _) => {
                        let text = match &arguments {
                            Arguments::Text(text) => text.as_ref(),
                            Arguments::Json(raw) => raw.as_str(),
                        };
                        call.object("args").string("input", text);
                    }
                }
            }
            part.optional_string("thoughtSignature", signature.as_deref());
        });
    }

    fn finish(&mut self, candidate: u32, end: &Finish<'_>) {
        let at = self.answer(candidate);
        if let Some(feature) = lost_of(end) {
            self.lose(feature, "", Severity::Hint);
        }
        let word = finish::word(end, false).to_owned();
        self.answers[at].finish.get_or_insert(word);
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let unfinished = self.answers.iter().any(|answer| answer.finish.is_none());
        if unfinished || self.answers.is_empty() {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
            };
            return self.fail(&failure, out);
        }
        self.ended = true;
        let from = out.len();
        out.extend_from_slice(b"data: ");
        {
            let mut chunk = Object::open(out);
            {
                let mut list = chunk.array("candidates");
                for answer in &mut self.answers {
                    answer.last_chunk(&mut list.object());
                }
            }
            if let Some(counts) = &self.usage {
                usage::write(&mut chunk.object("usageMetadata"), counts);
            }
        }
        out.pop();
        out.extend_from_slice(&self.suffix);
        end_frame(out, from);
    }
}

impl Answer {
    /// Writes the answer as the last chunk has it.
    fn last_chunk(&mut self, object: &mut Object<'_>) {
        {
            // Clients look for a part in every chunk.
            let mut content = object.object("content");
            content.array("parts").object().string("text", "");
            content.string("role", "model");
        }
        object.optional_string("finishReason", self.finish.as_deref());
        object.unsigned("index", u64::from(self.index));
        write_held_tokens(object, &mut self.logprobs);
        let cited: Vec<_> = self
            .citations
            .iter()
            .map(|citation| Cited {
                part: 0,
                text: None,
                citation,
            })
            .collect();
        if !cited.is_empty() {
            write_grounding(object, &cited);
        }
    }
}

fn write_held_tokens(object: &mut Object<'_>, held: &mut Vec<TokenLogprob<'static>>) {
    if !held.is_empty() {
        write_tokens(&mut object.object("logprobsResult"), held);
        held.clear();
    }
}

/// Ends the frame that began at `from`. Line breaks in it stand between JSON tokens, inside values
/// spliced in as they came; a frame is one line.
fn end_frame(out: &mut Vec<u8>, from: usize) {
    for byte in out.iter_mut().skip(from) {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}
