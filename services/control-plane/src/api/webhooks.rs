//! Webhooks of an organization. Their addresses may be secrets of receivers, so only admins see them.

use actix_web::{delete, get, patch, post, web};
use futures_util::FutureExt;
use sluicegate_contracts::ids::WebhookId;
use time::OffsetDateTime;

use super::extract::{Admin, Creation, InOrganization, Json, PageQuery, PathId};
use super::reply::Reply;
use super::shapes::{Page, RotateSecret};
use super::webhook_shapes::{CreateWebhook, UpdateWebhook, Webhook, WebhookDelivery, WebhookWithSecret};
use crate::app::webhook_delivery;
use crate::app::webhooks::{self, Changes};
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::outbound::Outbound;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{Lock, webhook_deliveries, webhooks as rows};

fn shown(row: rows::Webhook, now: OffsetDateTime) -> Result<Reply> {
    Reply::state(row.revision, &Webhook::of(row, now))
}

/// List webhooks
#[utoipa::path(
    operation_id = "list_webhooks", tag = "webhooks",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The webhooks, newest first", body = Page<Webhook>),
    )
)]
#[get("/organizations/{org}/webhooks")]
pub(super) async fn list_webhooks(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    let (organization, fetch, now) = (member.organization, page.fetch()?, member.ctx.now);
    let before = page.before()?;
    let found = member
        .read(move |connection| rows::list(connection, organization, before, fetch).boxed())
        .await?;
    let shape = |row| Webhook::of(row, now);
    Reply::ok(&Page::of(&page, found, |row| row.id, shape)?)
}

/// Create a webhook
///
/// It is told when spending reaches an alert threshold of a budget (`budget.threshold`), and when a rollout of a route is halted or
/// completed (`route.rollout.halted`, `route.rollout.completed`). Messages are signed as Standard Webhooks are: `webhook-signature` is
/// an HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`, and two of them with a space between while its secret is being
/// rotated. A message may come more than once,
/// with the same `webhook-id`. One that is not answered with 2xx within ten seconds is sent again after 5 seconds, 5 minutes,
/// 30 minutes, 2, 5, 10 and 10 hours; then the webhook is switched off, as it is at once by 410.
#[utoipa::path(
    operation_id = "create_webhook", tag = "webhooks", request_body = CreateWebhook,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Created; the secret is shown this once", body = WebhookWithSecret),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/webhooks")]
pub(super) async fn create_webhook(
    member: InOrganization<Admin>,
    body: Creation<CreateWebhook>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let (organization, now) = (member.organization, member.ctx.now);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (webhook, secret) = webhooks::create(tx, &body.name, &body.url).await?;
                let (id, revision) = (webhook.id, webhook.revision);
                let location = format!("/api/v1/organizations/{organization}/webhooks/{id}");
                let new = WebhookWithSecret::of(webhook, &secret, now);
                Ok(Reply::created(location, &new)?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a webhook
#[utoipa::path(
    operation_id = "get_webhook", tag = "webhooks",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The webhook", body = Webhook),
    )
)]
#[get("/organizations/{org}/webhooks/{webhook}")]
pub(super) async fn get_webhook(member: InOrganization<Admin>, id: PathId<WebhookId>) -> Result<Reply> {
    let (organization, id, now) = (member.organization, id.0, member.ctx.now);
    let row = member
        .find(move |connection| rows::find(connection, organization, id, Lock::None).boxed())
        .await?;
    shown(row, now)
}

/// Change a webhook
#[utoipa::path(
    operation_id = "update_webhook", tag = "webhooks", request_body = UpdateWebhook,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        ("If-Match" = String, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The webhook as changed", body = Webhook),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/organizations/{org}/webhooks/{webhook}")]
pub(super) async fn update_webhook(
    member: InOrganization<Admin>,
    id: PathId<WebhookId>,
    if_match: IfMatch,
    body: Json<UpdateWebhook>,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let changes = Changes::from(body.checked()?);
    let (id, now) = (id.0, member.ctx.now);
    member
        .caller
        .change(
            move |tx| async move { webhooks::update(tx, id, changes, &if_match).await }.boxed(),
            move |row| shown(row, now),
        )
        .await
}

