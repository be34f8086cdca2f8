//! Asks the control plane for what the config bus may have missed, and tells it what this worker serves.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::de::DeserializeOwned;
use sluicegate_contracts::event::ConfigVersion;
use sluicegate_contracts::snapshot::Deltas;
use sluicegate_contracts::worker::Heartbeat;
use sluicegate_credentials::WorkerToken;
use url::Url;

use super::lines::{self, Lines, MAX_BYTES, UnreadableLine};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole state of the largest allowed size over a slow link.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(60);

/// The control plane's internal API.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    http: Client,
    base: String,
    token: WorkerToken,
}

/// A call to the control plane did not succeed. Quotes no address and no token.
#[derive(Debug, thiserror::Error)]
pub enum ControlPlaneError {
    /// It could not be reached, or the answer broke off.
    #[error("the control plane cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It answered, but not with success.
    #[error("the control plane answered {0}")]
    Refused(u16),
    /// Its answer is larger than a whole state may be.
    #[error("the control plane's answer is too large")]
    TooLarge,
    /// Its answer is not what was asked for.
    #[error("the control plane's answer cannot be read")]
    Unreadable,
}

impl From<UnreadableLine> for ControlPlaneError {
    fn from(_: UnreadableLine) -> Self {
        Self::Unreadable
    }
}

impl ControlPlane {
    /// A client for the control plane at `base` (scheme, host and port).
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(base: &Url, token: WorkerToken) -> Result<Self, ControlPlaneError> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(ControlPlaneError::Unreachable)?;
        let base = format!("{}/internal/v1", base.as_str().trim_end_matches('/'));
        Ok(Self { http, base, token })
    }

    /// What came after a version.
    pub(super) async fn deltas(&self, after: ConfigVersion) -> Result<Deltas, ControlPlaneError> {
        let call = self.http.get(format!("{}/deltas?after={}", self.base, after.0));
        decoded(self.sent(call.timeout(SNAPSHOT_TIMEOUT)).await?).await
    }

    /// The whole state.
    pub(super) async fn snapshot(&self) -> Result<Lines, ControlPlaneError> {
        let call = self.http.get(format!("{}/snapshot", self.base));
        let body = body(self.sent(call.timeout(SNAPSHOT_TIMEOUT)).await?).await?;
        Ok(lines::decode(&body)?)
    }

    /// Reports what this worker serves.
    pub(super) async fn heartbeat(&self, heartbeat: &Heartbeat) -> Result<(), ControlPlaneError> {
        let call = self.http.post(format!("{}/heartbeat", self.base)).json(heartbeat);
        self.sent(call.timeout(CALL_TIMEOUT)).await.map(drop)
    }

    async fn sent(&self, call: RequestBuilder) -> Result<Response, ControlPlaneError> {
        let call = call.bearer_auth(self.token.expose());
        let response = call
            .send()
            .await
            .map_err(|error| ControlPlaneError::Unreachable(error.without_url()))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(ControlPlaneError::Refused(response.status().as_u16()))
        }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, ControlPlaneError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| ControlPlaneError::Unreachable(error.without_url()))?
    {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(ControlPlaneError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn decoded<T: DeserializeOwned>(response: Response) -> Result<T, ControlPlaneError> {
    serde_json::from_slice(&body(response).await?).map_err(|_| ControlPlaneError::Unreadable)
}
