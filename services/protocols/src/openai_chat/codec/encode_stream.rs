//! Canonical events into chunks. Owns what this dialect wants of a stream: the role first, calls
//! numbered from 0, one finish reason, usage in a chunk of its own when asked for, `[DONE]` last.

use std::borrow::Cow;

use super::encode_part::{can_cite, opaque_feature, write_annotations};
use super::encode_response::{finish_word, is_untold, write_tokens};
use super::stream_frames::{Choice, Open, end_frame};
use crate::TokenCounts;
use crate::canonical::{CallKind, Delta, Finish, Part, PartBody, StreamEvent, StreamStart, Text, Usage};
use crate::failure::{Failure, FailureClass};
use crate::json::Array;
use crate::lossy::{Feature, LossReport, Severity};
use crate::openai_chat::encode::DONE_FRAME;
use crate::openai_chat::{error::ErrorBody, usage};
use crate::target::AnswerTarget;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) created: u64,
    pub(super) with_usage: bool,
    /// What every chunk begins with; made when the stream starts.
    pub(super) prefix: Vec<u8>,
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Option<TokenCounts>,
    pub(super) for_any_client: bool,
    pub(super) openrouter: bool,
    pub(super) ended: bool,
    pub(super) losses: LossReport,
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
            for_any_client: target.for_any_client,
            openrouter: target.openrouter,
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
            StreamEvent::PartStart {
                candidate,
                index: _,
                part,
            } => self.part_start(*candidate, part, out),
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
                self.losses
                    .note_once(Feature::UnknownField, name, Severity::Hint, "/stream");
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
                        details: &[],
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
            PartBody::Media(media) => self.lose(at, Feature::of_media(media.kind), ""),
            PartBody::Opaque(opaque) => self.lose(at, opaque_feature(opaque.role), &opaque.kind),
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

    pub(super) fn delta(&mut self, candidate: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let at = self.choice(candidate, out);
        match (delta, self.choices[at].open.clone()) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Reasoning(format, _)) => {
                let in_full = format.is_some() || self.for_any_client;
                self.thought(at, text, in_full.then_some("text"), out);
            }
            (Delta::Text(text), _) => self.text(at, text, out),
            (Delta::Summary { piece, text }, Open::Reasoning(format, reached)) => {
                let apart = if *piece > reached { "\n\n" } else { "" };
                self.choices[at].open = Open::Reasoning(format, *piece);
                let in_full = self.for_any_client.then_some("summary");
                self.thought(at, &format!("{apart}{text}"), in_full, out);
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
                self.losses
                    .note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
            }
            (Delta::Encrypted(data), _) => self.sealed(at, data, None, out),
            (Delta::Citation(citation), _) if !can_cite(citation) => {
                self.losses
                    .note_once(Feature::Citation, "", Severity::Altered, "/stream");
            }
            (Delta::Citation(citation), _) => self.chunk(at, out, None, |delta| {
                write_annotations(delta.value("annotations"), std::iter::once(citation));
            }),
            // A decoder that keeps its promises does not come here.
            (Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.losses
                    .note_once(Feature::UnknownPart, "delta", Severity::Missing, "/stream");
            }
        }
    }

    fn text(&mut self, at: usize, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let member = if self.choices[at].open == Open::Refusal {
            "refusal"
        } else {
            "content"
        };
        self.chunk(at, out, None, |delta| delta.string(member, text));
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
        if is_untold(finish.reason) {
            self.losses
                .note_once(Feature::FinishReason, "", Severity::Hint, "/stream");
        }
        if finish.sequence.is_some() {
            self.losses
                .note_once(Feature::StopSequence, "", Severity::Hint, "/stream");
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
                    details: &[],
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
