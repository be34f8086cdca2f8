//! A limit of spend over a scope and a period.

use serde::{Deserialize, Serialize};

use super::Status;
use crate::ids::{ApiKeyId, BudgetId, OrganizationId, ProjectId, RouteId};
use crate::money::NanoUsd;
use crate::time::UnixMillis;

/// Which calls count: those that meet every part that is set. With none set, every call of the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetScope {
    /// Calls of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// Calls with this key, or with a key derived from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKeyId>,
    /// Calls for an end user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<Partition>,
    /// Calls of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Partition>,
    /// Calls that carry this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Calls that this route decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteId>,
    /// Attempts served by this canonical model, or by any with this prefix when it ends in `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Whether all values share the limit's rule, each with an account of its own, or one value is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// Every value has the whole limit for itself.
    Each,
    /// Only this value counts.
    One(String),
}

/// From `start` to before `end`, in UTC. Computed by the control plane with a time-zone database and sent ahead, so
/// that workers need no rules and periods turn over without a control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First instant.
    pub start: UnixMillis,
    /// First instant of the next one.
    pub end: UnixMillis,
}

/// A period whose limit is another than that of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjusted {
    /// When the period starts.
    pub start: UnixMillis,
    /// Most that may be spent in it.
    pub limit: NanoUsd,
}

/// A share of a period whose limit is another than that of the period's other shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustedShare {
    /// When the period starts.
    pub start: UnixMillis,
    /// Whose share.
    pub partition: String,
    /// Most that may be spent of it.
    pub limit: NanoUsd,
}

/// How strictly a budget is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// Every call reserves the most it can cost before it is sent: the limit is never passed.
    Hard,
    /// Calls are refused once the limit is used up; those under way may pass it.
    Soft,
    /// Only counted; alerts fire.
    Notify,
}

/// What happens to a call that a budget has no room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExceed {
    /// Refused, with the level, its window and when it resets.
    Refuse,
    /// Served by this route instead, which has to fit the budget in turn.
    Route(RouteId),
    /// Let through at most so often in a minute. Not offered for hard budgets.
    Throttle {
        /// Calls per minute.
        requests_per_minute: u32,
    },
}

/// What a budget does with a call whose price is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPrice {
    /// Refused: what cannot be counted cannot be limited.
    #[default]
    Refuse,
    /// Let through, and counted by the bound of its cost.
    CountBound,
}

/// What of a call counts on a budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// What it cost.
    #[default]
    Cost,
    /// What prepaid credit pays of it: this budget is the organization's credit, as far as workers may spend it.
    Charge,
}

impl Counts {
    /// Whether it is the cost, as for every budget that people make.
    #[must_use]
    pub const fn is_cost(&self) -> bool {
        matches!(self, Self::Cost)
    }
}

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// The tenant.
    pub organization: OrganizationId,
    /// What people call it; named in refusals.
    pub name: String,
    /// Which calls count.
    pub scope: BudgetScope,
    /// Most that may be spent in a period, unless it is among `adjusted`.
    pub limit: NanoUsd,
    /// Periods with a limit of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjusted: Vec<Adjusted>,
    /// Shares with a limit of their own; a release that does not know them keeps the limit of the period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjusted_shares: Vec<AdjustedShare>,
    /// Raised whenever a limit changes: the higher one is in force wherever two meet.
    pub limit_version: u64,
    /// The largest limit since the current schedule opened, which bounds what a worker may have used; absent: `limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<NanoUsd>,
    /// The current period and those to come, ascending and without gaps; empty: one period without end, as is one that
    /// ends at `i64::MAX`.
    #[serde(default)]
    pub periods: Vec<Period>,
    /// How strictly it is kept.
    pub enforcement: Enforcement,
    /// What happens without room.
    pub on_exceed: OnExceed,
    /// Whether calls over the tenant's own connections count as well.
    pub counts_own_connections: bool,
    /// What happens without a price.
    #[serde(default)]
    pub unknown_price: UnknownPrice,
    /// What of a call counts.
    #[serde(default, skip_serializing_if = "Counts::is_cost")]
    pub counts: Counts,
    /// A budget out of force counts and refuses nothing.
    pub status: Status,
}

