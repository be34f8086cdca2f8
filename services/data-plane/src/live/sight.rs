//! What one decision can see of the endpoints it chooses from.

use sluicegate_routing::health::{Assessment, Delivery, Moment, Speed, Vitals};
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

    /// How several fare together.
    pub(crate) fn vitals<'c>(&self, candidates: impl IntoIterator<Item = &'c Candidate<'c>>) -> Vitals {
        let mut vitals = Vitals::default();
        for candidate in candidates {
            self.endpoints
                .look(candidate, |health| vitals.add(health, self.now));
        }
        vitals
    }
}

impl Live for Sight<'_> {
    fn moment(&self) -> Moment {
        self.now
    }

    fn assess(&self, candidate: &Candidate<'_>, delivery: Delivery, tokens: f64) -> Option<Assessment> {
        self.endpoints
            .look(candidate, |health| health.assess(self.now, delivery, tokens))
    }

    fn speed(&self, candidate: &Candidate<'_>, delivery: Delivery) -> Option<Speed> {
        self.endpoints
            .look(candidate, |health| health.speed(self.now, delivery))?
    }

    fn warm_tokens(&self, candidate: &Candidate<'_>) -> u32 {
        match (self.session, Key::of(candidate)) {
            (Some(session), Some(key)) => self.endpoints.warm(session, key, self.now),
            (None, _) | (_, None) => 0,
        }
    }
}
