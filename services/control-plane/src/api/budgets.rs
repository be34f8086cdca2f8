//! Budgets of an organization. Changing or deleting one requires `If-Match`.

use actix_web::{delete, get, patch, post, web};
use futures_util::FutureExt;
use serde::Deserialize;
use sluicegate_backplane::Escrow;
use sluicegate_contracts::ids::{BudgetId, ProjectId};
use sluicegate_contracts::time::UnixMillis;
use time::OffsetDateTime;
use utoipa::IntoParams;

use super::budget_bodies::{CreateBudget, UpdateBudget};
use super::budget_shapes::{Budget, BudgetWindow};
use super::extract::{Admin, Creation, InOrganization, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::budget_standing::{self, Standing, Window};
use crate::app::budgets;
use crate::domain::budget_window;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::budgets as rows;
use crate::store::{Connection, Lock, budget_schedules, budget_spend};

async fn with_window(
    connection: &mut Connection,
    budget: rows::Budget,
    now: OffsetDateTime,
) -> Result<Standing> {
    let organization = budget.organization;
    let standings = budget_standing::read(connection, organization, vec![budget], now).await?;
    standings.into_iter().next().ok_or_else(Error::not_found)
}

fn shown(one: Standing) -> Result<Reply> {
    Reply::state(one.budget.revision, &Budget::from(one))
}

/// Which budgets or limits to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfProject {
    /// Only those over this project, or over a part of it (id).
    project: Option<String>,
}

impl OfProject {
    pub(super) fn id(&self) -> Result<Option<ProjectId>> {
        let unknown = |_| Error::field("project", "invalid", "Not the id of a project.");
        let named = self.project.as_deref();
        named.map(str::parse).transpose().map_err(unknown)
    }
}

/// List budgets
#[utoipa::path(
    operation_id = "list_budgets", tag = "budgets",
    params(("org" = String, Path, description = "Id or slug of the organization"), OfProject, PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The budgets, newest first", body = Page<Budget>),
    )
)]
#[get("/organizations/{org}/budgets")]
pub(super) async fn list_budgets(
    member: InOrganization<Viewer>,
    page: PageQuery,
    of: web::Query<OfProject>,
    escrow: web::Data<Escrow>,
) -> Result<Reply> {
    let project = of.id()?;
    let (organization, now) = (member.organization, member.ctx.now);
    let (before, fetch) = (page.before()?, page.fetch()?);
    let mut found = member
        .read(move |connection| {
            async move {
                let found = rows::list(connection, organization, project, before, fetch).await?;
                budget_standing::read(connection, organization, found, now).await
            }
            .boxed()
        })
        .await?;
    let windows = found.iter_mut().map(|one| &mut one.window);
    budget_standing::add_held(&escrow, organization, windows).await;
    let id = |one: &Standing| one.budget.id;
    Reply::ok(&Page::of(&page, found, id, Budget::from)?)
}

/// Create a budget
///
/// Its first window opens at once; what was spent before does not count.
#[utoipa::path(
    operation_id = "create_budget", tag = "budgets", request_body = CreateBudget,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Created", body = Budget),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/budgets")]
pub(super) async fn create_budget(
    member: InOrganization<Admin>,
    body: Creation<CreateBudget>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let (scope, terms) = body.drafts();
    let (organization, now) = (member.organization, member.ctx.now);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let budget = budgets::create(tx, scope, terms).await?;
                let one = with_window(tx.connection(), budget, now).await?;
                let (id, revision) = (one.budget.id, one.budget.revision);
                let location = format!("/api/v1/organizations/{organization}/budgets/{id}");
                Ok(Reply::created(location, &Budget::from(one))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a budget
#[utoipa::path(
    operation_id = "get_budget", tag = "budgets",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("budget" = String, Path, description = "Id of the budget"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The budget", body = Budget),
    )
)]
#[get("/organizations/{org}/budgets/{budget}")]
pub(super) async fn get_budget(
    member: InOrganization<Viewer>,
    id: PathId<BudgetId>,
    escrow: web::Data<Escrow>,
) -> Result<Reply> {
    let (organization, id, now) = (member.organization, id.0, member.ctx.now);
    let mut one = member
        .find(move |connection| {
            async move {
                match rows::find(connection, organization, id, Lock::None).await? {
                    Some(budget) => with_window(connection, budget, now).await.map(Some),
                    None => Ok(None),
                }
            }
            .boxed()
        })
        .await?;
    budget_standing::add_held(&escrow, organization, [&mut one.window]).await;
    shown(one)
}

