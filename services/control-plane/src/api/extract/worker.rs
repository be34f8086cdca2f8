//! Proves that the caller is a worker of this deployment: it holds the token derived from the master key.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use super::state;
use crate::codes::Code;
use crate::error::{Error, Result};
use crate::state::AppState;

/// A worker of this deployment.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What the process holds.
    pub state: AppState,
}

impl Worker {
    pub(super) fn of(request: &HttpRequest) -> Result<Self> {
        let state = state(request)?;
        let presented = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        // Compared in constant time.
        if presented.is_some_and(|token| state.worker_token.verify(token)) {
            Ok(Self { state })
        } else {
            Err(Error::new(
                Code::Unauthenticated,
                "Send the worker token of this deployment.",
            ))
        }
    }
}

impl FromRequest for Worker {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
