//! Chunks into canonical events; each is a whole answer that tells what is new. Keeps, per answer,
//! which part is open, never the text. There is no last word in this dialect: an answer is complete
//! when the connection ends after its finish reason, which is held back until then.

use std::borrow::Cow;

use super::decode_response::{is_told_elsewhere, read};
use super::form;
use super::stream_candidate::Answer;
use crate::canonical::{
    Candidate, Extra, Finish, FinishReason, Response, StreamEnd, StreamEvent, StreamFault, StreamStart,
};
use crate::gemini::finish;
use crate::provider_error::clip;

/// Most answers in one stream.
const MAX_ANSWERS: usize = 128;
/// Most unknown members reported.
const MAX_EXTRAS: usize = 64;

/// The reader of one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    started: bool,
    done: bool,
    failed: bool,
    /// What ids of calls are minted from: the answer's own.
    seed: Option<String>,
    calls: u32,
    answers: Vec<Answer>,
    /// Names of unknown members reported; each is reported once.
    reported: Vec<String>,
}

/// Where events go.
pub(super) type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one frame. Event names mean nothing in this dialect.
    pub fn frame(
        &mut self,
        _event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        let data = data.trim_ascii();
        if self.done || self.failed || data.is_empty() {
            return Ok(());
        }
        let chunk = read(data).map_err(StreamFault::Malformed)?;
        self.chunk(chunk, sink)
    }

    /// Takes the end of the connection.
    pub fn end(&mut self, sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        if self.failed {
            return StreamEnd::Failed;
        }
        let finished = !self.answers.is_empty() && self.answers.iter().all(|a| a.finish.is_some());
        if !self.done && finished {
            self.conclude(sink);
        }
        if self.done {
            StreamEnd::Complete
        } else {
            StreamEnd::Cut
        }
    }

    /// All is said: parts end, finish reasons come out.
    fn conclude(&mut self, sink: &mut Sink<'_>) {
        self.done = true;
        for answer in &mut self.answers {
            answer.conclude(sink);
            let Some(end) = answer.finish.take() else { continue };
            let blocked = end.blocked.then_some(FinishReason::ContentFilter);
            sink(StreamEvent::Finish {
                candidate: answer.index,
                finish: Finish {
                    reason: blocked.unwrap_or_else(|| finish::reason(&end.word, answer.has_calls)),
                    native: Some(Cow::Owned(end.word)),
                    sequence: None,
                },
            });
        }
        sink(StreamEvent::Done);
    }

    fn chunk(&mut self, chunk: Response<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let Response {
            origin: _,
            id,
            model,
            created,
            candidates,
            usage,
            service_tier,
            error,
            form: note,
            extra,
        } = chunk;
        if let Some(error) = error {
            self.failed = true;
            sink(StreamEvent::Error(error));
            return Ok(());
        }
        if !self.started {
            self.started = true;
            self.seed = id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
            sink(StreamEvent::Start(StreamStart {
                id,
                model,
                created,
                service_tier,
            }));
        }
        self.report(None, &extra, sink);
        let blocked = note.has(form::response::BLOCKED);
        for candidate in candidates {
            self.candidate(candidate, blocked, sink)?;
        }
        if let Some(usage) = usage {
            sink(StreamEvent::Usage(usage));
        }
        Ok(())
    }

    fn candidate(
        &mut self,
        candidate: Candidate<'_>,
        blocked: bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let Candidate {
            index,
            message,
            finish,
            logprobs,
            form: _,
            extra,
        } = candidate;
        let at = match self.answers.iter().position(|answer| answer.index == index) {
            Some(at) => at,
            None if self.answers.len() == MAX_ANSWERS => return Err(StreamFault::OutOfOrder),
            None => {
                self.answers.push(Answer::new(index));
                self.answers.len() - 1
            }
        };
        let tokens = logprobs.map(|l| l.content).unwrap_or_default();
        if !tokens.is_empty() {
            sink(StreamEvent::Logprobs {
                candidate: index,
                tokens,
            });
        }
        for part in message.parts {
            self.answers[at].say(part, self.seed.as_deref(), &mut self.calls, sink)?;
        }
        self.report(Some(index), &message.extra, sink);
        self.report(Some(index), &extra, sink);
        if let Some(native) = finish.and_then(|finish| finish.native) {
            self.answers[at].finish = Some(super::stream_candidate::End {
                word: clip(&native, 64),
                blocked,
            });
        }
        Ok(())
    }

    /// Reports unknown members that say something, each name once.
    fn report(&mut self, candidate: Option<u32>, extra: &Extra<'_>, sink: &mut Sink<'_>) {
        for (name, value) in extra.iter() {
            let known = self.reported.iter().any(|reported| reported == name);
            if known || self.reported.len() == MAX_EXTRAS || is_told_elsewhere(name, value) {
                continue;
            }
            self.reported.push(clip(name, 64));
            sink(StreamEvent::Extra {
                candidate,
                name: Cow::Borrowed(name),
                value: value.by_ref(),
            });
        }
    }
}
