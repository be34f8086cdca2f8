//! Canonical events into chunks. Owns what this dialect wants of a stream: text at once, a call only
//! when its arguments are whole, usage and finish reasons in the last chunk.

use super::encode_response::lost_of;
use super::stream_parts::{Answer, Open, write_held_tokens};
use super::timestamp;
use crate::TokenCounts;
use crate::canonical::{Finish, StreamEvent, StreamStart, Usage};
use crate::failure::{Failure, FailureClass};
use crate::gemini::error::ErrorBody;
use crate::gemini::{finish, usage};
use crate::json::Object;
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::AnswerTarget;

/// The writer of one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    pub(super) id: String,
    model: String,
    created: u64,
    /// What every chunk ends with; made when the stream starts.
    suffix: Vec<u8>,
    pub(super) answers: Vec<Answer>,
    usage: Option<TokenCounts>,
    pub(super) calls: u32,
    ended: bool,
    losses: LossReport,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        let mut encoder = Self {
            id: target.id.to_owned(),
            model: target.model.to_owned(),
            created: target.created,
            suffix: Vec::new(),
            answers: Vec::new(),
            usage: None,
            calls: 0,
            ended: false,
            losses: LossReport::default(),
        };
        encoder.make_suffix();
        encoder
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
                let at = self.answer(*candidate);
                let tokens = tokens.iter().map(|token| token.clone().into_owned());
                self.answers[at].logprobs.extend(tokens);
            }
            StreamEvent::Usage(Usage { counts, native: _ }) => self.usage = Some(*counts),
            StreamEvent::Extra { name, .. } => self.lose(Feature::UnknownField, name, Severity::Hint),
            StreamEvent::Finish { candidate, finish } => self.finish(*candidate, finish),
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
            self.lose(Feature::ServiceTier, "", Severity::Hint);
        }
        self.make_suffix();
    }

    fn make_suffix(&mut self) {
        let mut suffix = Vec::new();
        {
            let mut object = Object::open(&mut suffix);
            object.string("modelVersion", &self.model);
            object.string("responseId", &self.id);
            object.string("createTime", &timestamp::write(self.created));
        }
        // Chunks begin an object that this one ends.
        if let Some(first) = suffix.first_mut() {
            *first = b',';
        }
        self.suffix = suffix;
    }

    /// The place of an answer among all.
    pub(super) fn answer(&mut self, candidate: u32) -> usize {
        if let Some(at) = self.answers.iter().position(|a| a.index == candidate) {
            return at;
        }
        self.answers.push(Answer {
            index: candidate,
            open: Open::Nothing,
            logprobs: Vec::new(),
            citations: Vec::new(),
            finish: None,
        });
        self.answers.len() - 1
    }

    /// Appends a chunk with one part of an answer.
    pub(super) fn chunk(&mut self, at: usize, out: &mut Vec<u8>, part: impl FnOnce(&mut Vec<u8>)) {
        let from = out.len();
        out.extend_from_slice(b"data: {\"candidates\":[");
        {
            let answer = &mut self.answers[at];
            let mut object = Object::open(out);
            {
                let mut content = object.object("content");
                part(content.array("parts").value());
                content.string("role", "model");
            }
            object.unsigned("index", u64::from(answer.index));
            write_held_tokens(&mut object, &mut answer.logprobs);
        }
        out.push(b']');
        out.extend_from_slice(&self.suffix);
        end_frame(out, from);
    }

    fn finish(&mut self, candidate: u32, end: &Finish<'_>) {
        let at = self.answer(candidate);
        if let Some(feature) = lost_of(end) {
            self.lose(feature, "", Severity::Hint);
        }
        let word = finish::word(end, false).to_owned();
        self.answers[at].finish.get_or_insert(word);
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let unfinished = self.answers.iter().any(|answer| answer.finish.is_none());
        if unfinished || self.answers.is_empty() {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
                details: &[],
            };
            return self.fail(&failure, out);
        }
        self.ended = true;
        let from = out.len();
        out.extend_from_slice(b"data: ");
        {
            let mut chunk = Object::open(out);
            {
                let mut list = chunk.array("candidates");
                for answer in &mut self.answers {
                    answer.last_chunk(&mut list.object());
                }
            }
            if let Some(counts) = &self.usage {
                usage::write(&mut chunk.object("usageMetadata"), counts);
            }
        }
        out.pop();
        out.extend_from_slice(&self.suffix);
        end_frame(out, from);
    }
}

/// Ends the frame that began at `from`. Line breaks in it stand between JSON tokens, inside values
/// spliced in as they came; a frame is one line.
fn end_frame(out: &mut Vec<u8>, from: usize) {
    for byte in out.iter_mut().skip(from) {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}
