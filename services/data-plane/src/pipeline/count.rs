//! Counts the tokens of a request. The steps are those of an inference request up to its plan, so that a caller is
//! refused here as it would be there. Then the provider that would be tried first is asked, where it counts; where it
//! does not, or fails, the count is made here. Nothing is bought, and no usage record is left.

use std::time::Duration;

use actix_web::web::{self, Payload};
use bytes::Bytes;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_protocols::dialect::decode_request;
use tokio::time::{Instant, timeout_at};

use super::attempt::Said;
use super::extension::Extension;
use super::inspect::{Undressed, inspect, named, undress};
use super::last_word::Refused;
use super::outgoing::{Outgoing, Prepared, prepare};
use super::refusal::Refusing;
use super::stage::{Planned, Received};
use super::view::RequestView;
use super::{Api, Gateway, admit, authenticate, plan};
use crate::error::{ErrorKind, GatewayError};
use crate::http::{Arrival, body};
use crate::tokens::{Count, Vocabulary, count};
use crate::upstream::{Call, TokenCounter, auth, classify};

/// How long a provider may take to count.
const COUNT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer of a provider that counted, in bytes.
const MAX_COUNT_BYTES: usize = 64 * 1024;

/// What a caller that wants a count gets.
pub(crate) enum Counted {
    /// A count made here.
    Here {
        count: Count,
        /// Why the provider's own is not to be had, where it has one.
        instead: Option<AttemptOutcome>,
    },
    /// The provider's own count.
    There {
        tokens: u64,
        /// Its document, where that is in the caller's dialect.
        document: Option<Bytes>,
    },
    /// The provider would refuse the request.
    Refused(Refused),
}

/// Counts.
///
/// # Errors
/// As an inference request would be refused.
pub(crate) async fn count_tokens(
    gateway: &Gateway,
    api: Api,
    arrival: &Arrival,
    payload: Payload,
) -> Result<Counted, GatewayError> {
    let limits = &gateway.state().limits;
    let depth = limits.max_json_depth;
    let snapshot = gateway.state().snapshots.load();
    let received = Received {
        snapshot: &snapshot,
        api,
        arrival,
    };
    let caller = authenticate::authenticate(received, &gateway.state().key_hasher)
        .inspect_err(|_| gateway.state().metrics.unknown_caller())?;
    let body = body::read(&arrival.body, payload, limits).await?;
    let Undressed { body, steering, .. } = undress(arrival, api, body, depth)?;
    let (vocabulary, instead) = {
        let view = RequestView::parse(arrival, api, &body, depth)?;
        let extension = Extension::read(view.extension())?;
        let (model, at) = named(arrival, &view, &extension);
        let inspected = inspect(caller, &body, &view, (&model, at), &extension, &steering, depth)?;
        let (planned, _) = plan::plan(gateway, admit::allowed(inspected)?)?;
        match ask(gateway, &planned, depth).await? {
            Asked::Nobody => (vocabulary(&planned), None),
            Asked::InVain(outcome) => (vocabulary(&planned), Some(outcome)),
            Asked::Answered(counted) => return Ok(counted),
        }
    };
    // Long texts take long, and a vocabulary is loaded the first time: not on a thread that serves others meanwhile.
    let count = web::block(move || {
        decode_request(api.body_dialect(), &body, depth).map(|request| count(&request, vocabulary))
    })
    .await
    .map_err(|_| GatewayError::new(ErrorKind::Internal, "The tokens could not be counted."))??;
    Ok(Counted::Here { count, instead })
}

/// The tokenizer of the model that would be tried first.
fn vocabulary(planned: &Planned<'_>) -> Option<Vocabulary> {
    let candidate = planned.candidate(*planned.plan.attempts.first()?);
    let name = candidate
        .endpoint
        .map_or(candidate.upstream_model, |it| it.model.as_str());
    Vocabulary::of_model(name)
}

/// What came of asking a provider.
enum Asked {
    /// The one that would be tried first does not count.
    Nobody,
    /// It does, and failed.
    InVain(AttemptOutcome),
    Answered(Counted),
}

async fn ask(gateway: &Gateway, planned: &Planned<'_>, depth: u32) -> Result<Asked, GatewayError> {
    let Some(first) = planned.plan.attempts.first() else {
        return Ok(Asked::Nobody);
    };
    let candidate = planned.candidate(*first);
    let Prepared::Ready(outgoing) = prepare(planned, candidate, depth)? else {
        return Ok(Asked::Nobody);
    };
    let model = candidate.upstream_model;
    let Some(counter) = outgoing.upstream.counter(model, outgoing.dialect) else {
        return Ok(Asked::Nobody);
    };
    let deadline = Instant::now() + COUNT_TIMEOUT.min(gateway.state().limits.deadline());
    let arrival = planned.request.caller.received.arrival;
    let call = Call {
        operation: planned.request.features.operation,
        dialect: outgoing.dialect,
        body: outgoing.body.clone(),
        model,
        text: false,
        stream: false,
        passed: outgoing.passed_headers(&arrival.passed),
        request: arrival.context.id.into(),
        now_millis: gateway.state().clock.now_millis(),
    };
    let asking = Asking {
        planned,
        outgoing: &outgoing,
        depth,
        deadline,
    };
    Ok(
        match timeout_at(deadline, asking.send(gateway, &counter, call)).await {
            Ok(Ok(counted)) => Asked::Answered(counted),
            Ok(Err(outcome)) => Asked::InVain(outcome),
            Err(_) => Asked::InVain(AttemptOutcome::TimedOut),
        },
    )
}

struct Asking<'a, 's> {
    planned: &'a Planned<'s>,
    outgoing: &'a Outgoing<'s>,
    depth: u32,
    deadline: Instant,
}

impl Asking<'_, '_> {
    async fn send(
        &self,
        gateway: &Gateway,
        counter: &TokenCounter<'_>,
        call: Call<'_>,
    ) -> Result<Counted, AttemptOutcome> {
        let caller = self.planned.request.caller.received.api.dialect();
        let reply = counter
            .ask(gateway.client(), call)
            .await
            .map_err(|failure| classify::send_failure(failure).0)?;
        if !(200..300).contains(&reply.status) {
            let refusing = Refusing {
                depth: self.depth,
                connection: self.outgoing.connection,
                caller,
                spoken: self.outgoing.dialect,
                deadline: self.deadline,
            };
            let failure = refusing.read(reply).await;
            return match (failure.end.status, failure.said) {
                // What the caller wrote itself is its own mistake; a refusal of what was translated may be ours.
                (Some(status @ (400 | 413 | 422)), Some(Said::Document(body))) => {
                    Ok(Counted::Refused(Refused {
                        status,
                        body,
                        retry_after: None,
                        should_retry: false,
                    }))
                }
                _ => Err(failure.end.outcome),
            };
        }
        let body = reply
            .body
            .whole(MAX_COUNT_BYTES, COUNT_TIMEOUT, self.deadline)
            .await
            .map_err(|fault| classify::body_fault(fault).0)?;
        let tokens = counter.read(&body).ok_or(AttemptOutcome::ServerError)?;
        let connection = self.outgoing.connection;
        let shown = self.outgoing.dialect == caller
            && !connection.is_some_and(|connection| auth::quotes_credential(&body, connection));
        Ok(Counted::There {
            tokens,
            document: shown.then_some(body),
        })
    }
}
