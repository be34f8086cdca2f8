//! Puts a connection's credential on a request, and keeps it out of everything a provider says.
//!
//! Must stay true: a credential goes only to the base URL it was saved for, and never to a caller.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use memchr::memmem;

use crate::snapshot::LiveConnection;

/// Sets the credential, if the connection has one.
pub(super) fn apply(headers: &mut HeaderMap<HeaderValue>, connection: &LiveConnection) {
    if let Some(value) = &connection.authorization {
        headers.insert(AUTHORIZATION, value.clone());
    }
}

/// Whether something a provider said quotes the credential it was sent, whole or in its scheme-less form.
#[must_use]
pub fn quotes_credential(said: &[u8], connection: &LiveConnection) -> bool {
    connection.authorization.as_ref().is_some_and(|value| {
        let secret = value.as_bytes();
        let secret = secret.strip_prefix(b"Bearer ").unwrap_or(secret);
        !secret.is_empty() && memmem::find(said, secret).is_some()
    })
}
