//! Word that money is missed. A hint: one that is lost only makes a refusal come where money could have come back.

use std::fmt;
use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use sluicegate_contracts::ids::OrganizationId;

pub(super) type Items = Pin<Box<dyn Stream<Item = Recall> + Send>>;

/// What a listener hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// It listens from here on; what was said before is lost.
    Listening,
    /// Somebody was denied money of this organization while others hold some that is not spent.
    Missed(OrganizationId),
}

/// See [`super::Escrow::recalls`].
pub struct Recalls {
    pub(super) items: Items,
}

impl Recalls {
    /// What comes next; pending while nobody misses anything, and forever once the store is closed.
    pub async fn next(&mut self) -> Recall {
        match self.items.next().await {
            Some(recall) => recall,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Recalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recalls")
    }
}
