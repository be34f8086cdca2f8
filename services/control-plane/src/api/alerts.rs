//! What budgets have to tell: thresholds of their limits that spending has reached.

use actix_web::{get, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{AlertId, BudgetId};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::extract::{InOrganization, PageQuery, Viewer};
use super::money::Money;
use super::reply::Reply;
use super::shapes::Page;
use crate::domain::instant::calendar;
use crate::error::{Error, Result};
use crate::store::budget_alerts as rows;

/// Spending has reached a share of a budget's limit. Told once in a window, for each share and each partition.
#[derive(Serialize, ToSchema)]
struct BudgetAlert {
    /// Its id.
    #[schema(value_type = String, example = "alt_01jd0000000000000000000000")]
    id: AlertId,
    /// Id of the budget.
    #[schema(value_type = String, example = "bud_01jd0000000000000000000000")]
    budget: BudgetId,
    /// Its name now.
    #[schema(example = "Team budget")]
    budget_name: String,
    /// The share, in percent.
    #[schema(example = 80)]
    threshold: i16,
    /// When the window began.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    window_start: Option<OffsetDateTime>,
    /// The end user or the session, for a budget that is kept apart by them.
    #[schema(required = true)]
    partition: Option<String>,
    /// The limit when it was reached.
    limit: Money,
    /// What was spent then.
    settled: Money,
    /// When it was noticed.
    #[serde(with = "time::serde::rfc3339")]
    fired_at: OffsetDateTime,
}

impl From<rows::Alert> for BudgetAlert {
    fn from(row: rows::Alert) -> Self {
        Self {
            id: row.id,
            budget: row.budget,
            budget_name: row.budget_name,
            threshold: row.threshold,
            window_start: calendar(row.period_start),
            partition: row.partition,
            limit: row.limit.into(),
            settled: row.settled.into(),
            fired_at: row.fired_at,
        }
    }
}

/// Which alerts to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfBudget {
    /// Only those of this budget (id).
    budget: Option<String>,
}

/// List alerts
#[utoipa::path(
    operation_id = "list_alerts", tag = "budgets",
    params(("org" = String, Path, description = "Id or slug of the organization"), OfBudget, PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The alerts, newest first", body = Page<BudgetAlert>),
    )
)]
#[get("/organizations/{org}/alerts")]
pub(super) async fn list_alerts(
    member: InOrganization<Viewer>,
    page: PageQuery,
    of: web::Query<OfBudget>,
) -> Result<Reply> {
    let unknown = |_| Error::field("budget", "invalid", "Not the id of a budget.");
    let budget = of.budget.as_deref().map(str::parse::<BudgetId>);
    let budget = budget.transpose().map_err(unknown)?;
    let before = page.before()?;
    let (organization, fetch) = (member.organization, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, budget, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, BudgetAlert::from)?)
}
