//! Proves that a request which carries the refresh cookie was made by our own page: a header no form can send, and a
//! matching `Origin` when the browser names one.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use url::{Host, Url};

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
    let public_url = &state(request)?.settings.http.public_url;
    // What the browser itself addressed: a page can choose neither its Origin nor the Host of its requests.
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let addressed = origin
        .split_once("://")
        .is_some_and(|(_, authority)| !host.is_empty() && authority == host);
    if addressed || is_ours(origin, public_url) {
        Ok(SameOrigin)
    } else {
        Err(refused())
    }
}

/// Whether `origin` is that of the public URL. On this machine every loopback name of the same port counts: which one
/// somebody types is chance, and whoever can listen there can read our files anyway.
fn is_ours(origin: &str, public_url: &Url) -> bool {
    let ours = public_url.origin();
    if origin == ours.ascii_serialization() {
        return true;
    }
    let place = |url: &Url| (url.scheme().to_owned(), url.port_or_known_default());
    Url::parse(origin).is_ok_and(|theirs| {
        theirs.origin().ascii_serialization() == origin
            && is_loopback(&theirs)
            && is_loopback(public_url)
            && place(&theirs) == place(public_url)
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl FromRequest for SameOrigin {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_of_one_port_are_one_origin_and_nothing_else_is() {
        let cases = [
            ("http://127.0.0.1:8080", "http://localhost:8080", true),
            ("http://127.0.0.1:8080", "http://[::1]:8080", true),
            ("http://localhost:8080", "http://127.0.0.1:8080", true),
            ("http://localhost", "http://127.0.0.1", true),
            ("https://gate.example.com/", "https://gate.example.com", true),
            ("http://127.0.0.1:8080", "http://localhost:5173", false),
            ("http://127.0.0.1:8080", "https://localhost:8080", false),
            (
                "http://127.0.0.1:8080",
                "http://localhost.example.com:8080",
                false,
            ),
            (
                "http://127.0.0.1:8080",
                "http://localhost:8080@example.com",
                false,
            ),
            ("http://127.0.0.1:8080", "http://localhost:8080/x", false),
            ("http://127.0.0.1:8080", "http://10.0.0.1:8080", false),
            ("http://127.0.0.1:8080", "null", false),
            ("https://gate.example.com", "https://localhost", false),
            ("https://gate.example.com", "http://gate.example.com", false),
            ("http://gate.example.com:8080", "http://127.0.0.1:8080", false),
        ];
        for (public_url, origin, ours) in cases {
            let public_url = public_url.parse().unwrap();
            assert_eq!(is_ours(origin, &public_url), ours, "{public_url} {origin}");
        }
    }
}
