//! Signatures over what we send to the addresses that tenants name, in the form of Standard Webhooks: an HMAC-SHA256 over
//! `<id>.<unix seconds>.<body>`, so that a receiver knows who sent it, when, and that nobody sent it before.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const KEY_BYTES: usize = 32;

/// A stored text is not a secret that [`WebhookSecret::generate`] made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the secret of a webhook")]
pub struct MalformedWebhookSecret;

/// What one webhook's messages are signed with. Its owner knows it, too.
#[derive(Clone)]
pub struct WebhookSecret {
    text: SecretString,
    digest: Hmac<Sha256>,
}

impl WebhookSecret {
    /// A secret of these random bytes.
    ///
    /// # Errors
    /// Never for bytes of this length.
    pub fn generate(random: [u8; KEY_BYTES]) -> Result<Self, MalformedWebhookSecret> {
        Self::parse(&SecretString::from(format!(
            "{PREFIX}{}",
            STANDARD.encode(random)
        )))
    }

    /// Reads a secret.
    ///
    /// # Errors
    /// [`MalformedWebhookSecret`].
    pub fn parse(text: &SecretString) -> Result<Self, MalformedWebhookSecret> {
        let encoded = text.expose_secret().strip_prefix(PREFIX);
        let key = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
        let key = key.filter(|key| key.len() == KEY_BYTES);
        let key = key.ok_or(MalformedWebhookSecret)?;
        let digest = Hmac::new_from_slice(&key).map_err(|_| MalformedWebhookSecret)?;
        Ok(Self {
            text: text.clone(),
            digest,
        })
    }

    /// The text, to be stored sealed and shown once.
    #[must_use]
    pub const fn text(&self) -> &SecretString {
        &self.text
    }

    /// The value of the header `webhook-signature` for a message, at a time in Unix seconds.
    #[must_use]
    pub fn sign(&self, id: &str, at: i64, body: &str) -> String {
        let mut digest = self.digest.clone();
        for part in [id, ".", &at.to_string(), ".", body] {
            digest.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(digest.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_depends_on_every_part_and_on_the_secret() {
        let secret = WebhookSecret::generate([7; 32]).unwrap();
        let again = WebhookSecret::parse(secret.text()).unwrap();
        let signed = secret.sign("alt_1", 1_700_000_000, "{}");
        // Computed with another implementation: hmac.new(b"\x07" * 32, b"alt_1.1700000000.{}", "sha256").
        assert_eq!(signed, "v1,i7vxnDq89FMKLDPKnU+VMNH9jhTccpHwmoTILHjumzI=");
        assert_eq!(again.sign("alt_1", 1_700_000_000, "{}"), signed);
        let other = WebhookSecret::generate([8; 32]).unwrap();
        for different in [
            secret.sign("alt_2", 1_700_000_000, "{}"),
            secret.sign("alt_1", 1_700_000_001, "{}"),
            secret.sign("alt_1", 1_700_000_000, "{ }"),
            other.sign("alt_1", 1_700_000_000, "{}"),
        ] {
            assert_ne!(different, signed);
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        for text in ["", "whsec_", "whsec_AAAA", "whsec_!", "AAAA"] {
            assert!(WebhookSecret::parse(&SecretString::from(text.to_owned())).is_err());
        }
        let secret = WebhookSecret::generate([7; 32]).unwrap();
        assert_eq!(format!("{secret:?}"), "WebhookSecret(..)");
    }
}
