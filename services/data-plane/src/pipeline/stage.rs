//! The stages of a request. Each step of the pipeline takes the stage before it and gives the next one, so a step can
//! neither be skipped nor repeated.
//!
//! received -> authenticated -> inspected -> admitted -> planned -> answered; [`super::finish`] closes every one.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::config::{ApiKey, Constraints};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::Labels;
use sluicegate_routing::experiment::Whose;
use sluicegate_routing::preferences::Suffix;
use sluicegate_routing::{Plan, PlannedAttempt, RequestFeatures, Seed};
use tokio::time::Instant;

use super::api::Api;
use super::hints::Hints;
use super::outgoing::DecodedOnce;
use super::resolve::Resolution;
use super::steering::Steering;
use super::view::RequestView;
use crate::http::Arrival;
use crate::http::wishes::Wishes;
use crate::live::{Endpoints, SharedPool};
use crate::snapshot::{ProjectView, Snapshot};

/// A request has come in: its head, its time, and the one snapshot it is served from.
pub(super) struct Received<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) api: Api,
    pub(super) arrival: &'s Arrival,
}

/// The caller is known.
pub(super) struct Authenticated<'s> {
    pub(super) received: Received<'s>,
    pub(super) key: &'s Arc<ApiKey>,
    /// What the key, and each that it derives from, demands of every endpoint.
    pub(super) constraints: &'s [Constraints],
    pub(super) project: &'s ProjectView,
}

/// The body was read once and is well-formed.
pub(super) struct Inspected<'s> {
    pub(super) caller: Authenticated<'s>,
    pub(super) body: &'s Bytes,
    pub(super) view: &'s RequestView<'s>,
    /// The name of the model, or of the route, that is asked for.
    pub(super) model: &'s str,
    /// Where it stands.
    pub(super) model_at: &'static str,
    /// What is asked of routing.
    pub(super) steering: &'s Steering,
    pub(super) features: RequestFeatures,
    /// What the call says of itself.
    pub(super) labels: Cow<'s, Labels>,
    /// What it tells of its kind to conditions of routes.
    pub(super) hints: Hints,
    /// What is wanted with its money and time.
    pub(super) wishes: Wishes,
    /// The canonical form, once a provider of another dialect needs it.
    pub(super) decoded: DecodedOnce<'s>,
}

/// The caller may ask this.
pub(super) struct Admitted<'s> {
    pub(super) request: Inspected<'s>,
}

/// Where it goes, in order.
pub(super) struct Planned<'s> {
    pub(super) request: Inspected<'s>,
    /// What its model name means.
    pub(super) resolution: Resolution<'s>,
    /// What the name asks for besides.
    pub(super) suffix: Option<Suffix>,
    pub(super) plan: Plan,
    pub(super) seed: Seed,
    /// What the calls of the route, or of the model in its project, share.
    pub(super) pool: SharedPool,
    /// When the route wants a call to bring something.
    pub(super) target: Option<Duration>,
}

impl Inspected<'_> {
    /// When the caller wants all of it to be over.
    pub(super) fn over_by(&self) -> Option<Instant> {
        let deadline = self.wishes.deadline?;
        self.caller.received.arrival.began.checked_add(deadline)
    }

    /// Source of its random choices.
    pub(super) fn seed(&self) -> Seed {
        Seed::from_id(self.caller.received.arrival.context.id.as_u128())
    }

    /// What it says of itself that an experiment can draw for.
    pub(super) fn whose(&self) -> Whose<'_> {
        Whose {
            session: self.labels.session.as_deref(),
            user: self.labels.end_user.as_deref(),
            key: Some(self.caller.key.id),
            headers: &self.caller.received.arrival.readable,
            metadata: &self.hints.metadata,
            request: self.seed(),
        }
    }

    /// The conversation that the call belongs to.
    pub(super) fn conversation(&self) -> Option<u64> {
        let session = self.labels.session.as_deref()?;
        Some(Endpoints::conversation(self.caller.key.project, session))
    }
}

impl<'s> Planned<'s> {
    pub(super) fn candidate(&self, attempt: PlannedAttempt) -> &sluicegate_routing::Candidate<'s> {
        &self.resolution.targets[attempt.target].candidates[attempt.candidate]
    }
}

impl Received<'_> {
    pub(super) fn now(&self) -> UnixMillis {
        UnixMillis::new(self.arrival.context.received_at)
    }
}
