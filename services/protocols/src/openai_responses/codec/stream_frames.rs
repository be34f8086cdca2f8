//! The events between the first and the last: items and parts as they open, grow and close.

use std::borrow::Cow;

use super::encode_alone::{call_prefix, call_type, write_carrier};
use super::encode_item::mint_item;
use super::encode_stream::{StreamEncoder, text_delta};
use super::item::input_member;
use super::seal;
use super::stream_kept::{Body, Call, Content, OpenItem, Piece, Thought, append, write_list};
use crate::canonical::{Arguments, CallKind, Delta, Issuer, Part, PartBody, Reasoning, ToolCall};
use crate::json::{Object, RawJson};
use crate::lossy::{Feature, Severity};
use crate::tool_ids;

impl StreamEncoder {
    /// Opens an item and says so. `write` writes the members of it behind its id.
    fn open_item(
        &mut self,
        part: &Part<'_>,
        id: Option<&str>,
        prefix: &str,
        body: Body,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        self.close_item("completed", out);
        let index = self.items;
        self.items += 1;
        let item = part.item.as_deref();
        let known = id.or(item.and_then(|item| item.id.as_deref()));
        let id = known.map_or_else(|| mint_item(prefix, &self.id, index), str::to_owned);
        let extra = item.filter(|_| !self.meaning_only).map(|item| {
            let mut extra = item.extra.clone();
            extra.remove("status");
            extra.into_owned()
        });
        self.frame("response.output_item.added", out, |object| {
            object.unsigned("output_index", u64::from(index));
            let mut item = object.object("item");
            item.string("id", &id);
            write(&mut item);
        });
        self.open = Some(OpenItem {
            id,
            index,
            extra: extra.unwrap_or_default(),
            body,
        });
    }

    /// Appends an event about the open item.
    pub(super) fn item_frame(
        &mut self,
        event: &'static str,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        let Some(item) = self.open.take() else { return };
        self.frame(event, out, |object| {
            object.string("item_id", &item.id);
            object.unsigned("output_index", u64::from(item.index));
            write(object);
        });
        self.open = Some(item);
    }

    /// An item that comes in one piece.
    pub(super) fn whole_item(&mut self, value: &RawJson<'_>, out: &mut Vec<u8>) {
        let index = self.items;
        self.items += 1;
        for event in ["response.output_item.added", "response.output_item.done"] {
            self.frame(event, out, |object| {
                object.unsigned("output_index", u64::from(index));
                object.raw("item", value);
            });
        }
        self.keep(|out| value.write(out));
    }

    /// Keeps a finished item for the end.
    fn keep(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.output.is_empty() {
            self.output.push(b',');
        }
        write(&mut self.output);
    }

    /// Closes the item that is open, if there is one.
    pub(super) fn close_item(&mut self, status: &'static str, out: &mut Vec<u8>) {
        self.part_end(out);
        self.item_end(status, out);
    }

    /// The item that is open is complete, all parts of it told.
    fn item_end(&mut self, status: &'static str, out: &mut Vec<u8>) {
        let Some(item) = self.open.take() else { return };
        let from = self.output.len() + usize::from(!self.output.is_empty());
        self.keep(|out| item.write(&mut Object::open(out), status));
        let written = self.output.get(from..).unwrap_or_default().to_vec();
        self.frame("response.output_item.done", out, |object| {
            object.unsigned("output_index", u64::from(item.index));
            object.value("item").extend_from_slice(&written);
        });
    }

    pub(super) fn content_start(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
        let goes_on = part.item.is_none()
            && matches!(&self.open, Some(item) if matches!(item.body, Body::Message { .. }));
        if !goes_on {
            let body = Body::Message {
                content: Vec::new(),
                parts: 0,
                open: None,
            };
            self.open_item(part, None, "msg", body, out, |item| {
                item.string("type", "message");
                item.string("status", "in_progress");
                item.string("role", "assistant");
                drop(item.array("content"));
            });
        }
        let content = Content {
            is_refusal: matches!(part.body, PartBody::Refusal(_)),
            text: String::new(),
            annotations: Vec::new(),
            cited: 0,
            tokens: Vec::new(),
        };
        let position = self.content_index();
        self.item_frame("response.content_part.added", out, |object| {
            object.unsigned("content_index", u64::from(position));
            content.write(&mut object.object("part"));
        });
        if let Some(OpenItem {
            body: Body::Message { open, .. },
            ..
        }) = &mut self.open
        {
            *open = Some(content);
        }
        match &part.body {
            PartBody::Text(text) => {
                self.add(&text_delta(&text.text), out);
                for citation in &text.citations {
                    self.cite(citation, out);
                }
            }
            PartBody::Json(value) => self.add(&text_delta(value.as_str()), out),
            PartBody::Refusal(text) => self.add(&text_delta(text), out),
            PartBody::Reasoning(_)
            | PartBody::ToolCall(_)
            | PartBody::ToolResult(_)
            | PartBody::Media(_)
            | PartBody::Opaque(_) => {}
        }
    }

