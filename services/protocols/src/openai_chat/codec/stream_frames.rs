//! The chunks that the stream encoder writes: their head, their frame, and those of reasoning and of
//! tool calls.

use std::borrow::Cow;

use super::encode_calls::{call_type, write_google_signature};
use super::encode_stream::StreamEncoder;
use crate::canonical::{Arguments, CallKind, Delta, Issuer, Part, Reasoning, ToolCall};
use crate::json::Object;
use crate::lossy::{Feature, Severity};
use crate::tool_ids;

/// One answer so far.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) index: u32,
    pub(super) calls: u32,
    pub(super) open: Open,
    /// Pieces of reasoning so far, for `reasoning_details`.
    pub(super) reasoning: u64,
    /// Token probabilities that go with the next text.
    pub(super) logprobs: Vec<u8>,
    pub(super) finished: bool,
}

/// The part that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Open {
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
    pub(super) fn head(&mut self, model: Option<&str>, created: Option<u64>, tier: Option<&str>) {
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
    pub(super) fn choice(&mut self, candidate: u32, out: &mut Vec<u8>) -> usize {
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
    pub(super) fn chunk(
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
        if self.with_usage && !self.openrouter {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.push(b'}');
        end_frame(out, from);
    }

    pub(super) fn reasoning_start(
        &mut self,
        at: usize,
        reasoning: &Reasoning<'_>,
        issuer: Option<&Issuer<'_>>,
        out: &mut Vec<u8>,
    ) {
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
            self.delta(
                candidate,
                &Delta::Summary {
                    piece,
                    text: Cow::Borrowed(text),
                },
                out,
            );
        }
        if let Some(encrypted) = encrypted {
            self.sealed(at, encrypted, id.as_deref(), out);
        }
    }

    pub(super) fn sealed(&mut self, at: usize, data: &str, id: Option<&str>, out: &mut Vec<u8>) {
        self.detail(at, out, None, |object| {
            object.string("type", "reasoning.encrypted");
            object.string("data", data);
            object.optional_string("id", id);
        });
    }

    /// Appends a chunk with one of `reasoning_details`, and the text of it for those who read only
    /// that.
    pub(super) fn detail(
        &mut self,
        at: usize,
        out: &mut Vec<u8>,
        shown: Option<&str>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        let choice = &self.choices[at];
        let format = if let Open::Reasoning(format, _) = &choice.open {
            format.clone()
        } else {
            None
        };
        let index = choice.reasoning.saturating_sub(1);
        let member = self.reasoning_member();
        self.chunk(at, out, None, |delta| {
            delta.optional_string(member, shown);
            let mut list = delta.array("reasoning_details");
            let mut object = list.object();
            write(&mut object);
            object.optional_string("format", format.as_deref());
            object.unsigned("index", index);
        });
    }

    /// Where the client looks for reasoning as one text.
    const fn reasoning_member(&self) -> &'static str {
        if self.openrouter {
            "reasoning"
        } else {
            "reasoning_content"
        }
    }

    pub(super) fn call_start(&mut self, at: usize, call: &ToolCall<'_>, part: &Part<'_>, out: &mut Vec<u8>) {
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
            Arguments::Text(text) => text.as_ref(),
            Arguments::Json(raw) => raw.as_str(),
        };
        self.choices[at].open = Open::Call(!opening.is_empty(), *kind);
        let google = part
            .signature
            .as_deref()
            .filter(|_| part.issuer == Some(Issuer::Google));
        if part.signature.is_some() && google.is_none() {
            self.losses
                .note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
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

    /// Reasoning, in full as a detail of this kind: what is signed must come back as it was.
    pub(super) fn thought(&mut self, at: usize, text: &str, detail: Option<&'static str>, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let Some(kind) = detail else {
            let member = self.reasoning_member();
            return self.chunk(at, out, None, |delta| delta.string(member, text));
        };
        self.detail(at, out, Some(text), |object| {
            object.string("type", &format!("reasoning.{kind}"));
            object.string(kind, text);
        });
    }

    pub(super) fn arguments(&mut self, at: usize, text: &str, kind: CallKind, out: &mut Vec<u8>) {
        let position = self.choices[at].calls.saturating_sub(1);
        self.chunk(at, out, None, |delta| {
            let mut list = delta.array("tool_calls");
            let mut object = list.object();
            object.unsigned("index", u64::from(position));
            object.object(call_type(kind)).string(input_member(kind), text);
        });
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
pub(super) fn end_frame(out: &mut Vec<u8>, from: usize) {
    if let Some(frame) = out.get_mut(from..) {
        let breaks: Vec<usize> = memchr::memchr2_iter(b'\n', b'\r', frame).collect();
        for at in breaks {
            frame[at] = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}
