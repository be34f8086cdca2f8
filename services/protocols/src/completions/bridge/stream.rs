//! Canonical events as chunks of a `text_completion`.

use super::answer::said;
use super::{OBJECT, finish_word};
use crate::TokenCounts;
use crate::canonical::{Delta, Finish, StreamEvent, StreamStart};
use crate::failure::{Failure, FailureClass};
use crate::json::{Array, Object, write_number, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::openai_chat::encode::{ChunkWriter, DONE_FRAME, Head};
use crate::openai_chat::error::ErrorBody;
use crate::target::AnswerTarget;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    created: u64,
    with_usage: bool,
    usage: Option<TokenCounts>,
    /// Answers begun, each with whether the part that is open is text, and whether it has ended.
    answers: Vec<(u32, bool, bool)>,
    ended: bool,
    losses: LossReport,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        Self {
            id: target.id.to_owned(),
            model: target.model.to_owned(),
            created: target.created,
            with_usage: target.usage,
            usage: None,
            answers: Vec::new(),
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
            StreamEvent::PartStart { candidate, part, .. } => {
                let mut losses = LossReport::default();
                let text = said(part, &mut losses, "/stream");
                let is_text = matches!(
                    &part.body,
                    crate::canonical::PartBody::Text(_) | crate::canonical::PartBody::Refusal(_)
                );
                for loss in losses.losses() {
                    self.losses
                        .note_once(loss.feature, &loss.name, loss.severity, "/stream");
                }
                self.answer(*candidate).1 = is_text;
                if !text.is_empty() {
                    self.chunk(*candidate, text, None, out);
                }
            }
            StreamEvent::Delta { candidate, delta } => match delta {
                Delta::Text(text) if self.answer(*candidate).1 => self.chunk(*candidate, text, None, out),
                Delta::Citation(_) => {
                    self.losses
                        .note_once(Feature::Citation, "", Severity::Hint, "/stream");
                }
                // What the start of the part was reported for.
                Delta::Text(_)
                | Delta::Summary { .. }
                | Delta::Arguments(_)
                | Delta::Signature(_)
                | Delta::Encrypted(_) => {}
            },
            StreamEvent::PartEnd { candidate } => self.answer(*candidate).1 = false,
            StreamEvent::Logprobs { .. } => {
                self.losses
                    .note_once(Feature::Logprobs, "", Severity::Missing, "/stream");
            }
            StreamEvent::Usage(usage) => self.usage = Some(usage.counts),
            StreamEvent::Extra { name, .. } => {
                self.losses
                    .note_once(Feature::UnknownField, name, Severity::Hint, "/stream");
            }
            StreamEvent::Finish { candidate, finish } => self.finish(*candidate, finish, out),
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
        if let Some(model) = model {
            self.model = model.as_ref().to_owned();
        }
        self.created = created.unwrap_or(self.created);
        if service_tier.is_some() {
            self.losses
                .note_once(Feature::ServiceTier, "", Severity::Hint, "/stream");
        }
    }

    fn answer(&mut self, candidate: u32) -> &mut (u32, bool, bool) {
        let at = match self.answers.iter().position(|(index, ..)| *index == candidate) {
            Some(at) => at,
            None => {
                self.answers.push((candidate, false, false));
                self.answers.len() - 1
            }
        };
        &mut self.answers[at]
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            created: self.created,
            model: &self.model,
        }
    }

    fn chunk(&self, candidate: u32, text: &str, finish: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        let head = self.head();
        let mut object = Object::open(out);
        object.string("id", head.id);
        object.string("object", OBJECT);
        object.unsigned("created", head.created);
        let mut list: Array<'_> = object.array("choices");
        let mut choice = list.object();
        write_string(choice.value("text"), text);
        write_number(choice.value("index"), u64::from(candidate));
        choice.null("logprobs");
        match finish {
            Some(word) => choice.string("finish_reason", word),
            None => choice.null("finish_reason"),
        }
        drop(choice);
        drop(list);
        object.string("model", head.model);
        if self.with_usage {
            object.null("usage");
        }
        drop(object);
        out.extend_from_slice(b"\n\n");
    }

    fn finish(&mut self, candidate: u32, finish: &Finish<'_>, out: &mut Vec<u8>) {
        self.answer(candidate).2 = true;
        self.chunk(candidate, "", Some(finish_word(finish.reason)), out);
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        if self.answers.is_empty() || self.answers.iter().any(|(.., ended)| !ended) {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
            };
            return self.fail(&failure, out);
        }
        if let (true, Some(counts)) = (self.with_usage, self.usage) {
            ChunkWriter::of_object(&self.head(), true, OBJECT).usage(out, &counts);
        }
        self.ended = true;
        out.extend_from_slice(DONE_FRAME);
    }
}
