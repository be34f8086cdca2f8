//! The pipeline's replies as HTTP: a whole document or a stream of events, with the headers that say who served.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sluicegate_protocols::Dialect;
use sluicegate_protocols::failure::Failure;
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_protocols::relay::failure_frame;
use sluicegate_protocols::sse::{KEEP_ALIVE, write_event};
use tokio::time::{Interval, interval};

use super::in_array::InArray;
use super::{limit_headers, render_error};
use crate::pipeline::{Answer, Api, Attribution, Refused, Relay, Reply};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
/// Tells nginx and its kin not to hold events back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const MODEL: HeaderName = HeaderName::from_static("x-sluicegate-model");
const ENDPOINT: HeaderName = HeaderName::from_static("x-sluicegate-endpoint");
const ROUTE: HeaderName = HeaderName::from_static("x-sluicegate-route");
const EXPERIMENT: HeaderName = HeaderName::from_static("x-sluicegate-experiment");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-sluicegate-attempts");
const CAUSE: HeaderName = HeaderName::from_static("x-sluicegate-cause");
const DROPPED: HeaderName = HeaderName::from_static("x-sluicegate-dropped");
const OUTPUT_CAP: HeaderName = HeaderName::from_static("x-sluicegate-output-cap");
const COST: HeaderName = HeaderName::from_static("x-sluicegate-cost");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A reply that is there.
pub(super) fn response(reply: Reply, api: Api) -> HttpResponse {
    let mut response = match reply.answer {
        Answer::Error(error) => render_error::response(&error, api.dialect()),
        Answer::Refused(refused) => refusal(refused),
        Answer::Whole(body) => HttpResponseBuilder::new(StatusCode::OK)
            .insert_header((CONTENT_TYPE, JSON))
            .body(body),
        Answer::Stream(relay) => streaming(*relay, api),
    };
    let (headers, told) = (response.headers_mut(), &reply.attribution);
    attribute(headers, told);
    limit_headers::tell(headers, &told.limits, told.told_at, api.dialect());
    response
}

/// A reply still to come, for a caller that is to hear something meanwhile.
pub(super) fn waiting(
    running: Pin<Box<impl Future<Output = Reply> + 'static>>,
    keep_alive: Duration,
    api: Api,
) -> HttpResponse {
    let waiting = Waiting {
        phase: Phase::Running(running),
        keep_alive: interval(keep_alive),
        api,
    };
    streaming(waiting, api)
}

/// A stream in the framing of its API.
fn streaming(events: impl Stream<Item = Result<Bytes, Infallible>> + 'static, api: Api) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(StatusCode::OK);
    response
        .insert_header((CACHE_CONTROL, NO_CACHE))
        .insert_header((ACCEL_BUFFERING, HeaderValue::from_static("no")));
    if api.streams_array() {
        response.insert_header((CONTENT_TYPE, JSON));
        return response.streaming(InArray::new(events));
    }
    response.insert_header((CONTENT_TYPE, EVENTS));
    if api.dialect() == Dialect::Gemini {
        response.streaming(events.map(|event| event.map(without_comment)))
    } else {
        response.streaming(events)
    }
}

/// Google's client for Python takes comments for JSON, and lines that are blank for nothing.
fn without_comment(event: Bytes) -> Bytes {
    if event == KEEP_ALIVE {
        Bytes::from_static(b"\n\n")
    } else {
        event
    }
}

pub(super) fn refusal(refused: Refused) -> HttpResponse {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponseBuilder::new(status)
        .insert_header((CONTENT_TYPE, JSON))
        .body(refused.body);
    let headers = response.headers_mut();
    headers.insert(render_error::ERROR_SOURCE, HeaderValue::from_static("upstream"));
    headers.insert(
        render_error::SHOULD_RETRY,
        render_error::flag(refused.should_retry),
    );
    if let Some(wait) = refused.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(render_error::whole_seconds(wait)));
    }
    response
}

