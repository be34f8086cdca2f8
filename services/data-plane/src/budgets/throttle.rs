//! Calls let through over soft budgets that are used up, so many a minute: a rate limit over each share of a budget, kept
//! by all workers together as any other. It is known by the budget's own id, which no limit has.

use std::sync::Arc;

use sluicegate_contracts::config::{Budget, RateLimit, RateMetric, RateScope, Status};
use sluicegate_contracts::ids::RateLimitId;
use sluicegate_metering::bucket::Allowance;

use crate::limits::index::Limit;

/// The limit of what a budget lets through. Its scope names nobody: which calls count on it is the budget's to say.
pub(crate) fn limit(budget: &Budget, requests_per_minute: u32) -> Arc<Limit> {
    let amount = u64::from(requests_per_minute);
    let rule = RateLimit {
        id: RateLimitId::from(budget.id.as_uuid()),
        organization: budget.organization,
        scope: RateScope::default(),
        metric: RateMetric::Requests,
        amount,
        burst: amount,
        status: Status::Active,
    };
    Arc::new(Limit {
        allowance: Allowance::of(&rule),
        rule: Arc::new(rule),
    })
}
