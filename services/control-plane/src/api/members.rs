//! Members of an organization and their roles.

use actix_web::{delete, get, patch};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::MembershipId;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Admin, InOrganization, Json, PageQuery, PathId, Viewer};
use super::me::User;
use super::reply::Reply;
use super::shapes::Page;
use crate::app::members;
use crate::domain::precondition::IfMatch;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::memberships as rows;

/// A person's place in an organization.
#[derive(Serialize, ToSchema)]
struct Member {
    /// Its id.
    #[schema(value_type = String, example = "mem_01jd0000000000000000000000")]
    id: MembershipId,
    /// Who.
    user: User,
    /// As what.
    role: Role,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<rows::Membership> for Member {
    fn from(row: rows::Membership) -> Self {
        Self {
            id: row.id,
            user: row.user.into(),
            role: row.role,
            created_at: row.created_at,
        }
    }
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateMember {
    /// The new role.
    role: Role,
}

fn shown(row: rows::Membership) -> Result<Reply> {
    Reply::state(row.revision, &Member::from(row))
}

/// List members
#[utoipa::path(
    operation_id = "list_members", tag = "organizations",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The members, newest first", body = Page<Member>),
    )
)]
#[get("/organizations/{org}/members")]
pub(super) async fn list_members(member: InOrganization<Viewer>, page: PageQuery) -> Result<Reply> {
    let (id, before, fetch) = (member.organization, page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, id, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, Member::from)?)
}

/// Read a member
#[utoipa::path(
    operation_id = "get_member", tag = "organizations",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("member" = String, Path, description = "Id of the membership"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The member", body = Member),
    )
)]
#[get("/organizations/{org}/members/{member}")]
pub(super) async fn get_member(caller: InOrganization<Viewer>, id: PathId<MembershipId>) -> Result<Reply> {
    let (organization, id) = (caller.organization, id.0);
    let row = caller
        .find(move |connection| rows::find(connection, organization, id).boxed())
        .await?;
    shown(row)
}

/// Change a member's role
///
/// Only owners make, change or remove owners. An organization keeps at least one.
#[utoipa::path(
    operation_id = "update_member", tag = "organizations", request_body = UpdateMember,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("member" = String, Path, description = "Id of the membership"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The member as changed", body = Member),
    )
)]
#[patch("/organizations/{org}/members/{member}")]
pub(super) async fn update_member(
    caller: InOrganization<Admin>,
    id: PathId<MembershipId>,
    if_match: IfMatch,
    body: Json<UpdateMember>,
) -> Result<Reply> {
    let role = body.checked()?.role;
    let (by, id) = (caller.role, id.0);
    caller
        .caller
        .change(
            move |tx| async move { members::set_role(tx, by, id, role, &if_match).await }.boxed(),
            shown,
        )
        .await
}

/// Remove a member
///
/// Everybody may remove themselves; others are removed by admins. An organization keeps at least one owner.
#[utoipa::path(
    operation_id = "remove_member", tag = "organizations",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("member" = String, Path, description = "Id of the membership"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Removed"),
    )
)]
#[delete("/organizations/{org}/members/{member}")]
pub(super) async fn remove_member(
    caller: InOrganization<Viewer>,
    id: PathId<MembershipId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let user = caller.ctx.user().ok_or_else(Error::not_found)?;
    let (by, id) = ((user, caller.role), id.0);
    caller
        .caller
        .remove(move |tx| async move { members::remove(tx, by, id, &if_match).await }.boxed())
        .await
}
