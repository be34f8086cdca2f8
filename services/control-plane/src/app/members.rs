//! Members and their roles. An organization always keeps an owner, and only owners touch owners.

use serde_json::json;
use sluicegate_contracts::ids::{MembershipId, UserId};

use super::Tx;
use crate::codes::Code;
use crate::domain::precondition::IfMatch;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::memberships::{self, Membership};

fn beyond(role: Role, other: Role) -> Error {
    let detail = format!(
        "You are {}; only owners decide about {}s.",
        role.as_str(),
        other.as_str()
    );
    Error::new(Code::Forbidden, detail)
}

/// Refuses to take the ownership of the last owner. Locks the owners, so that two who leave at once see each other.
async fn keep_an_owner(tx: &mut Tx) -> Result<()> {
    let organization = tx.organization()?;
    if memberships::count_owners_for_update(tx.connection(), organization).await? > 1 {
        return Ok(());
    }
    Err(Error::new(Code::LastOwner, "Make somebody else an owner first."))
}

async fn find(tx: &mut Tx, id: MembershipId) -> Result<Membership> {
    let organization = tx.organization()?;
    memberships::find(tx.connection(), organization, id)
        .await?
        .ok_or_else(Error::not_found)
}

/// Changes a member's role; `by` is the role of whoever asks.
///
/// # Errors
/// `not_found`, `forbidden`, `last_owner`, `version_conflict`.
pub async fn set_role(
    tx: &mut Tx,
    by: Role,
    id: MembershipId,
    role: Role,
    if_match: &IfMatch,
) -> Result<Membership> {
    let mut member = find(tx, id).await?;
    for touched in [member.role, role] {
        if !by.may_manage(touched) {
            return Err(beyond(by, touched));
        }
    }
    if member.role == Role::Owner && role != Role::Owner {
        keep_an_owner(tx).await?;
        member = find(tx, id).await?;
    }
    if_match.check(member.revision)?;
    member.revision = memberships::set_role(tx.connection(), id, role).await?;
    tx.audit(
        "member.update",
        id,
        &json!({ "user": member.user.id, "from": member.role, "to": role }),
    );
    member.role = role;
    Ok(member)
}

/// Ends a membership. Everybody may end their own.
///
/// # Errors
/// `not_found`, `forbidden`, `last_owner`, `version_conflict`.
pub async fn remove(tx: &mut Tx, by: (UserId, Role), id: MembershipId, if_match: &IfMatch) -> Result<()> {
    let member = find(tx, id).await?;
    let (user, role) = by;
    if member.user.id != user && !role.may_manage(member.role) {
        return Err(beyond(role, member.role));
    }
    if_match.check(member.revision)?;
    if member.role == Role::Owner {
        keep_an_owner(tx).await?;
    }
    memberships::delete(tx.connection(), id).await?;
    tx.audit(
        "member.remove",
        id,
        &json!({ "user": member.user.id, "role": member.role }),
    );
    Ok(())
}
