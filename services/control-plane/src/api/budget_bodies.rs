//! Bodies that create and change budgets.

use serde::Deserialize;
use sluicegate_contracts::config;
use utoipa::ToSchema;

use super::budget_shapes::{
    BudgetAnchor, BudgetEnforcement, BudgetInterval, BudgetOnExceed, BudgetStatus, BudgetUnknownPrice,
    WriteBudgetScope,
};
use super::money::WriteMoney;
use crate::app::budgets::Changes;
use crate::domain::budget_draft::{OnExceedDraft, ScheduleDraft, ScopeDraft, TermsDraft};

/// A new budget.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBudget {
    /// Its name for people; refusals tell it.
    #[schema(min_length = 1, max_length = 100, example = "Team budget")]
    name: String,
    /// Which calls count; every call of the organization when absent. Cannot be changed later.
    #[serde(default)]
    scope: WriteBudgetScope,
    /// Most that may be spent in a period.
    limit: WriteMoney,
    /// How long a period is.
    interval: BudgetInterval,
    /// Name of the IANA database; UTC when absent.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// Where in the interval periods begin; at midnight, on Mondays, on the first when absent.
    #[serde(default)]
    anchor: BudgetAnchor,
    /// How strictly it is kept; `hard` when absent.
    #[serde(default = "hard")]
    enforcement: BudgetEnforcement,
    /// What happens to a call without room; refused when absent.
    #[serde(default = "refuse")]
    on_exceed: BudgetOnExceed,
    /// Whether calls over the organization's own connections count; they do when absent.
    #[serde(default = "yes")]
    counts_own_connections: bool,
    /// What happens to a call whose price is not known; refused when absent.
    #[serde(default = "refuse_unknown")]
    unknown_price: BudgetUnknownPrice,
    /// Shares of the limit, in percent, at which people are told; 80 and 100 when absent.
    #[serde(default = "usual_thresholds")]
    #[schema(max_items = 10)]
    alert_thresholds: Vec<u8>,
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn hard() -> BudgetEnforcement {
    BudgetEnforcement::Hard
}

const fn refuse() -> BudgetOnExceed {
    BudgetOnExceed::Refuse
}

const fn yes() -> bool {
    true
}

const fn refuse_unknown() -> BudgetUnknownPrice {
    BudgetUnknownPrice::Refuse
}

fn usual_thresholds() -> Vec<u8> {
    vec![80, 100]
}

impl CreateBudget {
    pub(super) fn drafts(self) -> (ScopeDraft, TermsDraft) {
        let [hour, weekday, day] = self.anchor.parts();
        let terms = TermsDraft {
            name: self.name,
            limit: self.limit.amount,
            schedule: ScheduleDraft {
                interval: self.interval.into(),
                time_zone: self.time_zone,
                hour,
                weekday,
                day,
            },
            enforcement: self.enforcement.into(),
            on_exceed: self.on_exceed.into(),
            counts_own_connections: self.counts_own_connections,
            unknown_price: self.unknown_price.into(),
            alert_thresholds: self.alert_thresholds,
        };
        (self.scope.into(), terms)
    }
}

/// What shall change. A new limit keeps the window that is open; new times of periods open a new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateBudget {
    /// Its name for people.
    name: Option<String>,
    /// Most that may be spent in a period.
    limit: Option<WriteMoney>,
    /// How long a period is.
    interval: Option<BudgetInterval>,
    /// Name of the IANA database.
    time_zone: Option<String>,
    /// Where in the interval periods begin.
    anchor: Option<BudgetAnchor>,
    /// How strictly it is kept.
    enforcement: Option<BudgetEnforcement>,
    /// What happens to a call without room.
    on_exceed: Option<BudgetOnExceed>,
    /// Whether calls over the organization's own connections count.
    counts_own_connections: Option<bool>,
    /// What happens to a call whose price is not known.
    unknown_price: Option<BudgetUnknownPrice>,
    /// Shares of the limit, in percent, at which people are told.
    alert_thresholds: Option<Vec<u8>>,
    /// Whether it is in force.
    status: Option<BudgetStatus>,
}

impl From<UpdateBudget> for Changes {
    fn from(body: UpdateBudget) -> Self {
        Self {
            name: body.name,
            limit: body.limit.map(|limit| limit.amount),
            interval: body.interval.map(Into::into),
            time_zone: body.time_zone,
            anchor: body.anchor.map(BudgetAnchor::parts),
            enforcement: body.enforcement.map(config::Enforcement::from),
            on_exceed: body.on_exceed.map(OnExceedDraft::from),
            counts_own_connections: body.counts_own_connections,
            unknown_price: body.unknown_price.map(config::UnknownPrice::from),
            alert_thresholds: body.alert_thresholds,
            status: body.status.map(config::Status::from),
        }
    }
}