/// Change a budget
///
/// A new limit keeps the window that is open. A new interval, time zone or anchor ends it and opens a new one.
#[utoipa::path(
    operation_id = "update_budget", tag = "budgets", request_body = UpdateBudget,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("budget" = String, Path, description = "Id of the budget"),
        ("If-Match" = String, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The budget as changed", body = Budget),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/organizations/{org}/budgets/{budget}")]
pub(super) async fn update_budget(
    member: InOrganization<Admin>,
    id: PathId<BudgetId>,
    if_match: IfMatch,
    body: Json<UpdateBudget>,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let changes = budgets::Changes::from(body.checked()?);
    let (id, now) = (id.0, member.ctx.now);
    member
        .caller
        .change(
            move |tx| {
                async move {
                    let budget = budgets::update(tx, id, changes, &if_match).await?;
                    with_window(tx.connection(), budget, now).await
                }
                .boxed()
            },
            shown,
        )
        .await
}

/// Delete a budget
///
/// What was spent on it stays on record.
#[utoipa::path(
    operation_id = "delete_budget", tag = "budgets",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("budget" = String, Path, description = "Id of the budget"),
        ("If-Match" = String, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Deleted"),
    )
)]
#[delete("/organizations/{org}/budgets/{budget}")]
pub(super) async fn delete_budget(
    member: InOrganization<Admin>,
    id: PathId<BudgetId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let id = id.0;
    member
        .caller
        .remove(move |tx| async move { budgets::delete(tx, id, &if_match).await }.boxed())
        .await
}

/// Which share of a budget to look at.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfPartition {
    /// Only this end user or session; all added up when absent.
    partition: Option<String>,
}

/// List the windows of a budget
///
/// The one that is open, and those before it in which something was spent.
#[utoipa::path(
    operation_id = "list_budget_windows", tag = "budgets",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("budget" = String, Path, description = "Id of the budget"),
        OfPartition,
        PageQuery,
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The windows, newest first", body = Page<BudgetWindow>),
    )
)]
#[get("/organizations/{org}/budgets/{budget}/windows")]
pub(super) async fn list_budget_windows(
    member: InOrganization<Viewer>,
    id: PathId<BudgetId>,
    page: PageQuery,
    of: web::Query<OfPartition>,
    escrow: web::Data<Escrow>,
) -> Result<Reply> {
    let (organization, id, now) = (member.organization, id.0, member.ctx.now);
    let (before, fetch) = (page.before::<i64>()?.map(UnixMillis::new), page.fetch()?);
    let partition = of.into_inner().partition;
    let mut windows = member
        .find(move |connection| {
            async move {
                let Some(budget) = rows::find(connection, organization, id, Lock::None).await? else {
                    return Ok(None);
                };
                let history = budget_schedules::history(connection, id).await?;
                let share = partition.as_deref();
                let spent = budget_spend::periods(connection, organization, id, share, before, fetch).await?;
                let current = budget.window_at(now)?;
                let mut windows =
                    budget_window::listed(&history, &spent, current, before).map_err(Error::internal)?;
                windows.truncate(usize::try_from(fetch).unwrap_or(usize::MAX));
                let windows = windows.into_iter().map(|(period, settled)| {
                    if period.start == current.start {
                        Window::open(&budget, period, partition.clone(), settled)
                    } else {
                        Window::past(&budget, period, partition.as_deref(), settled)
                    }
                });
                Ok(Some(windows.collect::<Vec<_>>()))
            }
            .boxed()
        })
        .await?;
    budget_standing::add_held(&escrow, organization, &mut windows).await;
    let id = |window: &Window| window.period.start.get();
    Reply::ok(&Page::of(&page, windows, id, BudgetWindow::from)?)
}
