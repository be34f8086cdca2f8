//! What rate limits look like in REST: shown and written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{self, RateMetric};
use sluicegate_contracts::ids::{ApiKeyId, ProjectId, RateLimitId, UserId};
use sluicegate_metering::bucket::{Allowance, Standing};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::budget_shapes::{BudgetPartition, BudgetStatus};
use super::shapes::nullable;
use crate::app::rate_limits::Changes;
use crate::domain::rate_limit_draft::RateScopeDraft;
use crate::store::rate_limits as rows;

/// What is counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LimitMetric {
    /// Requests per minute.
    Requests,
    /// Prompt tokens per minute.
    InputTokens,
    /// Generated tokens per minute.
    OutputTokens,
    /// Requests under way at once.
    Concurrency,
}

impl From<RateMetric> for LimitMetric {
    fn from(metric: RateMetric) -> Self {
        match metric {
            RateMetric::Requests => Self::Requests,
            RateMetric::InputTokens => Self::InputTokens,
            RateMetric::OutputTokens => Self::OutputTokens,
            RateMetric::Concurrency => Self::Concurrency,
        }
    }
}

impl From<LimitMetric> for RateMetric {
    fn from(metric: LimitMetric) -> Self {
        match metric {
            LimitMetric::Requests => Self::Requests,
            LimitMetric::InputTokens => Self::InputTokens,
            LimitMetric::OutputTokens => Self::OutputTokens,
            LimitMetric::Concurrency => Self::Concurrency,
        }
    }
}

/// Which calls count: those that meet every part that is set.
#[derive(Serialize, ToSchema)]
pub(super) struct LimitScope {
    /// Calls of this project.
    #[schema(value_type = Option<String>, required = true)]
    project: Option<ProjectId>,
    /// Calls with this key.
    #[schema(value_type = Option<String>, required = true)]
    key: Option<ApiKeyId>,
    /// Calls for an end user.
    #[schema(required = true)]
    end_user: Option<BudgetPartition>,
    /// Attempts at this model, or at any with this beginning when it ends in `*`.
    #[schema(required = true)]
    model: Option<String>,
    /// Attempts at this provider.
    #[schema(required = true)]
    provider: Option<String>,
}

impl From<config::RateScope> for LimitScope {
    fn from(scope: config::RateScope) -> Self {
        Self {
            project: scope.project,
            key: scope.api_key,
            end_user: scope.end_user.map(BudgetPartition::from),
            model: scope.model,
            provider: scope.provider,
        }
    }
}

/// A rate limit.
#[derive(Serialize, ToSchema)]
pub(super) struct Limit {
    /// Its id.
    #[schema(value_type = String, example = "lim_01jd0000000000000000000000")]
    id: RateLimitId,
    /// Which calls count.
    scope: LimitScope,
    /// What is counted.
    metric: LimitMetric,
    /// How much in a minute, or at once for `concurrency`.
    amount: u64,
    /// How much may come at once after a pause; null for `concurrency`.
    #[schema(required = true)]
    burst: Option<u64>,
    /// Whether it is in force.
    status: BudgetStatus,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who created it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
}

impl From<rows::RateLimit> for Limit {
    fn from(row: rows::RateLimit) -> Self {
        Self {
            id: row.id,
            scope: row.scope.into(),
            metric: row.metric.into(),
            amount: row.rate.amount,
            burst: (row.metric != RateMetric::Concurrency).then_some(row.rate.burst),
            status: row.status.into(),
            created_at: row.created_at,
            created_by: row.created_by,
        }
    }
}

/// How a rate limit stands over all workers.
#[derive(Serialize, ToSchema)]
pub(super) struct LimitUsage {
    /// Id of the rate limit.
    #[schema(value_type = String, example = "lim_01jd0000000000000000000000")]
    limit: RateLimitId,
    /// What is counted.
    metric: LimitMetric,
    /// Most that can be left: the burst, or the amount for `concurrency`.
    most: u64,
    /// What is left; null for a limit that is kept apart per end user when none is named.
    #[schema(required = true)]
    remaining: Option<u64>,
    /// Milliseconds until everything is left again if nobody calls; null as above, and for `concurrency`.
    #[schema(required = true)]
    full_after_ms: Option<u64>,
}

impl LimitUsage {
    pub(super) fn new(row: &rows::RateLimit, standing: Option<Standing>) -> Self {
        let is_of_time = row.metric != RateMetric::Concurrency;
        Self {
            limit: row.id,
            metric: row.metric.into(),
            most: Allowance::of(&row.published()).most(),
            remaining: standing.map(|standing| standing.remaining),
            full_after_ms: standing
                .filter(|_| is_of_time)
                .map(|standing| standing.reset_after_ms),
        }
    }
}

/// Which calls shall count: those that meet every part that is set. With none, every call of the organization.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteLimitScope {
    /// Id of a project.
    project: Option<String>,
    /// Id of a key.
    key: Option<String>,
    /// Calls for an end user.
    end_user: Option<BudgetPartition>,
    /// Attempts at this model, or at any with this beginning when it ends in `*`.
    model: Option<String>,
    /// Id of a provider.
    provider: Option<String>,
}

/// A new rate limit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateLimit {
    /// Which calls count; every call of the organization when absent. Cannot be changed later.
    #[serde(default)]
    scope: WriteLimitScope,
    /// What is counted. Cannot be changed later.
    pub(super) metric: LimitMetric,
    /// How much in a minute, or at once for `concurrency`.
    #[schema(minimum = 1)]
    pub(super) amount: u64,
    /// How much may come at once after a pause; as much as in a minute when absent.
    #[schema(minimum = 1)]
    pub(super) burst: Option<u64>,
}

impl CreateLimit {
    pub(super) fn into_scope(self) -> RateScopeDraft {
        RateScopeDraft {
            project: self.scope.project,
            api_key: self.scope.key,
            end_user: self.scope.end_user.map(config::Partition::from),
            model: self.scope.model,
            provider: self.scope.provider,
        }
    }
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateLimit {
    /// How much in a minute, or at once for `concurrency`.
    amount: Option<u64>,
    /// How much may come at once after a pause; null: as much as in a minute.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u64>)]
    burst: Option<Option<u64>>,
    /// Whether it is in force.
    status: Option<BudgetStatus>,
}

impl From<UpdateLimit> for Changes {
    fn from(body: UpdateLimit) -> Self {
        Self {
            amount: body.amount,
            burst: body.burst,
            status: body.status.map(config::Status::from),
        }
    }
}
