//! The configuration a worker serves from: an immutable [`Snapshot`] behind an atomic pointer, and its upkeep.
//!
//! A request loads the pointer once and reads that value to its last byte; nothing on the request path writes here.
//! One task, [`sync`], owns the mutable [`apply::State`] and publishes a new snapshot after each batch of changes.
//!
//! # Why a batch is cheap
//! The raw state (bodies, versions, hashes) stays with the task; readers get indexes only. Those share structure from
//! one snapshot to the next: grants and project views lie in maps of 256 reference-counted shards ([`sharded`]), so an
//! edit copies one shard of pointers (about 40 of 10,000 keys) and the table of shards, and rebuilds the view of the
//! touched project alone. The catalog is one index that is rebuilt, about a millisecond for 5,000 endpoints, only when
//! a batch holds an endpoint; events already queued are applied as one batch.
//!
//! # What stays true
//! - The version never falls, and a change seen once is never undone by an older message.
//! - A blocked flag takes effect even when the body that comes with it cannot be read.
//! - An entity that cannot be taken over is refused and reported; the one before it stays in service. After a restart
//!   there is no one before it: the entity is then missing until it is repaired.
//! - No input can panic this path or empty the state.

pub mod apply;
mod budgets;
mod catalog;
mod client;
pub(crate) mod disk;
mod entities;
#[cfg(test)]
pub(crate) mod fixtures;
mod follow;
pub mod heartbeat;
mod index;
mod lineage;
mod lines;
mod prepare;
mod refresh;
mod sharded;
pub mod sync;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

pub use budgets::BudgetIndex;
pub use catalog::Catalog;
pub use client::{ControlPlane, ControlPlaneError};
pub use index::{Blocked, Grant, LiveConnection, LiveRoute, ProjectView, Snapshot};

/// Where request handlers find the current snapshot. Clones share one pointer.
#[derive(Clone)]
pub struct SnapshotHandle(Arc<ArcSwap<Snapshot>>);

impl SnapshotHandle {
    /// A handle that starts with `snapshot`.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(snapshot)))
    }

    /// The current snapshot. Load it once per request.
    #[must_use]
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Puts the next snapshot in place; requests in flight keep theirs.
    pub fn store(&self, next: Snapshot) {
        self.store_shared(Arc::new(next));
    }

    fn store_shared(&self, next: Arc<Snapshot>) {
        self.0.store(next);
    }
}

/// Empty, at version 0.
impl Default for SnapshotHandle {
    fn default() -> Self {
        Self::new(Snapshot::default())
    }
}

impl fmt::Debug for SnapshotHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnapshotHandle(version {})", self.load().head().version.0)
    }
}
