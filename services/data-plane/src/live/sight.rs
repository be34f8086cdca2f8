//! What one decision can see of the endpoints it chooses from.

use sluicegate_routing::health::{Health, Moment};
use sluicegate_routing::{Candidate, Live};

use super::{Endpoints, Key};

/// The endpoints at one moment, seen by one call.
#[derive(Debug)]
pub(crate) struct Sight<'e> {
    endpoints: &'e Endpoints,
    now: Moment,
    session: Option<u64>,
}

impl<'e> Sight<'e> {
    pub(super) fn new(endpoints: &'e Endpoints, session: Option<u64>) -> Self {
        Self {
            endpoints,
            now: endpoints.now(),
            session,
        }
    }
}

impl Live for Sight<'_> {
    fn moment(&self) -> Moment {
        self.now
    }

    fn health(&self, candidate: &Candidate<'_>) -> Option<Health> {
        self.endpoints.health(candidate)
    }

    fn warm_tokens(&self, candidate: &Candidate<'_>) -> u32 {
        match (self.session, Key::of(candidate)) {
            (Some(session), Some(key)) => self.endpoints.warm(session, key, self.now),
            (None, _) | (_, None) => 0,
        }
    }
}
