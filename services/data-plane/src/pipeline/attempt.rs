//! One upstream try: send, wait for the head, hand the answer to [`super::answer`].
//!
//! Must stay true: a try that succeeded has its first event (streamed) or its whole document in hand; everything else
//! is a [`Failure`] that another try may follow, because the caller has seen nothing of it.

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_protocols::openai_chat::stream::{ChatStream, StreamEnd};
use sluicegate_protocols::{Dialect, TokenCounts};
use sluicegate_routing::PlannedAttempt;
use tokio::time::{Instant, timeout_at};

use super::Gateway;
use super::answer::Reading;
use super::finish::{AttemptEnd, Finish};
use super::stage::Planned;
use crate::upstream::{Call, PassedHeaders, ReplyBody, Upstream, classify};
use crate::usage::IntentGuard;

/// A try that can be shown to the caller.
pub(super) enum Success {
    /// A whole document, and its tokens.
    Whole { body: Bytes, end: AttemptEnd },
    /// A stream whose first event has come.
    Stream(Box<Opened>),
}

/// A stream that has begun.
pub(super) struct Opened {
    /// What has come and is to be shown.
    pub(super) shown: Vec<Bytes>,
    pub(super) reader: ChatStream,
    pub(super) body: ReplyBody,
    pub(super) status: u16,
    /// Size of the prompt, in case the provider does not report tokens.
    pub(super) input_bytes: u64,
    /// How the body ended, if it has already.
    pub(super) ended: Option<StreamEnd>,
}

/// A try that failed before the caller saw any of it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) end: AttemptEnd,
    pub(super) retry_after: Option<Duration>,
    /// The provider's own error document, safe to show.
    pub(super) said: Option<Bytes>,
    /// What went wrong, for a person.
    pub(super) why: String,
}

impl Failure {
    pub(super) fn new(outcome: AttemptOutcome, evidence: Evidence, why: impl Into<String>) -> Self {
        let end = AttemptEnd {
            outcome,
            status: None,
            tokens: TokenCounts::default(),
            evidence,
        };
        Self {
            end,
            retry_after: None,
            said: None,
            why: why.into(),
        }
    }

    pub(super) const fn with_status(mut self, status: u16) -> Self {
        self.end.status = Some(status);
        self
    }
}

/// Makes one try.
pub(super) async fn attempt(
    gateway: &Gateway,
    planned: &Planned<'_>,
    planned_attempt: PlannedAttempt,
    deadline: Instant,
    intent: &IntentGuard,
    finish: &mut Finish,
) -> Result<Success, Failure> {
    let request = &planned.request;
    let candidate = planned.candidate(planned_attempt);
    let connection = match candidate.connection {
        None => None,
        Some(connection) => {
            let mut connections = request.caller.project.connections.iter();
            let live = connections.find(|live| live.connection.id == connection.id);
            Some(live.ok_or_else(|| {
                Failure::new(
                    AttemptOutcome::Unreachable,
                    Evidence::NotBilled,
                    "the connection is gone",
                )
            })?)
        }
    };
    let upstream = match connection {
        None => Upstream::Echo,
        Some(live) => Upstream::Account(live.account.as_ref().ok_or_else(|| {
            let why = "the connection's credential cannot be opened";
            Failure::new(AttemptOutcome::Unreachable, Evidence::NotBilled, why)
        })?),
    };
    let operation = request.features.operation;
    let dialect = upstream.dialect(operation, candidate.upstream_model, Dialect::OpenAiChat);
    let model = upstream.model(candidate.upstream_model);
    let outgoing = request.view.rewritten(request.body, model);
    let first_byte_by = Instant::now() + Duration::from_millis(planned.retry.attempt_timeout_ms);
    let reading = Reading {
        limits: &gateway.state().limits,
        connection: connection.map(AsRef::as_ref),
        stream: request.features.stream,
        hide_usage_chunk: outgoing.hide_usage_chunk,
        input_bytes: request.view.input_bytes(),
        first_byte_by: first_byte_by.min(deadline),
        deadline,
    };
    let call = Call {
        operation,
        dialect,
        body: outgoing.body,
        model: candidate.upstream_model,
        stream: request.features.stream,
        passed: PassedHeaders::default(),
        request: intent.request(),
        now_millis: gateway.state().clock.now_millis(),
    };
    let reply = timeout_at(
        reading.first_byte_by,
        upstream.send(gateway.client(), call, intent),
    )
    .await
    .map_err(|_| {
        let why = "the provider did not answer in time";
        Failure::new(AttemptOutcome::TimedOut, Evidence::Uncertain, why)
    })?
    .map_err(|failure| {
        let (outcome, evidence) = classify::send_failure(failure);
        Failure::new(outcome, evidence, failure.to_string())
    })?;
    finish.first_byte();
    reading.read(reply).await
}
