//! Canonical events into the events of this dialect. Owns what it wants of a stream: every event
//! numbered, every item and part opened, filled, closed and told again in full when it closes, and
//! the whole output once more at the end.
//!
//! That is why this encoder keeps the answer it writes, unlike any other: the open part, and the
//! finished items as the JSON they will be at the end. What it keeps is bounded; an answer beyond
//! that fails, since an end that tells half of it would be believed.

use std::borrow::Cow;

use super::envelope::{Ending, Envelope, ending_of, is_exact};
use super::stream_frames::end_frame;
use super::stream_kept::OpenItem;
use crate::TokenCounts;
use crate::canonical::{Delta, Finish, Part, PartBody, StreamEvent, StreamStart, Usage};
use crate::failure::{Failure, FailureClass};
use crate::json::Object;
use crate::lossy::{Feature, LossReport, Severity};
use crate::openai_responses::error::write_event;
use crate::target::AnswerTarget;

/// Most bytes of one answer that are kept.
pub(super) const MAX_KEPT: usize = 32 << 20;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    pub(super) id: String,
    model: String,
    created: u64,
    service_tier: Option<String>,
    pub(super) meaning_only: bool,
    sequence: u64,
    begun: bool,
    pub(super) ended: bool,
    /// The answer that is told: this dialect has one.
    candidate: Option<u32>,
    pub(super) open: Option<OpenItem>,
    /// Finished items as JSON, with commas between.
    pub(super) output: Vec<u8>,
    /// Items begun.
    pub(super) items: u32,
    /// Token probabilities that go with the next text.
    pub(super) held: Vec<u8>,
    /// Bytes kept.
    pub(super) kept: usize,
    usage: Option<TokenCounts>,
    /// Reasoning is told as its summary.
    pub(super) summarizes: bool,
    finish: Option<Option<Ending<'static>>>,
    pub(super) losses: LossReport,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        Self {
            id: target.id.to_owned(),
            model: target.model.to_owned(),
            created: target.created,
            service_tier: None,
            meaning_only: target.meaning_only,
            sequence: 0,
            begun: false,
            ended: false,
            candidate: None,
            open: None,
            output: Vec::new(),
            items: 0,
            held: Vec::new(),
            kept: 0,
            usage: None,
            summarizes: target.for_any_client,
            finish: None,
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
            StreamEvent::Start(start) => self.start(start, out),
            StreamEvent::PartStart {
                candidate,
                index: _,
                part,
            } => {
                if self.tells(*candidate, out) {
                    self.part_start(part, out);
                }
            }
            StreamEvent::Delta { candidate, delta } => {
                if self.tells(*candidate, out) {
                    self.delta(delta, out);
                }
            }
            StreamEvent::PartEnd { candidate } => {
                if self.tells(*candidate, out) {
                    self.part_end(out);
                }
            }
            StreamEvent::Logprobs { candidate, tokens } => {
                if self.tells(*candidate, out) {
                    self.hold_logprobs(tokens, out);
                }
            }
            StreamEvent::Usage(Usage { counts, native: _ }) => self.usage = Some(*counts),
            StreamEvent::Extra { name, .. } => {
                self.losses
                    .note_once(Feature::UnknownField, name, Severity::Hint, "/stream");
            }
            StreamEvent::Finish { candidate, finish } => {
                if self.tells(*candidate, out) {
                    self.finish(finish, out);
                }
            }
            StreamEvent::Error(error) => {
                let failure = Failure {
                    class: error.class(200),
                    message: &error.message,
                    param: None,
                    code: error.code.as_deref(),
                    details: &[],
                };
                self.fail(&failure, out);
            }
            StreamEvent::Done => self.done(out),
        }
    }

    /// Ends the stream with an error.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if self.begun {
            self.envelope("response.failed", Ending::Failed(failure), out);
        } else {
            self.frame("error", out, |object| write_event(object, failure));
        }
    }

    fn start(&mut self, start: &StreamStart<'_>, out: &mut Vec<u8>) {
        let StreamStart {
            id,
            model,
            created,
            service_tier,
        } = start;
        if let Some(id) = id {
            self.id = id.as_ref().to_owned();
        }
        if let Some(model) = model {
            self.model = model.as_ref().to_owned();
        }
        self.created = created.unwrap_or(self.created);
        self.service_tier = service_tier.as_deref().map(str::to_owned);
        self.begin(out);
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            self.envelope("response.created", Ending::None, out);
            self.envelope("response.in_progress", Ending::None, out);
        }
    }

    /// Whether the candidate is the one that is told.
    fn tells(&mut self, candidate: u32, out: &mut Vec<u8>) -> bool {
        self.begin(out);
        let told = *self.candidate.get_or_insert(candidate) == candidate;
        if !told {
            self.losses
                .note_once(Feature::Candidates, "", Severity::Missing, "/stream");
        }
        told
    }

    fn part_start(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
        self.grow(part.size_hint(), out);
        if self.ended {
            return;
        }
        match &part.body {
            PartBody::Text(_) | PartBody::Json(_) | PartBody::Refusal(_) => self.content_start(part, out),
            PartBody::Reasoning(reasoning) => self.reasoning_start(part, reasoning, out),
            PartBody::ToolCall(call) => self.call_start(part, call, out),
            PartBody::Opaque(opaque) if part.item.is_some() => {
                self.close_item("completed", out);
                self.whole_item(&opaque.value, out);
            }
            PartBody::Opaque(opaque) => self.lose(Feature::UnknownPart, &opaque.kind, out),
            PartBody::Media(media) => self.lose(Feature::of_media(media.kind), "", out),
            PartBody::ToolResult(_) => self.lose(Feature::ToolResultContent, "", out),
        }
        let in_place = matches!(part.body, PartBody::Reasoning(_) | PartBody::ToolCall(_));
        if part.signature.is_some() && !in_place {
            self.losses
                .note_once(Feature::ReasoningSignature, "", Severity::Hint, "/stream");
        }
    }

    /// A part that this dialect cannot stream. What comes of it is passed over.
    fn lose(&mut self, feature: Feature, name: &str, out: &mut Vec<u8>) {
        self.losses.note_once(feature, name, Severity::Missing, "/stream");
        self.close_item("completed", out);
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let size = match delta {
            Delta::Text(text)
            | Delta::Summary { text, .. }
            | Delta::Arguments(text)
            | Delta::Signature(text)
            | Delta::Encrypted(text) => text.len(),
            Delta::Citation(_) => 256,
        };
        self.grow(size, out);
        if !self.ended {
            self.add(delta, out);
        }
    }

    /// Counts what is kept, and gives up on an answer that is too large.
    pub(super) fn grow(&mut self, by: usize, out: &mut Vec<u8>) {
        self.kept = self.kept.saturating_add(by);
        if self.kept > MAX_KEPT {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the answer is larger than the gateway can repeat at its end",
                param: None,
                code: Some("answer_too_large"),
                details: &[],
            };
            self.fail(&failure, out);
        }
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) {
        if self.finish.is_some() {
            return;
        }
        let ending = ending_of(finish.reason);
        self.finish = Some(ending);
        self.close_item(ending.map_or("incomplete", Ending::item_status), out);
        if !is_exact(finish.reason) {
            let word = finish.native.as_deref().unwrap_or_default();
            self.losses
                .note_once(Feature::FinishReason, word, Severity::Hint, "/stream");
        }
        if finish.sequence.is_some() {
            self.losses
                .note_once(Feature::StopSequence, "", Severity::Hint, "/stream");
        }
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let message = match self.finish {
            Some(Some(ending)) => {
                if !self.held.is_empty() {
                    self.losses
                        .note_once(Feature::Logprobs, "", Severity::Altered, "/stream");
                }
                let event = match ending {
                    Ending::Incomplete(_) => "response.incomplete",
                    Ending::None | Ending::Completed | Ending::Failed(_) => "response.completed",
                };
                self.ended = true;
                return self.envelope(event, ending, out);
            }
            Some(None) => "the provider failed while it answered",
            None => "the provider's stream ended before its end",
        };
        let failure = Failure {
            class: FailureClass::Upstream,
            message,
            param: None,
            code: None,
            details: &[],
        };
        self.fail(&failure, out);
    }

    /// Appends an event that carries the response object.
    fn envelope(&mut self, event: &'static str, ending: Ending<'_>, out: &mut Vec<u8>) {
        let output = std::mem::take(&mut self.output);
        let (id, model) = (std::mem::take(&mut self.id), std::mem::take(&mut self.model));
        let tier = self.service_tier.take();
        let usage = self.usage;
        let envelope = Envelope {
            id: &id,
            created: self.created,
            model: &model,
            service_tier: tier.as_deref(),
            ending,
            usage: usage.as_ref(),
        };
        self.frame(event, out, |object| {
            envelope.write(&mut object.object("response"), |list| {
                if !output.is_empty() {
                    list.value().extend_from_slice(&output);
                }
            });
        });
        (self.output, self.id, self.model, self.service_tier) = (output, id, model, tier);
    }

    /// Appends one event.
    pub(super) fn frame(
        &mut self,
        event: &'static str,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        let from = out.len() + "event: ".len() + event.len() + 1;
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(event.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        {
            let mut object = Object::open(out);
            object.string("type", event);
            object.unsigned("sequence_number", self.sequence);
            write(&mut object);
        }
        self.sequence += 1;
        end_frame(out, from);
    }
}

/// A delta of text.
pub(super) fn text_delta(text: &str) -> Delta<'_> {
    Delta::Text(Cow::Borrowed(text))
}
