//! Canonical events into chunks. Owns what this dialect wants of a stream: the role first, calls
//! numbered from 0, one finish reason, usage in a chunk of its own when asked for, `[DONE]` last.

use std::borrow::Cow;

use super::encode_message::{call_type, write_annotations, write_google_signature};
use super::encode_part::feature;
use super::encode_response::{finish_word, write_tokens};
use crate::TokenCounts;
use crate::canonical::{
    CallKind, Delta, Finish, Issuer, Opaque, Part, PartBody, Reasoning, StreamEvent, StreamStart, Text, ToolCall, Usage,
};
use crate::failure::{Failure, FailureClass};
use crate::json::{Array, Object};
use crate::lossy::{Feature, LossReport, Severity};
use crate::openai_chat::encode::DONE_FRAME;
use crate::openai_chat::{error::ErrorBody, usage};
use crate::target::AnswerTarget;
use crate::tool_ids;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    created: u64,
    with_usage: bool,
    /// What every chunk begins with; made when the stream starts.
    prefix: Vec<u8>,
    choices: Vec<Choice>,
    usage: Option<TokenCounts>,
    ended: bool,
    losses: LossReport,
}

/// One answer so far.
#[derive(Debug)]
struct Choice {
    index: u32,
    calls: u32,
    open: Open,
    /// Pieces of reasoning so far, for `reasoning_details`.
    reasoning: u64,
    /// Token probabilities that go with the next text.
    logprobs: Vec<u8>,
    finished: bool,
}

