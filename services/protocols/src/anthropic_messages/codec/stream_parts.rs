//! The blocks of a stream that is written: one open at a time, numbered from 0 without gaps, and none
//! of them empty, for which a block begins with the first thing in it.

use std::borrow::Cow;

use super::encode_citations::{is_expressible, loses_place, write_citation};
use super::encode_stream::StreamEncoder;
use super::seal::{self, Written};
use super::stream_frames::{block_delta, block_start, block_stop};
use super::words::is_own_block;
use crate::call_input::{CallInput, opening};
use crate::canonical::{Delta, Part, PartBody, Reasoning, Text, ToolCall};
use crate::json::Object;
use crate::lossy::{Feature, Severity};
use crate::tool_ids;

/// The part that is open, and whether its block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Open {
    Nothing,
    Text {
        block: bool,
    },
    Thinking(Thinking),
    Call(CallInput),
    /// A part this dialect cannot stream.
    Lost,
}

/// Reasoning that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thinking {
    block: bool,
    /// What goes before a seal, until it is written.
    prefix: Option<String>,
    /// The piece of the summary reached.
    piece: u32,
}

impl StreamEncoder {
    pub(super) fn part_start(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
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
            PartBody::Opaque(opaque) if is_own_block(&opaque.kind) => {
                block_start(out, self.index, |block| opaque.value.write(block));
                block_stop(out, self.index);
                self.index += 1;
                self.open = Open::Lost;
            }
            PartBody::Opaque(opaque) => self.lost_part(Feature::UnknownPart, &opaque.kind),
            PartBody::Media(media) => self.lost_part(Feature::of_media(media.kind), ""),
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
        self.open = Open::Call(CallInput::new(*kind));
        self.input(opening(arguments), out);
    }

    pub(super) fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (delta, &mut self.open) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Thinking(_)) => self.thought(text, out),
            (Delta::Text(text), _) => self.text(text, out),
            (Delta::Summary { piece, text }, Open::Thinking(thinking)) => {
                let apart = if *piece > thinking.piece { "\n\n" } else { "" };
                thinking.piece = *piece;
                self.thought(&format!("{apart}{text}"), out);
            }
            (Delta::Arguments(text), Open::Call(_)) => self.input(text, out),
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
                if loses_place(citation, false) {
                    self.lose(Feature::Citation, "", Severity::Hint);
                }
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

    /// A piece of a call's input.
    fn input(&mut self, text: &str, out: &mut Vec<u8>) {
        if let Open::Call(input) = &mut self.open
            && let Some(json) = input.piece(text)
        {
            self.input_delta(&json, out);
        }
    }

    fn input_delta(&self, json: &str, out: &mut Vec<u8>) {
        block_delta(out, self.index, "input_json_delta", |delta| {
            delta.string("partial_json", json);
        });
    }

    pub(super) fn part_end(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Lost | Open::Text { block: false } => return,
            Open::Thinking(thinking) if !thinking.block => return,
            Open::Text { block: true } | Open::Thinking(_) => {}
            Open::Call(input) => {
                if !input.rest().is_empty() {
                    self.input_delta(input.rest(), out);
                }
            }
        }
        block_stop(out, self.index);
        self.index += 1;
    }
}
