//! Canonical events into the events of a stream. Owns what this dialect wants of one: the id first,
//! blocks of content and calls each numbered from 0, one last event with the finish reason and usage.

use std::borrow::Cow;

use super::citations;
use super::encode_part::feature;
use super::encode_response::{finish_word, says_more};
use crate::TokenCounts;
use crate::canonical::{
    Arguments, CallKind, Delta, Finish, Opaque, Part, PartBody, Reasoning, StreamEvent, Text, ToolCall, Usage,
};
use crate::cohere_chat::{error::ErrorBody, usage};
use crate::failure::{Failure, FailureClass};
use crate::json::{Object, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::sse::write_event;
use crate::target::AnswerTarget;
use crate::tool_ids;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    started: bool,
    ended: bool,
    blocks: u32,
    calls: u32,
    citations: u32,
    open: Open,
    usage: Option<TokenCounts>,
    finish: Option<String>,
    losses: LossReport,
}

/// The part that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// Whether it has been begun on the wire.
    Text(bool),
    /// The same, and the summary piece reached.
    Thinking(bool, u32),
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
            started: false,
            ended: false,
            blocks: 0,
            calls: 0,
            citations: 0,
            open: Open::Nothing,
            usage: None,
            finish: None,
            losses: LossReport::default(),
        }
    }

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        &self.losses
    }

    /// Appends the events that an event makes.
    pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start(start) => {
                if let Some(id) = &start.id {
                    self.id = id.as_ref().to_owned();
                }
                if start.service_tier.is_some() {
                    self.lose(Feature::ServiceTier, "", Severity::Hint);
                }
                self.begin(out);
            }
            StreamEvent::PartStart {
                candidate: 0, part, ..
            } => self.part_start(part, out),
            StreamEvent::Delta { candidate: 0, delta } => self.delta(delta, out),
            StreamEvent::PartEnd { candidate: 0 } => self.part_end(out),
            StreamEvent::Finish { candidate: 0, finish } => self.finish(finish),
            StreamEvent::PartStart { .. }
            | StreamEvent::Delta { .. }
            | StreamEvent::PartEnd { .. }
            | StreamEvent::Finish { .. } => self.lose(Feature::Candidates, "", Severity::Missing),
            StreamEvent::Logprobs { .. } => self.lose(Feature::Logprobs, "", Severity::Hint),
            StreamEvent::Usage(Usage { counts, native: _ }) => self.usage = Some(*counts),
            StreamEvent::Extra { name, .. } => self.lose(Feature::UnknownField, name, Severity::Hint),
            StreamEvent::Error(error) => {
                let failure = Failure {
                    class: error.class(200),
                    message: &error.message,
                    param: None,
                    code: None,
                    details: &[],
                };
                self.fail(&failure, out);
            }
            StreamEvent::Done => self.done(out),
        }
    }

    /// Ends the stream with an error.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            ErrorBody::from(failure).write_stream_event(out);
        }
    }

    fn lose(&mut self, feature: Feature, name: &str, severity: Severity) {
        self.losses.note_once(feature, name, severity, "/stream");
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        send(out, "message-start", None, |object| {
            object.string("id", &self.id);
            let mut delta = object.object("delta");
            let mut message = delta.object("message");
            message.string("role", "assistant");
            drop(message.array("content"));
            message.string("tool_plan", "");
            drop(message.array("tool_calls"));
            drop(message.array("citations"));
        });
    }

    fn part_start(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        let Part {
            body,
            cache: _,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra: _,
        } = part;
        match body {
            PartBody::Text(Text { text, citations }) => {
                self.open = Open::Text(false);
                self.text(text, out);
                for citation in citations {
                    self.delta(&Delta::Citation(citation.clone()), out);
                }
            }
            PartBody::Json(value) => {
                self.open = Open::Text(false);
                self.text(value.as_str(), out);
            }
            PartBody::Refusal(text) => {
                self.lose(Feature::Refusal, "", Severity::Hint);
                self.open = Open::Text(false);
                self.text(text, out);
            }
            PartBody::Reasoning(reasoning) => self.reasoning_start(reasoning, out),
            PartBody::ToolCall(call) => self.call_start(call, out),
            PartBody::Media(media) => self.lose_part(feature(media.kind), ""),
            PartBody::Opaque(Opaque { kind, .. }) => self.lose_part(Feature::UnknownPart, kind),
            PartBody::ToolResult(_) => self.lose_part(Feature::ToolResultContent, ""),
        }
        if signature.is_some() {
            self.lose(Feature::ReasoningSignature, "", Severity::Hint);
        }
    }

    fn lose_part(&mut self, feature: Feature, name: &str) {
        self.lose(feature, name, Severity::Missing);
        self.open = Open::Lost;
    }

    fn reasoning_start(&mut self, reasoning: &Reasoning<'_>, out: &mut Vec<u8>) {
        let Reasoning {
            id: _,
            text,
            summary,
            encrypted,
        } = reasoning;
        self.open = Open::Thinking(false, 0);
        for text in text {
            self.thought(text, 0, out);
        }
        for (piece, text) in (0u32..).zip(summary) {
            let text = Cow::Borrowed(text.as_ref());
            self.delta(&Delta::Summary { piece, text }, out);
        }
        if encrypted.is_some() {
            self.lose(Feature::ReasoningSignature, "", Severity::Hint);
        }
    }

    fn call_start(&mut self, call: &ToolCall<'_>, out: &mut Vec<u8>) {
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
        send(out, "tool-call-start", Some(self.calls), |object| {
            let mut delta = object.object("delta");
            let mut message = delta.object("message");
            let mut call = message.object("tool_calls");
            call.string("id", &id);
            call.string("type", "function");
            let mut function = call.object("function");
            function.string("name", name);
            function.string("arguments", "");
        });
        self.open = Open::Call(false, *kind);
        if *kind == CallKind::Custom {
            self.lose(Feature::CustomTool, name, Severity::Altered);
        }
        let opening = match arguments {
            Arguments::Text(text) => text.as_ref(),
            Arguments::Json(raw) => raw.as_str(),
        };
        self.arguments(opening, *kind, out);
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (delta, self.open) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Thinking(_, reached)) => self.thought(text, reached, out),
            (Delta::Text(text), _) => self.text(text, out),
            (Delta::Summary { piece, text }, Open::Thinking(_, reached)) => {
                let apart = if *piece > reached { "\n\n" } else { "" };
                self.thought(&format!("{apart}{text}"), *piece, out);
            }
            (Delta::Arguments(text), Open::Call(_, kind)) => self.arguments(text, kind, out),
            (Delta::Signature(_) | Delta::Encrypted(_), _) => {
                self.lose(Feature::ReasoningSignature, "", Severity::Hint);
            }
            (Delta::Citation(citation), Open::Text(begun)) => {
                self.block_start("text", begun, out);
                self.open = Open::Text(true);
                let index = self.citations;
                self.citations += 1;
                send(out, "citation-start", Some(index), |object| {
                    let mut delta = object.object("delta");
                    let mut message = delta.object("message");
                    citations::write(&mut message.object("citations"), citation, false);
                });
                send(out, "citation-end", Some(index), |_| {});
            }
            // A decoder that keeps its promises does not come here.
            (Delta::Citation(_) | Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.lose(Feature::UnknownPart, "delta", Severity::Missing);
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.block_start("text", self.open == Open::Text(true), out);
            self.open = Open::Text(true);
            self.block_delta("text", text, out);
        }
    }

    fn thought(&mut self, text: &str, reached: u32, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.block_start("thinking", matches!(self.open, Open::Thinking(true, _)), out);
            self.open = Open::Thinking(true, reached);
            self.block_delta("thinking", text, out);
        }
    }

    /// Begins a block of content, unless it has begun.
    fn block_start(&self, kind: &'static str, begun: bool, out: &mut Vec<u8>) {
        if begun {
            return;
        }
        send(out, "content-start", Some(self.blocks), |object| {
            let mut delta = object.object("delta");
            let mut message = delta.object("message");
            let mut content = message.object("content");
            content.string("type", kind);
            content.string(kind, "");
        });
    }

    fn block_delta(&self, kind: &'static str, text: &str, out: &mut Vec<u8>) {
        send(out, "content-delta", Some(self.blocks), |object| {
            let mut delta = object.object("delta");
            let mut message = delta.object("message");
            message.object("content").string(kind, text);
        });
    }

    /// Writes a piece of a call's input. Free text becomes a string in an object: input is JSON here.
    fn arguments(&mut self, text: &str, kind: CallKind, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let begun = matches!(self.open, Open::Call(true, _));
        self.open = Open::Call(true, kind);
        match kind {
            CallKind::Function => self.call_delta(text, out),
            CallKind::Custom => {
                let mut quoted = Vec::new();
                write_string(&mut quoted, text);
                let quoted = String::from_utf8_lossy(&quoted);
                let inner = quoted.strip_prefix('"').unwrap_or(&quoted);
                let inner = inner.strip_suffix('"').unwrap_or(inner);
                let opening = if begun { "" } else { r#"{"input":""# };
                self.call_delta(&format!("{opening}{inner}"), out);
            }
        }
    }

    fn call_delta(&self, text: &str, out: &mut Vec<u8>) {
        send(out, "tool-call-delta", Some(self.calls), |object| {
            let mut delta = object.object("delta");
            let mut message = delta.object("message");
            let mut call = message.object("tool_calls");
            call.object("function").string("arguments", text);
        });
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Lost | Open::Text(false) | Open::Thinking(false, _) => {}
            Open::Text(true) | Open::Thinking(true, _) => {
                send(out, "content-end", Some(self.blocks), |_| {});
                self.blocks += 1;
            }
            Open::Call(said, kind) => {
                match (said, kind) {
                    (true, CallKind::Function) => {}
                    (true, CallKind::Custom) => self.call_delta("\"}", out),
                    // Nothing is no JSON, and clients parse what they get.
                    (false, _) => self.call_delta("{}", out),
                }
                send(out, "tool-call-end", Some(self.calls), |_| {});
                self.calls += 1;
            }
        }
    }

    /// Keeps the finish reason for the last event, which tells usage as well.
    fn finish(&mut self, finish: &Finish<'_>) {
        if finish.sequence.is_some() {
            self.lose(Feature::StopSequence, "", Severity::Hint);
        }
        self.finish
            .get_or_insert_with(|| finish_word(finish, false).to_owned());
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let Some(finish) = self.finish.take() else {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
                details: &[],
            };
            return self.fail(&failure, out);
        };
        self.ended = true;
        let counts = self.usage;
        if counts.as_ref().is_some_and(says_more) {
            self.lose(Feature::UsageDetail, "", Severity::Hint);
        }
        send(out, "message-end", None, |object| {
            let mut delta = object.object("delta");
            delta.string("finish_reason", &finish);
            if let Some(counts) = &counts {
                usage::write(&mut delta.object("usage"), counts);
            }
        });
        write_event(out, None, "[DONE]");
    }
}

/// Appends one event, whose data repeats its name.
fn send(out: &mut Vec<u8>, name: &'static str, index: Option<u32>, write: impl FnOnce(&mut Object<'_>)) {
    let mut data = Vec::with_capacity(160);
    {
        let mut object = Object::open(&mut data);
        object.string("type", name);
        if let Some(index) = index {
            object.unsigned("index", u64::from(index));
        }
        write(&mut object);
    }
    write_event(out, Some(name), &String::from_utf8_lossy(&data));
}
