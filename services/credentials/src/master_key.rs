//! The root secret of a deployment and the keys derived from it.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::api_key::KeyHasher;
use crate::sealed::Keyring;
use crate::worker_token::WorkerToken;

/// The root secret: 32 bytes that both planes are configured with and nothing stores beside the data.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

/// The configured text is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a master key is 64 hexadecimal characters (32 random bytes), for example from `openssl rand -hex 32`"
)]
pub struct MasterKeyError;

impl MasterKey {
    /// Reads the configured text: 64 hexadecimal characters, surrounding white space ignored.
    ///
    /// # Errors
    /// [`MasterKeyError`] for anything else; the text is not quoted.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(MasterKeyError);
        }
        let mut key = Self([0; 32]);
        for (index, byte) in key.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| MasterKeyError)?;
        }
        Ok(key)
    }

    /// A master key of 32 random bytes.
    #[must_use]
    pub const fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// The text [`MasterKey::parse`] reads, for writing a generated key to its file.
    #[must_use]
    pub fn to_text(&self) -> secrecy::SecretString {
        self.0
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into()
    }

    /// Hashes inference keys under this deployment's pepper.
    #[must_use]
    pub fn key_hasher(&self) -> KeyHasher {
        KeyHasher::new(self.derive("sluicegate/v1/api-key-pepper"))
    }

    /// Wraps and opens the organizations' data keys.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        Keyring::new(self.derive("sluicegate/v1/key-encryption"))
    }

    /// Seed of the Ed25519 key that signs access tokens.
    #[must_use]
    pub fn session_seed(&self) -> [u8; 32] {
        self.derive("sluicegate/v1/session-signing")
    }

    /// What workers and control plane show each other.
    #[must_use]
    pub fn worker_token(&self) -> WorkerToken {
        WorkerToken::new(&self.derive("sluicegate/v1/worker-token"))
    }

    fn derive<const N: usize>(&self, label: &str) -> [u8; N] {
        let mut derived = [0; N];
        // RFC 5869 limits output to 255 hashes; no key here comes near it, so the error arm is unreachable.
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(label.as_bytes(), &mut derived);
        debug_assert!(expanded.is_ok());
        derived
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_do_not_share_keys_and_text_round_trips() {
        use secrecy::ExposeSecret;
        let master = MasterKey::from_entropy([7; 32]);
        assert_ne!(
            master.session_seed(),
            master.derive::<32>("sluicegate/v1/worker-token")
        );
        let again = MasterKey::parse(master.to_text().expose_secret()).unwrap();
        assert_eq!(again.session_seed(), master.session_seed());
        assert_eq!(MasterKey::parse("abc").err(), Some(MasterKeyError));
    }
}
