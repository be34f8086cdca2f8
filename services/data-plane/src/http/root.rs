//! What answers where there is nothing to call: a sign of life, and errors that say where to go.

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use sluicegate_service_runtime::endpoints;

use super::{paths, render_error};
use crate::error::{ErrorKind, GatewayError};

/// `GET /` and `HEAD /`.
pub(super) async fn hello() -> HttpResponse {
    let body = concat!(
        r#"{"service":"sluicegate","release":""#,
        env!("CARGO_PKG_VERSION"),
        r#""}"#
    );
    HttpResponse::Ok().content_type("application/json").body(body)
}

/// Everything no other handler takes: another method of a path, or a path that does not exist.
pub(super) async fn elsewhere(request: HttpRequest) -> HttpResponse {
    match endpoints::allowed(&request) {
        Some(methods) => wrong_method(&request, methods),
        None => unknown_path(&request),
    }
}

fn unknown_path(request: &HttpRequest) -> HttpResponse {
    let message = if request.path().starts_with("/v1/v1/") {
        "There is nothing here. Drop one /v1 from your base URL."
    } else if request.path().starts_with("/v1/") {
        "There is no such endpoint here."
    } else {
        "There is nothing here. The base URL of the inference API ends in /v1."
    };
    render_error::response(
        &GatewayError::new(ErrorKind::UnknownPath, message),
        paths::dialect_of(request.path()),
    )
}

fn wrong_method(request: &HttpRequest, methods: String) -> HttpResponse {
    let message = format!("This path takes {methods}, not {}.", request.method());
    let mut response = render_error::response(
        &GatewayError::new(ErrorKind::MethodNotAllowed, message),
        paths::dialect_of(request.path()),
    );
    if let Ok(allow) = HeaderValue::try_from(methods) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}
