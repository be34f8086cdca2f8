//! Canonical events into the events of this dialect. Owns what it wants of a stream: the message
//! first, why it ended together with the usage, `message_stop` last. The blocks between are written
//! by `stream_parts`.

use super::stream_frames::frame;
use super::stream_parts::Open;
use super::words::{given_tier, is_blurred, stop_reason};
use crate::TokenCounts;
use crate::anthropic_messages::error::ErrorBody;
use crate::anthropic_messages::usage;
use crate::canonical::{Finish, StreamEvent, StreamStart, Usage};
use crate::failure::{Failure, FailureClass};
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::AnswerTarget;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    pub(super) id: String,
    model: String,
    tier: Option<String>,
    /// Whether the message has begun.
    begun: bool,
    /// The answer that is told; this dialect has one.
    candidate: Option<u32>,
    pub(super) open: Open,
    /// Number of the next block.
    pub(super) index: u64,
    pub(super) calls: u32,
    usage: Option<TokenCounts>,
    /// Why it ended: the word, and the stop sequence.
    finish: Option<(String, Option<String>)>,
    ended: bool,
    losses: LossReport,
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
                    details: &[],
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

    pub(super) fn lose(&mut self, feature: Feature, name: &str, severity: Severity) {
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
    pub(super) fn begin(&mut self, out: &mut Vec<u8>) {
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
                details: &[],
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
