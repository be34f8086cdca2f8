//! Canonical events as the chunks of a streamed text completion.

use super::answer::{finish_word, text};
use crate::TokenCounts;
use crate::canonical::{Delta, PartBody, StreamEvent};
use crate::failure::Failure;
use crate::json::Object;
use crate::lossy::{Feature, LossReport, Severity};
use crate::openai_chat::encode::DONE_FRAME;
use crate::openai_chat::error::ErrorBody;
use crate::openai_chat::usage;
use crate::target::AnswerTarget;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    created: u64,
    with_usage: bool,
    usage: Option<TokenCounts>,
    /// Answers whose open part has a place in a text completion.
    open: Vec<u32>,
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
            open: Vec::new(),
            ended: false,
            losses: LossReport::default(),
        }
    }

    /// Appends the frames that an event makes.
    pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start(start) => {
                if let Some(id) = &start.id {
                    self.id = id.as_ref().to_owned();
                }
                if let Some(model) = &start.model {
                    self.model = model.as_ref().to_owned();
                }
                self.created = start.created.unwrap_or(self.created);
            }
            StreamEvent::PartStart { candidate, part, .. } => {
                if let Some(text) = text(part, &mut self.losses) {
                    if !matches!(part.body, PartBody::Json(_)) {
                        self.open.push(*candidate);
                    }
                    self.chunk(*candidate, text, None, out);
                }
            }
            StreamEvent::Delta { candidate, delta } => match delta {
                Delta::Text(text) if self.open.contains(candidate) => self.chunk(*candidate, text, None, out),
                Delta::Text(_)
                | Delta::Summary { .. }
                | Delta::Arguments(_)
                | Delta::Signature(_)
                | Delta::Encrypted(_)
                | Delta::Citation(_) => {}
            },
            StreamEvent::PartEnd { candidate } => self.open.retain(|it| it != candidate),
            StreamEvent::Logprobs { .. } => self.lose(Feature::Logprobs, ""),
            StreamEvent::Usage(usage) => self.usage = Some(usage.counts),
            StreamEvent::Extra { name, .. } => self.lose(Feature::UnknownField, name),
            StreamEvent::Finish { candidate, finish } => {
                self.chunk(*candidate, "", Some(finish_word(finish)), out);
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

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        &self.losses
    }

    fn lose(&mut self, feature: Feature, name: &str) {
        self.losses.note_once(feature, name, Severity::Hint, "/stream");
    }

    fn chunk(&self, candidate: u32, text: &str, finish: Option<&str>, out: &mut Vec<u8>) {
        if text.is_empty() && finish.is_none() {
            return;
        }
        self.frame(out, |object| {
            let mut choices = object.array("choices");
            let mut choice = choices.object();
            choice.string("text", text);
            choice.unsigned("index", u64::from(candidate));
            choice.null("logprobs");
            match finish {
                Some(word) => choice.string("finish_reason", word),
                None => choice.null("finish_reason"),
            }
        });
    }

    fn frame(&self, out: &mut Vec<u8>, rest: impl FnOnce(&mut Object<'_>)) {
        out.extend_from_slice(b"data: ");
        {
            let mut object = Object::open(out);
            object.string("id", &self.id);
            object.string("object", "text_completion");
            object.unsigned("created", self.created);
            object.string("model", &self.model);
            rest(&mut object);
        }
        out.extend_from_slice(b"\n\n");
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        if let (true, Some(counts)) = (self.with_usage, self.usage) {
            self.frame(out, |object| {
                drop(object.array("choices"));
                usage::write(object.value("usage"), &counts);
            });
        }
        self.ended = true;
        out.extend_from_slice(DONE_FRAME);
    }
}
