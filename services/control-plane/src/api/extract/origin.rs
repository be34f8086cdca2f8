//! Where a request came from. A forwarded address is believed only from proxies the operator named.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};
use ipnet::IpNet;
use sluicegate_service_runtime::http_span::RequestContext;

use super::state;
use crate::app::Origin;

/// The request's name in the log.
#[must_use]
pub fn request_id(request: &HttpRequest) -> Option<Arc<str>> {
    request
        .extensions()
        .get::<RequestContext>()
        .map(|context| Arc::clone(&context.name))
}

/// Name and address of the request.
#[must_use]
pub fn of(request: &HttpRequest) -> Origin {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let forwarded = request
        .headers()
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok());
    let address = match (peer, state(request)) {
        (Some(peer), Ok(state)) => Some(client(peer, forwarded, &state.settings.http.trusted_proxies)),
        (peer, _) => peer,
    };
    Origin {
        request_id: request_id(request),
        address,
    }
}

/// The last address that no trusted proxy vouches for.
fn client(peer: IpAddr, forwarded: Option<&str>, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer;
    for hop in forwarded.unwrap_or_default().rsplit(',') {
        if !is_trusted(&client) {
            break;
        }
        match hop.trim().parse() {
            Ok(address) => client = address,
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(client(ip("1.1.1.1"), Some("9.9.9.9"), &trusted), ip("1.1.1.1"));
        assert_eq!(
            client(ip("10.0.0.1"), Some("6.6.6.6, 9.9.9.9"), &trusted),
            ip("9.9.9.9")
        );
        assert_eq!(
            client(ip("10.0.0.1"), Some("9.9.9.9, 10.0.0.2"), &trusted),
            ip("9.9.9.9")
        );
        assert_eq!(client(ip("10.0.0.1"), Some("junk"), &trusted), ip("10.0.0.1"));
        assert_eq!(client(ip("10.0.0.1"), None, &trusted), ip("10.0.0.1"));
    }
}