    pub(super) fn content_index(&self) -> u32 {
        match &self.open {
            Some(OpenItem {
                body: Body::Message { parts, .. },
                ..
            }) => *parts,
            Some(_) | None => 0,
        }
    }

    pub(super) fn reasoning_start(&mut self, part: &Part<'_>, reasoning: &Reasoning<'_>, out: &mut Vec<u8>) {
        let Reasoning {
            id,
            text,
            summary,
            encrypted,
        } = reasoning;
        let thought = Thought {
            encrypted: encrypted.as_deref().map(str::to_owned),
            signature: part.signature.as_deref().map(str::to_owned),
            issuer: part.issuer.clone().map(Issuer::into_owned),
            ..Thought::default()
        };
        self.open_item(part, id.as_deref(), "rs", Body::Reasoning(thought), out, |item| {
            item.string("type", "reasoning");
            drop(item.array("summary"));
        });
        for text in text {
            self.add(&text_delta(text), out);
        }
        for (piece, text) in (0u32..).zip(summary) {
            let text = Cow::Borrowed(text.as_ref());
            self.add(&Delta::Summary { piece, text }, out);
        }
    }

    /// An item that carries the signature of the call to come.
    fn carry_signature(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
        let Some(sealed) = seal::close_on_call(part.signature.as_deref(), part.issuer.as_ref()) else {
            if part.signature.is_some() {
                self.losses
                    .note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
            }
            return;
        };
        self.close_item("completed", out);
        let id = mint_item("rs", &self.id, self.items);
        let mut written = Vec::new();
        write_carrier(Object::open(&mut written), Some(&id), &sealed);
        let carrier = String::from_utf8(written)
            .ok()
            .and_then(|text| RawJson::parse(text).ok());
        if let Some(carrier) = carrier {
            self.whole_item(&carrier, out);
        }
    }

