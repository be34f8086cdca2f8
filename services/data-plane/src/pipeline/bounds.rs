//! What a request can cost at each candidate, before anything is prepared for any of them.

use std::fmt;

use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::{Bounds, Candidate};

use super::Gateway;
use super::accounting::{margin, quote};
use super::stage::Inspected;
use super::view::RequestView;

/// One request and the moment it would be sent at.
pub(super) struct RequestBounds<'r> {
    view: &'r RequestView<'r>,
    body_bytes: usize,
    organization: OrganizationId,
    now: UnixMillis,
    longest_ms: i64,
}

impl<'r> RequestBounds<'r> {
    pub(super) fn of(gateway: &Gateway, request: &Inspected<'r>) -> Self {
        let state = gateway.state();
        Self {
            view: request.view,
            body_bytes: request.body.len(),
            organization: request.caller.project.organization,
            now: UnixMillis::new(state.clock.now_millis()),
            longest_ms: state.limits.longest_call_ms(),
        }
    }
}

impl Bounds for RequestBounds<'_> {
    fn bound(&self, candidate: &Candidate<'_>) -> Option<NanoUsd> {
        let size = self.view.size(self.body_bytes, candidate.endpoint);
        let margin = margin(candidate, self.organization);
        quote(candidate, margin, &size, self.now, self.longest_ms).bound
    }
}

/// Nothing of the request itself.
impl fmt::Debug for RequestBounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBounds")
            .field("body_bytes", &self.body_bytes)
            .finish_non_exhaustive()
    }
}
