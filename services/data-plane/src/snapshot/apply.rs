//! The pure fold of configuration events: state + event → state. No IO, no clock; owned by the sync task.
//!
//! Per entity the highest version wins, and versions come without gaps: an event that is not the next one is either old
//! (ignored) or shows that something was missed (the caller pulls). The state hash covers every live entity, also kinds
//! of a newer release and bodies that were refused, so that equal hashes mean equal published state.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use sluicegate_contracts::config::EntityKind;
use sluicegate_contracts::event::{ConfigEvent, ConfigHead, StateHash};
use sluicegate_contracts::snapshot::SnapshotHeader;
use sluicegate_contracts::worker::Refusal;
use sluicegate_contracts::{SCHEMA_VERSION, ids::OrganizationId};
use sluicegate_credentials::Keyring;
use uuid::Uuid;

use super::entities::Entities;
use super::index::Snapshot;

/// Largest body taken into service, in bytes.
const MAX_BODY: usize = 256 * 1024;
/// Refusals kept for the heartbeat.
const MAX_REFUSALS: usize = 20;

/// What became of an offered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// At or below the current version: nothing changed.
    Old,
    /// It was the next one and is part of the state now (its entity may have been refused).
    Applied,
    /// Something before it is missing: nothing changed.
    Gap,
}

/// Why a whole snapshot was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotRefused {
    /// It is older than what is in service.
    #[error("it is at version {offered}, this worker already serves version {current}")]
    Older {
        /// Version of the snapshot.
        offered: u64,
        /// Version in service.
        current: u64,
    },
    /// It is cut, damaged or not consistent in itself.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

struct Kept {
    event: Arc<ConfigEvent>,
    hash: u64,
}

/// Everything published so far, and the entities in service.
pub struct State {
    head: ConfigHead,
    ledger: HashMap<String, HashMap<Uuid, Kept>>,
    entities: Entities,
    refusals: VecDeque<Refusal>,
}

