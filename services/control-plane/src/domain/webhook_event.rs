//! What webhooks are told: an envelope that all events share, and data of the event's kind.

use serde_json::{Value, json};
use sluicegate_contracts::ids::{OrganizationId, ProjectId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, Result};

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Spending has reached a share of a budget's limit.
    BudgetThreshold,
    /// The version of a route that was being rolled out is the published one.
    RolloutCompleted,
    /// The version of a route that was being rolled out serves nobody for now.
    RolloutHalted,
    /// Somebody tries a webhook.
    WebhookTest,
}

impl EventKind {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BudgetThreshold => "budget.threshold",
            Self::RolloutCompleted => "route.rollout.completed",
            Self::RolloutHalted => "route.rollout.halted",
            Self::WebhookTest => "webhook.test",
        }
    }
}

/// An event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id, the same in every repeat.
    pub id: String,
    /// The tenant.
    pub organization: OrganizationId,
    /// The project it is about, where it is about one.
    pub project: Option<ProjectId>,
    /// What kind.
    pub kind: EventKind,
    /// What there is to tell.
    pub data: Value,
}

impl Event {
    /// The message, of an event that happened at `now`.
    ///
    /// # Errors
    /// Internal, when the time leaves the calendar.
    pub fn body(&self, now: OffsetDateTime) -> Result<String> {
        let body = json!({
            "id": self.id,
            "type": self.kind.as_str(),
            "timestamp": now.format(&Rfc3339).map_err(Error::internal)?,
            "organization": self.organization,
            "project": self.project,
            "data": self.data,
        });
        Ok(body.to_string())
    }
}
