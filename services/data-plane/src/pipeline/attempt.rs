//! One upstream try: send, wait for the head, hand the answer to [`super::answer`].
//!
//! Must stay true: a try that succeeded has its first event (streamed) or its whole document in hand; everything else
//! is a [`Failure`] that another try may follow, because the caller has seen nothing of it.

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_metering::Ending;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_protocols::relay::{AnswerForm, StreamRelay};
use sluicegate_protocols::target::AnswerTarget;
use sluicegate_routing::PlannedAttempt;
use tokio::time::{Instant, timeout_at};

use super::Gateway;
use super::answer::Reading;
use super::finish::{AttemptEnd, Finish, Flight};
use super::outgoing::Outgoing;
use super::refusal::Refusing;
use super::stage::Planned;
use crate::upstream::{Call, Reply, ReplyBody, Upstream, classify};

/// A try that can be shown to the caller.
pub(super) enum Success {
    /// A whole document, and its tokens.
    Whole {
        body: Bytes,
        /// What of the answer the caller's dialect cannot say.
        losses: LossReport,
        end: AttemptEnd,
    },
    /// A stream whose first event has come.
    Stream(Box<Opened>),
}

/// A stream that has begun.
pub(super) struct Opened {
    /// What has come and is to be shown.
    pub(super) shown: Vec<Bytes>,
    pub(super) reader: StreamRelay,
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
    /// What the provider said, where it is safe to show.
    pub(super) said: Option<Said>,
    /// What went wrong, for a person.
    pub(super) why: String,
}

/// A provider's own error.
#[derive(Debug)]
pub(super) enum Said {
    /// A document in the caller's dialect.
    Document(Bytes),
    /// What a document in another dialect says.
    Read(Box<ProviderError>),
}

impl Failure {
    pub(super) fn new(outcome: AttemptOutcome, ending: Ending, why: impl Into<String>) -> Self {
        Self {
            end: AttemptEnd::unanswered(outcome, ending),
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
    outgoing: &Outgoing<'_>,
    deadline: Instant,
    flight: &Flight,
    finish: &Finish,
) -> Result<Success, Failure> {
    let request = &planned.request;
    let candidate = planned.candidate(planned_attempt);
    let first_byte_by = Instant::now() + Duration::from_millis(planned.resolution.retry.attempt_timeout_ms);
    let now_millis = gateway.state().clock.now_millis();
    let api = request.caller.received.api;
    let form = api.answer_form();
    let passes = outgoing.passes(form).filter(|_| !api.is_strict());
    let answer_id = match passes {
        Some(_) => String::new(),
        None => api.answer_id(flight.intent().request()),
    };
    let reading = Reading {
        limits: &gateway.state().limits,
        refusing: Refusing {
            depth: gateway.state().limits.max_json_depth,
            connection: outgoing.connection,
            caller: api.dialect(),
            spoken: outgoing.dialect,
            deadline,
        },
        stream: request.features.stream,
        clothes: api.clothes(),
        form,
        spoken: outgoing.dialect,
        passes,
        answer: AnswerTarget {
            id: &answer_id,
            model: request.model,
            created: u64::try_from(now_millis / 1_000).unwrap_or(0),
            usage: request.view.wants_usage(),
            meaning_only: false,
            for_any_client: outgoing.dialect != api.dialect(),
            openrouter: api.is_strict(),
        },
        documents: request.view.documents(),
        input_bytes: request.view.input_bytes(),
        first_byte_by: first_byte_by.min(deadline),
        deadline,
    };
    let call = Call {
        operation: request.features.operation,
        dialect: outgoing.dialect,
        body: outgoing.body.clone(),
        model: candidate.upstream_model,
        text: outgoing.form == AnswerForm::Completions,
        stream: request.features.stream,
        passed: outgoing.passed_headers(&request.caller.received.arrival.passed),
        request: flight.intent().request(),
        now_millis,
    };
    let attempt = Try {
        gateway,
        upstream: outgoing.upstream,
        patience: Duration::from_millis(planned.resolution.retry.attempt_timeout_ms),
        call,
        flight,
        finish,
    };
    if let Some(batch) = &outgoing.batch {
        return batch.ask(&attempt, &reading).await;
    }
    let reply = attempt.send(outgoing.body.clone(), reading.first_byte_by).await?;
    reading.read(reply).await
}

/// A try on its way.
pub(super) struct Try<'a> {
    gateway: &'a Gateway,
    upstream: Upstream<'a>,
    /// How long the provider may take to begin.
    pub(super) patience: Duration,
    pub(super) call: Call<'a>,
    flight: &'a Flight,
    finish: &'a Finish,
}

impl Try<'_> {
    /// Sends the call with this body, and waits for the head of the answer.
    pub(super) async fn send(&self, body: Bytes, by: Instant) -> Result<Reply, Failure> {
        let call = Call {
            body,
            ..self.call.clone()
        };
        let sent = self
            .upstream
            .send(self.gateway.client(), call, self.flight.intent());
        let reply = timeout_at(by, sent)
            .await
            .map_err(|_| {
                let why = "the provider did not answer in time";
                Failure::new(AttemptOutcome::TimedOut, Ending::TimedOutBeforeOutput, why)
            })?
            .map_err(|failure| {
                let (outcome, ending) = classify::send_failure(failure);
                Failure::new(outcome, ending, failure.to_string())
            })?;
        self.finish.first_byte(self.flight);
        self.finish.told(self.flight, &reply.limits);
        Ok(reply)
    }
}