impl State {
    /// The empty state at version 0.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self {
            head: ConfigHead::default(),
            ledger: HashMap::new(),
            entities: Entities::new(keyring),
            refusals: VecDeque::new(),
        }
    }

    /// Version and hash of this state.
    #[must_use]
    pub const fn head(&self) -> ConfigHead {
        self.head
    }

    /// Entities whose newest body is not in service, newest refusal last, at most 20.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        self.refusals.iter().cloned().collect()
    }

    /// Takes one event of the sequence.
    pub fn offer(&mut self, event: ConfigEvent) -> Offer {
        if event.version <= self.head.version {
            return Offer::Old;
        }
        if event.version != self.head.version.next() {
            return Offer::Gap;
        }
        self.head.version = event.version;
        self.take(event);
        Offer::Applied
    }

    /// Takes a whole snapshot in place of the state. What did not change is left alone; an entity that cannot be read
    /// keeps its predecessor here too.
    ///
    /// # Errors
    /// [`SnapshotRefused`]; the state is then unchanged.
    pub fn replace(
        &mut self,
        header: &SnapshotHeader,
        mut events: Vec<ConfigEvent>,
    ) -> Result<(), SnapshotRefused> {
        self.verify(header, &events)?;
        let listed: HashSet<(&str, Uuid)> = events
            .iter()
            .map(|event| (event.kind.as_str(), event.id))
            .collect();
        let gone: Vec<ConfigEvent> = self
            .events()
            .filter(|event| !listed.contains(&(event.kind.as_str(), event.id)))
            .map(|event| tombstone(event, header))
            .collect();
        // Tightening first, then parents before what links to them.
        for event in gone {
            self.take(event);
        }
        events.sort_by_key(ConfigEvent::entity_kind);
        for event in events {
            let same = self
                .kept(&event.kind, event.id)
                .filter(|kept| kept.hash == event.hash());
            let same = same.is_some_and(|kept| kept.event.blocked == event.blocked);
            if !same || self.is_refused(&event.kind, event.id) {
                self.take(event);
            } else if let Some(kept) = self.kept_mut(&event.kind, event.id) {
                kept.event = Arc::new(event);
            }
        }
        self.head = header.head;
        Ok(())
    }

    fn verify(&self, header: &SnapshotHeader, events: &[ConfigEvent]) -> Result<(), SnapshotRefused> {
        let (offered, current) = (header.head.version.0, self.head.version.0);
        if offered < current {
            return Err(SnapshotRefused::Older { offered, current });
        }
        if u64::try_from(events.len()) != Ok(header.entities) {
            return Err(SnapshotRefused::Damaged(
                "it does not have the entities it announces",
            ));
        }
        let mut seen = HashSet::new();
        let mut hash = StateHash::default();
        for event in events {
            if event.body.is_none() || event.version > header.head.version {
                return Err(SnapshotRefused::Damaged("a line is not part of its state"));
            }
            if !seen.insert((event.kind.as_str(), event.id)) {
                return Err(SnapshotRefused::Damaged("an entity is listed twice"));
            }
            hash = hash.toggle(event.hash());
        }
        if hash != header.head.state_hash {
            return Err(SnapshotRefused::Damaged("its state hash does not match"));
        }
        Ok(())
    }

    /// The next snapshot for readers, sharing what did not change since `previous`.
    #[must_use]
    pub fn publish(&mut self, previous: &Snapshot) -> Snapshot {
        let mut next = previous.clone();
        next.head = self.head;
        self.entities.refresh(&mut next);
        next
    }

    /// Every live entity as it was published.
    pub fn events(&self) -> impl Iterator<Item = &Arc<ConfigEvent>> {
        self.ledger
            .values()
            .flat_map(HashMap::values)
            .map(|kept| &kept.event)
    }

    /// Header of a snapshot of this state.
    #[must_use]
    pub fn header(&self) -> SnapshotHeader {
        SnapshotHeader {
            schema: SCHEMA_VERSION,
            head: self.head,
            entities: self.ledger.values().map(|of_kind| of_kind.len() as u64).sum(),
        }
    }

    fn kept(&self, kind: &str, id: Uuid) -> Option<&Kept> {
        self.ledger.get(kind)?.get(&id)
    }

    fn kept_mut(&mut self, kind: &str, id: Uuid) -> Option<&mut Kept> {
        self.ledger.get_mut(kind)?.get_mut(&id)
    }

    fn is_refused(&self, kind: &str, id: Uuid) -> bool {
        self.refusals
            .iter()
            .any(|refusal| refusal.kind == kind && refusal.id == id)
    }

    fn take(&mut self, event: ConfigEvent) {
        let event = Arc::new(event);
        let of_kind = self.ledger.entry(event.kind.clone()).or_default();
        let hash = event.hash();
        let before = if event.body.is_some() {
            of_kind.insert(
                event.id,
                Kept {
                    event: Arc::clone(&event),
                    hash,
                },
            )
        } else {
            of_kind.remove(&event.id)
        };
        let before = before.map_or(0, |kept| kept.hash);
        self.head.state_hash = self.head.state_hash.toggle(before).toggle(hash);
        self.serve(&event);
        if event.entity_kind() == EntityKind::Organization {
            self.retry_connections(event.id.into());
        }
    }

    /// Puts what an event says in service, or refuses it.
    fn serve(&mut self, event: &ConfigEvent) {
        let kind = event.entity_kind();
        self.refusals
            .retain(|refusal| refusal.kind != event.kind || refusal.id != event.id);
        let outcome = match &event.body {
            None => {
                self.entities.remove(kind, event.id);
                Ok(())
            }
            Some(body) if body.get().len() > MAX_BODY => Err("larger than 256 KiB".to_owned()),
            Some(_) => match event.entity() {
                Ok(Some(entity)) => {
                    let blocked = event.blocked || entity.blocked();
                    self.entities.put(entity, blocked)
                }
                Ok(None) => Ok(()),
                Err(refused) => Err(refused.reason),
            },
        };
        if let Err(reason) = outcome {
            if event.blocked {
                self.entities.block(kind, event.id);
            }
            self.refuse(event, reason);
        }
    }

    fn refuse(&mut self, event: &ConfigEvent, reason: String) {
        tracing::warn!(
            kind = event.kind,
            id = %event.id,
            version = event.version.0,
            reason,
            "an entity was refused; the one before it stays in service"
        );
        self.refusals.push_back(Refusal {
            kind: event.kind.clone(),
            id: event.id,
            version: event.version,
            reason,
        });
        if self.refusals.len() > MAX_REFUSALS {
            self.refusals.pop_front();
        }
    }

    fn retry_connections(&mut self, organization: OrganizationId) {
        for id in self.entities.stale_connections(organization) {
            let event = self
                .kept(EntityKind::Connection.as_str(), id.as_uuid())
                .map(|kept| Arc::clone(&kept.event));
            if let Some(event) = event {
                self.serve(&event);
            }
        }
    }
}

fn tombstone(event: &ConfigEvent, header: &SnapshotHeader) -> ConfigEvent {
    ConfigEvent {
        schema: event.schema,
        version: header.head.version,
        kind: event.kind.clone(),
        id: event.id,
        blocked: true,
        body: None,
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