/// Give a webhook a new secret
///
/// Messages are signed with the current secret as well for `overlap_seconds`: `webhook-signature` then has both signatures, with a
/// space between them, and a receiver accepts a message when it knows either. A secret still overlapping from an earlier rotation
/// stops at once.
#[utoipa::path(
    operation_id = "rotate_webhook", tag = "webhooks", request_body = RotateSecret,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
        ("Idempotency-Key" = Option<String>, Header, description = "Rotate at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "Rotated; the new secret is shown once", body = WebhookWithSecret),
    )
)]
#[post("/organizations/{org}/webhooks/{webhook}/rotate")]
pub(super) async fn rotate_webhook(
    member: InOrganization<Admin>,
    id: PathId<WebhookId>,
    if_match: IfMatch,
    body: Creation<RotateSecret>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let (overlap, id, now) = (body.overlap()?, id.0, member.ctx.now);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (webhook, secret) = webhooks::rotate(tx, id, overlap, &if_match).await?;
                let revision = webhook.revision;
                Ok(Reply::ok(&WebhookWithSecret::of(webhook, &secret, now))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Delete a webhook
///
/// What it has not been told yet, it is not told.
#[utoipa::path(
    operation_id = "delete_webhook", tag = "webhooks",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        ("If-Match" = String, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Deleted"),
    )
)]
#[delete("/organizations/{org}/webhooks/{webhook}")]
pub(super) async fn delete_webhook(
    member: InOrganization<Admin>,
    id: PathId<WebhookId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let if_match = if_match.required()?;
    let id = id.0;
    member
        .caller
        .remove(move |tx| async move { webhooks::delete(tx, id, &if_match).await }.boxed())
        .await
}

/// Try a webhook
///
/// Sends `webhook.test` once, also to one that is switched off, and answers with what came of it.
#[utoipa::path(
    operation_id = "test_webhook", tag = "webhooks",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "What came of it, good or bad", body = WebhookDelivery),
    )
)]
#[post("/organizations/{org}/webhooks/{webhook}/test")]
pub(super) async fn test_webhook(
    member: InOrganization<Admin>,
    id: PathId<WebhookId>,
    state: web::Data<AppState>,
    outbound: web::Data<Outbound>,
) -> Result<Reply> {
    let id = id.0;
    let begun = member
        .caller
        .write(move |tx| webhook_delivery::begin_test(tx, id).boxed())
        .await?;
    let delivery = webhook_delivery::send_test(&state, &outbound, begun.value).await?;
    Reply::ok(&WebhookDelivery::from(delivery))
}

/// List deliveries of a webhook
///
/// What it was told in the last 30 days, and what it is to be told.
#[utoipa::path(
    operation_id = "list_webhook_deliveries", tag = "webhooks",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        PageQuery,
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The deliveries, newest first", body = Page<WebhookDelivery>),
    )
)]
#[get("/organizations/{org}/webhooks/{webhook}/deliveries")]
pub(super) async fn list_webhook_deliveries(
    member: InOrganization<Admin>,
    id: PathId<WebhookId>,
    page: PageQuery,
) -> Result<Reply> {
    let (organization, id, fetch) = (member.organization, id.0, page.fetch()?);
    let before = page.before()?;
    let found = member
        .find(move |connection| {
            async move {
                if rows::find(connection, organization, id, Lock::None)
                    .await?
                    .is_none()
                {
                    return Ok(None);
                }
                let listed = webhook_deliveries::list(connection, organization, id, before, fetch).await;
                listed.map(Some)
            }
            .boxed()
        })
        .await?;
    let id = |row: &webhook_deliveries::Delivery| row.id;
    Reply::ok(&Page::of(&page, found, id, WebhookDelivery::from)?)
}
