//! The head of a request as the pipeline takes it: time, key, body facts. Checked for size before anything else.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{HttpMessage, HttpRequest};
use sluicegate_contracts::usage::Labels;
use sluicegate_protocols::Dialect;
use sluicegate_service_runtime::http_span::RequestContext;
use std::time::Duration;
use tokio::time::Instant;

use super::body::BodyHead;
use super::labels;
use super::routing_headers;
use super::wishes::Wishes;
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::{Api, Gateway, Progress};
use crate::upstream::PassedHeaders;

/// When to come back to a worker that is about to stop: another one has taken over by then.
const DRAIN_RETRY: Duration = Duration::from_secs(1);

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) context: RequestContext,
    /// The model, where the path names it; empty elsewhere.
    pub(crate) model: String,
    pub(crate) presented: Presented,
    pub(crate) body: BodyHead,
    /// What goes on to a provider of the caller's dialect.
    pub(crate) passed: PassedHeaders,
    pub(crate) labels: Labels,
    /// Headers that conditions of routes may read.
    pub(crate) readable: Vec<(String, String)>,
    pub(crate) wishes: Wishes,
    /// The route that is to be used, whatever model the request names.
    pub(crate) route: Option<String>,
    /// When its head was here.
    pub(crate) began: Instant,
    pub(crate) progress: Progress,
}

/// The key a caller presented. Debug shows nothing of it.
pub(crate) enum Presented {
    Nothing,
    /// An `Authorization` header of another scheme.
    OtherScheme,
    Key(String),
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented(..)")
    }
}

impl Arrival {
    /// Reads the head, with the gateway of this thread.
    ///
    /// # Errors
    /// 503 while draining, 431 when the head is too large, 400 when a label in it cannot be read.
    pub(crate) fn of(request: &HttpRequest, api: Api) -> Result<(Gateway, Self), GatewayError> {
        let gateway = request.app_data::<Gateway>().cloned();
        let context = request.extensions().get::<RequestContext>().cloned();
        let (Some(gateway), Some(context)) = (gateway, context) else {
            return Err(GatewayError::new(
                ErrorKind::Internal,
                "This server was put together wrongly.",
            ));
        };
        if gateway.state().drain.is_cancelled() {
            let message = "This worker is about to stop. Send the request again; another worker takes it.";
            return Err(GatewayError::new(ErrorKind::Draining, message).after(DRAIN_RETRY));
        }
        let size = request.uri().path_and_query().map_or(0, |it| it.as_str().len())
            + request
                .headers()
                .iter()
                .map(|(name, value)| name.as_str().len() + value.len() + 4)
                .sum::<usize>();
        let limit = gateway.state().limits.max_head_bytes;
        if size > limit {
            let message = format!("The request's head is larger than {limit} bytes.");
            return Err(GatewayError::new(ErrorKind::HeadersTooLarge, message));
        }
        let presented = match presented(request.headers()) {
            Presented::Nothing if api.dialect() == Dialect::Gemini => in_query(request.query_string()),
            presented @ (Presented::Nothing | Presented::OtherScheme | Presented::Key(_)) => presented,
        };
        let body = BodyHead::of(request);
        let headers = || {
            let headers = request.headers().iter();
            headers.map(|(name, value)| (name.as_str(), value.as_bytes()))
        };
        let passed = PassedHeaders::select(api.dialect(), headers());
        let labels = labels::select(headers())?;
        let (wishes, route) = Wishes::select(headers())?;
        let readable = routing_headers::select(headers());
        Ok((
            gateway,
            Self {
                context,
                model: String::new(),
                presented,
                body,
                passed,
                labels,
                readable,
                wishes,
                route,
                began: Instant::now(),
                progress: Progress::default(),
            },
        ))
    }
}

/// `?key=`, which Google's older clients send. A query ends in logs, so no other path takes a key from there; ours logs
/// the pattern of a path and never the path.
fn in_query(query: &str) -> Presented {
    let key = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key");
    match key {
        Some((_, key)) if !key.is_empty() => Presented::Key(key.into_owned()),
        Some(_) | None => Presented::Nothing,
    }
}

/// `Authorization: Bearer` first, then `x-api-key`, then `x-goog-api-key`. A header that is there twice counts once.
fn presented(headers: &HeaderMap) -> Presented {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let bearer = text(AUTHORIZATION.as_str()).and_then(|value| {
        // A variable that was not set leaves the scheme alone.
        let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let named = || text("x-api-key").or_else(|| text("x-goog-api-key"));
    match bearer.or_else(named) {
        Some("") => Presented::Nothing,
        Some(key) => Presented::Key(key.to_owned()),
        None if headers.contains_key(AUTHORIZATION) => Presented::OtherScheme,
        None => Presented::Nothing,
    }
}
