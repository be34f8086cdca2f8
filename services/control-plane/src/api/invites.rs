//! Invitations to an organization.

use actix_web::{delete, get, post};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{InviteId, MembershipId, OrganizationId};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Admin, Creation, InOrganization, PageQuery, PathId, Session};
use super::reply::Reply;
use super::shapes::{Page, secret};
use crate::app::invites;
use crate::domain::identity::Email;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::invites as rows;

/// An invitation that is not accepted yet.
#[derive(Serialize, ToSchema)]
struct Invite {
    /// Its id.
    #[schema(value_type = String, example = "inv_01jd0000000000000000000000")]
    id: InviteId,
    /// Who is invited.
    #[schema(example = "grace@example.com")]
    email: String,
    /// As what.
    role: Role,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when it can be accepted.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl From<rows::Invite> for Invite {
    fn from(row: rows::Invite) -> Self {
        Self {
            id: row.id,
            email: row.email,
            role: row.role,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// A new invitation and the token that accepts it, shown once.
#[derive(Serialize, ToSchema)]
struct InviteWithToken {
    /// The invitation.
    #[serde(flatten)]
    invite: Invite,
    /// Give it to the invited person; it is not shown again.
    accept_token: String,
}

/// Who to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateInvite {
    /// Mail address of the person; only they can accept.
    #[schema(example = "grace@example.com")]
    email: String,
    /// As what.
    role: Role,
}

/// Proof of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptInvite {
    /// The token of the invitation.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String)]
    token: SecretString,
}

/// The membership an invitation led to.
#[derive(Serialize, ToSchema)]
struct AcceptedInvite {
    /// Id of the membership.
    #[schema(value_type = String, example = "mem_01jd0000000000000000000000")]
    id: MembershipId,
    /// The organization joined.
    #[schema(value_type = String, example = "org_01jd0000000000000000000000")]
    organization: OrganizationId,
    /// As what.
    role: Role,
}

/// List open invitations
#[utoipa::path(
    operation_id = "list_invites", tag = "organizations",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The invitations, newest first", body = Page<Invite>),
    )
)]
#[get("/organizations/{org}/invites")]
pub(super) async fn list_invites(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    let (id, before, fetch) = (member.organization, page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, id, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, Invite::from)?)
}

/// Invite somebody
///
/// An earlier invitation to the same address ends. Only owners invite owners.
#[utoipa::path(
    operation_id = "create_invite", tag = "organizations", request_body = CreateInvite,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Invited; the token is shown once", body = InviteWithToken),
    )
)]
#[post("/organizations/{org}/invites")]
pub(super) async fn create_invite(
    member: InOrganization<Admin>,
    body: Creation<CreateInvite>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let email = Email::parse(&body.email, "/email").map_err(|finding| Error::validation(vec![finding]))?;
    let (by, organization) = (member.role, member.organization);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (invite, token) = invites::create(tx, by, &email, body.role).await?;
                let location = format!("/api/v1/organizations/{organization}/invites/{}", invite.id);
                let accept_token = token.expose_secret().to_owned();
                Reply::created(
                    location,
                    &InviteWithToken {
                        invite: invite.into(),
                        accept_token,
                    },
                )
            }
            .boxed()
        })
        .await
}

/// Take an invitation back
#[utoipa::path(
    operation_id = "revoke_invite", tag = "organizations",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("invite" = String, Path, description = "Id of the invitation"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 204, description = "Taken back"),
    )
)]
#[delete("/organizations/{org}/invites/{invite}")]
pub(super) async fn revoke_invite(member: InOrganization<Admin>, id: PathId<InviteId>) -> Result<Reply> {
    let (by, id) = (member.role, id.0);
    member
        .caller
        .remove(move |tx| async move { invites::revoke(tx, by, id).await }.boxed())
        .await
}

/// Accept an invitation
///
/// You must be signed in with the address the invitation is for.
#[utoipa::path(
    operation_id = "accept_invite", tag = "organizations", request_body = AcceptInvite,
    params(("Idempotency-Key" = Option<String>, Header, description = "Accept at most once per key, for 24 hours")),
    responses(
        (status = 201, description = "Joined", body = AcceptedInvite),
    )
)]
#[post("/invites/accept")]
pub(super) async fn accept_invite(session: Session, body: Creation<AcceptInvite>) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let user = session.user;
    let invite = invites::find(&session.state, body.token, user).await?;
    session
        .acting_for(invite.organization)
        .create(once, move |tx| {
            async move {
                let id = invites::accept(tx, user, &invite).await?;
                let (organization, role) = (invite.organization, invite.role);
                let location = format!("/api/v1/organizations/{organization}/members/{id}");
                Reply::created(
                    location,
                    &AcceptedInvite {
                        id,
                        organization,
                        role,
                    },
                )
            }
            .boxed()
        })
        .await
}
