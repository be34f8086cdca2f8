//! Reads a provider's answer up to the point where it can be shown, or finds that it cannot be.
//!
//! Must stay true: an answer is judged by what it says, not only by its status; servers exist that put errors under 200.

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_protocols::TokenCounts;
use sluicegate_protocols::openai_chat::error::ProviderError;
use sluicegate_protocols::openai_chat::response;
use sluicegate_protocols::openai_chat::stream::{ChatStream, StreamEnd};
use tokio::time::Instant;

use super::Limits;
use super::attempt::{Failure, Opened, Success};
use super::finish::AttemptEnd;
use crate::snapshot::LiveConnection;
use crate::upstream::{BodyFault, Framing, Reply, ReplyBody, auth, classify};

/// Most of an error document that is read, in bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// How long an error document may take.
const ERROR_TIMEOUT: Duration = Duration::from_secs(5);

/// What is expected of an answer.
pub(super) struct Reading<'a> {
    pub(super) limits: &'a Limits,
    pub(super) connection: Option<&'a LiveConnection>,
    pub(super) stream: bool,
    pub(super) hide_usage_chunk: bool,
    pub(super) input_bytes: u64,
    pub(super) first_byte_by: Instant,
    pub(super) deadline: Instant,
}

impl Reading<'_> {
    pub(super) async fn read(&self, reply: Reply) -> Result<Success, Failure> {
        let status = reply.status;
        let odd = |why: &str| {
            Failure::new(AttemptOutcome::ServerError, Evidence::Uncertain, why).with_status(status)
        };
        if !(200..300).contains(&status) {
            return Err(self.refusal(reply).await);
        }
        if reply.encoded {
            return Err(odd(
                "the provider's answer is compressed although that was not accepted",
            ));
        }
        if self.stream && reply.framing != Framing::Events {
            return Err(odd("the provider did not stream although it was asked to"));
        }
        let read = if self.stream {
            self.begin(reply.body, status).await
        } else {
            self.whole(reply.body, status).await
        };
        read.map_err(|failure| failure.with_status(status))
    }

    async fn whole(&self, body: ReplyBody, status: u16) -> Result<Success, Failure> {
        let (limit, idle) = (self.limits.max_answer_bytes, self.limits.idle_timeout());
        let body = body.whole(limit, idle, self.deadline).await.map_err(broken)?;
        let facts = response::read(&body).map_err(|_| {
            let why = "the provider's answer is not a JSON object";
            Failure::new(AttemptOutcome::ServerError, Evidence::Uncertain, why)
        })?;
        if let Some(error) = facts.error.filter(|_| facts.choices == 0) {
            return Err(told(&error));
        }
        let (tokens, evidence) = self.tokens(facts.usage, facts.content.total());
        let end = AttemptEnd {
            outcome: AttemptOutcome::Served,
            status: Some(status),
            tokens,
            evidence,
        };
        Ok(Success::Whole { body, end })
    }

    /// Reads until the first event that says something: until then the caller has seen nothing.
    async fn begin(&self, mut body: ReplyBody, status: u16) -> Result<Success, Failure> {
        let mut reader = ChatStream::new(self.limits.max_event_bytes, self.hide_usage_chunk);
        let mut shown = Vec::new();
        let mut ended = None;
        while ended.is_none() && reader.facts().chunks == 0 && !reader.facts().done {
            match body.next(self.first_byte_by).await.map_err(broken)? {
                Some(bytes) => reader.feed(&bytes, &mut shown).map_err(|fault| {
                    Failure::new(
                        AttemptOutcome::ServerError,
                        Evidence::Uncertain,
                        fault.to_string(),
                    )
                })?,
                None => ended = Some(reader.finish(&mut shown)),
            }
        }
        let facts = reader.facts();
        if let Some(error) = facts.error.as_ref().filter(|_| !facts.has_content()) {
            return Err(told(error));
        }
        if ended == Some(StreamEnd::Cut) && !facts.has_content() {
            let why = "the provider's stream ended before it said anything";
            return Err(Failure::new(AttemptOutcome::Cut, Evidence::Uncertain, why));
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

    async fn refusal(&self, reply: Reply) -> Failure {
        let by = (Instant::now() + ERROR_TIMEOUT).min(self.deadline);
        // What cannot be read of an error does not change that it is one.
        let said = reply
            .body
            .whole(MAX_ERROR_BYTES, ERROR_TIMEOUT, by)
            .await
            .unwrap_or_default();
        let error = ProviderError::parse(&said);
        let outcome = classify::refusal(reply.status, &error);
        let mut failure = Failure::new(
            outcome,
            Evidence::NotBilled,
            format!("the provider answered {}", reply.status),
        );
        failure.retry_after = reply.retry_after.or(error.retry_after);
        failure.said = self.safe_to_show(&said, reply.encoded).then_some(said);
        failure.with_status(reply.status)
    }

    /// Only a JSON object that does not quote our credential passes on.
    fn safe_to_show(&self, said: &Bytes, encoded: bool) -> bool {
        !encoded
            && said.trim_ascii_start().first() == Some(&b'{')
            && sluicegate_protocols::json::check(said, self.limits.max_json_depth).is_ok()
            && !self
                .connection
                .is_some_and(|connection| auth::quotes_credential(said, connection))
    }

    fn tokens(&self, reported: Option<TokenCounts>, content_bytes: u64) -> (TokenCounts, Evidence) {
        tokens(reported, self.input_bytes, content_bytes)
    }
}

/// The provider's own count, else a guess from the text on both sides.
pub(super) fn tokens(
    reported: Option<TokenCounts>,
    input_bytes: u64,
    content_bytes: u64,
) -> (TokenCounts, Evidence) {
    match reported {
        Some(counts) => (counts, Evidence::Reported),
        None => (
            TokenCounts::estimate(input_bytes, content_bytes),
            Evidence::Estimated,
        ),
    }
}

fn broken(fault: BodyFault) -> Failure {
    Failure::new(
        classify::body_fault(fault),
        Evidence::Uncertain,
        fault.to_string(),
    )
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
        Evidence::NotBilled,
        "the provider answered with an error under a success status",
    );
    failure.retry_after = error.retry_after;
    failure
}
