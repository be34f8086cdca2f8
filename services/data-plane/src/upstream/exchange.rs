//! Builds the request of a call, sends it, and reads the head of the answer. The same for every provider; what differs
//! is in its [`Provider`](super::provider::Provider) value.

use std::error::Error as _;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy;
use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::RequestId;
use sluicegate_protocols::openai_chat::error::retry_after;

use super::account::Account;
use super::provider::{Ask, text};
use super::{
    AddressNotAllowed, Call, Client, Framing, PassedHeaders, Reply, ReplyBody, SendFailure, allotted,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Answers are read and passed on as they are, so a compressed one would be of no use.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("sluicegate/", env!("CARGO_PKG_VERSION")));
/// Where providers put their own name of a request, the likeliest first.
const PROVIDER_REQUEST_IDS: [&str; 6] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "x-goog-request-id",
    "cf-ray",
];
/// Longest text kept of such a header, in bytes.
const MAX_NOTE: usize = 128;

/// Sends a call; see [`super::Upstream::send`].
pub(super) async fn send(client: &Client, account: &Account, call: Call<'_>) -> Result<Reply, SendFailure> {
    let provider = account.provider;
    let ask = Ask {
        base: &account.base,
        settings: &account.settings,
        model: (provider.model)(&account.settings, call.model),
        stream: call.stream,
    };
    let spoken = match call.operation {
        Operation::ChatCompletions => Some(provider.spoken(call.model, call.dialect)),
        Operation::Embeddings | Operation::Rerank => None,
    };
    if spoken.is_some_and(|spoken| spoken.dialect != call.dialect) {
        return Err(SendFailure::Unsupported);
    }
    let address = match (spoken, call.operation) {
        _ if call.text => text::completions(provider.id, call.model),
        (Some(spoken), _) => Some(spoken.address),
        (None, Operation::Rerank) => provider.rerank,
        (None, Operation::ChatCompletions | Operation::Embeddings) => provider
            .embeddings
            .or(provider.vectors.map(|vectors| vectors.address)),
    };
    let address = address.ok_or(SendFailure::Unsupported)?;
    let address = address(&ask).ok_or(SendFailure::Invalid)?;
    let body = match spoken {
        Some(spoken) => (spoken.body)(call.body).ok_or(SendFailure::Invalid)?,
        None => call.body,
    };
    let outbound = Outbound {
        address,
        body,
        accept: spoken.filter(|_| call.stream).map(|spoken| spoken.stream_type),
        passed: call.passed,
        headers: spoken.map_or(&[], |spoken| spoken.headers),
        request: call.request,
        now_millis: call.now_millis,
    };
    post(client, account, outbound).await
}

/// A document on its way out, with everything but the credential.
pub(super) struct Outbound {
    pub(super) address: String,
    pub(super) body: Bytes,
    /// The media type asked for, where that is not JSON.
    pub(super) accept: Option<&'static str>,
    pub(super) passed: PassedHeaders,
    /// What the provider needs unless the caller's own say otherwise.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) request: RequestId,
    pub(super) now_millis: i64,
}

/// Posts a document and waits for the head of the answer.
pub(super) async fn post(
    client: &Client,
    account: &Account,
    outbound: Outbound,
) -> Result<Reply, SendFailure> {
    let body = outbound.body;
    let mut request = request(Method::POST, outbound.address, body.clone())?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, outbound.accept.map_or(JSON, HeaderValue::from_static));
    if let Ok(name) = HeaderValue::try_from(outbound.request.to_string()) {
        headers.insert(REQUEST_ID, name);
    }
    outbound.passed.apply(headers);
    for (name, value) in outbound.headers {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    finish(client, account, request, &body, outbound.now_millis).await
}

/// Asks which models there are: the cheapest call that proves a credential.
///
/// # Errors
/// As [`super::Upstream::send`].
pub async fn list_models(client: &Client, account: &Account, now_millis: i64) -> Result<Reply, SendFailure> {
    let address = (account.provider.listing.address)(&account.base, &account.settings);
    let mut request = request(Method::GET, address, Bytes::new())?;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, JSON);
    for (name, value) in account.provider.listing.headers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    finish(client, account, request, &[], now_millis).await
}

fn request(method: Method, address: String, body: Bytes) -> Result<Request<Full<Bytes>>, SendFailure> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = Uri::try_from(address).map_err(|_| SendFailure::Invalid)?;
    let headers = request.headers_mut();
    headers.reserve(10);
    headers.insert(USER_AGENT, AGENT);
    headers.insert(ACCEPT_ENCODING, IDENTITY);
    Ok(request)
}

/// Adds what the account adds, the credential last, and exchanges the request for the head of an answer.
async fn finish(
    client: &Client,
    account: &Account,
    mut request: Request<Full<Bytes>>,
    body: &[u8],
    now_millis: i64,
) -> Result<Reply, SendFailure> {
    for (name, value) in &account.headers {
        request.headers_mut().insert(name.clone(), value.clone());
    }
    account.auth.apply(client, &mut request, body, now_millis).await?;
    let answer = client.send(request).await.map_err(|error| failure(&error))?;
    let (head, body) = answer.into_parts();
    if head.status == StatusCode::UNAUTHORIZED {
        account.auth.refused();
    }
    let text = |name| header(&head.headers, name);
    let now = u64::try_from(now_millis / 1_000).unwrap_or(0);
    Ok(Reply {
        status: head.status.as_u16(),
        retry_after: retry_after(text(RETRY_AFTER.as_str()), text("retry-after-ms"), now),
        limits: allotted::limits(&head.headers),
        framing: text(CONTENT_TYPE.as_str()).map_or(Framing::Other, Framing::of_content_type),
        encoded: text(CONTENT_ENCODING.as_str()).is_some_and(|it| it != "identity"),
        error_class: text("x-amzn-errortype").map(clipped),
        provider_request: PROVIDER_REQUEST_IDS
            .into_iter()
            .find_map(|name| text(name).map(clipped)),
        body: ReplyBody::Network(body),
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `to_str` let only visible ASCII through, so that any byte is a boundary.
fn clipped(text: &str) -> String {
    text.get(..MAX_NOTE).unwrap_or(text).to_owned()
}

/// Why a request got no answer.
fn failure(error: &legacy::Error) -> SendFailure {
    not_connected(error).unwrap_or(SendFailure::Broken)
}

/// Why no connection could be made, if that was it: nothing was sent then.
pub(super) fn not_connected(error: &legacy::Error) -> Option<SendFailure> {
    if !error.is_connect() {
        return None;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<AddressNotAllowed>() {
            return Some(SendFailure::NotAllowed(AddressNotAllowed));
        }
        cause = error.source();
    }
    Some(SendFailure::Unreachable)
}
