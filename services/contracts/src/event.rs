//! A configuration change on its way to the workers, and the hash by which they prove they hold the same state.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::config::{Entity, EntityKind};

/// Position in the gap-free sequence of configuration changes; 0 is the empty state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigVersion(pub u64);

impl ConfigVersion {
    /// The version that must follow this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Hash of the state of all live entities: the XOR of their [`entity_hash`]es, so that one change updates it in
/// constant time and order does not matter. Guards against mistakes, not against an adversary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateHash(pub u64);

impl StateHash {
    /// The hash after an entity's own hash was added or, being its own inverse, taken out.
    #[must_use]
    pub const fn toggle(self, entity: u64) -> Self {
        Self(self.0 ^ entity)
    }
}

/// First eight bytes (big-endian) of SHA-256 over kind, id and body.
#[must_use]
pub fn entity_hash(kind: &str, id: Uuid, body: &str) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(kind.as_bytes());
    hasher.update([0]);
    hasher.update(id.as_bytes());
    hasher.update(body.as_bytes());
    let digest = hasher.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// The whole state of one entity at one version, or its tombstone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfigEvent {
    /// [`crate::SCHEMA_VERSION`] of the writer.
    pub schema: u16,
    /// Position in the sequence.
    pub version: ConfigVersion,
    /// Wire name of the entity's kind; kept as text so that kinds of a newer release still hash.
    pub kind: String,
    /// Id within the kind.
    pub id: Uuid,
    /// Refuse to serve this entity, even if its body cannot be read: tightening must always get through.
    #[serde(default)]
    pub blocked: bool,
    /// The entity as JSON; `None` is a tombstone.
    pub body: Option<Box<RawValue>>,
}

/// The body of an event is not one this release can serve.
#[derive(Debug, thiserror::Error)]
#[error("{kind} {id} at version {version}: {reason}", version = .version.0)]
pub struct RefusedEntity {
    /// Wire name of the kind.
    pub kind: String,
    /// Id within the kind.
    pub id: Uuid,
    /// Version of the refused event.
    pub version: ConfigVersion,
    /// What is wrong with it, without quoting its content.
    pub reason: String,
}

impl ConfigEvent {
    /// The kind, [`EntityKind::Unknown`] for one of a newer release.
    #[must_use]
    pub fn entity_kind(&self) -> EntityKind {
        EntityKind::named(&self.kind)
    }

    /// This event's share of the [`StateHash`]: 0 for a tombstone.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.body
            .as_ref()
            .map_or(0, |body| entity_hash(&self.kind, self.id, body.get()))
    }

    /// The entity, `None` for a tombstone or an unknown kind.
    ///
    /// # Errors
    /// [`RefusedEntity`] when the body does not fit its kind or names another id.
    pub fn entity(&self) -> Result<Option<Entity>, RefusedEntity> {
        let refused = |reason: String| RefusedEntity {
            kind: self.kind.clone(),
            id: self.id,
            version: self.version,
            reason,
        };
        let Some(body) = &self.body else { return Ok(None) };
        let entity = Entity::from_body(self.entity_kind(), body.get()).map_err(|error| {
            refused(format!(
                "unreadable at line {} column {}",
                error.line(),
                error.column()
            ))
        })?;
        match entity {
            Some(entity) if entity.id() != self.id => Err(refused("the body names another id".to_owned())),
            other => Ok(other),
        }
    }
}

/// What travels on the config bus: `{"event":{…}}` or `{"head":{…}}`. Not an internally tagged enum: reading one
/// goes through a buffer that cannot hold the raw text of a body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigMessage {
    /// A change.
    Event(ConfigEvent),
    /// Sent each second, so that a worker notices what it missed.
    Head(ConfigHead),
}

/// Where the sequence stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigHead {
    /// Version of the newest committed change.
    pub version: ConfigVersion,
    /// Hash of the state at that version.
    pub state_hash: StateHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_with_the_exact_text_of_its_body() {
        let body = r#"{"n": 1.50, "s":"é"}"#;
        let event = ConfigEvent {
            schema: crate::SCHEMA_VERSION,
            version: ConfigVersion(7),
            kind: "route".to_owned(),
            id: Uuid::from_u128(9),
            blocked: false,
            body: Some(RawValue::from_string(body.to_owned()).unwrap()),
        };
        let hash = event.hash();
        let text = serde_json::to_string(&ConfigMessage::Event(event)).unwrap();
        let ConfigMessage::Event(read) = serde_json::from_str(&text).unwrap() else {
            panic!("an event stays an event");
        };
        assert_eq!(read.body.as_ref().map(|body| body.get()), Some(body));
        assert_eq!(read.hash(), hash);
    }
}
