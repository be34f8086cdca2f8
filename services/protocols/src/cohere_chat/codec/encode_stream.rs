//! The events of a stream: the id first, blocks of content and calls each numbered from 0, one last event
//! with the finish reason and usage. Which of them canonical events make is for [`BlockStream`].

use super::citations;
use super::encode_response::{finish_word, says_more};
use crate::TokenCounts;
use crate::block_stream::{BlockStream, Blocks, Piece};
use crate::canonical::{Citation, Finish, Media};
use crate::cohere_chat::{error::ErrorBody, usage};
use crate::failure::Failure;
use crate::json::Object;
use crate::sse::write_event;

/// The writer of one stream.
pub type StreamEncoder = BlockStream<Events>;

/// Writes events.
#[derive(Debug, Default)]
pub struct Events {
    blocks: u32,
    calls: u32,
    citations: u32,
    finish: String,
}

impl Events {
    /// Writes the beginning of a block of content.
    fn start(&self, kind: &'static str, out: &mut Vec<u8>) {
        message(out, "content-start", self.blocks, |message| {
            let mut content = message.object("content");
            content.string("type", kind);
            content.string(kind, "");
        });
    }
}

impl Blocks for Events {
    const SEALS: bool = false;

    fn begin(&mut self, id: &str, out: &mut Vec<u8>) {
        send(out, "message-start", None, |object| {
            object.string("id", id);
            let mut delta = object.object("delta");
            let mut message = delta.object("message");
            message.string("role", "assistant");
            drop(message.array("content"));
            message.string("tool_plan", "");
            drop(message.array("tool_calls"));
            drop(message.array("citations"));
        });
    }

    fn piece(&mut self, piece: Piece<'_>, first: bool, out: &mut Vec<u8>) {
        let (kind, text) = match piece {
            Piece::Text(text) => ("text", text),
            Piece::Thought(text) | Piece::Signature(text) | Piece::Sealed(text) => ("thinking", text),
        };
        if first {
            self.start(kind, out);
        }
        message(out, "content-delta", self.blocks, |message| {
            message.object("content").string(kind, text);
        });
    }

    fn call(&mut self, id: &str, name: &str, out: &mut Vec<u8>) {
        message(out, "tool-call-start", self.calls, |message| {
            let mut call = message.object("tool_calls");
            call.string("id", id);
            call.string("type", "function");
            let mut function = call.object("function");
            function.string("name", name);
            function.string("arguments", "");
        });
    }

    fn input(&mut self, json: &str, out: &mut Vec<u8>) {
        message(out, "tool-call-delta", self.calls, |message| {
            let mut call = message.object("tool_calls");
            call.object("function").string("arguments", json);
        });
    }

    fn citation(&mut self, citation: &Citation<'_>, first: bool, out: &mut Vec<u8>) -> bool {
        if first {
            self.start("text", out);
        }
        message(out, "citation-start", self.citations, |message| {
            citations::write(&mut message.object("citations"), citation, false);
        });
        send(out, "citation-end", Some(self.citations), |_| {});
        self.citations += 1;
        true
    }

    fn media(&mut self, _: &Media<'_>, _: &mut Vec<u8>) -> bool {
        false
    }

    fn end(&mut self, is_call: bool, out: &mut Vec<u8>) {
        let (name, number) = if is_call {
            ("tool-call-end", &mut self.calls)
        } else {
            ("content-end", &mut self.blocks)
        };
        send(out, name, Some(*number), |_| {});
        *number += 1;
    }

    /// Keeps the reason for the last event, which tells usage as well.
    fn finish(&mut self, finish: &Finish<'_>, _: &mut Vec<u8>) {
        finish_word(finish, false).clone_into(&mut self.finish);
    }

    fn done(&mut self, usage: Option<&TokenCounts>, out: &mut Vec<u8>) {
        send(out, "message-end", None, |object| {
            let mut delta = object.object("delta");
            delta.string("finish_reason", &self.finish);
            if let Some(counts) = usage {
                usage::write(&mut delta.object("usage"), counts);
            }
        });
        write_event(out, None, "[DONE]");
    }

    fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        ErrorBody::from(failure).write_stream_event(out);
    }

    fn is_usual(_: &str) -> bool {
        false
    }

    fn says_more(counts: &TokenCounts) -> bool {
        says_more(counts)
    }
}

/// Appends an event about the message at hand.
fn message(out: &mut Vec<u8>, name: &'static str, index: u32, write: impl FnOnce(&mut Object<'_>)) {
    send(out, name, Some(index), |object| {
        let mut delta = object.object("delta");
        write(&mut delta.object("message"));
    });
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
