//! The bearer token by which workers and control plane recognize each other.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A token derived from the master key.
#[derive(Clone)]
pub struct WorkerToken(SecretString);

impl WorkerToken {
    pub(crate) fn new(derived: &[u8; 32]) -> Self {
        Self(
            derived
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                .into(),
        )
    }

    /// What to send as `Authorization: Bearer …`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares in constant time.
    #[must_use]
    pub fn verify(&self, presented: &str) -> bool {
        self.expose().as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl std::fmt::Debug for WorkerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorkerToken(..)")
    }
}
