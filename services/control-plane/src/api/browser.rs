//! What browsers get: the built dashboard, and headers that keep it from being framed, sniffed or injected into.

use std::future::ready;
use std::path::Path;

use actix_files::{Files, NamedFile};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::ServiceConfig;
use url::Url;

use super::extract::state;
use crate::error::Error;
use crate::state::AppState;

/// Files under this path carry a hash of their content in their name.
const HASHED: &str = "/assets/";

/// Serves the dashboard from `folder`: files as they are, every other path as its start page, which routes by itself.
pub fn files(config: &mut ServiceConfig, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    let start_page = folder.join("index.html");
    let fallback = fn_service(move |request: ServiceRequest| ready(serve_start_page(request, &start_page)));
    config.service(
        Files::new("/", folder)
            .index_file("index.html")
            .default_handler(fallback),
    );
}

/// A missing file is missing: answering an old script's name with the start page would only confuse the browser.
fn serve_start_page(request: ServiceRequest, file: &Path) -> Result<ServiceResponse, actix_web::Error> {
    let path = request.path();
    let is_file = path.starts_with(HASHED) || path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if is_file {
        return Ok(request.error_response(Error::not_found()));
    }
    let (request, _) = request.into_parts();
    let response = NamedFile::open(file)?.into_response(&request);
    Ok(ServiceResponse::new(request, response))
}

/// Middleware: adds the security headers, and how long files may be kept.
///
/// # Errors
/// Those of the service below.
pub async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let state = state(request.request()).ok();
    let path = request.path().to_owned();
    let mut response = next.call(request).await?;
    let ok = response.status().is_success();
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        let hashed = ok && path.starts_with(HASHED);
        let keep = if hashed {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    }
    harden(headers, state.as_ref());
    Ok(response)
}

fn harden(headers: &mut HeaderMap, state: Option<&AppState>) {
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let settings = state.map(|state| &state.settings);
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(settings.map(|s| &s.inference_url))) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if settings.is_some_and(|settings| settings.http.public_url.scheme() == "https") {
        let always_tls = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, always_tls);
    }
}

fn content_security_policy(inference_url: Option<&Url>) -> String {
    let inference = inference_url
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    // Component libraries place <style> elements; scripts come from our own files only.
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         font-src 'self' data:; connect-src 'self' {inference}; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}
