//! Reads a provider's answer up to the point where it can be shown, or finds that it cannot be.
//!
//! Must stay true: an answer is judged by what it says, not only by its status; servers exist that put errors under 200.

use bytes::Bytes;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_metering::Ending;
use sluicegate_protocols::canonical::{StreamEnd, Usage};
use sluicegate_protocols::completions;
use sluicegate_protocols::dialect::{self, decode_response};
use sluicegate_protocols::embeddings::gemini;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_protocols::openai_chat::response;
use sluicegate_protocols::openai_chat::stream::ChatStream;
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_protocols::relay::{
    AnswerForm, StreamRelay, StreamTranslator, StreamWatch, WholeFacts, encode_answer, read_whole,
};
use sluicegate_protocols::rerank::RerankAnswer;
use sluicegate_protocols::target::AnswerTarget;
use sluicegate_protocols::{DecodeError, Dialect, TokenCounts};
use tokio::time::Instant;

use super::Limits;
use super::api::Clothes;
use super::attempt::{Failure, Opened, Success};
use super::finish::AttemptEnd;
use super::outgoing::Passes;
use super::refusal::Refusing;
use crate::upstream::{BodyFault, Framing, Reply, ReplyBody, classify};

/// What is expected of an answer.
pub(super) struct Reading<'a> {
    pub(super) limits: &'a Limits,
    /// What is made of an error.
    pub(super) refusing: Refusing<'a>,
    pub(super) stream: bool,
    pub(super) clothes: Clothes,
    /// What the caller takes as an answer.
    pub(super) form: AnswerForm,
    /// The provider's dialect.
    pub(super) spoken: Dialect,
    /// `None` when the answer has to be translated.
    pub(super) passes: Option<Passes>,
    /// What an answer is filled up with when it is translated.
    pub(super) answer: AnswerTarget<'a>,
    /// Documents to be ranked, where that is asked.
    pub(super) documents: Option<u32>,
    pub(super) input_bytes: u64,
    pub(super) first_byte_by: Instant,
    pub(super) deadline: Instant,
}

