//! Proves that a request which carries the refresh cookie was made by our own page: a header no form can send, and a
//! matching `Origin` when the browser names one.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use super::state;
use crate::codes::Code;
use crate::error::{Error, Result};

/// The header that says so.
pub const CSRF_HEADER: &str = "x-sluicegate-csrf";

/// The request came from our own page.
#[derive(Debug)]
pub struct SameOrigin;

fn check(request: &HttpRequest) -> Result<SameOrigin> {
    let refused = || {
        Error::new(
            Code::CsrfRefused,
            "Send x-sluicegate-csrf: 1 from the dashboard's own origin.",
        )
    };
    if request
        .headers()
        .get(CSRF_HEADER)
        .is_none_or(|value| value != "1")
    {
        return Err(refused());
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(SameOrigin);
    };
    let origin = origin.to_str().map_err(|_| refused())?;
    let ours = state(request)?
        .settings
        .http
        .public_url
        .origin()
        .ascii_serialization();
    // What the browser itself addressed: a page can choose neither its Origin nor the Host of its requests.
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let addressed = origin
        .split_once("://")
        .is_some_and(|(_, authority)| !host.is_empty() && authority == host);
    if origin == ours || addressed {
        Ok(SameOrigin)
    } else {
        Err(refused())
    }
}

impl FromRequest for SameOrigin {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request))
    }
}
