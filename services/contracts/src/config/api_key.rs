//! An inference key as workers know it: digests and what they allow, never the secret.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Constraints, model_matches};
use crate::ids::{ApiKeyId, OrganizationId, ProjectId};
use crate::time::UnixMillis;

/// HMAC-SHA-256 of a key's secret under the deployment's pepper. Text form: 64 lowercase hex characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// Wraps the bytes of a digest.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storage and comparison.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Digests stay out of logs: they identify a key to whoever holds the pepper.
impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(..)")
    }
}

/// A text is not the hexadecimal form of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hex characters")]
pub struct MalformedDigest;

impl FromStr for KeyDigest {
    type Err = MalformedDigest;

    fn from_str(text: &str) -> Result<Self, MalformedDigest> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(MalformedDigest);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| MalformedDigest)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// One secret of a key. A key has one, or two while a rotation overlaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySecret {
    /// What the presented secret must hash to.
    pub digest: KeyDigest,
    /// End of its validity; `None` for the current secret.
    pub valid_until: Option<UnixMillis>,
}

/// Whether a key may call. A revoked key is a tombstone, not a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyStatus {
    /// May call until it expires.
    Active,
    /// Switched off; can be enabled again.
    Disabled,
}

/// Most keys that one key derives from, one through the other.
pub const MAX_ANCESTORS: usize = 4;

/// An inference key. A key that derives from others may never do what one of them may not: their statuses, their ends,
/// their models and their constraints bind it too, and budgets over them count its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The tenant that owns its project.
    pub organization: OrganizationId,
    /// The project it calls for.
    pub project: ProjectId,
    /// The keys it derives from, nearest first, at most [`MAX_ANCESTORS`]. Never changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<ApiKeyId>,
    /// Current secret first, then the one being rotated out.
    pub secrets: Vec<KeySecret>,
    /// Whether it may call.
    pub status: ApiKeyStatus,
    /// When it stops working; `None` means never.
    pub expires_at: Option<UnixMillis>,
    /// Model names it may ask for, each exact or ending in `*`; empty means every model of the project.
    pub allowed_models: Vec<String>,
    /// What every endpoint must satisfy that serves its calls.
    #[serde(default, skip_serializing_if = "Constraints::are_none")]
    pub constraints: Constraints,
}

impl ApiKey {
    /// Whether it is the key with this id, or derives from it.
    #[must_use]
    pub fn descends_from(&self, key: ApiKeyId) -> bool {
        self.id == key || self.ancestors.contains(&key)
    }

    /// Whether this key may ask for `model`.
    #[must_use]
    pub fn allows_model(&self, model: &str) -> bool {
        self.allowed_models.is_empty()
            || self
                .allowed_models
                .iter()
                .any(|pattern| model_matches(pattern, model))
    }
}
