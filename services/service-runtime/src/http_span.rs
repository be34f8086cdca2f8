//! The one middleware: request id in and out, one span per request, duration and status metrics.
//!
//! A caller's `x-request-id` is kept when it is short and plain, since it ends in logs and headers; it names the request
//! for people and is never an identity. The span and the measured time reach from receipt to the last body byte, or to
//! the moment the caller hangs up.

use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use crate::clock::Clock;
use crate::ids;
use crate::metrics::{DURATION_BUCKETS, Registry};
use crate::trace_context::TraceParent;

/// Header that names a request, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Header that continues a trace.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const MAX_REQUEST_ID: usize = 128;

/// Turns a fresh UUID into the text form of the caller's request id type.
pub type NameRequest = fn(Uuid) -> String;

/// What the middleware knows of a request; handlers take it as an extractor.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The gateway's own id of this request: an identity, never the caller's choice.
    pub id: Uuid,
    /// The request's name in logs and in the answer's `x-request-id`: the caller's, when valid, else `id` in text form.
    pub name: Arc<str>,
    /// The caller's trace, when it sent a valid one.
    pub trace: Option<TraceParent>,
    /// Wall time of receipt, in milliseconds since the Unix epoch.
    pub received_at: i64,
    /// Monotonic time of receipt, of the clock the middleware was given.
    pub received: Duration,
}

impl FromRequest for RequestContext {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = request.extensions().get::<Self>().cloned();
        ready(
            context.ok_or_else(|| {
                actix_web::error::ErrorInternalServerError("the HttpSpan middleware is missing")
            }),
        )
    }
}

/// The middleware. Build it once per process, clone it into every server worker.
#[derive(Clone)]
pub struct HttpSpan(Arc<Inner>);

struct Inner {
    clock: Clock,
    name: NameRequest,
    requests: Family<RequestLabels, Counter>,
    duration: Family<OperationLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    operation: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    method: &'static str,
    operation: String,
}

impl HttpSpan {
    /// Registers the metrics `http_requests`, `http_request_duration_seconds` and `http_requests_in_flight`.
    #[must_use]
    pub fn new(registry: &Registry, clock: Clock, name: NameRequest) -> Self {
        let duration: Family<OperationLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS));
        Self(Arc::new(Inner {
            clock,
            name,
            requests: registry.register("http_requests", "Requests by outcome", Family::default()),
            duration: registry.register(
                "http_request_duration_seconds",
                "From receipt to the last byte of the answer",
                duration,
            ),
            in_flight: registry.register(
                "http_requests_in_flight",
                "Requests being answered",
                Gauge::default(),
            ),
        }))
    }

    fn context(&self, request: &ServiceRequest) -> RequestContext {
        let header = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let id: Uuid = ids::fresh();
        let name = header(&REQUEST_ID)
            .filter(|name| is_plain(name))
            .map_or_else(|| (self.0.name)(id), str::to_owned);
        RequestContext {
            id,
            name: name.into(),
            trace: header(&TRACEPARENT).and_then(TraceParent::parse),
            received_at: self.0.clock.now_millis(),
            received: self.0.clock.monotonic(),
        }
    }
}

impl fmt::Debug for HttpSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpSpan")
    }
}

