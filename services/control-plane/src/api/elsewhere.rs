//! Answers to paths that are not here.

use std::future::{Ready, ready};

use actix_web::{HttpRequest, HttpResponse};

use super::extract::state;
use crate::codes::Code;
use crate::error::{Error, Result};

/// There is nothing at this path.
pub fn not_found() -> Ready<Result<HttpResponse>> {
    ready(Err(Error::new(Code::NotFound, "There is nothing at this path.")))
}

/// Somebody pointed an SDK at the management port: tell them where inference calls go.
pub fn inference(request: HttpRequest) -> Ready<Result<HttpResponse>> {
    let there = state(&request).map(|state| state.settings.inference_url.to_string());
    ready(there.and_then(|url| {
        Err(Error::new(
            Code::NotFound,
            format!("This is the management port. Inference calls go to {url}."),
        ))
    }))
}
