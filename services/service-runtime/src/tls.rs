//! Picks the process-wide TLS implementation. Called first in every `main`, before any client is built.

/// Installs ring as the default provider. Repeats are harmless: the first one stays.
pub fn install_crypto_provider() {
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        ::tracing::trace!("a TLS provider was already installed");
    }
}
