//! Reads a request body within limits of size, time and rate. Called by the pipeline once the caller is known.
//!
//! Must stay true: nothing is inflated (an encoded body is refused), and at most the allowed size is ever held.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::Limits;

/// A body larger than this is grown as it arrives instead of reserved up front on a caller's word.
const MAX_RESERVED: usize = 256 * 1024;

/// What the head of a request says about its body.
#[derive(Debug, Clone)]
pub(crate) struct BodyHead {
    length: Option<usize>,
    encoded: bool,
    content_type: Option<String>,
}

impl BodyHead {
    /// Reads the head.
    #[must_use]
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let content_type = headers
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().unwrap_or("?"));
        Self {
            length: headers
                .get(CONTENT_LENGTH)
                .and_then(|value| value.to_str().ok()?.parse().ok()),
            encoded: headers
                .get(CONTENT_ENCODING)
                .is_some_and(|value| value.as_bytes() != b"identity"),
            content_type: content_type
                .filter(|it| !is_json(it))
                .map(|it| it.chars().take(64).collect()),
        }
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads the body.
///
/// # Errors
/// 415 when it is encoded or not JSON, 413 when it is too large, 408 when it is too slow, 400 when it breaks off.
pub(crate) async fn read(
    head: &BodyHead,
    mut payload: Payload,
    limits: &Limits,
) -> Result<Bytes, GatewayError> {
    if head.encoded {
        let message = "Send the body without a content-encoding.";
        return Err(GatewayError::new(ErrorKind::UnsupportedMediaType, message));
    }
    if let Some(found) = &head.content_type {
        let message = format!("Send the body with content-type: application/json (this was {found:?}).");
        return Err(GatewayError::new(ErrorKind::UnsupportedMediaType, message));
    }
    if head.length.is_some_and(|length| length > limits.max_body_bytes) {
        return Err(too_large(limits));
    }

    let started = Instant::now();
    let mut body = Gathered::default();
    loop {
        let next = timeout_at(started + allowance(body.len(), limits), payload.next()).await;
        let chunk = match next {
            Err(_) => {
                let message = format!(
                    "The body came too slowly: {} bytes in {:?}.",
                    body.len(),
                    started.elapsed()
                );
                return Err(GatewayError::new(ErrorKind::RequestTimeout, message));
            }
            Ok(None) => return Ok(body.into_bytes()),
            Ok(Some(Err(_))) => {
                return Err(GatewayError::new(
                    ErrorKind::InvalidRequest,
                    "The body broke off before its end.",
                ));
            }
            Ok(Some(Ok(chunk))) => chunk,
        };
        if body.len() + chunk.len() > limits.max_body_bytes {
            return Err(too_large(limits));
        }
        body.push(chunk, head.length.unwrap_or(0).min(MAX_RESERVED));
    }
}

/// Chunks of a body. One that lies in a single read, as most do, is never copied.
#[derive(Default)]
struct Gathered {
    only: Bytes,
    joined: BytesMut,
}

impl Gathered {
    fn len(&self) -> usize {
        self.only.len() + self.joined.len()
    }

    fn push(&mut self, chunk: Bytes, expected: usize) {
        if self.len() == 0 {
            self.only = chunk;
            return;
        }
        if self.joined.is_empty() {
            self.joined.reserve(expected.max(self.only.len() + chunk.len()));
            self.joined.extend_from_slice(&std::mem::take(&mut self.only));
        }
        self.joined.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.only
        } else {
            self.joined.freeze()
        }
    }
}

/// How long a body of which `received` bytes have come may have taken.
fn allowance(received: usize, limits: &Limits) -> Duration {
    let earned = (received as u64).saturating_mul(1_000) / limits.min_body_rate.max(1);
    Duration::from_millis(limits.body_timeout_ms.saturating_add(earned))
}

fn too_large(limits: &Limits) -> GatewayError {
    let message = format!("The body is larger than {} bytes.", limits.max_body_bytes);
    GatewayError::new(ErrorKind::RequestTooLarge, message)
}
