//! Answers to requests that no operation takes: a wrong method, or a path that is not here.

use std::future::{Ready, ready};

use actix_web::{HttpRequest, HttpResponse};
use sluicegate_service_runtime::endpoints;

use super::extract::state;
use crate::codes::Code;
use crate::error::{Error, Result};

/// The path takes other methods, or there is nothing at it.
pub fn nothing(request: HttpRequest) -> Ready<Result<HttpResponse>> {
    ready(Err(endpoints::allowed(&request).map_or_else(
        || Error::new(Code::NotFound, "There is nothing at this path."),
        Error::method_not_allowed,
    )))
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
