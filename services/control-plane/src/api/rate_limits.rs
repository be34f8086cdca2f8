//! Rate limits of an organization. Changing or deleting one requires `If-Match`.

use std::collections::HashMap;

use actix_web::{delete, get, patch, post, web};
use futures_util::FutureExt;
use serde::Deserialize;
use sluicegate_backplane::Rates;
use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::config::Partition;
use sluicegate_contracts::ids::RateLimitId;
use sluicegate_metering::bucket::{Allowance, Standing};
use utoipa::IntoParams;

use super::budgets::OfProject;
use super::extract::{Admin, Creation, InOrganization, Json, PageQuery, PathId, Viewer};
use super::rate_limit_shapes::{CreateLimit, Limit, LimitUsage, UpdateLimit};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::rate_limits::{self, Changes};
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::Lock;
use crate::store::rate_limits as rows;

fn shown(row: rows::RateLimit) -> Result<Reply> {
    Reply::state(row.revision, &Limit::from(row))
}

/// List rate limits
#[utoipa::path(
    operation_id = "list_limits", tag = "budgets",
    params(("org" = String, Path, description = "Id or slug of the organization"), OfProject, PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The rate limits, newest first", body = Page<Limit>),
    )
)]
#[get("/organizations/{org}/limits")]
pub(super) async fn list_limits(
    member: InOrganization<Viewer>,
    page: PageQuery,
    of: web::Query<OfProject>,
) -> Result<Reply> {
    let project = of.id()?;
    let organization = member.organization;
    let (before, fetch) = (page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, project, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, Limit::from)?)
}

/// Whose share of limits that are kept apart to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfEndUser {
    /// An end user, as named in the header `x-sluicegate-user` of calls.
    end_user: Option<String>,
}

/// Show how rate limits stand
///
/// What is left of each over all workers, as of now.
#[utoipa::path(
    operation_id = "list_limit_usage", tag = "budgets",
    params(("org" = String, Path, description = "Id or slug of the organization"), OfProject, OfEndUser, PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "How the rate limits stand, the newest limit first", body = Page<LimitUsage>),
    )
)]
#[get("/organizations/{org}/limit-usage")]
pub(super) async fn list_limit_usage(
    member: InOrganization<Viewer>,
    page: PageQuery,
    of: web::Query<OfProject>,
    whose: web::Query<OfEndUser>,
    rates: web::Data<Rates>,
) -> Result<Reply> {
    let project = of.id()?;
    let organization = member.organization;
    let (before, fetch) = (page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, project, before, fetch).boxed())
        .await?;
    let buckets: Vec<_> = found
        .iter()
        .filter_map(|row| {
            Some((
                bucket(row, whose.end_user.as_deref())?,
                Allowance::of(&row.published()),
            ))
        })
        .collect();
    let standings = rates
        .look(organization, &buckets)
        .await
        .map_err(Error::unavailable)?;
    let standings: HashMap<RateLimitId, Standing> = buckets
        .iter()
        .map(|(bucket, _)| bucket.limit)
        .zip(standings)
        .collect();
    let shape = |row: rows::RateLimit| LimitUsage::new(&row, standings.get(&row.id).copied());
    Reply::ok(&Page::of(&page, found, |row| row.id, shape)?)
}

/// What calls count on, where that is one thing.
fn bucket(row: &rows::RateLimit, end_user: Option<&str>) -> Option<BucketId> {
    let partition = match &row.scope.end_user {
        Some(Partition::Each) => Some(end_user?.to_owned()),
        Some(Partition::One(_)) | None => None,
    };
    Some(BucketId {
        limit: row.id,
        partition,
    })
}

/// Create a rate limit
#[utoipa::path(
    operation_id = "create_limit", tag = "budgets", request_body = CreateLimit,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Created", body = Limit),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/limits")]
pub(super) async fn create_limit(
    member: InOrganization<Admin>,
    body: Creation<CreateLimit>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let (metric, amount, burst) = (body.metric.into(), body.amount, body.burst);
    let scope = body.into_scope();
    let organization = member.organization;
    member
        .caller
        .create(once, move |tx| {
            async move {
                let limit = rate_limits::create(tx, scope, metric, amount, burst).await?;
                let (id, revision) = (limit.id, limit.revision);
                let location = format!("/api/v1/organizations/{organization}/limits/{id}");
                Ok(Reply::created(location, &Limit::from(limit))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a rate limit
#[utoipa::path(
    operation_id = "get_limit", tag = "budgets",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("limit" = String, Path, description = "Id of the rate limit"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The rate limit", body = Limit),
    )
)]
#[get("/organizations/{org}/limits/{limit}")]
pub(super) async fn get_limit(member: InOrganization<Viewer>, id: PathId<RateLimitId>) -> Result<Reply> {
    let (organization, id) = (member.organization, id.0);
    let row = member
        .find(move |connection| rows::find(connection, organization, id, Lock::None).boxed())
        .await?;
    shown(row)
}

/// Change a rate limit
#[utoipa::path(
    operation_id = "update_limit", tag = "budgets", request_body = UpdateLimit,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("limit" = String, Path, description = "Id of the rate limit"),
        ("If-Match" = String, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The rate limit as changed", body = Limit),
    )
)]
#[patch("/organizations/{org}/limits/{limit}")]
pub(super) async fn update_limit(
    member: InOrganization<Admin>,
    id: PathId<RateLimitId>,
    if_match: IfMatch,
    body: Json<UpdateLimit>,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let changes = Changes::from(body.checked()?);
    let id = id.0;
    member
        .caller
        .change(
            move |tx| async move { rate_limits::update(tx, id, changes, &if_match).await }.boxed(),
            shown,
        )
        .await
}

/// Delete a rate limit
#[utoipa::path(
    operation_id = "delete_limit", tag = "budgets",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("limit" = String, Path, description = "Id of the rate limit"),
        ("If-Match" = String, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Deleted"),
    )
)]
#[delete("/organizations/{org}/limits/{limit}")]
pub(super) async fn delete_limit(
    member: InOrganization<Admin>,
    id: PathId<RateLimitId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let id = id.0;
    member
        .caller
        .remove(move |tx| async move { rate_limits::delete(tx, id, &if_match).await }.boxed())
        .await
}
