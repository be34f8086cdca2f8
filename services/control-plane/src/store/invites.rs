//! Invitations. The token is known to the invited person only; its hash is stored.

use sluicegate_contracts::ids::{InviteId, OrganizationId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::domain::role::Role;
use crate::error::{Error, Result};

/// An invitation.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Who is invited.
    pub email: String,
    /// As what.
    pub role: Role,
    /// When.
    pub created_at: OffsetDateTime,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    email: String,
    role: String,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl TryFrom<Row> for Invite {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            email: row.email,
            role: row.role.parse().map_err(Error::internal)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// Adds an invitation; an earlier one to the same address gives way.
///
/// # Errors
/// When Postgres refuses.
pub async fn replace(
    connection: &mut Connection,
    invite: &Invite,
    token_hash: &[u8; 32],
    created_by: Option<Uuid>,
) -> Result<()> {
    sqlx::query!(
        "delete from invites where organization_id = $1 and email = $2",
        invite.organization.as_uuid(),
        invite.email,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into invites (id, organization_id, email, role, token_hash, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        invite.id.as_uuid(),
        invite.organization.as_uuid(),
        invite.email,
        invite.role.as_str(),
        token_hash,
        created_by,
        invite.created_at,
        invite.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether somebody with this address already belongs to `organization`.
///
/// # Errors
/// When Postgres refuses.
pub async fn is_member(
    connection: &mut Connection,
    organization: OrganizationId,
    email: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
            select from memberships membership join users on users.id = membership.user_id
            where membership.organization_id = $1 and users.email = $2
        ) as "found!""#,
        organization.as_uuid(),
        email,
    )
    .fetch_one(connection)
    .await?)
}

/// The invitations of `organization`, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<InviteId>,
    limit: i64,
) -> Result<Vec<Invite>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, email, role, created_at, expires_at from invites
         where organization_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        organization.as_uuid(),
        before.map(InviteId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Invite::try_from)
    .collect()
}

/// The invitation with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: InviteId,
) -> Result<Option<Invite>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, email, role, created_at, expires_at from invites
         where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Invite::try_from)
    .transpose()
}

/// The invitation with this token. System scope only: the invited person is no member yet.
///
/// # Errors
/// When Postgres refuses.
pub async fn find_by_token(connection: &mut Connection, token_hash: &[u8; 32]) -> Result<Option<Invite>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, email, role, created_at, expires_at from invites where token_hash = $1",
        token_hash,
    )
    .fetch_optional(connection)
    .await?
    .map(Invite::try_from)
    .transpose()
}

/// Ends an invitation; false when somebody else already did.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: InviteId) -> Result<bool> {
    let done = sqlx::query!("delete from invites where id = $1", id.as_uuid())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
