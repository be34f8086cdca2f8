//! Calls a server that speaks OpenAI's dialect at a connection's base URL.

use std::error::Error as _;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use hyper_util::client::legacy;
use sluicegate_contracts::config::Operation;
use sluicegate_protocols::openai_chat::error::retry_after;
use url::Url;

use super::{AddressNotAllowed, Call, Client, Reply, ReplyBody, SendFailure, auth};
use crate::snapshot::LiveConnection;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Answers are read and passed on as they are, so a compressed one would be of no use.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("sluicegate/", env!("CARGO_PKG_VERSION")));

/// Sends a call; see [`super::Upstream::send`].
pub(super) async fn send(
    client: &Client,
    connection: &LiveConnection,
    call: Call<'_>,
) -> Result<Reply, SendFailure> {
    let path = match call.operation {
        Operation::ChatCompletions => "/chat/completions",
        Operation::Embeddings => "/embeddings",
    };
    let mut request = request(connection, Method::POST, path, call.body)?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    if let Ok(name) = HeaderValue::try_from(call.request.to_string()) {
        headers.insert(REQUEST_ID, name);
    }
    headers.insert(ACCEPT, if call.stream { EVENTS } else { JSON });
    exchange(client, request, call.now_millis).await
}

/// Asks which models the server has: the cheapest call that proves a credential.
///
/// # Errors
/// As [`super::Upstream::send`].
pub async fn list_models(
    client: &Client,
    connection: &LiveConnection,
    now_millis: i64,
) -> Result<Reply, SendFailure> {
    let mut request = request(connection, Method::GET, "/models", Bytes::new())?;
    request.headers_mut().insert(ACCEPT, JSON);
    exchange(client, request, now_millis).await
}

fn request(
    connection: &LiveConnection,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, SendFailure> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri(&connection.connection.base_url, path)?;
    let headers = request.headers_mut();
    headers.reserve(6);
    headers.insert(USER_AGENT, AGENT);
    headers.insert(ACCEPT_ENCODING, IDENTITY);
    auth::apply(headers, connection);
    Ok(request)
}

fn uri(base: &Url, path: &str) -> Result<Uri, SendFailure> {
    // What a URL says about a user, a query or a fragment is no place to send a request to.
    if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
        return Err(SendFailure::Invalid);
    }
    let base = base.as_str().trim_end_matches('/');
    let mut text = String::with_capacity(base.len() + path.len());
    text.push_str(base);
    text.push_str(path);
    Uri::try_from(text).map_err(|_| SendFailure::Invalid)
}

async fn exchange(
    client: &Client,
    request: Request<Full<Bytes>>,
    now_millis: i64,
) -> Result<Reply, SendFailure> {
    let (head, body) = client
        .send(request)
        .await
        .map_err(|error| failure(&error))?
        .into_parts();
    let text = |name| header(&head.headers, name);
    let now = u64::try_from(now_millis / 1_000).unwrap_or(0);
    Ok(Reply {
        status: head.status.as_u16(),
        retry_after: retry_after(text(RETRY_AFTER.as_str()), text("retry-after-ms"), now),
        is_event_stream: text(CONTENT_TYPE.as_str()).is_some_and(|it| it.starts_with("text/event-stream")),
        encoded: text(CONTENT_ENCODING.as_str()).is_some_and(|it| it != "identity"),
        body: ReplyBody::Network(body),
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn failure(error: &legacy::Error) -> SendFailure {
    if !error.is_connect() {
        return SendFailure::Broken;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<AddressNotAllowed>() {
            return SendFailure::NotAllowed(AddressNotAllowed);
        }
        cause = error.source();
    }
    SendFailure::Unreachable
}