    pub(super) fn call_start(&mut self, part: &Part<'_>, call: &ToolCall<'_>, out: &mut Vec<u8>) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra: _,
        } = call;
        self.carry_signature(part, out);
        let call_id = match id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => tool_ids::mint(&self.id, self.items),
        };
        let body = Body::Call(Call {
            call_id: call_id.clone(),
            name: name.as_ref().to_owned(),
            input: String::new(),
            kind: *kind,
        });
        self.open_item(part, None, call_prefix(*kind), body, out, |item| {
            item.string("type", call_type(*kind));
            item.string("status", "in_progress");
            item.string("call_id", &call_id);
            item.string("name", name);
            item.string(input_member(*kind), "");
        });
        let opening = match arguments {
            Arguments::Text(text) => text.as_ref(),
            Arguments::Json(raw) => raw.as_str(),
        };
        self.add(&Delta::Arguments(Cow::Borrowed(opening)), out);
    }

    /// Adds to the part that is open.
    pub(super) fn add(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let Some(item) = &mut self.open else { return };
        match (&mut item.body, delta) {
            (Body::Message { open: Some(open), .. }, Delta::Text(text)) => {
                if !text.is_empty() {
                    open.text.push_str(text);
                    let is_refusal = open.is_refusal;
                    self.text(text, is_refusal, out);
                }
            }
            (Body::Message { .. }, Delta::Citation(citation)) => self.cite(citation, out),
            (Body::Reasoning(_), Delta::Text(text)) if self.summarizes => {
                self.thought(Piece::Summary, 0, text, out);
            }
            (Body::Reasoning(_), Delta::Text(text)) => self.thought(Piece::Text, 0, text, out),
            (Body::Reasoning(_), Delta::Summary { piece, text }) => {
                self.thought(Piece::Summary, *piece, text, out);
            }
            (Body::Reasoning(thought), Delta::Encrypted(data)) => {
                thought.encrypted = Some(data.as_ref().to_owned());
            }
            (Body::Reasoning(thought), Delta::Signature(data)) => {
                thought.signature.get_or_insert_default().push_str(data);
            }
            (Body::Call(call), Delta::Arguments(text)) => {
                if !text.is_empty() {
                    call.input.push_str(text);
                    let event = match call.kind {
                        CallKind::Function => "response.function_call_arguments.delta",
                        CallKind::Custom => "response.custom_tool_call_input.delta",
                    };
                    self.item_frame(event, out, |object| object.string("delta", text));
                }
            }
            (_, Delta::Signature(_)) => {
                self.losses
                    .note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
            }
            // A decoder that keeps its promises does not come here.
            (
                _,
                Delta::Text(_)
                | Delta::Summary { .. }
                | Delta::Arguments(_)
                | Delta::Encrypted(_)
                | Delta::Citation(_),
            ) => {
                self.losses
                    .note_once(Feature::UnknownPart, "delta", Severity::Missing, "/stream");
            }
        }
    }

    /// The part that is open is complete. A message stays open for more; other items close.
    pub(super) fn part_end(&mut self, out: &mut Vec<u8>) {
        let position = self.content_index();
        let held = match &self.open {
            Some(OpenItem {
                body: Body::Message { open: Some(_), .. },
                ..
            }) => std::mem::take(&mut self.held),
            Some(_) | None => Vec::new(),
        };
        self.told_logprobs(&held);
        let Some(item) = &mut self.open else { return };
        match &mut item.body {
            Body::Message { open, .. } => {
                if let Some(content) = open.take() {
                    self.content_end(content, position, out);
                }
            }
            Body::Reasoning(_) => {
                self.close_piece(out);
                self.item_end("completed", out);
            }
            Body::Call(call) => {
                // Nothing is no JSON, and clients parse what they get.
                if call.input.trim().is_empty() && call.kind == CallKind::Function {
                    call.input.clear();
                    self.add(&Delta::Arguments(Cow::Borrowed("{}")), out);
                }
                self.call_end(out);
                self.item_end("completed", out);
            }
        }
    }

    fn content_end(&mut self, content: Content, position: u32, out: &mut Vec<u8>) {
        let (event, member) = if content.is_refusal {
            ("response.refusal.done", "refusal")
        } else {
            ("response.output_text.done", "text")
        };
        self.item_frame(event, out, |object| {
            object.unsigned("content_index", u64::from(position));
            object.string(member, &content.text);
            if !content.is_refusal {
                write_list(object, "logprobs", &content.tokens);
            }
        });
        let mut written = Vec::new();
        content.write(&mut Object::open(&mut written));
        self.item_frame("response.content_part.done", out, |object| {
            object.unsigned("content_index", u64::from(position));
            object.value("part").extend_from_slice(&written);
        });
        if let Some(OpenItem {
            body: Body::Message { content, parts, .. },
            ..
        }) = &mut self.open
        {
            append(content, &written);
            *parts += 1;
        }
    }

    fn call_end(&mut self, out: &mut Vec<u8>) {
        let Some(OpenItem {
            body: Body::Call(call),
            ..
        }) = &self.open
        else {
            return;
        };
        let (name, input, kind) = (call.name.clone(), call.input.clone(), call.kind);
        let event = match kind {
            CallKind::Function => "response.function_call_arguments.done",
            CallKind::Custom => "response.custom_tool_call_input.done",
        };
        self.item_frame(event, out, |object| {
            if kind == CallKind::Function {
                object.string("name", &name);
            }
            object.string(input_member(kind), &input);
        });
    }
}

/// Ends the frame whose data began at `from`. Line breaks in it stand between JSON tokens, inside
/// values spliced in as they came; the data is one line.
pub(super) fn end_frame(out: &mut Vec<u8>, from: usize) {
    if let Some(frame) = out.get_mut(from..) {
        let breaks: Vec<usize> = memchr::memchr2_iter(b'\n', b'\r', frame).collect();
        for at in breaks {
            frame[at] = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}