fn is_plain(name: &str) -> bool {
    (1..=MAX_REQUEST_ID).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The pattern that matched, not the path, so that callers cannot make up labels. A service mounted at the root has an
/// empty pattern.
fn operation(request: &ServiceRequest) -> String {
    match request.match_pattern() {
        Some(pattern) if pattern.is_empty() => "/".to_owned(),
        Some(pattern) => pattern,
        None => "unmatched".to_owned(),
    }
}

fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn span(context: &RequestContext, labels: &OperationLabels) -> Span {
    let span = tracing::info_span!(
        target: "sluicegate",
        "request",
        "request.id" = %context.name,
        "http.method" = labels.method,
        "http.operation" = labels.operation,
        "http.status" = field::Empty,
        "trace.id" = field::Empty,
        "otel.kind" = "server",
    );
    if let Some(trace) = context.trace {
        span.record("trace.id", format_args!("{:032x}", trace.trace_id()));
        let flags = if trace.sampled() {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        let parent = SpanContext::new(
            TraceId::from(trace.trace_id()),
            SpanId::from(trace.parent_id()),
            flags,
            true,
            TraceState::default(),
        );
        // Without an exporter there is no layer to take the parent: the span's own field is then all there is.
        let _no_exporter = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
    }
    span
}

impl<S, B> Transform<S, ServiceRequest> for HttpSpan
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<MeasuredBody>;
    type Error = actix_web::Error;
    type Transform = HttpSpanService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(HttpSpanService {
            span: self.clone(),
            service: Rc::new(service),
        }))
    }
}

/// [`HttpSpan`] around one service.
pub struct HttpSpanService<S> {
    span: HttpSpan,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for HttpSpanService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<MeasuredBody>;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let context = self.span.context(&request);
        let labels = OperationLabels {
            method: method_label(request.method()),
            operation: operation(&request),
        };
        let span = span(&context, &labels);
        let name = Arc::clone(&context.name);
        let mut recording =
            Recording::begin(Arc::clone(&self.span.0), labels, context.received, span.clone());
        request.extensions_mut().insert(context);
        let answer = span.in_scope(|| self.service.call(request));
        let measured = async move {
            match answer.await {
                Ok(mut response) => {
                    recording.answered(response.status());
                    if let Ok(value) = HeaderValue::from_str(&name) {
                        response.headers_mut().insert(REQUEST_ID, value);
                    }
                    Ok(response.map_body(|_, body| MeasuredBody {
                        body: body.boxed(),
                        recording,
                    }))
                }
                Err(error) => {
                    recording.answered(error.as_response_error().status_code());
                    Err(error)
                }
            }
        };
        Box::pin(measured.instrument(span))
    }
}

/// A response body that ends the request's span and measurement when it is dropped.
pub struct MeasuredBody {
    body: BoxBody,
    recording: Recording,
}

impl MessageBody for MeasuredBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let _entered = this.recording.span.enter();
        Pin::new(&mut this.body).poll_next(cx)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, recording } = self;
        body.try_into_bytes().map_err(|body| Self { body, recording })
    }
}

/// Counts one request when dropped, so a caller that hangs up is counted too.
struct Recording {
    metrics: Arc<Inner>,
    labels: Option<OperationLabels>,
    received: Duration,
    status: u16,
    span: Span,
}

/// Status counted for a request whose caller hung up before there was an answer (nginx uses the same number).
const CALLER_GONE: u16 = 499;

impl Recording {
    fn begin(metrics: Arc<Inner>, labels: OperationLabels, received: Duration, span: Span) -> Self {
        metrics.in_flight.inc();
        Self {
            metrics,
            labels: Some(labels),
            received,
            status: CALLER_GONE,
            span,
        }
    }

    fn answered(&mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let Some(labels) = self.labels.take() else { return };
        let took = self.metrics.clock.monotonic().saturating_sub(self.received);
        self.metrics.in_flight.dec();
        self.metrics
            .duration
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
        let OperationLabels { method, operation } = labels;
        let labels = RequestLabels {
            method,
            operation,
            status: self.status,
        };
        self.metrics.requests.get_or_create(&labels).inc();
        self.span.record("http.status", self.status);
        let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.span.in_scope(|| {
            if self.status >= 500 {
                tracing::warn!(target: "sluicegate::access", status = self.status, duration_us, "answered");
            } else {
                tracing::info!(target: "sluicegate::access", status = self.status, duration_us, "answered");
            }
        });
    }
}

#[cfg(test)]
#[path = "http_span_tests.rs"]
mod tests;
