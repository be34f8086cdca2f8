//! The item that a stream's encoder has open: what of it has been written, which is told again in
//! full when it closes.

use std::borrow::Cow;

use super::encode_alone::{call_type, write_reasoning};
use super::item::input_member;
use super::seal;
use crate::canonical::{CallKind, Extra, Form, Issuer};
use crate::json::Object;

/// The item that is open.
#[derive(Debug)]
pub(super) struct OpenItem {
    pub(super) id: String,
    pub(super) index: u32,
    pub(super) extra: Extra<'static>,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Message {
        /// Finished parts as JSON, with commas between.
        content: Vec<u8>,
        /// How many there are.
        parts: u32,
        open: Option<Content>,
    },
    Reasoning(Thought),
    Call(Call),
}

/// The part of a message that is open.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) is_refusal: bool,
    pub(super) text: String,
    /// Annotations as JSON, with commas between.
    pub(super) annotations: Vec<u8>,
    pub(super) cited: u32,
    /// Probabilities of its tokens as JSON, with commas between.
    pub(super) tokens: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Thought {
    pub(super) text: Vec<Cow<'static, str>>,
    pub(super) summary: Vec<Cow<'static, str>>,
    pub(super) encrypted: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) issuer: Option<Issuer<'static>>,
    pub(super) open: Option<Piece>,
}

/// The piece of reasoning that grows; always the last of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Text,
    Summary,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) call_id: String,
    pub(super) name: String,
    pub(super) input: String,
    pub(super) kind: CallKind,
}

impl OpenItem {
    /// Writes the finished item.
    pub(super) fn write(&self, object: &mut Object<'_>, status: &'static str) {
        object.string("id", &self.id);
        match &self.body {
            Body::Message { content, .. } => {
                object.string("type", "message");
                object.string("status", status);
                object.string("role", "assistant");
                write_list(object, "content", content);
            }
            Body::Reasoning(thought) => {
                object.string("type", "reasoning");
                write_reasoning(object, &thought.text, &thought.summary, Form::default());
                let sealed = seal::close(
                    thought.encrypted.as_deref(),
                    thought.signature.as_deref(),
                    thought.issuer.as_ref(),
                );
                object.optional_string("encrypted_content", sealed.as_deref());
            }
            Body::Call(call) => {
                object.string("type", call_type(call.kind));
                object.string("status", status);
                object.string("call_id", &call.call_id);
                object.string("name", &call.name);
                object.string(input_member(call.kind), &call.input);
            }
        }
        self.extra.write(object);
    }
}

impl Content {
    pub(super) fn write(&self, object: &mut Object<'_>) {
        if self.is_refusal {
            object.string("type", "refusal");
            return object.string("refusal", &self.text);
        }
        object.string("type", "output_text");
        object.string("text", &self.text);
        write_list(object, "annotations", &self.annotations);
        write_list(object, "logprobs", &self.tokens);
    }
}

impl Thought {
    pub(super) fn list(&self, piece: Piece) -> &[Cow<'static, str>] {
        match piece {
            Piece::Text => &self.text,
            Piece::Summary => &self.summary,
        }
    }

    pub(super) fn list_mut(&mut self, piece: Piece) -> &mut Vec<Cow<'static, str>> {
        match piece {
            Piece::Text => &mut self.text,
            Piece::Summary => &mut self.summary,
        }
    }
}

impl Piece {
    pub(super) fn index_member(self) -> &'static str {
        match self {
            Self::Text => "content_index",
            Self::Summary => "summary_index",
        }
    }

    pub(super) fn added_event(self) -> &'static str {
        match self {
            Self::Text => "response.content_part.added",
            Self::Summary => "response.reasoning_summary_part.added",
        }
    }

    pub(super) fn delta_event(self) -> &'static str {
        match self {
            Self::Text => "response.reasoning_text.delta",
            Self::Summary => "response.reasoning_summary_text.delta",
        }
    }

    pub(super) fn text_done_event(self) -> &'static str {
        match self {
            Self::Text => "response.reasoning_text.done",
            Self::Summary => "response.reasoning_summary_text.done",
        }
    }

    pub(super) fn done_event(self) -> &'static str {
        match self {
            Self::Text => "response.content_part.done",
            Self::Summary => "response.reasoning_summary_part.done",
        }
    }

    pub(super) fn write_part(self, object: &mut Object<'_>, text: &str) {
        let mut part = object.object("part");
        part.string(
            "type",
            match self {
                Self::Text => "reasoning_text",
                Self::Summary => "summary_text",
            },
        );
        part.string("text", text);
    }
}

/// A list member whose elements are written already.
pub(super) fn write_list(object: &mut Object<'_>, member: &'static str, elements: &[u8]) {
    let out = object.value(member);
    out.push(b'[');
    out.extend_from_slice(elements);
    out.push(b']');
}

/// Appends elements to others, with a comma between.
pub(super) fn append(to: &mut Vec<u8>, elements: &[u8]) {
    if !to.is_empty() && !elements.is_empty() {
        to.push(b',');
    }
    to.extend_from_slice(elements);
}

/// Appends the elements of the list that `write` writes.
pub(super) fn append_list(to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut list = Vec::new();
    write(&mut list);
    let inner = list.get(1..list.len().saturating_sub(1)).unwrap_or_default();
    append(to, inner);
}
