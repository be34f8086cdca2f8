//! Changes of what may be spent in the window of a budget that is open.

use actix_web::{get, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{BudgetAdjustmentId, BudgetId, UserId};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Admin, Creation, InOrganization, PageQuery, PathId, Viewer};
use super::money::{Money, WriteMoney};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::budget_adjustments::{self, Draft};
use crate::domain::instant::calendar;
use crate::error::Result;
use crate::problem::Problem;
use crate::store::budget_adjustments as rows;
use crate::store::{Lock, budgets};

/// A change of the window that is open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBudgetAdjustment {
    /// How much more may be spent in the window; below zero for less. To credit spending, allow as much more.
    amount: WriteMoney,
    /// Why, for the audit trail and whoever reads the list.
    #[schema(min_length = 1, max_length = 500, example = "Launch week")]
    reason: String,
    /// Whose share of a budget that each end user or session has alone; absent or null: everybody's.
    #[schema(example = "ann")]
    partition: Option<String>,
}

/// A change of what may be spent in one window of a budget.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BudgetAdjustment {
    /// Its id.
    #[schema(value_type = String, example = "adj_01jd0000000000000000000000")]
    id: BudgetAdjustmentId,
    /// Id of the budget.
    #[schema(value_type = String, example = "bud_01jd0000000000000000000000")]
    budget: BudgetId,
    /// When the window began.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    window_start: Option<OffsetDateTime>,
    /// Whose share: an end user or a session; null: everybody's.
    #[schema(required = true)]
    partition: Option<String>,
    /// How much more may be spent in it; below zero for less.
    amount: Money,
    /// The limit of the window, or of that share of it, with it.
    limit: Money,
    /// Why.
    reason: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who made it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
}

impl From<rows::Adjustment> for BudgetAdjustment {
    fn from(row: rows::Adjustment) -> Self {
        Self {
            id: row.id,
            budget: row.budget,
            window_start: calendar(row.period_start),
            partition: row.partition,
            amount: row.amount.into(),
            limit: row.limit.into(),
            reason: row.reason,
            created_at: row.created_at,
            created_by: row.created_by,
        }
    }
}

/// Adjust the window that is open
///
/// Raises or lowers what may be spent until the window resets; the windows after it have the budget's limit again. What was
/// spent stays as it is. A lower limit takes nothing away from calls under way. With a `partition`, of a budget that each end user
/// or session has alone, it is the limit of that one, on top of what everybody is given.
#[utoipa::path(
    operation_id = "create_budget_adjustment", tag = "budgets", request_body = CreateBudgetAdjustment,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("budget" = String, Path, description = "Id of the budget"),
        ("Idempotency-Key" = Option<String>, Header, description = "Adjust at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Adjusted", body = BudgetAdjustment),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/budgets/{budget}/adjustments")]
pub(super) async fn create_budget_adjustment(
    member: InOrganization<Admin>,
    id: PathId<BudgetId>,
    body: Creation<CreateBudgetAdjustment>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let draft = Draft {
        amount: body.amount.amount,
        reason: body.reason,
        partition: body.partition,
    };
    let (organization, id) = (member.organization, id.0);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let adjustment = budget_adjustments::adjust(tx, id, draft).await?;
                let location = format!("/api/v1/organizations/{organization}/budgets/{id}/adjustments");
                Reply::created(location, &BudgetAdjustment::from(adjustment))
            }
            .boxed()
        })
        .await
}

/// List adjustments of a budget
#[utoipa::path(
    operation_id = "list_budget_adjustments", tag = "budgets",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("budget" = String, Path, description = "Id of the budget"),
        PageQuery,
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The adjustments of all windows, newest first", body = Page<BudgetAdjustment>),
    )
)]
#[get("/organizations/{org}/budgets/{budget}/adjustments")]
pub(super) async fn list_budget_adjustments(
    member: InOrganization<Viewer>,
    id: PathId<BudgetId>,
    page: PageQuery,
) -> Result<Reply> {
    let (organization, id) = (member.organization, id.0);
    let before = page.before()?;
    let fetch = page.fetch()?;
    let found = member
        .find(move |connection| {
            async move {
                match budgets::find(connection, organization, id, Lock::None).await? {
                    Some(_) => rows::list(connection, organization, id, before, fetch)
                        .await
                        .map(Some),
                    None => Ok(None),
                }
            }
            .boxed()
        })
        .await?;
    let id = |row: &rows::Adjustment| row.id;
    Reply::ok(&Page::of(&page, found, id, BudgetAdjustment::from)?)
}