impl Budget {
    /// Most that may be spent in the period that starts then, of this share where everybody has one alone.
    #[must_use]
    pub fn limit_in(&self, start: UnixMillis, partition: Option<&str>) -> NanoUsd {
        let of_share = partition.and_then(|partition| {
            let mut shares = self.adjusted_shares.iter();
            shares.find(|share| share.start == start && share.partition == partition)
        });
        let of_period = || self.adjusted.iter().find(|period| period.start == start);
        of_share
            .map(|share| share.limit)
            .or_else(|| of_period().map(|period| period.limit))
            .unwrap_or(self.limit)
    }

    /// The period that holds `now`; `None` after the last that is known. Before the first it is the first: a worker's
    /// clock may be behind the one by which the budget was opened, and its calls must count.
    #[must_use]
    pub fn period_at(&self, now: UnixMillis) -> Option<Period> {
        if self.periods.is_empty() {
            let (start, end) = (UnixMillis::default(), UnixMillis::new(i64::MAX));
            return Some(Period { start, end });
        }
        let after = self.periods.partition_point(|period| period.end <= now);
        self.periods.get(after).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn budget(periods: &[(i64, i64)]) -> Budget {
        Budget {
            id: BudgetId::from(Uuid::from_u128(1)),
            organization: OrganizationId::from(Uuid::from_u128(2)),
            name: "team".to_owned(),
            scope: BudgetScope::default(),
            limit: NanoUsd::from_nanos(1),
            adjusted: Vec::new(),
            adjusted_shares: Vec::new(),
            limit_version: 1,
            peak: None,
            periods: periods
                .iter()
                .map(|(start, end)| Period {
                    start: UnixMillis::new(*start),
                    end: UnixMillis::new(*end),
                })
                .collect(),
            enforcement: Enforcement::Hard,
            on_exceed: OnExceed::Refuse,
            counts_own_connections: true,
            unknown_price: UnknownPrice::Refuse,
            counts: Counts::Cost,
            status: Status::Active,
        }
    }

    #[test]
    fn an_instant_belongs_to_the_period_that_starts_with_it_and_one_too_early_to_the_first() {
        let budget = budget(&[(10, 20), (20, 30)]);
        let start = |now| {
            budget
                .period_at(UnixMillis::new(now))
                .map(|period| period.start.get())
        };
        assert_eq!(
            [start(9), start(10), start(19), start(20), start(29), start(30)],
            [Some(10), Some(10), Some(10), Some(20), Some(20), None]
        );
    }

    #[test]
    fn a_budget_without_periods_has_one_without_end() {
        let period = budget(&[]).period_at(UnixMillis::new(7)).unwrap();
        assert_eq!((period.start.get(), period.end.get()), (0, i64::MAX));
    }

    #[test]
    fn a_period_may_have_a_limit_of_its_own_and_one_without_reads_and_hashes_as_ever() {
        let mut budget = budget(&[(10, 20), (20, 30)]);
        let text = serde_json::to_string(&budget).unwrap();
        assert!(!text.contains("adjusted"), "{text}");
        assert_eq!(serde_json::from_str::<Budget>(&text).unwrap(), budget);
        budget.adjusted = vec![Adjusted {
            start: UnixMillis::new(20),
            limit: NanoUsd::from_nanos(7),
        }];
        budget.adjusted_shares = vec![AdjustedShare {
            start: UnixMillis::new(20),
            partition: "ann".to_owned(),
            limit: NanoUsd::from_nanos(9),
        }];
        let limits =
            |partition| [10, 20, 30].map(|start| budget.limit_in(UnixMillis::new(start), partition).nanos());
        assert_eq!(limits(None), [1, 7, 1]);
        assert_eq!(limits(Some("ann")), [1, 9, 1]);
        assert_eq!(limits(Some("bob")), [1, 7, 1]);
    }
}
