//! The one place where an error becomes an HTTP answer: `application/problem+json` (RFC 9457). The middleware here
//! gives every problem its request id and path and logs the cause of those that are our fault.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::extract::origin;
use crate::codes::Code;
use crate::error::{Error, FieldError};

/// What every error is answered with, as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Where the code is documented.
    #[serde(rename = "type")]
    #[schema(example = "https://sluicegate.dev/errors#not_found")]
    kind: String,
    /// The same short sentence for every occurrence of the code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: String,
    /// The path that was asked for.
    instance: Option<String>,
    /// Stable machine-readable code.
    #[schema(example = "not_found")]
    code: &'static str,
    /// Names this request in our logs.
    request_id: Option<String>,
    /// Whether the same request can succeed later without being changed.
    retryable: bool,
    /// The fields that caused it, when there are any.
    errors: Vec<ProblemField>,
}

/// One field that is not acceptable.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the body, or the name of a query parameter.
    #[schema(example = "/targets/0/model")]
    pointer: String,
    /// What kind of mistake.
    code: &'static str,
    /// One sentence.
    detail: String,
    /// Line in a body of YAML, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl From<&FieldError> for ProblemField {
    fn from(field: &FieldError) -> Self {
        Self {
            pointer: field.pointer.clone(),
            code: field.code,
            detail: field.detail.clone(),
            line: field.place.map(|(line, _)| line),
            column: field.place.map(|(_, column)| column),
        }
    }
}

fn render(error: &Error, instance: Option<String>, request_id: Option<String>) -> HttpResponse {
    let code = error.code();
    let problem = Problem {
        kind: format!("https://sluicegate.dev/errors#{}", code.as_str()),
        title: code.title(),
        status: code.status().as_u16(),
        detail: error.detail().to_owned(),
        instance,
        code: code.as_str(),
        request_id,
        retryable: code.retryable(),
        errors: error.fields().iter().map(ProblemField::from).collect(),
    };
    let mut response = HttpResponse::build(code.status());
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(seconds) = error.retry_after_seconds() {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if let Some(etag) = error.etag() {
        response.insert_header((header::ETAG, etag));
    }
    if let Some(allow) = error.allow() {
        response.insert_header((header::ALLOW, allow));
    }
    if code == Code::Unauthenticated {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    // Serialized by hand because `.json()` replaces the content type.
    let body = serde_json::to_string(&problem).unwrap_or_default();
    response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
    response.body(body)
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        render(self, None, None)
    }
}

/// What the framework itself refuses, as one of our errors.
fn from_framework(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::not_found(),
        // Only the dashboard's files leave this to the framework.
        StatusCode::METHOD_NOT_ALLOWED => Error::method_not_allowed("GET, HEAD".to_owned()),
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(Code::PayloadTooLarge, "At most 256 KiB are accepted."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Error::new(Code::UnsupportedMediaType, "Send application/json.")
        }
        other if other.is_client_error() => {
            Error::new(Code::InvalidRequest, "The request could not be read.")
        }
        other => Error::internal(format!("the framework answered {other}")),
    }
}

/// Middleware: completes problems with the request id and path, and turns the framework's own refusals into problems.
///
/// # Errors
/// Those of middleware further in; handlers and extractors answer instead.
pub async fn complete(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let path = request.path().to_owned();
    let request_id = origin::request_id(request.request()).map(|name| name.to_string());
    let response = next.call(request).await?.map_into_boxed_body();
    let ours = response
        .response()
        .error()
        .and_then(actix_web::Error::as_error::<Error>);
    if let Some(ours) = ours {
        log(ours, &path, request_id.as_deref());
        let rendered = render(ours, Some(path), request_id);
        return Ok(response.into_response(rendered));
    }
    let status = response.status();
    let already_a_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == HeaderValue::from_static("application/problem+json"));
    if (status.is_client_error() || status.is_server_error()) && !already_a_problem {
        let error = from_framework(status);
        return Ok(replace(response, &error, path, request_id));
    }
    Ok(response)
}

fn replace(
    response: ServiceResponse<BoxBody>,
    error: &Error,
    path: String,
    request_id: Option<String>,
) -> ServiceResponse<BoxBody> {
    log(error, &path, request_id.as_deref());
    response.into_response(render(error, Some(path), request_id))
}

fn log(error: &Error, path: &str, request_id: Option<&str>) {
    if let Some(cause) = error.cause() {
        tracing::error!(
            code = error.code().as_str(),
            http.path = path,
            request.id = request_id,
            cause = %cause,
            "request failed"
        );
    }
}
