//! What budgets look like in REST: shown with their current window, and written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config;
use sluicegate_contracts::ids::{ApiKeyId, BudgetId, ProjectId, RouteId, UserId};
use sluicegate_metering::period;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::money::Money;
use crate::app::budget_standing::{Standing, Window};
use crate::domain::budget_draft::{OnExceedDraft, ScopeDraft};
use crate::domain::instant::calendar;

/// Declares an enum of REST and its twin inside, name by name.
macro_rules! twins {
    ($($(#[$doc:meta])* $name:ident = $twin:path { $($(#[$variant_doc:meta])* $variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl From<$twin> for $name {
            fn from(twin: $twin) -> Self {
                match twin {
                    $(<$twin>::$variant => Self::$variant,)*
                }
            }
        }

        impl From<$name> for $twin {
            fn from(name: $name) -> Self {
                match name {
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    )*};
}

twins! {
    /// How long a period is.
    BudgetInterval = period::Interval {
        /// From full hour to full hour.
        Hour,
        /// A day of the time zone.
        Day,
        /// Seven days.
        Week,
        /// A calendar month.
        Month,
        /// For ever.
        Lifetime,
    }
    /// How strictly a budget is kept.
    BudgetEnforcement = config::Enforcement {
        /// Each call reserves the most it can cost before it is sent: the limit is never passed.
        Hard,
        /// Calls are refused once the limit is used up; those under way may pass it.
        Soft,
        /// Only counted; alerts fire.
        Notify,
    }
    /// What happens to a call whose price is not known.
    BudgetUnknownPrice = config::UnknownPrice {
        /// Refused.
        Refuse,
        /// Let through, and counted by the bound of its cost.
        CountBound,
    }
    /// Whether it is in force.
    BudgetStatus = config::Status {
        /// It counts and limits.
        Active,
        /// It neither counts nor limits.
        Disabled,
    }
}

/// Whose calls count.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum BudgetPartition {
    /// Everybody has the whole limit for themselves.
    Each,
    /// Only this one's.
    One {
        /// The name callers send, at most 128 bytes.
        value: String,
    },
}

impl From<config::Partition> for BudgetPartition {
    fn from(partition: config::Partition) -> Self {
        match partition {
            config::Partition::Each => Self::Each,
            config::Partition::One(value) => Self::One { value },
        }
    }
}

impl From<BudgetPartition> for config::Partition {
    fn from(partition: BudgetPartition) -> Self {
        match partition {
            BudgetPartition::Each => Self::Each,
            BudgetPartition::One { value } => Self::One(value),
        }
    }
}

/// What happens to a call without room.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum BudgetOnExceed {
    /// It is refused.
    Refuse,
    /// It is served by another route of the project, which has to fit the budget in turn.
    Route {
        /// Id of the route.
        route: String,
    },
    /// It is let through so often in a minute; not for hard budgets.
    Throttle {
        /// Calls per minute.
        #[schema(minimum = 1, maximum = 1_000_000)]
        requests_per_minute: u32,
    },
}

impl From<config::OnExceed> for BudgetOnExceed {
    fn from(on_exceed: config::OnExceed) -> Self {
        match on_exceed {
            config::OnExceed::Refuse => Self::Refuse,
            config::OnExceed::Route(route) => Self::Route {
                route: route.to_string(),
            },
            config::OnExceed::Throttle { requests_per_minute } => Self::Throttle { requests_per_minute },
        }
    }
}

impl From<BudgetOnExceed> for OnExceedDraft {
    fn from(on_exceed: BudgetOnExceed) -> Self {
        match on_exceed {
            BudgetOnExceed::Refuse => Self::Refuse,
            BudgetOnExceed::Route { route } => Self::Route(route),
            BudgetOnExceed::Throttle { requests_per_minute } => Self::Throttle(requests_per_minute),
        }
    }
}

/// Where in an interval its periods begin.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetAnchor {
    /// Hour of the day.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 23)]
    hour: u8,
    /// Day of the week; 1 is Monday.
    #[serde(default = "first")]
    #[schema(minimum = 1, maximum = 7)]
    weekday: u8,
    /// Day of the month; the last one in months that are shorter.
    #[serde(default = "first")]
    #[schema(minimum = 1, maximum = 31)]
    day: u8,
}

const fn first() -> u8 {
    1
}

impl BudgetAnchor {
    pub(super) const fn parts(self) -> [u8; 3] {
        [self.hour, self.weekday, self.day]
    }
}

impl Default for BudgetAnchor {
    fn default() -> Self {
        period::Anchor::START.into()
    }
}

impl From<period::Anchor> for BudgetAnchor {
    fn from(anchor: period::Anchor) -> Self {
        Self {
            hour: anchor.hour(),
            weekday: anchor.weekday(),
            day: anchor.day(),
        }
    }
}

/// Which calls count: those that meet every part that is set.
#[derive(Serialize, ToSchema)]
pub(super) struct BudgetScope {
    /// Calls of this project.
    #[schema(value_type = Option<String>, required = true)]
    project: Option<ProjectId>,
    /// Calls with this key, or with one derived from it.
    #[schema(value_type = Option<String>, required = true)]
    key: Option<ApiKeyId>,
    /// Calls for an end user.
    #[schema(required = true)]
    end_user: Option<BudgetPartition>,
    /// Calls of a session.
    #[schema(required = true)]
    session: Option<BudgetPartition>,
    /// Calls that carry this tag.
    #[schema(required = true)]
    tag: Option<String>,
    /// Calls that this route decided.
    #[schema(value_type = Option<String>, required = true)]
    route: Option<RouteId>,
    /// Attempts served by this model, or by any with this beginning when it ends in `*`.
    #[schema(required = true)]
    model: Option<String>,
}

