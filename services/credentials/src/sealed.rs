//! Envelope encryption: a data key per organization, wrapped by the deployment's key-encryption key, seals the
//! credentials of that organization.
//!
//! XChaCha20-Poly1305; text form `v1.<base64url nonce ‖ ciphertext>`. What is sealed is bound to its place
//! (organization, row, purpose) as associated data, so moving ciphertext to another row does not open. Deleting an
//! organization's wrapped data key makes every credential of it unreadable, in backups too.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use sluicegate_contracts::config::SealedText;
use sluicegate_contracts::ids::{ConnectionId, OrganizationId};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

const VERSION: &str = "v1.";
const NONCE_LEN: usize = 24;

/// A sealed text did not open: damaged, moved from its place, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed text does not open: damaged, moved, or sealed under another master key")]
pub struct OpenError;

/// The place a sealed text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealing {
    /// The tenant.
    pub organization: OrganizationId,
    /// The row that holds it.
    pub row: Uuid,
    /// What it is, as a constant of the code (`connection-credential`).
    pub purpose: &'static str,
}

impl Sealing {
    /// The place of a connection's credential.
    #[must_use]
    pub const fn connection_credential(organization: OrganizationId, connection: ConnectionId) -> Self {
        Self {
            organization,
            row: connection.as_uuid(),
            purpose: "connection-credential",
        }
    }

    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(32 + self.purpose.len());
        data.extend_from_slice(self.organization.as_uuid().as_bytes());
        data.extend_from_slice(self.row.as_bytes());
        data.extend_from_slice(self.purpose.as_bytes());
        data
    }
}

fn seal(cipher: &XChaCha20Poly1305, place: &Sealing, plaintext: &[u8], nonce: [u8; NONCE_LEN]) -> SealedText {
    let aad = place.associated_data();
    let nonce = XNonce::from(nonce);
    // Sealing fails only past 256 GiB; an empty ciphertext never opens, so even then nothing is revealed.
    let ciphertext = cipher
        .encrypt(
            &nonce,
            Payload {
                msg: plaintext,
                aad: &aad,
            },
        )
        .unwrap_or_default();
    let mut packed = nonce.to_vec();
    packed.extend_from_slice(&ciphertext);
    SealedText(format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(packed)))
}

fn open(
    cipher: &XChaCha20Poly1305,
    place: &Sealing,
    sealed: &SealedText,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let encoded = sealed.0.strip_prefix(VERSION).ok_or(OpenError)?;
    let packed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| OpenError)?;
    let (nonce, ciphertext) = packed.split_at_checked(NONCE_LEN).ok_or(OpenError)?;
    let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| OpenError)?;
    let aad = place.associated_data();
    cipher
        .decrypt(
            &XNonce::from(nonce),
            Payload {
                msg: ciphertext,
                aad: &aad,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| OpenError)
}

/// Wraps and opens data keys.
#[derive(Clone)]
pub struct Keyring(XChaCha20Poly1305);

impl Keyring {
    pub(crate) fn new(mut key: [u8; 32]) -> Self {
        let cipher = XChaCha20Poly1305::new(&key.into());
        key.zeroize();
        Self(cipher)
    }

    fn place(organization: OrganizationId) -> Sealing {
        Sealing {
            organization,
            row: organization.as_uuid(),
            purpose: "organization-data-key",
        }
    }

    /// Makes a data key from 32 random bytes and returns it wrapped for storage.
    #[must_use]
    pub fn wrap_new_data_key(
        &self,
        organization: OrganizationId,
        entropy: [u8; 32],
        nonce: [u8; NONCE_LEN],
    ) -> SealedText {
        let entropy = Zeroizing::new(entropy);
        seal(&self.0, &Self::place(organization), entropy.as_slice(), nonce)
    }

    /// Opens an organization's data key.
    ///
    /// # Errors
    /// [`OpenError`] when it is damaged, another organization's, or wrapped under another master key.
    pub fn open_data_key(
        &self,
        organization: OrganizationId,
        wrapped: &SealedText,
    ) -> Result<DataKey, OpenError> {
        let bytes = open(&self.0, &Self::place(organization), wrapped)?;
        let mut key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| OpenError)?;
        let cipher = XChaCha20Poly1305::new(&key.into());
        key.zeroize();
        Ok(DataKey(cipher))
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(..)")
    }
}

/// An organization's own key.
#[derive(Clone)]
pub struct DataKey(XChaCha20Poly1305);

impl DataKey {
    /// Seals a secret for its place. The nonce is 24 random bytes, never used twice.
    #[must_use]
    pub fn seal(&self, place: &Sealing, secret: &SecretString, nonce: [u8; NONCE_LEN]) -> SealedText {
        seal(&self.0, place, secret.expose_secret().as_bytes(), nonce)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`OpenError`] when it is damaged or was sealed for another place or by another key.
    pub fn open(&self, place: &Sealing, sealed: &SealedText) -> Result<SecretString, OpenError> {
        let bytes = open(&self.0, place, sealed)?;
        std::str::from_utf8(&bytes)
            .map(SecretString::from)
            .map_err(|_| OpenError)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;

    fn organization(n: u128) -> OrganizationId {
        Uuid::from_u128(n).into()
    }

    fn place(org: u128, row: u128) -> Sealing {
        Sealing {
            organization: organization(org),
            row: Uuid::from_u128(row),
            purpose: "connection-credential",
        }
    }

    #[test]
    fn opens_only_in_its_own_place() {
        let keyring = MasterKey::from_entropy([3; 32]).keyring();
        let wrapped = keyring.wrap_new_data_key(organization(1), [4; 32], [5; 24]);
        let key = keyring.open_data_key(organization(1), &wrapped).unwrap();
        let sealed = key.seal(&place(1, 2), &SecretString::from("sk-upstream"), [6; 24]);
        assert_eq!(
            key.open(&place(1, 2), &sealed).unwrap().expose_secret(),
            "sk-upstream"
        );
        assert!(key.open(&place(1, 3), &sealed).is_err(), "another row");
        assert!(key.open(&place(2, 2), &sealed).is_err(), "another tenant");
        assert!(
            keyring.open_data_key(organization(2), &wrapped).is_err(),
            "another tenant's data key"
        );
        let other = MasterKey::from_entropy([8; 32]).keyring();
        assert!(
            other.open_data_key(organization(1), &wrapped).is_err(),
            "another master key"
        );
    }

    #[test]
    fn damage_at_any_character_is_an_error() {
        let keyring = MasterKey::from_entropy([3; 32]).keyring();
        let wrapped = keyring.wrap_new_data_key(organization(1), [4; 32], [5; 24]);
        for at in 0..wrapped.0.len() {
            let mut bytes = wrapped.0.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let damaged = SealedText(String::from_utf8(bytes).unwrap());
            assert!(
                keyring.open_data_key(organization(1), &damaged).is_err(),
                "at {at}"
            );
            assert!(
                keyring
                    .open_data_key(organization(1), &SealedText(wrapped.0[..at].to_owned()))
                    .is_err()
            );
        }
    }
}
