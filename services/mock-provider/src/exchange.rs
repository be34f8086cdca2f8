//! How a call goes, in every format: who may call, what is asked, what the script and the prompt make
//! of it, and the answer, whole or streamed, with its faults. The formats bring their paths, words and
//! encoders.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use sluicegate_protocols::canonical::Request;
use sluicegate_protocols::completions::to_chat;
use sluicegate_protocols::dialect::{Framing, decode_request};
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::{DecodeError, Dialect};

use crate::answer::decide;
use crate::asked::{canonical, sealed};
use crate::behaviour::Fault;
use crate::events::Voice;
use crate::formats::{Format, Provider, Wire};
use crate::frames::Shape;
use crate::ledger::Outcome;
use crate::pace::Allowance;
use crate::plan::{Order, Plan};
use crate::server;
use crate::state::{Bill, State};
use crate::stream::{self, Frames};
use crate::trouble::{Refusal, Trouble};

/// A call as it came in, and what its path says.
pub(crate) struct Incoming {
    pub(crate) state: web::Data<State>,
    pub(crate) request: HttpRequest,
    pub(crate) body: Bytes,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// Whether to stream, where the path says it.
    pub(crate) stream: Option<bool>,
    pub(crate) shape: Shape,
}

impl Incoming {
    /// A call whose body says everything.
    pub(crate) fn new(state: web::Data<State>, request: HttpRequest, body: Bytes) -> Self {
        Self {
            state,
            request,
            body,
            model: None,
            stream: None,
            shape: Shape::Frames,
        }
    }

    /// Answers.
    pub(crate) async fn answer(self, format: &'static Format) -> HttpResponse {
        let state = self.state.clone().into_inner();
        state.ledger.arrived();
        let ready = match self.prepare(&state, format) {
            Ok(ready) => ready,
            Err(refusal) => return refusal.answer(&state),
        };
        let (plan, voice, streams) = ready;
        let id = state.call_id(format.answer_prefix);
        let bill = Bill::open(&state, &self.request, plan.call(id, format.endpoint, streams));
        let body = move |plan: &Plan, id: &str| voice.body(plan, id);
        let frames = move |plan: Plan, id: &str| Frames::Events(Box::new(voice.frames(&plan, id)));
        reply(&state, format, plan, bill, streams, body, frames).await
    }

    /// Everything that can be told before the call is booked.
    fn prepare(&self, state: &Arc<State>, format: &'static Format) -> Result<(Plan, Voice, bool), Refusal> {
        let provider = format.provider;
        let refuse = provider.refusal;
        provider.admit(state, &self.request).map_err(|it| refuse(&it))?;
        let chat;
        let (dialect, body) = match format.wire {
            Wire::Dialect(dialect) => (dialect, &self.body[..]),
            Wire::Completions => {
                chat = to_chat(&self.body, DEFAULT_DEPTH).map_err(|it| {
                    refuse(&Trouble::Malformed {
                        message: &it.to_string(),
                        param: Some("prompt"),
                    })
                })?;
                (Dialect::OpenAiChat, &chat[..])
            }
        };
        let request = decode_request(dialect, body, DEFAULT_DEPTH).map_err(|it| unreadable(provider, &it))?;
        let model = self.model_of(&request).ok_or_else(|| {
            refuse(&Trouble::Malformed {
                message: "you must provide a model parameter",
                param: Some("model"),
            })
        })?;
        if !server::is_known(state, &model) {
            return Err(refuse(&Trouble::UnknownModel(&model)));
        }
        let asked = sealed::check(&request, &model, state.config.seed)
            .and_then(|()| canonical::read(&request))
            .map_err(|broken| refuse(&Trouble::Broken(broken)))?;
        let decision = decide(&asked, &state.model(&model).behaviour);
        let (input, question) = canonical::measure(&request);
        let order = Order {
            model_name: model,
            input,
            question,
            n: request.candidates.unwrap_or(1).clamp(1, 128),
            limit: request.max_output_tokens.unwrap_or(u64::MAX),
            wants_usage: request.stream.usage == Some(true),
        };
        let voice = Voice {
            format,
            hides_reasoning: !format.open && canonical::hides_reasoning(&request),
            gives_sealed: wants_sealed(&request),
            shape: self.shape,
            seed: state.config.seed,
        };
        let streams = self.stream.or(request.stream.enabled).unwrap_or(false);
        Ok((Plan::new(state, order, decision), voice, streams))
    }

    fn model_of(&self, request: &Request<'_>) -> Option<String> {
        let named = || request.model.as_ref().map(|name| name.as_ref().to_owned());
        self.model.clone().or_else(named)
    }