fn attribute(headers: &mut HeaderMap, attribution: &Attribution) {
    let mut set = |name: HeaderName, text: &str| {
        // A name that does not fit into a header is left out; it stands in the usage record.
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    if let Some(model) = &attribution.model {
        set(MODEL, model);
    }
    if let Some(served_by) = &attribution.served_by {
        set(ENDPOINT, served_by);
    }
    if let Some(route) = &attribution.route {
        set(ROUTE, route);
    }
    if let Some(experiment) = &attribution.experiment {
        set(EXPERIMENT, experiment);
    }
    if let Some(cause) = attribution.cause {
        set(CAUSE, cause.as_str());
    }
    if let Some(dropped) = &attribution.dropped {
        set(DROPPED, dropped);
    }
    if let Some(cap) = attribution.output_cap {
        set(OUTPUT_CAP, &cap.to_string());
    }
    if attribution.attempts > 0 {
        set(ATTEMPTS, &attribution.attempts.to_string());
        if let Some(cost) = attribution.cost {
            set(COST, &cost.to_string());
        }
    }
    let millis = |length: Duration| length.as_secs_f64() * 1_000.0;
    let upstream = attribution.upstream.unwrap_or_default();
    let own = attribution.total.saturating_sub(upstream);
    if !attribution.total.is_zero() {
        set(
            SERVER_TIMING,
            &format!("gw;dur={:.3}, up;dur={:.3}", millis(own), millis(upstream)),
        );
    }
}

/// Keep-alives until the reply is there, then the reply's events.
struct Waiting<F> {
    phase: Phase<F>,
    keep_alive: Interval,
    api: Api,
}

enum Phase<F> {
    Running(Pin<Box<F>>),
    Relaying(Box<Relay>),
    Over,
}

impl<F: Future<Output = Reply>> Stream for Waiting<F> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match &mut this.phase {
                Phase::Over => return Poll::Ready(None),
                Phase::Relaying(relay) => return Pin::new(relay.as_mut()).poll_next(cx),
                Phase::Running(running) => match running.as_mut().poll(cx) {
                    Poll::Pending => {
                        let beat = this.keep_alive.poll_tick(cx);
                        return beat.map(|_| Some(Ok(Bytes::from_static(KEEP_ALIVE))));
                    }
                    Poll::Ready(reply) => match reply.answer {
                        Answer::Stream(relay) => this.phase = Phase::Relaying(relay),
                        Answer::Whole(body) => {
                            this.phase = Phase::Over;
                            return Poll::Ready(Some(Ok(body)));
                        }
                        Answer::Refused(refused) => {
                            this.phase = Phase::Over;
                            return Poll::Ready(Some(Ok(event(&refused, this.api.dialect()))));
                        }
                        Answer::Error(error) => {
                            this.phase = Phase::Over;
                            return Poll::Ready(Some(Ok(render_error::event(&error, this.api.dialect()))));
                        }
                    },
                },
            }
        }
    }
}

/// A provider's error as the last event of a stream: as it came where the dialect tells errors in a stream as it does
/// outside of one.
fn event(refused: &Refused, dialect: Dialect) -> Bytes {
    let as_it_came = |name| {
        let text = std::str::from_utf8(&refused.body).ok()?;
        let mut out = Vec::with_capacity(text.len() + 32);
        write_event(&mut out, name, text);
        Some(Bytes::from(out))
    };
    let event = match dialect {
        Dialect::OpenAiChat | Dialect::Gemini => as_it_came(None),
        Dialect::AnthropicMessages => as_it_came(Some("error")),
        Dialect::OpenAiResponses | Dialect::BedrockConverse | Dialect::CohereChat => None,
    };
    event.unwrap_or_else(|| {
        let error = ProviderError::parse(&refused.body);
        let failure = Failure {
            class: error.class(refused.status),
            message: &error.message,
            param: error.param.as_deref(),
            code: error.named_code(),
            details: &[],
        };
        failure_frame(dialect, &failure)
    })
}
