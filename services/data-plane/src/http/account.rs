//! The account API, as clients of OpenRouter call it: keys and their limits, what they spent, credit, single generations. The
//! control plane has the truth, so a call is handed on to it with the digest of the caller's key; see decision 0017.
//!
//! Must stay true: nothing here waits on behalf of an inference call. Few calls at once, small bodies, a short time.

use std::fmt;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{Handler, HttpRequest, HttpResponse};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluicegate_contracts::config::KeyDigest;
use sluicegate_contracts::ids::ApiKeyId;
use sluicegate_credentials::api_key;

use super::{Arrival, Presented, body, render_error};
use crate::account::{AccountAnswer, AccountCall};
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::{Api, Gateway, Limits};

/// Largest body of a call.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// When to come back if the control plane is away.
const AWAY_RETRY: Duration = Duration::from_secs(5);
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a call is about. Fixed texts and parsed ids only: a caller's text in the path could lead elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// The caller's own key.
    OwnKey,
    /// All keys.
    Keys,
    /// The key that the path names.
    OneKey,
    /// The organization's prepaid credit.
    Credits,
    /// One call.
    Generation,
    /// Spending by day and model.
    Activity,
}

/// What is asked where. The second place of the own key is the one it had first.
pub(super) const RESOURCES: [(Method, &str, Resource); 10] = [
    (Method::GET, "/key", Resource::OwnKey),
    (Method::GET, "/auth/key", Resource::OwnKey),
    (Method::GET, "/keys", Resource::Keys),
    (Method::POST, "/keys", Resource::Keys),
    (Method::GET, "/keys/{hash}", Resource::OneKey),
    (Method::PATCH, "/keys/{hash}", Resource::OneKey),
    (Method::DELETE, "/keys/{hash}", Resource::OneKey),
    (Method::GET, "/credits", Resource::Credits),
    (Method::GET, "/generation", Resource::Generation),
    (Method::GET, "/activity", Resource::Activity),
];

/// A failure in the words of OpenRouter.
#[derive(Debug, Serialize)]
struct Failure {
    /// The HTTP status.
    code: u16,
    message: String,
    metadata: Metadata,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    /// Our name for it.
    error_code: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

/// A failure in the words of the control plane.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
    #[serde(default)]
    errors: Vec<Value>,
}

impl Failure {
    fn away(message: &str) -> Self {
        Self {
            code: 503,
            message: message.to_owned(),
            metadata: Metadata {
                error_code: "account_unavailable".to_owned(),
                errors: Vec::new(),
            },
            retry_after: Some(AWAY_RETRY),
        }
    }

    fn of(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) if status < 500 => Self {
                code: status,
                message: problem.detail,
                metadata: Metadata {
                    error_code: problem.code,
                    errors: problem.errors,
                },
                retry_after: None,
            },
            Ok(_) | Err(_) => {
                Self::away("The account API has trouble at the moment. Send the request again.")
            }
        }
    }

    fn response(&self) -> HttpResponse {
        #[derive(Serialize)]
        struct Document<'a> {
            error: &'a Failure,
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((
            render_error::SHOULD_RETRY,
            render_error::flag(self.retry_after.is_some()),
        ));
        if let Some(wait) = self.retry_after {
            response.insert_header((RETRY_AFTER, render_error::whole_seconds(wait)));
        }
        response.json(Document { error: self })
    }
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        Self {
            code: error.kind.status(),
            message: error.message.into_owned(),
            metadata: Metadata {
                error_code: error.kind.code().to_owned(),
                errors: Vec::new(),
            },
            retry_after: error.retry_after,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnKey => "/key",
            Self::Keys | Self::OneKey => "/keys",
            Self::Credits => "/credits",
            Self::Generation => "/generation",
            Self::Activity => "/activity",
        })
    }
}

/// The handler of a resource.
pub(super) fn on(resource: Resource) -> impl Handler<(HttpRequest, Payload), Output = HttpResponse> {
    move |request: HttpRequest, payload: Payload| async move {
        match hand_on(&request, payload, resource).await {
            Ok(answer) if answer.status < 300 => answered(answer),
            Ok(answer) => Failure::of(answer.status, &answer.body).response(),
            Err(failure) => failure.response(),
        }
    }
}

async fn hand_on(
    request: &HttpRequest,
    payload: Payload,
    resource: Resource,
) -> Result<AccountAnswer, Failure> {
    let (gateway, arrival) = Arrival::of(request, Api::ChatCompletions)?;
    let digest = presented(&gateway, &arrival.presented)?;
    let path = match resource {
        Resource::OneKey => format!("{resource}/{}", named(request)?),
        Resource::OwnKey | Resource::Keys | Resource::Credits | Resource::Generation | Resource::Activity => {
            resource.to_string()
        }
    };
    let takes_a_body = [Method::POST, Method::PATCH].contains(request.method());
    let body = if takes_a_body {
        let limits = Limits {
            max_body_bytes: MAX_BODY_BYTES,
            ..gateway.state().limits
        };
        body::read(&arrival.body, payload, &limits).await?
    } else {
        Bytes::new()
    };
    let once = request.headers().get(IDEMPOTENCY_KEY);
    let call = AccountCall {
        method: request.method().as_str(),
        path: &path,
        query: request.query_string(),
        digest,
        idempotency_key: once.and_then(|value| value.to_str().ok()),
        body,
    };
    let account = &gateway.state().account;
    account.call(call).await.map_err(|error| {
        tracing::debug!(target: "sluicegate", %error, "a call of the account API was not handed on");
        Failure::away("The control plane cannot be asked at the moment. Models can be called all the same.")
    })
}

/// The id in the path; a text that is none names nothing.
fn named(request: &HttpRequest) -> Result<ApiKeyId, Failure> {
    let unknown = |_| Failure {
        code: 404,
        message: "There is no such key.".to_owned(),
        metadata: Metadata {
            error_code: "not_found".to_owned(),
            errors: Vec::new(),
        },
        retry_after: None,
    };
    request.match_info().query("hash").parse().map_err(unknown)
}

/// The digest of the key that was presented. Whether there is such a key, and what it may do, the control plane knows.
fn presented(gateway: &Gateway, presented: &Presented) -> Result<KeyDigest, GatewayError> {
    let refused = |message: String| GatewayError::new(ErrorKind::InvalidApiKey, message);
    match presented {
        Presented::Nothing | Presented::OtherScheme => Err(refused(
            "No API key was received. Send it as \"Authorization: Bearer …\".".to_owned(),
        )),
        Presented::Key(key) => match api_key::parse(key) {
            Ok(_) => Ok(gateway.state().key_hasher.digest(key)),
            Err(malformed) => Err(refused(format!(
                "What was received is no key of this gateway: {malformed}."
            ))),
        },
    }
}

fn answered(answer: AccountAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(answer.body)
}
