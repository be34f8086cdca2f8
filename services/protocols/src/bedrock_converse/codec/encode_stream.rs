//! Canonical events into messages of a stream. Owns what this dialect wants of one: the role first,
//! blocks numbered from 0, the stop reason behind them, usage last.

use std::borrow::Cow;

use super::citations;
use super::encode_block::feature;
use super::encode_response::{finish_word, says_more};
use super::formats;
use crate::TokenCounts;
use crate::bedrock_converse::{error::ErrorBody, usage};
use crate::canonical::{
    Arguments, CallKind, Delta, Finish, Media, MediaKind, Opaque, Part, PartBody, Reasoning, Source,
    StreamEvent, Text, ToolCall, Usage,
};
use crate::event_stream::write_event;
use crate::failure::{Failure, FailureClass};
use crate::json::{Object, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    started: bool,
    finished: bool,
    ended: bool,
    block: u32,
    calls: u32,
    open: Open,
    usage: Option<TokenCounts>,
    losses: LossReport,
}

/// The block that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// Whether anything of it has been written.
    Text(bool),
    /// Whether anything of it has been written, and the summary piece reached.
    Reasoning(bool, u32),
    /// Whether it has had arguments, and whether they are JSON.
    Call(bool, CallKind),
    /// A part that was written whole.
    Whole,
    /// A part this dialect cannot stream.
    Lost,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        Self {
            id: target.id.to_owned(),
            started: false,
            finished: false,
            ended: false,
            block: 0,
            calls: 0,
            open: Open::Nothing,
            usage: None,
            losses: LossReport::default(),
        }
    }

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        &self.losses
    }

    /// Appends the messages that an event makes.
    pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start(start) => {
                if let Some(id) = &start.id {
                    self.id = id.as_ref().to_owned();
                }
                let usual = |tier: &str| matches!(tier, "default" | "auto");
                if start.service_tier.as_deref().is_some_and(|tier| !usual(tier)) {
                    self.lose(Feature::ServiceTier, "", Severity::Hint);
                }
                self.begin(out);
            }
            StreamEvent::PartStart {
                candidate: 0, part, ..
            } => self.part_start(part, out),
            StreamEvent::Delta { candidate: 0, delta } => self.delta(delta, out),
            StreamEvent::PartEnd { candidate: 0 } => self.part_end(out),
            StreamEvent::Finish { candidate: 0, finish } => self.finish(finish, out),
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

    /// Ends the stream with an exception.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            ErrorBody::from(failure).write_message(out);
        }
    }

    fn lose(&mut self, feature: Feature, name: &str, severity: Severity) {
        self.losses.note_once(feature, name, severity, "/stream");
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            write_event(out, "messageStart", |out| {
                Object::open(out).string("role", "assistant");
            });
        }
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
            PartBody::Media(media) => self.media(media, out),
            PartBody::Opaque(Opaque { kind, .. }) => self.lose_part(Feature::UnknownPart, kind),
            PartBody::ToolResult(_) => self.lose_part(Feature::ToolResultContent, ""),
        }
        if let Some(signature) = signature {
            self.delta(&Delta::Signature(Cow::Borrowed(signature)), out);
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
        self.open = Open::Reasoning(false, 0);
        for text in text {
            self.delta(&Delta::Text(Cow::Borrowed(text)), out);
        }
        for (piece, text) in (0u32..).zip(summary) {
            let text = Cow::Borrowed(text.as_ref());
            self.delta(&Delta::Summary { piece, text }, out);
        }
        if let Some(data) = encrypted {
            self.delta(&Delta::Encrypted(Cow::Borrowed(data)), out);
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
        self.calls += 1;
        self.block_start(out, |start| {
            let mut object = start.object("toolUse");
            object.string("toolUseId", &id);
            object.string("name", name);
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

    fn media(&mut self, media: &Media<'_>, out: &mut Vec<u8>) {
        let Source::Base64(data) = &media.source else {
            return self.lose_part(feature(media.kind), "");
        };
        let format = formats::known_format(media.kind, media.mime.as_deref(), data);
        let Some(format) = format.filter(|_| media.kind == MediaKind::Image) else {
            return self.lose_part(feature(media.kind), "");
        };
        self.block_start(out, |start| start.object("image").string("format", format));
        self.block_delta(out, |delta| {
            let mut image = delta.object("image");
            image.object("source").string("bytes", data);
        });
        self.open = Open::Whole;
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (delta, self.open) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Reasoning(_, reached)) => self.thought("text", text, reached, out),
            (Delta::Text(text), _) => self.text(text, out),
            (Delta::Summary { piece, text }, Open::Reasoning(_, reached)) => {
                let apart = if *piece > reached { "\n\n" } else { "" };
                self.thought("text", &format!("{apart}{text}"), *piece, out);
            }
            (Delta::Arguments(text), Open::Call(_, kind)) => self.arguments(text, kind, out),
            (Delta::Signature(text), Open::Reasoning(_, reached)) => {
                self.thought("signature", text, reached, out);
            }
            (Delta::Encrypted(text), Open::Reasoning(_, reached)) => {
                self.thought("redactedContent", text, reached, out);
            }
            (Delta::Signature(_) | Delta::Encrypted(_), _) => {
                self.lose(Feature::ReasoningSignature, "", Severity::Hint);
            }
            (Delta::Citation(citation), Open::Text(_)) => {
                self.open = Open::Text(true);
                let mut left_out = false;
                self.block_delta(out, |delta| {
                    left_out = citations::write(&mut delta.object("citation"), citation, false);
                });
                if left_out {
                    self.lose(Feature::Citation, "", Severity::Hint);
                }
            }
            // A decoder that keeps its promises does not come here.
            (Delta::Citation(_) | Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.lose(Feature::UnknownPart, "delta", Severity::Missing);
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.open = Open::Text(true);
            self.block_delta(out, |delta| delta.string("text", text));
        }
    }

    fn thought(&mut self, member: &'static str, text: &str, reached: u32, out: &mut Vec<u8>) {
        let said = matches!(self.open, Open::Reasoning(true, _));
        self.open = Open::Reasoning(said || !text.is_empty(), reached);
        if !text.is_empty() {
            self.block_delta(out, |delta| delta.object("reasoningContent").string(member, text));
        }
    }

    /// Writes a piece of a call's input. Free text becomes a string in an object: input is JSON here.
    fn arguments(&mut self, text: &str, kind: CallKind, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let begun = matches!(self.open, Open::Call(true, _));
        self.open = Open::Call(true, kind);
        let piece = match kind {
            CallKind::Function => Cow::Borrowed(text),
            CallKind::Custom => {
                let mut quoted = Vec::new();
                write_string(&mut quoted, text);
                let quoted = String::from_utf8_lossy(&quoted);
                let inner = quoted.strip_prefix('"').unwrap_or(&quoted);
                let inner = inner.strip_suffix('"').unwrap_or(inner);
                Cow::Owned(format!("{}{inner}", if begun { "" } else { r#"{"input":""# }))
            }
        };
        self.block_delta(out, |delta| delta.object("toolUse").string("input", &piece));
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        let open = std::mem::replace(&mut self.open, Open::Nothing);
        let closing = match open {
            Open::Nothing | Open::Lost | Open::Text(false) | Open::Reasoning(false, _) => return,
            Open::Call(true, CallKind::Custom) => Some("\"}"),
            // Nothing is no JSON, and clients parse what they get.
            Open::Call(false, _) => Some("{}"),
            Open::Text(true)
            | Open::Reasoning(true, _)
            | Open::Call(true, CallKind::Function)
            | Open::Whole => None,
        };
        if let Some(closing) = closing {
            self.block_delta(out, |delta| delta.object("toolUse").string("input", closing));
        }
        let index = self.block;
        write_event(out, "contentBlockStop", |out| {
            Object::open(out).unsigned("contentBlockIndex", u64::from(index));
        });
        self.block += 1;
    }

    fn block_start(&self, out: &mut Vec<u8>, start: impl FnOnce(&mut Object<'_>)) {
        let index = self.block;
        write_event(out, "contentBlockStart", |out| {
            let mut object = Object::open(out);
            object.unsigned("contentBlockIndex", u64::from(index));
            start(&mut object.object("start"));
        });
    }

    fn block_delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object<'_>)) {
        let index = self.block;
        write_event(out, "contentBlockDelta", |out| {
            let mut object = Object::open(out);
            object.unsigned("contentBlockIndex", u64::from(index));
            delta(&mut object.object("delta"));
        });
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        if finish.sequence.is_some() {
            self.lose(Feature::StopSequence, "", Severity::Hint);
        }
        write_event(out, "messageStop", |out| {
            Object::open(out).string("stopReason", finish_word(finish, false));
        });
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        if !self.finished {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
                details: &[],
            };
            return self.fail(&failure, out);
        }
        self.ended = true;
        let Some(counts) = self.usage else { return };
        if says_more(&counts) {
            self.lose(Feature::UsageDetail, "", Severity::Hint);
        }
        write_event(out, "metadata", |out| {
            usage::write(&mut Object::open(out).object("usage"), &counts);
        });
    }
}