impl Reading<'_> {
    pub(super) async fn read(&self, reply: Reply) -> Result<Success, Failure> {
        let status = reply.status;
        let odd = |why: &str| {
            Failure::new(AttemptOutcome::ServerError, Ending::Unreadable, why).with_status(status)
        };
        if !(200..300).contains(&status) {
            return Err(self.refusing.read(reply).await);
        }
        if reply.encoded {
            return Err(odd(
                "the provider's answer is compressed although that was not accepted",
            ));
        }
        let expected = match self.spoken.framing() {
            dialect::Framing::Sse => Framing::Events,
            dialect::Framing::EventStream => Framing::AwsEvents,
        };
        if self.stream && reply.framing != expected {
            return Err(odd("the provider did not stream although it was asked to"));
        }
        let read = if self.stream {
            self.begin(reply.body, status).await
        } else {
            self.whole(reply.body, status).await
        };
        read.map_err(|failure| failure.with_status(status))
    }

    /// A whole document.
    pub(super) async fn document(&self, body: ReplyBody) -> Result<Bytes, Failure> {
        let (limit, idle) = (self.limits.max_answer_bytes, self.limits.idle_timeout());
        body.whole(limit, idle, self.deadline).await.map_err(broken)
    }

    /// Vectors in OpenAI's form, in the clothes of the caller's API.
    pub(super) fn dressed(&self, body: Bytes) -> Result<Bytes, DecodeError> {
        Ok(match self.clothes {
            Clothes::Own | Clothes::Completions => body,
            Clothes::Embed(method) => gemini::from_openai(&body, method)?.into(),
        })
    }

    async fn whole(&self, body: ReplyBody, status: u16) -> Result<Success, Failure> {
        let body = self.document(body).await?;
        let (facts, translated) = self.understand(&body).map_err(|_| {
            let why = "the provider's answer is not what was asked for";
            Failure::new(AttemptOutcome::ServerError, Ending::Unreadable, why)
        })?;
        if let Some(error) = facts.error.filter(|_| facts.answers == 0) {
            return Err(told(&error));
        }
        let (tokens, is_told) = tokens(facts.usage, self.input_bytes, facts.content_bytes);
        let (body, losses) = translated.unwrap_or((body, LossReport::default()));
        let end = AttemptEnd {
            outcome: AttemptOutcome::Served,
            status: Some(status),
            ending: Ending::Answered,
            tokens,
            is_told,
            retry_after: None,
        };
        Ok(Success::Whole { body, losses, end })
    }

    /// Reads a whole answer; also gives it in the caller's dialect when that is another one.
    fn understand(&self, body: &Bytes) -> Result<(WholeFacts, Option<(Bytes, LossReport)>), DecodeError> {
        if let Some(documents) = self.documents {
            let ranked = RerankAnswer::parse(body, documents, self.limits.max_json_depth)?;
            let told = ranked.tokens.is_some() || ranked.search_units.is_some();
            let counts = told.then(|| TokenCounts {
                input: ranked.tokens.unwrap_or(0),
                searches: ranked.search_units.unwrap_or(0),
                ..TokenCounts::default()
            });
            let facts = WholeFacts {
                usage: counts,
                ..WholeFacts::default()
            };
            return Ok((facts, None));
        }
        match (self.passes, self.spoken) {
            (Some(_), Dialect::OpenAiChat) => {
                let facts = match self.clothes {
                    Clothes::Completions => completions::read_response(body)?,
                    Clothes::Own | Clothes::Embed(_) => response::read(body)?,
                };
                let facts = WholeFacts {
                    usage: facts.usage,
                    content_bytes: facts.content.total(),
                    answers: facts.choices as usize,
                    error: facts.error,
                };
                let dressed = self.dressed(body.clone())?;
                Ok((facts, Some((dressed, LossReport::default()))))
            }
            (Some(_), spoken) => Ok((read_whole(&decode_response(spoken, body)?), None)),
            (None, spoken) => {
                let mut answer = decode_response(spoken, body)?;
                let facts = read_whole(&answer);
                if answer.usage.is_none() {
                    let (counts, _) = tokens(None, self.input_bytes, facts.content_bytes);
                    answer.usage = Some(Usage { counts, native: None });
                }
                let encoded = encode_answer(self.form, &answer, &self.answer);
                Ok((facts, Some((encoded.body.into(), encoded.losses))))
            }
        }
    }

    fn reader(&self) -> StreamRelay {
        let max_frame = self.limits.max_event_bytes;
        match (self.passes, self.spoken) {
            (Some(Passes { hide_usage_chunk }), Dialect::OpenAiChat) => StreamRelay::Chat(match self.form {
                AnswerForm::Completions => ChatStream::of_completions(max_frame, hide_usage_chunk),
                AnswerForm::Dialect(_) => ChatStream::new(max_frame, hide_usage_chunk),
            }),
            (Some(_), spoken) => StreamRelay::Watch(Box::new(StreamWatch::new(spoken, max_frame))),
            (None, spoken) => {
                let translator = StreamTranslator::new(spoken, self.form, &self.answer, max_frame);
                StreamRelay::Translate(Box::new(translator))
            }
        }
    }

    /// Reads until the first event that says something: until then the caller has seen nothing.
    async fn begin(&self, mut body: ReplyBody, status: u16) -> Result<Success, Failure> {
        let mut reader = self.reader();
        let mut shown = Vec::new();
        let mut ended = None;
        while ended.is_none() && !reader.facts().begun {
            match body.next(self.first_byte_by).await.map_err(broken)? {
                Some(bytes) => reader.feed(&bytes, &mut shown).map_err(|fault| {
                    Failure::new(AttemptOutcome::ServerError, Ending::Unreadable, fault.to_string())
                })?,
                None => ended = Some(reader.finish(&mut shown)),
            }
        }
        let facts = reader.facts();
        if let Some(error) = facts.error.filter(|_| !facts.has_content) {
            return Err(told(error));
        }
        if ended == Some(StreamEnd::Cut) && !facts.has_content {
            let why = "the provider's stream ended before it said anything";
            return Err(Failure::new(AttemptOutcome::Cut, Ending::CutBeforeOutput, why));
        }
        let input_bytes = self.input_bytes;
        Ok(Success::Stream(Box::new(Opened {
            shown,
            reader,
            body,
            status,
            input_bytes,
            ended,
        })))
    }
}

/// The provider's own count, else a guess from the text on both sides; and whether it was told.
pub(super) fn tokens(
    reported: Option<TokenCounts>,
    input_bytes: u64,
    content_bytes: u64,
) -> (TokenCounts, bool) {
    match reported {
        Some(counts) => (counts, true),
        None => (TokenCounts::estimate(input_bytes, content_bytes), false),
    }
}

fn broken(fault: BodyFault) -> Failure {
    let (outcome, ending) = classify::body_fault(fault);
    Failure::new(outcome, ending, fault.to_string())
}

/// An error told under a success status, before any content.
fn told(error: &ProviderError) -> Failure {
    let status = error
        .code
        .as_deref()
        .and_then(|code| code.parse().ok())
        .filter(|code| (400..600).contains(code));
    let outcome = status.map_or(AttemptOutcome::ServerError, |status| {
        classify::refusal(status, error)
    });
    let mut failure = Failure::new(
        outcome,
        Ending::Failed,
        "the provider answered with an error under a success status",
    );
    failure.end.retry_after = error.retry_after;
    failure
}
