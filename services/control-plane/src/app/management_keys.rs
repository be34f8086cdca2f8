//! Management keys: programs act with them as members of a role do. People make them, and a key never makes another, so
//! that revoking one ends what was done with it.

use serde_json::json;
use sluicegate_contracts::ids::ManagementKeyId;
use sluicegate_credentials::{ApiKeySecret, KeyKind};
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;

use super::{Actor, Tx};
use crate::codes::Code;
use crate::domain::identity::DisplayName;
use crate::domain::precondition::IfMatch;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::management_keys::{self, ManagementKey};

/// Most keys of an organization.
const MAX_KEYS: i64 = 100;

/// What a key is made from.
#[derive(Debug)]
pub struct NewManagementKey {
    /// Its name for people.
    pub name: DisplayName,
    /// As what it acts.
    pub role: Role,
    /// When it stops working.
    pub expires_at: Option<OffsetDateTime>,
}

fn may_decide(by: Role, about: Role) -> Result<()> {
    if by.may_manage(about) {
        return Ok(());
    }
    let detail = format!("You are {}; this takes an owner.", by.as_str());
    Err(Error::new(Code::Forbidden, detail))
}

/// A new key and its secret.
///
/// # Errors
/// `forbidden` for a role above the maker's and for makers that are no people, `validation_failed`, `conflict` when there
/// are too many.
pub async fn create(tx: &mut Tx, by: Role, input: NewManagementKey) -> Result<(ManagementKey, ApiKeySecret)> {
    match tx.ctx().actor {
        Actor::User(_) => {}
        Actor::ManagementKey(_) | Actor::ApiKey(_) | Actor::System(_) => {
            let detail = "Management keys are made by people: sign in.";
            return Err(Error::new(Code::Forbidden, detail));
        }
    }
    may_decide(by, input.role)?;
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    if input.expires_at.is_some_and(|at| at <= now) {
        let detail = "Choose a time in the future.";
        return Err(Error::field("/expires_at", "in_the_past", detail));
    }
    if management_keys::count(tx.connection(), organization).await? >= MAX_KEYS {
        let detail = "An organization has at most 100 management keys; revoke one first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let secret = ApiKeySecret::mint(KeyKind::Management, rand::random());
    let key = ManagementKey {
        id: ids::fresh(),
        organization,
        name: input.name.as_str().to_owned(),
        hint: secret.hint(),
        role: input.role,
        expires_at: input.expires_at,
        last_used_at: None,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: now,
    };
    let digest = tx.state().key_hasher.digest(secret.expose());
    management_keys::insert(tx.connection(), &key, digest).await?;
    let detail = json!({ "name": key.name, "role": key.role });
    tx.audit("management_key.create", key.id, &detail);
    Ok((key, secret))
}

/// Ends a key for good, at once.
///
/// # Errors
/// `not_found`, `forbidden`, `version_conflict`.
pub async fn revoke(tx: &mut Tx, by: Role, id: ManagementKeyId, if_match: &IfMatch) -> Result<()> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let key = management_keys::find(tx.connection(), organization, id).await?;
    let key = key.ok_or_else(Error::not_found)?;
    if_match.check(key.revision)?;
    may_decide(by, key.role)?;
    management_keys::revoke(tx.connection(), id, now).await?;
    tx.audit("management_key.revoke", id, &json!({ "name": key.name }));
    Ok(())
}