    /// Counts the input of a request and answers with what `write` makes of the number.
    pub(crate) fn count(
        &self,
        provider: &'static Provider,
        decoded: impl FnOnce(&[u8]) -> Result<Request<'_>, DecodeError>,
        write: impl FnOnce(u64) -> Vec<u8>,
    ) -> HttpResponse {
        let state = &self.state;
        if let Err(trouble) = provider.admit(state, &self.request) {
            return provider.refuse(state, &trouble);
        }
        let request = match decoded(&self.body) {
            Ok(request) => request,
            Err(error) => return unreadable(provider, &error).answer(state),
        };
        match self.model_of(&request) {
            Some(model) if !server::is_known(state, &model) => {
                provider.refuse(state, &Trouble::UnknownModel(&model))
            }
            Some(_) | None => json(write(canonical::measure(&request).0)),
        }
    }
}

/// What is said of a body that cannot be read.
pub(crate) fn unreadable(provider: &Provider, error: &DecodeError) -> Refusal {
    let (message, param) = (error.to_string(), error.param());
    (provider.refusal)(&Trouble::Malformed {
        message: &message,
        param: param.as_deref(),
    })
}

/// Whether a Responses request includes sealed reasoning.
fn wants_sealed(request: &Request<'_>) -> bool {
    let include = request.extra.get("include");
    include.is_some_and(|list| list.as_str().contains("\"reasoning.encrypted_content\""))
}

/// A good answer that is one document.
pub(crate) fn json(document: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(document)
}

pub(crate) async fn wait(millis: u64) {
    if millis > 0 {
        actix_web::rt::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Never ends where the script wants silence.
pub(crate) async fn stall_before_head(fault: Option<&Fault>) {
    if fault == Some(&(Fault::Stall { after_chunks: None })) {
        std::future::pending::<()>().await;
    }
}

/// What an answer tells of the rate limit, in OpenAI's words.
fn limit_headers(allowance: &Allowance) -> [(&'static str, String); 3] {
    [
        ("x-ratelimit-limit-requests", allowance.most.to_string()),
        ("x-ratelimit-remaining-requests", allowance.left.to_string()),
        (
            "x-ratelimit-reset-requests",
            format!("{}ms", allowance.full_in.as_millis()),
        ),
    ]
}

/// Answers a call that is booked when it ends.
pub(crate) async fn reply(
    state: &Arc<State>,
    format: &'static Format,
    plan: Plan,
    mut bill: Bill,
    streams: bool,
    body: impl FnOnce(&Plan, &str) -> Vec<u8>,
    frames: impl FnOnce(Plan, &str) -> Frames,
) -> HttpResponse {
    wait(plan.model.behaviour.header_delay_ms).await;
    if let Some(trouble) = plan.fault.as_ref().and_then(Trouble::of) {
        bill.refuse();
        return format.provider.refuse(state, &trouble);
    }
    stall_before_head(plan.fault.as_ref()).await;
    if !plan.latency.is_zero() {
        actix_web::rt::time::sleep(plan.latency).await;
    }
    let mut head = HttpResponse::Ok();
    for header in plan.allowance.iter().flat_map(limit_headers) {
        head.insert_header(header);
    }
    if let Some(name) = format.provider.id_header {
        head.insert_header((name, bill.call_id()));
    }
    if streams {
        let pace = stream::Pace::of(&plan);
        let frames = frames(plan, bill.call_id());
        head.insert_header((CONTENT_TYPE, content_type(format.wire.framing(), &frames)));
        stream::respond(head, pace, frames, bill)
    } else {
        wait(plan.model.behaviour.first_token_ms).await;
        let body = body(&plan, bill.call_id());
        whole(head, &plan, bill, body)
    }
}

fn content_type(framing: Framing, frames: &Frames) -> &'static str {
    match framing {
        _ if frames.are_array() => "application/json",
        Framing::Sse => "text/event-stream; charset=utf-8",
        Framing::EventStream => "application/vnd.amazon.eventstream",
    }
}

fn whole(mut head: HttpResponseBuilder, plan: &Plan, mut bill: Bill, body: Vec<u8>) -> HttpResponse {
    head.insert_header((CONTENT_TYPE, "application/json"));
    let (length, body) = (body.len(), Bytes::from(body));
    let keep = match plan.fault {
        Some(Fault::CutBytes(bytes)) => usize::try_from(bytes).unwrap_or(usize::MAX).min(length),
        Some(Fault::CutChunks(_)) => length / 2,
        Some(Fault::Stall { .. }) => {
            let half = stream::then_stall(body.slice(..length / 2), bill);
            return head.body(SizedStream::new(length as u64, half));
        }
        Some(
            Fault::Status { .. }
            | Fault::ContextLength
            | Fault::MalformedChunk(_)
            | Fault::ErrorEvent(_)
            | Fault::HugeBody(_),
        )
        | None => {
            bill.sent = plan.words * u64::from(plan.n);
            bill.settle(Outcome::Completed);
            return head.body(body);
        }
    };
    bill.settle(Outcome::Cut);
    let broken = stream::then_break(body.slice(..keep));
    head.body(SizedStream::new(length as u64, broken))
}
