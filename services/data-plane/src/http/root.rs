//! What answers where there is nothing to call: a sign of life, and errors that say where to go.

use actix_web::{HttpRequest, HttpResponse};

use super::render_error;
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

/// A path that does not exist.
pub(super) async fn unknown_path(request: HttpRequest) -> HttpResponse {
    let message = if request.path().starts_with("/v1/v1/") {
        "There is nothing here. Drop one /v1 from your base URL."
    } else if request.path().starts_with("/v1/") {
        "There is no such endpoint here."
    } else {
        "There is nothing here. The base URL of the inference API ends in /v1."
    };
    render_error::response(&GatewayError::new(ErrorKind::UnknownPath, message))
}

/// A path that exists for another method.
pub(super) async fn wrong_method(request: HttpRequest) -> HttpResponse {
    let message = format!("{} is not what this path takes.", request.method());
    render_error::response(&GatewayError::new(ErrorKind::MethodNotAllowed, message))
}
