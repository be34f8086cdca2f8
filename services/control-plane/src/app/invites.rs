//! Invitations: a token for one address and one role, accepted once by the person with that address.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use sluicegate_contracts::ids::{InviteId, MembershipId, UserId};
use sluicegate_service_runtime::ids;
use time::Duration;

use super::Tx;
use crate::codes::Code;
use crate::domain::identity::Email;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::invites::{self, Invite};
use crate::store::{memberships, users};

const LIFE: Duration = Duration::days(7);

fn hash(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret().as_bytes()).into()
}

/// Invites `email` as `role`; `by` is the role of whoever asks. An earlier invitation to the address ends.
///
/// # Errors
/// `forbidden`, `already_member`.
pub async fn create(tx: &mut Tx, by: Role, email: &Email, role: Role) -> Result<(Invite, SecretString)> {
    if !by.may_manage(role) {
        let detail = format!("You are {}; only owners invite {}s.", by.as_str(), role.as_str());
        return Err(Error::new(Code::Forbidden, detail));
    }
    let organization = tx.organization()?;
    if invites::is_member(tx.connection(), organization, email.as_str()).await? {
        return Err(Error::new(
            Code::AlreadyMember,
            "This person already belongs to the organization.",
        ));
    }
    let token = SecretString::from(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
    let now = tx.ctx().now;
    let invite = Invite {
        id: ids::fresh(),
        organization,
        email: email.as_str().to_owned(),
        role,
        created_at: now,
        expires_at: now + LIFE,
    };
    let by = tx.ctx().user().map(UserId::as_uuid);
    invites::replace(tx.connection(), &invite, &hash(&token), by).await?;
    tx.audit(
        "invite.create",
        invite.id,
        &json!({ "email": invite.email, "role": role }),
    );
    Ok((invite, token))
}

/// Takes an invitation back.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn revoke(tx: &mut Tx, by: Role, id: InviteId) -> Result<()> {
    let organization = tx.organization()?;
    let invite = invites::find(tx.connection(), organization, id)
        .await?
        .ok_or_else(Error::not_found)?;
    if !by.may_manage(invite.role) {
        return Err(Error::new(Code::Forbidden, "Only owners decide about owners."));
    }
    invites::delete(tx.connection(), id).await?;
    tx.audit("invite.revoke", id, &json!({ "email": invite.email }));
    Ok(())
}

/// The invitation of a token, when it is for the person with the id `user`.
///
/// # Errors
/// `not_found`, `invite_expired`, `forbidden`.
pub async fn find(state: &AppState, token: SecretString, user: UserId) -> Result<Invite> {
    let token_hash = hash(&token);
    let (invite, person) = state
        .within(Scope::System, move |connection| {
            async move {
                let invite = invites::find_by_token(connection, &token_hash).await?;
                Ok((invite, users::find(connection, user).await?))
            }
            .boxed()
        })
        .await?;
    let invite = invite.ok_or_else(Error::not_found)?;
    if person.is_none_or(|person| person.email != invite.email) {
        return Err(Error::new(
            Code::Forbidden,
            "This invitation is for another email address.",
        ));
    }
    if invite.expires_at <= state.now()? {
        return Err(Error::new(Code::InviteExpired, "Ask for a new invitation."));
    }
    Ok(invite)
}

/// Makes the acting person a member. The transaction acts for the invitation's organization.
///
/// # Errors
/// `not_found` when it was just used or taken back, `already_member`.
pub async fn accept(tx: &mut Tx, user: UserId, invite: &Invite) -> Result<MembershipId> {
    if !invites::delete(tx.connection(), invite.id).await? {
        return Err(Error::not_found());
    }
    let id = ids::fresh();
    let now = tx.ctx().now;
    memberships::insert(tx.connection(), id, invite.organization, user, invite.role, now).await?;
    tx.audit(
        "member.join",
        id,
        &json!({ "user": user, "role": invite.role, "invite": invite.id }),
    );
    Ok(id)
}
