//! Inference keys of a project. The secret is in the answer to create and rotate, and nowhere else ever again.

use actix_web::{delete, get, patch, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::ApiKeyStatus;
use sluicegate_contracts::ids::{ApiKeyId, UserId};
use sluicegate_credentials::ApiKeySecret;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Creation, Developer, InProject, Json, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::{Page, display_name, nullable_time};
use crate::app::Committed;
use crate::app::api_keys::{self, Changes, NewKey};
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::Lock;
use crate::store::api_keys as rows;

const MAX_OVERLAP_SECONDS: u32 = 604_800;

/// Whether a key works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyStatus {
    /// It works.
    Active,
    /// It is switched off.
    Disabled,
    /// Its time is over.
    Expired,
}

/// An inference key.
#[derive(Serialize, ToSchema)]
struct Key {
    /// Its id.
    #[schema(value_type = String, example = "key_01jd0000000000000000000000")]
    id: ApiKeyId,
    /// Its name for people.
    #[schema(example = "backend")]
    name: String,
    /// Begin and end of the current secret.
    #[schema(example = "sk-sg-…wxyz")]
    hint: String,
    /// Whether it works.
    status: KeyStatus,
    /// Models it may ask for: exact names, or beginnings followed by `*`. Empty means all.
    allowed_models: Vec<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who created it.
    #[schema(value_type = Option<String>, required = true, example = "usr_01jd0000000000000000000000")]
    created_by: Option<UserId>,
    /// When it stops working; null means never.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    expires_at: Option<OffsetDateTime>,
    /// Until when the secret before the current one works as well.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    previous_secret_valid_until: Option<OffsetDateTime>,
    /// When it was last used, as far as usage has arrived.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    last_used_at: Option<OffsetDateTime>,
}

impl Key {
    fn of(row: rows::ApiKey, now: OffsetDateTime) -> Self {
        let expired = row.expires_at.is_some_and(|at| at <= now);
        let status = match row.status {
            ApiKeyStatus::Active if expired => KeyStatus::Expired,
            ApiKeyStatus::Active => KeyStatus::Active,
            ApiKeyStatus::Disabled => KeyStatus::Disabled,
        };
        let previous = row
            .previous
            .map(|previous| previous.valid_until)
            .filter(|until| *until > now);
        Self {
            id: row.id,
            name: row.name,
            hint: row.hint,
            status,
            allowed_models: row.allowed_models,
            created_at: row.created_at,
            created_by: row.created_by,
            expires_at: row.expires_at,
            previous_secret_valid_until: previous,
            last_used_at: row.last_used_at,
        }
    }
}

/// An inference key together with its secret, shown once.
#[derive(Serialize, ToSchema)]
struct KeyWithSecret {
    /// The key.
    #[serde(flatten)]
    key: Key,
    /// Send as `Authorization: Bearer`; it is not shown again.
    #[schema(example = "sk-sg-…")]
    secret: String,
}

impl KeyWithSecret {
    fn of(row: rows::ApiKey, secret: &ApiKeySecret, now: OffsetDateTime) -> Self {
        Self {
            key: Key::of(row, now),
            secret: secret.expose().to_owned(),
        }
    }
}

/// A new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateKey {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100, example = "backend")]
    name: String,
    /// When it stops working; absent or null means never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// Models it may ask for; absent or empty means all.
    #[serde(default)]
    allowed_models: Vec<String>,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateKey {
    /// Its name for people.
    name: Option<String>,
    /// When it stops working; null means never.
    #[serde(default, deserialize_with = "nullable_time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<OffsetDateTime>>,
    /// Models it may ask for; empty means all.
    allowed_models: Option<Vec<String>>,
}

/// How to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotateKey {
    /// For how long the current secret works on; 0 ends it at once.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: u32,
}

fn answer(written: Committed<rows::ApiKey>, now: OffsetDateTime) -> Result<Reply> {
    let revision = written.value.revision;
    Ok(Reply::ok(&Key::of(written.value, now))?
        .at_revision(revision)
        .at_version(written.version))
}

/// List keys
#[utoipa::path(
    operation_id = "list_keys", tag = "keys",
    params(("project" = String, Path, description = "Id of the project"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The keys that are not revoked, newest first", body = Page<Key>),
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/projects/{project}/keys")]
pub(super) async fn list_keys(member: InProject<Viewer>, page: PageQuery) -> Result<Reply> {
    let (project, before, fetch) = (
        member.project,
        page.before::<Uuid>()?.map(ApiKeyId::from),
        page.fetch()?,
    );
    let found = member
        .read(move |connection| rows::list(connection, project, before, fetch).boxed())
        .await?;
    let now = member.ctx.now;
    Reply::ok(&Page::of(
        &page,
        found,
        |row| row.id.as_uuid(),
        |row| Key::of(row, now),
    )?)
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
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/keys")]
pub(super) async fn create_key(member: InProject<Developer>, body: Creation<CreateKey>) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let name = display_name(&body.name)?;
    let input = NewKey {
        name,
        expires_at: body.expires_at,
        allowed_models: body.allowed_models,
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
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/projects/{project}/keys/{key}")]
pub(super) async fn get_key(member: InProject<Viewer>, id: PathId<ApiKeyId>) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    let found = member
        .read(move |connection| rows::find(connection, project, id, Lock::None).boxed())
        .await?;
    let row = found.ok_or_else(Error::not_found)?;
    let revision = row.revision;
    Ok(Reply::ok(&Key::of(row, member.ctx.now))?.at_revision(revision))
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
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
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
        expires_at: body.expires_at,
        allowed_models: body.allowed_models,
    };
    let (project, id, now) = (member.project, id.0, member.ctx.now);
    let written = member
        .caller
        .write(move |tx| async move { api_keys::update(tx, project, id, changes, &if_match).await }.boxed())
        .await?;
    answer(written, now)
}

/// Give a key a new secret
///
/// The current secret works on for `overlap_seconds`; a secret still overlapping from an earlier rotation stops at once.
#[utoipa::path(
    operation_id = "rotate_key", tag = "keys", request_body = RotateKey,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
        ("Idempotency-Key" = Option<String>, Header, description = "Rotate at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "Rotated; the new secret is shown once", body = KeyWithSecret),
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/keys/{key}/rotate")]
pub(super) async fn rotate_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
    body: Creation<RotateKey>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    if body.overlap_seconds > MAX_OVERLAP_SECONDS {
        return Err(Error::field(
            "/overlap_seconds",
            "out_of_range",
            "At most 604800 seconds (7 days).",
        ));
    }
    let overlap = Duration::seconds(i64::from(body.overlap_seconds));
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
    let written = member
        .caller
        .write(move |tx| async move { api_keys::switch(tx, project, id, status, &if_match).await }.boxed())
        .await?;
    answer(written, now)
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
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
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
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
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
/// It stops working within seconds and cannot be brought back.
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
        (status = "default", description = "Problem", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/projects/{project}/keys/{key}")]
pub(super) async fn revoke_key(
    member: InProject<Developer>,
    id: PathId<ApiKeyId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let (project, id) = (member.project, id.0);
    let written = member
        .caller
        .write(move |tx| async move { api_keys::revoke(tx, project, id, &if_match).await }.boxed())
        .await?;
    Ok(Reply::no_content().at_version(written.version))
}