/// The part that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    Nothing,
    Text,
    Refusal,
    /// With the format of its signature, where it will have one, and the summary piece reached.
    Reasoning(Option<String>, u32),
    /// Whether it has had arguments, and whether they are JSON.
    Call(bool, CallKind),
    /// A part this dialect cannot stream.
    Lost,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        Self {
            id: target.id.to_owned(),
            model: target.model.to_owned(),
            created: target.created,
            with_usage: target.usage,
            prefix: Vec::new(),
            choices: Vec::new(),
            usage: None,
            ended: false,
            losses: LossReport::default(),
        }
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
            StreamEvent::PartStart { candidate, index: _, part } => self.part_start(*candidate, part, out),
            StreamEvent::Delta { candidate, delta } => self.delta(*candidate, delta, out),
            StreamEvent::PartEnd { candidate } => self.part_end(*candidate, out),
            StreamEvent::Logprobs { candidate, tokens } => {
                let at = self.choice(*candidate, out);
                let held = &mut self.choices[at].logprobs;
                if held.last() == Some(&b']') {
                    held.pop();
                    held.push(b',');
                    let from = held.len();
                    write_tokens(Array::open(held), tokens);
                    held.remove(from);
                } else {
                    write_tokens(Array::open(held), tokens);
                }
            }
            StreamEvent::Usage(Usage { counts, native: _ }) => self.usage = Some(*counts),
            StreamEvent::Extra { name, .. } => {
                self.losses.note_once(Feature::UnknownField, name, Severity::Hint, "/stream");
            }
            StreamEvent::Finish { candidate, finish } => self.finish(*candidate, finish, out),
            StreamEvent::Error(error) => {
                let class = error.class(200);
                self.fail(
                    &Failure {
                        class,
                        message: &error.message,
                        param: None,
                        code: error.code.as_deref(),
                    },
                    out,
                );
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
        self.head(model.as_deref(), *created, service_tier.as_deref());
    }

    fn head(&mut self, model: Option<&str>, created: Option<u64>, tier: Option<&str>) {
        self.prefix.clear();
        self.prefix.extend_from_slice(b"data: ");
        {
            let mut object = Object::open(&mut self.prefix);
            object.string("id", &self.id);
            object.string("object", "chat.completion.chunk");
            object.unsigned("created", created.unwrap_or(self.created));
            object.string("model", model.unwrap_or(&self.model));
            object.optional_string("service_tier", tier);
        }
        // Chunks go on inside the object.
        self.prefix.pop();
    }

    /// The place of an answer among `choices`; a new one begins with its role.
    fn choice(&mut self, candidate: u32, out: &mut Vec<u8>) -> usize {
        if let Some(at) = self.choices.iter().position(|c| c.index == candidate) {
            return at;
        }
        self.choices.push(Choice {
            index: candidate,
            calls: 0,
            open: Open::Nothing,
            reasoning: 0,
            logprobs: Vec::new(),
            finished: false,
        });
        let at = self.choices.len() - 1;
        self.chunk(at, out, None, |delta| {
            delta.string("role", "assistant");
            delta.string("content", "");
        });
        at
    }

    /// Appends one chunk of an answer.
    fn chunk(
        &mut self,
        at: usize,
        out: &mut Vec<u8>,
        finish: Option<(&str, Option<&str>)>,
        delta: impl FnOnce(&mut Object<'_>),
    ) {
        if self.prefix.is_empty() {
            self.head(None, None, None);
        }
        let from = out.len();
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(b",\"choices\":[");
        {
            let mut object = Object::open(out);
            object.unsigned("index", u64::from(self.choices[at].index));
            delta(&mut object.object("delta"));
            let held = &mut self.choices[at].logprobs;
            if held.is_empty() {
                object.null("logprobs");
            } else {
                let mut inner = object.object("logprobs");
                inner.value("content").extend_from_slice(held);
                inner.null("refusal");
                held.clear();
            }
            match finish {
                Some((word, native)) => {
                    object.string("finish_reason", word);
                    object.optional_string("native_finish_reason", native);
                }
                None => object.null("finish_reason"),
            }
        }
        out.push(b']');
        if self.with_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.push(b'}');
        end_frame(out, from);
    }

    fn part_start(&mut self, candidate: u32, part: &Part<'_>, out: &mut Vec<u8>) {
        let at = self.choice(candidate, out);
        let Part {
            body,
            cache: _,
            signature,
            issuer,
            item: _,
            form: _,
            extra: _,
        } = part;
        match body {
            PartBody::Text(Text { text, citations }) => {
                self.choices[at].open = Open::Text;
                self.text(at, text, out);
                for citation in citations {
                    self.delta(candidate, &Delta::Citation(citation.clone()), out);
                }
            }
            PartBody::Json(value) => {
                self.choices[at].open = Open::Text;
                self.text(at, value.as_str(), out);
            }
            PartBody::Refusal(text) => {
                self.choices[at].open = Open::Refusal;
                self.text(at, text, out);
            }
            PartBody::Reasoning(reasoning) => self.reasoning_start(at, reasoning, issuer.as_ref(), out),
            PartBody::ToolCall(call) => return self.call_start(at, call, part, out),
            PartBody::Media(media) => self.lose(at, feature(media.kind), ""),
            PartBody::Opaque(Opaque { kind, .. }) => self.lose(at, Feature::UnknownPart, kind),
            PartBody::ToolResult(_) => self.lose(at, Feature::ToolResultContent, ""),
        }
        if let Some(signature) = signature {
            self.delta(candidate, &Delta::Signature(Cow::Borrowed(signature)), out);
        }
    }

    fn lose(&mut self, at: usize, feature: Feature, name: &str) {
        self.losses.note_once(feature, name, Severity::Missing, "/stream");
        self.choices[at].open = Open::Lost;
    }

    fn reasoning_start(&mut self, at: usize, reasoning: &Reasoning<'_>, issuer: Option<&Issuer<'_>>, out: &mut Vec<u8>) {
        let Reasoning {
            id,
            text,
            summary,
            encrypted,
        } = reasoning;
        let format = issuer.map(|issuer| issuer.as_str().to_owned());
        self.choices[at].open = Open::Reasoning(format, 0);
        self.choices[at].reasoning += 1;
        let candidate = self.choices[at].index;
        for text in text {
            self.delta(candidate, &Delta::Text(Cow::Borrowed(text)), out);
        }
        for (piece, text) in (0u32..).zip(summary) {
            self.delta(candidate, &Delta::Summary { piece, text: Cow::Borrowed(text) }, out);
        }
        if let Some(encrypted) = encrypted {
            self.sealed(at, encrypted, id.as_deref(), out);
        }
    }

    fn sealed(&mut self, at: usize, data: &str, id: Option<&str>, out: &mut Vec<u8>) {
        self.detail(at, out, None, |object| {
            object.string("type", "reasoning.encrypted");
            object.string("data", data);
            object.optional_string("id", id);
        });
    }

    /// Appends a chunk with one of `reasoning_details`, and the text of it for those who read only
    /// that.
    fn detail(&mut self, at: usize, out: &mut Vec<u8>, shown: Option<&str>, write: impl FnOnce(&mut Object<'_>)) {
        let choice = &self.choices[at];
        let format = match &choice.open {
            Open::Reasoning(format, _) => format.clone(),
            _ => None,
        };
        let index = choice.reasoning.saturating_sub(1);
        self.chunk(at, out, None, |delta| {
            delta.optional_string("reasoning_content", shown);
            let mut list = delta.array("reasoning_details");
            let mut object = list.object();
            write(&mut object);
            object.optional_string("format", format.as_deref());
            object.unsigned("index", index);
        });
    }

    fn call_start(&mut self, at: usize, call: &ToolCall<'_>, part: &Part<'_>, out: &mut Vec<u8>) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra: _,
        } = call;
        let position = self.choices[at].calls;
        self.choices[at].calls += 1;
        let id = match id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Cow::Borrowed(id),
            None => Cow::Owned(tool_ids::mint(&self.id, position)),
        };
        let opening = match arguments {
            crate::canonical::Arguments::Text(text) => text.as_ref(),
            crate::canonical::Arguments::Json(raw) => raw.as_str(),
        };
        self.choices[at].open = Open::Call(!opening.is_empty(), *kind);
        let google = part.signature.as_deref().filter(|_| part.issuer == Some(Issuer::Google));
        if part.signature.is_some() && google.is_none() {
            self.losses.note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
        }
        self.chunk(at, out, None, |delta| {
            let mut list = delta.array("tool_calls");
            let mut object = list.object();
            object.unsigned("index", u64::from(position));
            object.string("id", &id);
            object.string("type", call_type(*kind));
            {
                let mut inner = object.object(call_type(*kind));
                inner.string("name", name);
                inner.string(input_member(*kind), opening);
            }
            if let Some(signature) = google {
                write_google_signature(&mut object, signature);
            }
        });
    }

    fn delta(&mut self, candidate: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let at = self.choice(candidate, out);
        match (delta, self.choices[at].open.clone()) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Reasoning(format, _)) => self.thought(at, text, format.is_some(), out),
            (Delta::Text(text), _) => self.text(at, text, out),
            (Delta::Summary { piece, text }, Open::Reasoning(format, reached)) => {
                let apart = if *piece > reached { "\n\n" } else { "" };
                self.choices[at].open = Open::Reasoning(format, *piece);
                self.thought(at, &format!("{apart}{text}"), false, out);
            }
            (Delta::Arguments(text), Open::Call(_, kind)) => {
                self.choices[at].open = Open::Call(true, kind);
                self.arguments(at, text, kind, out);
            }
            (Delta::Signature(signature), Open::Reasoning(..)) => self.detail(at, out, None, |object| {
                object.string("type", "reasoning.text");
                object.string("signature", signature);
            }),
            (Delta::Signature(_), _) => {
                self.losses.note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
            }
            (Delta::Encrypted(data), _) => self.sealed(at, data, None, out),
            (Delta::Citation(citation), _) => self.chunk(at, out, None, |delta| {
                write_annotations(delta.value("annotations"), std::iter::once(citation));
            }),
            // A decoder that keeps its promises does not come here.
            (Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.losses.note_once(Feature::UnknownPart, "delta", Severity::Missing, "/stream");
            }
        }
    }

    fn text(&mut self, at: usize, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let member = if self.choices[at].open == Open::Refusal { "refusal" } else { "content" };
        self.chunk(at, out, None, |delta| delta.string(member, text));
    }

    fn thought(&mut self, at: usize, text: &str, signed: bool, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if !signed {
            return self.chunk(at, out, None, |delta| delta.string("reasoning_content", text));
        }
        // What is signed must come back as it was, so it is told in full.
        self.detail(at, out, Some(text), |object| {
            object.string("type", "reasoning.text");
            object.string("text", text);
        });
    }

    fn arguments(&mut self, at: usize, text: &str, kind: CallKind, out: &mut Vec<u8>) {
        let position = self.choices[at].calls.saturating_sub(1);
        self.chunk(at, out, None, |delta| {
            let mut list = delta.array("tool_calls");
            let mut object = list.object();
            object.unsigned("index", u64::from(position));
            object.object(call_type(kind)).string(input_member(kind), text);
        });
    }

    fn part_end(&mut self, candidate: u32, out: &mut Vec<u8>) {
        let at = self.choice(candidate, out);
        // Nothing is no JSON, and clients parse what they get.
        if self.choices[at].open == Open::Call(false, CallKind::Function) {
            self.arguments(at, "{}", CallKind::Function, out);
        }
        self.flush_logprobs(at, out);
        self.choices[at].open = Open::Nothing;
    }

    fn flush_logprobs(&mut self, at: usize, out: &mut Vec<u8>) {
        if !self.choices[at].logprobs.is_empty() {
            self.chunk(at, out, None, |_| {});
        }
    }

    fn finish(&mut self, candidate: u32, finish: &Finish<'_>, out: &mut Vec<u8>) {
        let at = self.choice(candidate, out);
        if std::mem::replace(&mut self.choices[at].finished, true) {
            return;
        }
        let word = finish_word(finish, false, self.choices[at].calls > 0);
        let native = finish.native.as_deref().filter(|native| *native != word);
        self.chunk(at, out, Some((word, native)), |_| {});
        if finish.sequence.is_some() {
            self.losses.note_once(Feature::StopSequence, "", Severity::Hint, "/stream");
        }
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let unfinished = self.choices.iter().any(|choice| !choice.finished);
        if unfinished || self.choices.is_empty() {
            return self.fail(
                &Failure {
                    class: FailureClass::Upstream,
                    message: "the provider's stream ended before its end",
                    param: None,
                    code: None,
                },
                out,
            );
        }
        if let (true, Some(counts)) = (self.with_usage, self.usage) {
            let from = out.len();
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(b",\"choices\":[],\"usage\":");
            usage::write(out, &counts);
            out.push(b'}');
            end_frame(out, from);
        }
        self.ended = true;
        out.extend_from_slice(DONE_FRAME);
    }
}

fn input_member(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Function => "arguments",
        CallKind::Custom => "input",
    }
}

/// Ends the frame that began at `from`. Line breaks in it stand between JSON tokens, inside values
/// spliced in as they came; a frame is one line.
fn end_frame(out: &mut Vec<u8>, from: usize) {
    if let Some(frame) = out.get_mut(from..) {
        let breaks: Vec<usize> = memchr::memchr2_iter(b'\n', b'\r', frame).collect();
        for at in breaks {
            frame[at] = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}
