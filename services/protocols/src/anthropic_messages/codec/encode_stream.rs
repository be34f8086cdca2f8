//! Canonical events into the events of this dialect. Owns what it wants of a stream: the message
//! first, one block open at a time, blocks numbered from 0 without gaps and none of them empty, why
//! it ended together with the usage, `message_stop` last.

use std::borrow::Cow;

use super::encode_citations::{is_expressible, write_citation};
use super::encode_media::feature;
use super::seal::{self, Written};
use super::stream_frames::{block_delta, block_start, block_stop, frame};
use super::words::{given_tier, is_blurred, is_own_block, stop_reason};
use crate::TokenCounts;
use crate::anthropic_messages::error::ErrorBody;
use crate::anthropic_messages::usage;
use crate::canonical::{
    Arguments, CallKind, Delta, Finish, Opaque, Part, PartBody, Reasoning, StreamEvent, StreamStart, Text,
    ToolCall, Usage,
};
use crate::failure::{Failure, FailureClass};
use crate::json::Object;
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    tier: Option<String>,
    /// Whether the message has begun.
    begun: bool,
    /// The answer that is told; this dialect has one.
    candidate: Option<u32>,
    open: Open,
    /// Number of the next block.
    index: u64,
    calls: u32,
    usage: Option<TokenCounts>,
    /// Why it ended: the word, and the stop sequence.
    finish: Option<(String, Option<String>)>,
    ended: bool,
    losses: LossReport,
}

/// The part that is open, and whether its block is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    Nothing,
    Text {
        block: bool,
    },
    Thinking(Thinking),
    /// Whether it has had input, and what that is.
    Call {
        fed: bool,
        kind: CallKind,
    },
    /// A part this dialect cannot stream.
    Lost,
}

