//! The parts that the stream encoder writes: text and thoughts as they come, calls when they are
//! whole, and what goes with them.

use std::borrow::Cow;

use super::encode_grounding::{Cited, is_told, write_grounding, write_tokens};
use super::encode_part::{own_block, write_media};
use super::encode_stream::StreamEncoder;
use crate::canonical::{
    Arguments, CallKind, Citation, Delta, Form, Issuer, Part, PartBody, Reasoning, Source, Text,
    TokenLogprob, ToolCall,
};
use crate::failure::{Failure, FailureClass};
use crate::json::{Object, write_string};
use crate::lossy::{Feature, Severity};
use crate::tool_ids;

/// Most bytes of arguments kept until a call is whole.
const MAX_ARGUMENTS: usize = 8 << 20;
/// Most citations kept for the last chunk.
const MAX_CITATIONS: usize = 1024;

/// One answer so far.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) index: u32,
    pub(super) open: Open,
    /// Token probabilities that go with the next chunk.
    pub(super) logprobs: Vec<TokenLogprob<'static>>,
    pub(super) citations: Vec<Citation<'static>>,
    pub(super) finish: Option<String>,
}

/// The part that is open.
#[derive(Debug)]
pub(super) enum Open {
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
pub(super) struct Held {
    id: String,
    name: String,
    arguments: String,
    kind: CallKind,
    signature: Option<String>,
}

impl StreamEncoder {
    pub(super) fn part_start(&mut self, candidate: u32, part: &Part<'_>, out: &mut Vec<u8>) {
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
                } = &**reasoning;
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
                None => self.lost_part(at, Feature::UnknownPart, &opaque.kind),
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

    pub(super) fn delta(&mut self, candidate: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
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
                        details: &[],
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
        if citation.quote.is_some() || citation.start.is_some() {
            // The text that a source supports has gone out already.
            self.lose(Feature::Citation, "place", Severity::Hint);
        }
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

    pub(super) fn part_end(&mut self, candidate: u32, out: &mut Vec<u8>) {
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
}

impl Answer {
    /// Writes the answer as the last chunk has it.
    pub(super) fn last_chunk(&mut self, object: &mut Object<'_>) {
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

pub(super) fn write_held_tokens(object: &mut Object<'_>, held: &mut Vec<TokenLogprob<'static>>) {
    if !held.is_empty() {
        write_tokens(&mut object.object("logprobsResult"), held);
        held.clear();
    }
}