impl From<config::BudgetScope> for BudgetScope {
    fn from(scope: config::BudgetScope) -> Self {
        Self {
            project: scope.project,
            key: scope.api_key,
            end_user: scope.end_user.map(BudgetPartition::from),
            session: scope.session.map(BudgetPartition::from),
            tag: scope.tag,
            route: scope.route,
            model: scope.model,
        }
    }
}

/// A period of a budget and what was spent in it.
#[derive(Serialize, ToSchema)]
pub(super) struct BudgetWindow {
    /// When it began.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    starts_at: Option<OffsetDateTime>,
    /// When it ended or will; null means never.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    resets_at: Option<OffsetDateTime>,
    /// Most that may be spent in it, adjustments included; null for a past window.
    #[schema(required = true)]
    limit: Option<Money>,
    /// What adjustments add to the budget's limit in this window alone; below zero where they lower it.
    adjusted_by: Money,
    /// What calls that are over have cost, as far as usage has arrived.
    settled: Money,
    /// What workers have claimed beyond that: what calls under way may cost, what is kept ready for calls, and the cost of
    /// calls whose usage has not arrived. Null for a past window, for all shares of a limit that everybody has alone, and
    /// where it is not known, as in the answer to a write and while the fast store of budgets is away.
    #[schema(required = true)]
    held: Option<Money>,
    /// What is left of the limit beside both; null for a past window, and for all shares of a limit that everybody has alone.
    #[schema(required = true)]
    remaining: Option<Money>,
}

impl From<Window> for BudgetWindow {
    fn from(window: Window) -> Self {
        Self {
            starts_at: calendar(window.period.start),
            resets_at: calendar(window.period.end),
            limit: window.limit.map(Money::from),
            adjusted_by: window.adjusted_by.into(),
            settled: window.settled.into(),
            held: window.held.map(Money::from),
            remaining: window.available().map(Money::from),
        }
    }
}

/// A budget.
#[derive(Serialize, ToSchema)]
pub(super) struct Budget {
    /// Its id.
    #[schema(value_type = String, example = "bud_01jd0000000000000000000000")]
    id: BudgetId,
    /// Its name for people; refusals tell it.
    #[schema(example = "Team budget")]
    name: String,
    /// Which calls count.
    scope: BudgetScope,
    /// Most that may be spent in a period.
    limit: Money,
    /// How long a period is.
    interval: BudgetInterval,
    /// By whose clocks.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// Where in the interval periods begin.
    anchor: BudgetAnchor,
    /// How strictly it is kept.
    enforcement: BudgetEnforcement,
    /// What happens to a call without room.
    on_exceed: BudgetOnExceed,
    /// Whether calls over the organization's own connections count.
    counts_own_connections: bool,
    /// What happens to a call whose price is not known.
    unknown_price: BudgetUnknownPrice,
    /// Shares of the limit, in percent, at which people are told.
    alert_thresholds: Vec<u8>,
    /// Whether it is in force.
    status: BudgetStatus,
    /// The window that is open now.
    current_window: BudgetWindow,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who created it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
}

impl From<Standing> for Budget {
    fn from(standing: Standing) -> Self {
        let Standing { budget: row, window } = standing;
        let terms = row.terms;
        Self {
            id: row.id,
            name: terms.name,
            scope: row.scope.into(),
            limit: terms.limit.into(),
            interval: terms.schedule.interval.into(),
            time_zone: terms.schedule.zone.name().to_owned(),
            anchor: terms.schedule.anchor.into(),
            enforcement: terms.enforcement.into(),
            on_exceed: terms.on_exceed.into(),
            counts_own_connections: terms.counts_own_connections,
            unknown_price: terms.unknown_price.into(),
            alert_thresholds: terms.alert_thresholds,
            status: row.status.into(),
            current_window: window.into(),
            created_at: row.created_at,
            created_by: row.created_by,
        }
    }
}

/// Which calls shall count: those that meet every part that is set. With none, every call of the organization.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteBudgetScope {
    /// Id of a project.
    project: Option<String>,
    /// Id of a key: calls with it or with one derived from it.
    key: Option<String>,
    /// Calls for an end user.
    end_user: Option<BudgetPartition>,
    /// Calls of a session.
    session: Option<BudgetPartition>,
    /// Calls that carry this tag.
    tag: Option<String>,
    /// Id of a route: calls that it decided.
    route: Option<String>,
    /// Attempts served by this model, or by any with this beginning when it ends in `*`.
    #[schema(example = "openai/*")]
    model: Option<String>,
}

impl From<WriteBudgetScope> for ScopeDraft {
    fn from(scope: WriteBudgetScope) -> Self {
        Self {
            project: scope.project,
            api_key: scope.key,
            end_user: scope.end_user.map(config::Partition::from),
            session: scope.session.map(config::Partition::from),
            tag: scope.tag,
            route: scope.route,
            model: scope.model,
        }
    }
}
