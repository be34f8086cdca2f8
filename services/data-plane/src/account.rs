//! Hands calls of the account API on to the control plane: which calls there are is told in [`crate::http`].
//!
//! Must stay true: only so many at once, so that callers cannot hold the worker's connections to the control plane, over
//! which its configuration comes.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Method, Response, redirect};
use sluicegate_contracts::config::KeyDigest;
use sluicegate_credentials::WorkerToken;
use tokio::sync::Semaphore;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Most calls under way.
const MAX_AT_ONCE: usize = 16;
/// Largest answer.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Tells the control plane whose call it is.
const KEY_DIGEST: &str = "x-sluicegate-key-digest";

/// The way to the control plane.
#[derive(Debug)]
pub struct AccountRelay {
    http: Client,
    base: Url,
    token: WorkerToken,
    places: Semaphore,
}

/// A call.
pub(crate) struct AccountCall<'a> {
    pub(crate) method: &'a str,
    /// Begins with a slash. Holds no text of the caller's.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// Whose it is.
    pub(crate) digest: KeyDigest,
    pub(crate) idempotency_key: Option<&'a str>,
    /// Empty, or JSON.
    pub(crate) body: Bytes,
}

/// What the control plane answered.
#[derive(Debug)]
pub(crate) struct AccountAnswer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// Why there is no answer. Quotes no address and no token.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// No client can be built.
    #[error("no client for the control plane can be built")]
    Client(#[source] reqwest::Error),
    /// Too many calls are under way.
    #[error("too many calls are under way")]
    Busy,
    /// It could not be reached, or the answer broke off.
    #[error("the control plane cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Its answer is larger than such answers are.
    #[error("the control plane's answer is too large")]
    TooLarge,
    /// The method is none.
    #[error("this is no method of HTTP")]
    Method,
}

impl AccountRelay {
    /// A relay to the control plane at `base` (scheme, host and port).
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(base: &Url, token: WorkerToken) -> Result<Self, RelayError> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(RelayError::Client)?;
        Ok(Self {
            http,
            base: base.clone(),
            token,
            places: Semaphore::new(MAX_AT_ONCE),
        })
    }

    /// Asks the control plane. A refusal is an answer too.
    pub(crate) async fn call(&self, call: AccountCall<'_>) -> Result<AccountAnswer, RelayError> {
        let _place = self.places.try_acquire().map_err(|_| RelayError::Busy)?;
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/internal/v1/account{}", call.path));
        url.set_query(Some(call.query).filter(|query| !query.is_empty()));
        let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| RelayError::Method)?;
        let mut request = self
            .http
            .request(method, url)
            .bearer_auth(self.token.expose())
            .header(KEY_DIGEST, call.digest.to_string());
        if let Some(key) = call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if !call.body.is_empty() {
            request = request.header("content-type", "application/json").body(call.body);
        }
        let unreachable = |error: reqwest::Error| RelayError::Unreachable(error.without_url());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = bounded(response).await?;
        Ok(AccountAnswer { status, body })
    }
}

async fn bounded(mut response: Response) -> Result<Bytes, RelayError> {
    let mut body = Vec::new();
    let unreachable = |error: reqwest::Error| RelayError::Unreachable(error.without_url());
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(RelayError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}
