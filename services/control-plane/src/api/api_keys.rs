//! Inference keys of a project. The secret is in the answer to create and rotate, and nowhere else ever again.

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use sluicegate_contracts::config::ApiKeyStatus;
use sluicegate_contracts::ids::ApiKeyId;
use time::OffsetDateTime;

use super::api_key_shapes::{CreateKey, Key, KeyWithSecret, UpdateKey};
use super::constraint_shapes::WriteConstraints;
use super::extract::{Creation, Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::{Page, RotateSecret, display_name};
use crate::app::api_keys::{self, Changes, NewKey};
use crate::domain::key_grants::GrantChanges;
use crate::domain::precondition::IfMatch;
use crate::error::Result;
use crate::store::Lock;
use crate::store::api_keys::{self as rows, Listing};

fn shown(row: rows::ApiKey, now: OffsetDateTime) -> Result<Reply> {
    Reply::state(row.revision, &Key::of(row, now))
}

/// List keys
#[utoipa::path(
    operation_id = "list_keys", tag = "keys",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The keys that are not revoked, newest first", body = Page<Key>),
    )
)]
#[get("/projects/{project}/keys")]
pub(super) async fn list_keys(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let project = member.project;
    let listing = Listing {
        before: page.before()?,
        with_disabled: true,
        offset: 0,
        limit: page.fetch()?,
    };
    let found = member
        .read(move |connection| rows::list(connection, project, listing).boxed())
        .await?;
    let now = member.ctx.now;
    Reply::ok(&Page::of(&page, found, |row| row.id, |row| Key::of(row, now))?)
}

/// Create a key
///
/// The secret is in this answer only.
#[utoipa::path(
    operation_id = "create_key", tag = "keys", request_body = CreateKey,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 201, description = "Created; the secret is shown once", body = KeyWithSecret),
    )
)]
#[post("/projects/{project}/keys")]
pub(super) async fn create_key(member: InProject<Developer>, body: Creation<CreateKey>) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let name = display_name(&body.name)?;
    let input = NewKey {
        name,
        grants: GrantChanges {
            expires_at: Some(body.expires_at),
            allowed_models: Some(body.allowed_models),
            constraints: body.constraints.map(WriteConstraints::checked).transpose()?,
        },
    };
    let (project, now) = (member.project, member.ctx.now);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (key, secret) = api_keys::create(tx, project, input).await?;
                let (id, revision) = (key.id, key.revision);
                let location = format!("/api/v1/projects/{project}/keys/{id}");
                Ok(Reply::created(location, &KeyWithSecret::of(key, &secret, now))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a key
#[utoipa::path(
    operation_id = "get_key", tag = "keys",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The key", body = Key),
    )
)]
#[get("/projects/{project}/keys/{key}")]
pub(super) async fn get_key(member: InProject<Viewer>, id: PathId<ApiKeyId>) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    let row = member
        .find(move |connection| rows::find(connection, project, id, Lock::None).boxed())
        .await?;
    shown(row, member.ctx.now)
}

/// Change a key
#[utoipa::path(
    operation_id = "update_key", tag = "keys", request_body = UpdateKey,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The key as changed", body = Key),
    )
)]
#[patch("/projects/{project}/keys/{key}")]
pub(super) async fn update_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
    body: Json<UpdateKey>,
) -> Result<Reply> {
    let body = body.checked()?;
    let changes = Changes {
        name: body.name.as_deref().map(display_name).transpose()?,
        grants: GrantChanges {
            expires_at: body.expires_at,
            allowed_models: body.allowed_models,
            constraints: body.constraints.map(WriteConstraints::checked).transpose()?,
        },
    };
    let (project, id, now) = (member.project, id.0, member.ctx.now);
    member
        .caller
        .change(
            move |tx| async move { api_keys::update(tx, project, id, changes, &if_match).await }.boxed(),
            move |row| shown(row, now),
        )
        .await
}

/// Give a key a new secret
///
/// The current secret works on for `overlap_seconds`; a secret still overlapping from an earlier rotation stops at once.
#[utoipa::path(
    operation_id = "rotate_key", tag = "keys", request_body = RotateSecret,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
        ("Idempotency-Key" = Option<String>, Header, description = "Rotate at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "Rotated; the new secret is shown once", body = KeyWithSecret),
    )
)]
#[post("/projects/{project}/keys/{key}/rotate")]
pub(super) async fn rotate_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
    body: Creation<RotateSecret>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let overlap = body.overlap()?;
    let (project, id, now) = (member.project, id.0, member.ctx.now);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (key, secret) = api_keys::rotate(tx, project, id, overlap, &if_match).await?;
                let revision = key.revision;
                Ok(Reply::ok(&KeyWithSecret::of(key, &secret, now))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

async fn switch(
    member: InProject<Developer>,
    id: ApiKeyId,
    status: ApiKeyStatus,
    if_match: IfMatch,
) -> Result<Reply> {
    let (project, now) = (member.project, member.ctx.now);
    member
        .caller
        .change(
            move |tx| async move { api_keys::switch(tx, project, id, status, &if_match).await }.boxed(),
            move |row| shown(row, now),
        )
        .await
}

/// Switch a key off
#[utoipa::path(
    operation_id = "disable_key", tag = "keys",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The key, switched off", body = Key),
    )
)]
#[post("/projects/{project}/keys/{key}/disable")]
pub(super) async fn disable_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
) -> Result<Reply> {
    switch(member, id.0, ApiKeyStatus::Disabled, if_match).await
}

/// Switch a key on
#[utoipa::path(
    operation_id = "enable_key", tag = "keys",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "The key, switched on", body = Key),
    )
)]
#[post("/projects/{project}/keys/{key}/enable")]
pub(super) async fn enable_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
) -> Result<Reply> {
    switch(member, id.0, ApiKeyStatus::Active, if_match).await
}

/// Revoke a key
///
/// It stops working within seconds and cannot be brought back. Keys that derive from it end with it, and so do the budgets
/// over any of them.
#[utoipa::path(
    operation_id = "revoke_key", tag = "keys",
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 204, description = "Revoked"),
    )
)]
#[delete("/projects/{project}/keys/{key}")]
pub(super) async fn revoke_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    member
        .caller
        .remove(move |tx| async move { api_keys::revoke(tx, project, id, &if_match).await }.boxed())
        .await
}