/// Reasoning that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thinking {
    block: bool,
    /// What goes before a seal, until it is written.
    prefix: Option<String>,
    /// The piece of the summary reached.
    piece: u32,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        Self {
            id: target.id.to_owned(),
            model: target.model.to_owned(),
            tier: None,
            begun: false,
            candidate: None,
            open: Open::Nothing,
            index: 0,
            calls: 0,
            usage: None,
            finish: None,
            ended: false,
            losses: LossReport::default(),
        }
    }

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        &self.losses
    }

    /// Appends the frames that an event makes. The message begins with the first event behind
    /// `Start`, so that usage told at once is in it.
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
            } => {
                if self.is_told(*candidate) {
                    self.part_start(part, out);
                }
            }
            StreamEvent::Delta { candidate, delta } => {
                if self.is_told(*candidate) {
                    self.delta(delta, out);
                }
            }
            StreamEvent::PartEnd { candidate } => {
                if self.is_told(*candidate) {
                    self.part_end(out);
                }
            }
            StreamEvent::Logprobs { .. } => self.lose(Feature::Logprobs, "", Severity::Missing),
            StreamEvent::Usage(Usage { counts, native: _ }) => {
                self.usage = Some(*counts);
                self.begin(out);
            }
            StreamEvent::Extra { name, .. } => self.lose(Feature::UnknownField, name, Severity::Hint),
            StreamEvent::Finish { candidate, finish } => {
                if self.is_told(*candidate) {
                    self.finish(finish);
                }
            }
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

    /// Whether this answer is the one that is told.
    fn is_told(&mut self, candidate: u32) -> bool {
        let told = *self.candidate.get_or_insert(candidate) == candidate;
        if !told {
            self.lose(Feature::Candidates, "", Severity::Missing);
        }
        told
    }

    fn start(&mut self, start: &StreamStart<'_>) {
        let StreamStart {
            id,
            model,
            created: _,
            service_tier,
        } = start;
        if let Some(id) = id {
            self.id = id.as_ref().to_owned();
        }
        if let Some(model) = model {
            self.model = model.as_ref().to_owned();
        }
        self.tier = service_tier.as_deref().map(|tier| given_tier(tier).to_owned());
    }

    /// Begins the message, unless it has begun. Input that nobody has told yet counts as none; the
    /// true number comes at the end, and clients take the last.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        frame(out, "message_start", |data| {
            let mut message = data.object("message");
            message.string("id", &self.id);
            message.string("type", "message");
            message.string("role", "assistant");
            message.string("model", &self.model);
            message.array("content");
            message.null("stop_reason");
            message.null("stop_sequence");
            let counts = self.usage.unwrap_or_default();
            usage::write(message.value("usage"), &counts, self.tier.as_deref());
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
        self.open = Open::Text { block: false };
        match body {
            PartBody::Text(Text { text, citations }) => {
                self.text(text, out);
                for citation in citations {
                    self.delta(&Delta::Citation(citation.clone()), out);
                }
            }
            PartBody::Json(value) => self.text(value.as_str(), out),
            PartBody::Refusal(text) => {
                self.lose(Feature::Refusal, "", Severity::Hint);
                self.text(text, out);
            }
            PartBody::Reasoning(reasoning) => return self.thinking_start(part, reasoning, out),
            PartBody::ToolCall(call) => self.call_start(call, out),
            PartBody::Opaque(Opaque { kind, value, .. }) if is_own_block(kind) => {
                block_start(out, self.index, |block| value.write(block));
                block_stop(out, self.index);
                self.index += 1;
                self.open = Open::Lost;
            }
            PartBody::Opaque(Opaque { kind, .. }) => self.lost_part(Feature::UnknownPart, kind),
            PartBody::Media(media) => self.lost_part(feature(media.kind), ""),
            PartBody::ToolResult(_) => self.lost_part(Feature::ToolResultContent, ""),
        }
        if signature.is_some() {
            self.lose(Feature::ReasoningSignature, "", Severity::Hint);
        }
    }

    fn lost_part(&mut self, feature: Feature, name: &str) {
        self.lose(feature, name, Severity::Missing);
        self.open = Open::Lost;
    }

    fn thinking_start(&mut self, part: &Part<'_>, reasoning: &Reasoning<'_>, out: &mut Vec<u8>) {
        self.open = Open::Thinking(Thinking {
            block: false,
            prefix: seal::prefix(part.issuer.as_ref()),
            piece: 0,
        });
        match seal::written(part, reasoning) {
            Written::Redacted(data) => self.redacted(&data, out),
            Written::Thinking(text, seal) => {
                self.thought(&text, out);
                if let Some(seal) = seal {
                    self.seal(&seal, out);
                }
            }
        }
    }

    fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        block_start(out, self.index, |block| {
            let mut object = Object::open(block);
            object.string("type", "redacted_thinking");
            object.string("data", data);
        });
        block_stop(out, self.index);
        self.index += 1;
        self.open = Open::Lost;
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
        block_start(out, self.index, |block| {
            let mut object = Object::open(block);
            object.string("type", "tool_use");
            object.string("id", &id);
            object.string("name", name);
            object.object("input");
        });
        self.open = Open::Call {
            fed: false,
            kind: *kind,
        };
        let opening = match arguments {
            Arguments::Text(text) => text.as_ref(),
            Arguments::Json(raw) => raw.as_str(),
        };
        self.input(opening, out);
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (delta, &mut self.open) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Thinking(_)) => self.thought(text, out),
            (Delta::Text(text), _) => self.text(text, out),
            (Delta::Summary { piece, text }, Open::Thinking(thinking)) => {
                let apart = if *piece > thinking.piece { "\n\n" } else { "" };
                thinking.piece = *piece;
                self.thought(&format!("{apart}{text}"), out);
            }
            (Delta::Arguments(text), Open::Call { .. }) => self.input(text, out),
            (Delta::Signature(seal), Open::Thinking(thinking)) => {
                let whole = thinking.prefix.take().unwrap_or_default() + seal;
                self.seal(&whole, out);
            }
            (Delta::Encrypted(sealed), Open::Thinking(thinking)) => {
                let whole = thinking.prefix.take().unwrap_or_default() + sealed;
                if thinking.block {
                    self.seal(&whole, out);
                } else {
                    self.redacted(&whole, out);
                }
            }
            (Delta::Signature(_) | Delta::Encrypted(_), _) => {
                self.lose(Feature::ReasoningSignature, "", Severity::Hint);
            }
            (Delta::Citation(citation), Open::Text { .. }) if is_expressible(citation, false) => {
                self.open_text(out);
                block_delta(out, self.index, "citations_delta", |delta| {
                    write_citation(delta.object("citation"), citation, false);
                });
            }
            (Delta::Citation(_), _) => self.lose(Feature::Citation, "", Severity::Hint),
            // A decoder that keeps its promises does not come here.
            (Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.lose(Feature::UnknownPart, "delta", Severity::Missing);
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.open_text(out);
        block_delta(out, self.index, "text_delta", |delta| delta.string("text", text));
    }

    fn open_text(&mut self, out: &mut Vec<u8>) {
        if self.open == (Open::Text { block: false }) {
            self.open = Open::Text { block: true };
            block_start(out, self.index, |block| {
                let mut object = Object::open(block);
                object.string("type", "text");
                object.string("text", "");
            });
        }
    }

    fn open_thinking(&mut self, out: &mut Vec<u8>) {
        if let Open::Thinking(thinking) = &mut self.open
            && !std::mem::replace(&mut thinking.block, true)
        {
            block_start(out, self.index, |block| {
                let mut object = Object::open(block);
                object.string("type", "thinking");
                object.string("thinking", "");
                object.string("signature", "");
            });
        }
    }

    fn thought(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.open_thinking(out);
            block_delta(out, self.index, "thinking_delta", |delta| {
                delta.string("thinking", text);
            });
        }
    }

    fn seal(&mut self, seal: &str, out: &mut Vec<u8>) {
        self.open_thinking(out);
        block_delta(out, self.index, "signature_delta", |delta| {
            delta.string("signature", seal);
        });
    }

    /// A piece of a call's input. Free text becomes an object around it, piece by piece.
    fn input(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let Open::Call { fed, kind } = &mut self.open else {
            return;
        };
        let first = !std::mem::replace(fed, true);
        let piece = match kind {
            CallKind::Function => Cow::Borrowed(text),
            CallKind::Custom => {
                let mut quoted = Vec::new();
                crate::json::write_string(&mut quoted, text);
                let quoted = String::from_utf8_lossy(&quoted);
                let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
                let opening = if first { "{\"input\":\"" } else { "" };
                Cow::Owned(format!("{opening}{inside}"))
            }
        };
        block_delta(out, self.index, "input_json_delta", |delta| {
            delta.string("partial_json", &piece);
        });
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Lost | Open::Text { block: false } => return,
            Open::Thinking(thinking) if !thinking.block => return,
            Open::Text { block: true } | Open::Thinking(_) => {}
            Open::Call { fed, kind } => {
                // Nothing is no JSON, and clients parse what they get.
                let rest = match (kind, fed) {
                    (CallKind::Function, false) => "{}",
                    (CallKind::Function, true) => "",
                    (CallKind::Custom, false) => "{\"input\":\"\"}",
                    (CallKind::Custom, true) => "\"}",
                };
                if !rest.is_empty() {
                    block_delta(out, self.index, "input_json_delta", |delta| {
                        delta.string("partial_json", rest);
                    });
                }
            }
        }
        block_stop(out, self.index);
        self.index += 1;
    }

    fn finish(&mut self, finish: &Finish<'_>) {
        if self.finish.is_some() {
            return;
        }
        let word = stop_reason(finish, false, self.calls > 0).to_owned();
        if is_blurred(finish.reason) {
            let native = finish.native.as_deref().unwrap_or_default();
            self.lose(Feature::FinishReason, native, Severity::Hint);
        }
        self.finish = Some((word, finish.sequence.as_deref().map(str::to_owned)));
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let Some((word, sequence)) = self.finish.take() else {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
            };
            return self.fail(&failure, out);
        };
        self.begin(out);
        frame(out, "message_delta", |data| {
            {
                let mut delta = data.object("delta");
                delta.string("stop_reason", &word);
                match &sequence {
                    Some(sequence) => delta.string("stop_sequence", sequence),
                    None => delta.null("stop_sequence"),
                }
            }
            usage::write(data.value("usage"), &self.usage.unwrap_or_default(), None);
        });
        self.ended = true;
        frame(out, "message_stop", |_| {});
    }
}
