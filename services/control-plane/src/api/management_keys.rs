//! Management keys of an organization: programs send them as Bearer tokens in place of an access token.

use actix_web::{delete, get, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{ManagementKeyId, UserId};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Admin, Creation, InOrganization, PageQuery, PathId};
use super::reply::Reply;
use super::shapes::{Page, display_name};
use crate::app::management_keys::{self, NewManagementKey};
use crate::domain::precondition::IfMatch;
use crate::domain::role::Role;
use crate::error::Result;
use crate::store::management_keys as rows;

/// A management key.
#[derive(Serialize, ToSchema)]
struct ManagementKey {
    /// Its id.
    #[schema(value_type = String, example = "mgk_01jd0000000000000000000000")]
    id: ManagementKeyId,
    /// Its name for people.
    #[schema(example = "deployments")]
    name: String,
    /// Begin and end of the secret.
    #[schema(example = "mk-sg-…wxyz")]
    hint: String,
    /// As what it acts.
    role: Role,
    /// When it stops working; null means never.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    last_used_at: Option<OffsetDateTime>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who created it.
    #[schema(value_type = Option<String>, required = true, example = "usr_01jd0000000000000000000000")]
    created_by: Option<UserId>,
}

/// A management key together with its secret, shown once.
#[derive(Serialize, ToSchema)]
struct ManagementKeyWithSecret {
    /// The key.
    #[serde(flatten)]
    key: ManagementKey,
    /// Send as `Authorization: Bearer`; it is not shown again.
    #[schema(example = "mk-sg-…")]
    secret: String,
}

/// A new management key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateManagementKey {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100, example = "deployments")]
    name: String,
    /// As what it acts; at most your own role.
    role: Role,
    /// When it stops working; absent or null means never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

impl From<rows::ManagementKey> for ManagementKey {
    fn from(row: rows::ManagementKey) -> Self {
        Self {
            id: row.id,
            name: row.name,
            hint: row.hint,
            role: row.role,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
            created_by: row.created_by,
        }
    }
}

/// List management keys
#[utoipa::path(
    operation_id = "list_management_keys", tag = "management keys",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The keys that are not revoked, newest first", body = Page<ManagementKey>),
    )
)]
#[get("/organizations/{org}/management-keys")]
pub(super) async fn list_management_keys(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    let before = page.before()?;
    let (organization, fetch) = (member.organization, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, ManagementKey::from)?)
}

/// Create a management key
///
/// Whoever sends it acts in its role, wherever people need an access token. The secret is in this answer only. Only people
/// make management keys.
#[utoipa::path(
    operation_id = "create_management_key", tag = "management keys", request_body = CreateManagementKey,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Created; the secret is shown once", body = ManagementKeyWithSecret),
    )
)]
#[post("/organizations/{org}/management-keys")]
pub(super) async fn create_management_key(
    member: InOrganization<Admin>,
    body: Creation<CreateManagementKey>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let input = NewManagementKey {
        name: display_name(&body.name)?,
        role: body.role,
        expires_at: body.expires_at,
    };
    let (by, organization) = (member.role, member.organization);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (key, secret) = management_keys::create(tx, by, input).await?;
                let location = format!("/api/v1/organizations/{organization}/management-keys/{}", key.id);
                let revision = key.revision;
                let shown = ManagementKeyWithSecret {
                    key: key.into(),
                    secret: secret.expose().to_owned(),
                };
                Ok(Reply::created(location, &shown)?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a management key
#[utoipa::path(
    operation_id = "get_management_key", tag = "management keys",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("management_key" = String, Path, description = "Id of the key"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The key", body = ManagementKey),
    )
)]
#[get("/organizations/{org}/management-keys/{management_key}")]
pub(super) async fn get_management_key(
    member: InOrganization<Admin>,
    id: PathId<ManagementKeyId>,
) -> Result<Reply> {
    let (organization, id) = (member.organization, id.0);
    let row = member
        .find(move |connection| rows::find(connection, organization, id).boxed())
        .await?;
    Reply::state(row.revision, &ManagementKey::from(row))
}

/// Revoke a management key
///
/// It stops working at once and cannot be brought back. Only owners revoke keys that act as owners.
#[utoipa::path(
    operation_id = "revoke_management_key", tag = "management keys",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("management_key" = String, Path, description = "Id of the key"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Revoked"),
    )
)]
#[delete("/organizations/{org}/management-keys/{management_key}")]
pub(super) async fn revoke_management_key(
    member: InOrganization<Admin>,
    id: PathId<ManagementKeyId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let (by, id) = (member.role, id.0);
    member
        .caller
        .remove(move |tx| async move { management_keys::revoke(tx, by, id, &if_match).await }.boxed())
        .await
}
