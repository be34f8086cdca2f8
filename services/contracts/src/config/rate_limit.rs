//! A limit of requests, tokens or concurrency over a scope.

use serde::{Deserialize, Serialize};

use super::Status;
use super::budget::Partition;
use crate::ids::{ApiKeyId, OrganizationId, ProjectId, RateLimitId};

/// What is counted. The text names are wire format and metric labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateMetric {
    /// Requests per minute.
    Requests,
    /// Prompt tokens per minute.
    InputTokens,
    /// Generated tokens per minute.
    OutputTokens,
    /// Requests under way at once.
    Concurrency,
}

impl RateMetric {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::Concurrency => "concurrency",
        }
    }
}

/// Which calls count: those that meet every part that is set. With none set, every call of the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateScope {
    /// Calls of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// Calls with this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKeyId>,
    /// Calls for an end user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<Partition>,
    /// Attempts at this canonical model, or at any with this prefix when it ends in `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Attempts at this provider, by its id as in [`super::Connection::provider`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// A rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Its id.
    pub id: RateLimitId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Which calls count.
    pub scope: RateScope,
    /// What is counted.
    pub metric: RateMetric,
    /// How much in a minute, or at once for [`RateMetric::Concurrency`].
    pub amount: u64,
    /// How much may come at once after a pause, at least 1; not used for [`RateMetric::Concurrency`].
    pub burst: u64,
    /// A limit out of force counts and refuses nothing.
    pub status: Status,
}
