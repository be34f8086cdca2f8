//! Inference keys. The secret leaves this module once, to whoever made or rotated the key.

use serde_json::json;
use sluicegate_contracts::config::{ApiKeyStatus, Entity, EntityKind};
use sluicegate_contracts::ids::{ApiKeyId, ProjectId};
use sluicegate_credentials::{ApiKeySecret, KeyKind};
use sluicegate_service_runtime::ids;
use time::Duration;

use super::{Tx, constraints};
use crate::domain::identity::DisplayName;
use crate::domain::key_grants::{GrantChanges, KeyGrants};
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::store::api_keys::{self, ApiKey, PreviousSecret};
use crate::store::{Lock, budget_relations, derived_keys};

/// What a key is made from.
#[derive(Debug)]
pub struct NewKey {
    /// Its name for people.
    pub name: DisplayName,
    /// What it may do; what is absent is not limited.
    pub grants: GrantChanges,
}

/// What shall change.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<DisplayName>,
    /// What it may do.
    pub grants: GrantChanges,
}

/// A new key and its secret.
///
/// # Errors
/// `validation_failed`.
pub async fn create(tx: &mut Tx, project: ProjectId, input: NewKey) -> Result<(ApiKey, ApiKeySecret)> {
    let now = tx.ctx().now;
    let grants = KeyGrants::default().changed(input.grants, &[], now);
    let grants = grants.map_err(Error::validation)?;
    constraints::check_key(tx, project, &grants.constraints).await?;
    let (key, secret) = insert(tx, project, input.name, grants, Vec::new()).await?;
    tx.audit(
        "key.create",
        key.id,
        &json!({ "name": key.name, "project": project, "constraints": key.grants.constraints }),
    );
    Ok((key, secret))
}

/// Adds a key and publishes it. Its maker has checked what it is given.
pub(super) async fn insert(
    tx: &mut Tx,
    project: ProjectId,
    name: DisplayName,
    grants: KeyGrants,
    ancestors: Vec<ApiKeyId>,
) -> Result<(ApiKey, ApiKeySecret)> {
    let secret = ApiKeySecret::mint(KeyKind::Inference, rand::random());
    let key = ApiKey {
        id: ids::fresh(),
        organization: tx.organization()?,
        project,
        name: name.as_str().to_owned(),
        hint: secret.hint(),
        digest: tx.state().key_hasher.digest(secret.expose()),
        previous: None,
        status: ApiKeyStatus::Active,
        grants,
        ancestors,
        is_held_back: false,
        ancestors_expire_at: None,
        last_used_at: None,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: tx.ctx().now,
    };
    api_keys::insert(tx.connection(), &key).await?;
    tx.publish(&Entity::ApiKey(key.published()))?;
    Ok((key, secret))
}

async fn locked(tx: &mut Tx, project: ProjectId, id: ApiKeyId, if_match: &IfMatch) -> Result<ApiKey> {
    let found = api_keys::find(tx.connection(), project, id, Lock::ForUpdate).await?;
    let key = found.ok_or_else(Error::not_found)?;
    if_match.check(key.revision)?;
    Ok(key)
}

async fn save(tx: &mut Tx, key: &mut ApiKey, action: &str, detail: &serde_json::Value) -> Result<()> {
    api_keys::update(tx.connection(), key).await?;
    tx.audit(action, key.id, detail);
    tx.publish(&Entity::ApiKey(key.published()))
}

/// Changes what a key is called, may do, and how long.
///
/// # Errors
/// `not_found`, `validation_failed`, `version_conflict`.
pub async fn update(
    tx: &mut Tx,
    project: ProjectId,
    id: ApiKeyId,
    changes: Changes,
    if_match: &IfMatch,
) -> Result<ApiKey> {
    let mut key = locked(tx, project, id, if_match).await?;
    let above = derived_keys::hold(tx.connection(), project, &key.ancestors).await?;
    let above: Vec<KeyGrants> = above.into_iter().map(|one| one.grants).collect();
    let demands_otherwise = changes.grants.constraints.is_some();
    let changed = key.grants.changed(changes.grants, &above, tx.ctx().now);
    key.grants = changed.map_err(Error::validation)?;
    if demands_otherwise {
        constraints::check_key(tx, project, &key.grants.constraints).await?;
    }
    if let Some(name) = changes.name {
        name.as_str().clone_into(&mut key.name);
    }
    let detail = json!({
        "name": key.name,
        "allowed_models": key.grants.allowed_models,
        "constraints": key.grants.constraints,
    });
    save(tx, &mut key, "key.update", &detail).await?;
    Ok(key)
}

/// Gives a key a new secret. The one before it works on for `overlap`; one before that stops at once.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn rotate(
    tx: &mut Tx,
    project: ProjectId,
    id: ApiKeyId,
    overlap: Duration,
    if_match: &IfMatch,
) -> Result<(ApiKey, ApiKeySecret)> {
    let mut key = locked(tx, project, id, if_match).await?;
    let secret = ApiKeySecret::mint(KeyKind::Inference, rand::random());
    let replaced = std::mem::replace(&mut key.digest, tx.state().key_hasher.digest(secret.expose()));
    key.hint = secret.hint();
    key.previous = (!overlap.is_zero()).then(|| PreviousSecret {
        digest: replaced,
        valid_until: tx.ctx().now + overlap,
    });
    let detail = json!({ "overlap_seconds": overlap.whole_seconds() });
    save(tx, &mut key, "key.rotate", &detail).await?;
    Ok((key, secret))
}

/// Switches a key on or off.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn switch(
    tx: &mut Tx,
    project: ProjectId,
    id: ApiKeyId,
    status: ApiKeyStatus,
    if_match: &IfMatch,
) -> Result<ApiKey> {
    let mut key = locked(tx, project, id, if_match).await?;
    if key.status == status {
        return Ok(key);
    }
    key.status = status;
    let action = match status {
        ApiKeyStatus::Active => "key.enable",
        ApiKeyStatus::Disabled => "key.disable",
    };
    save(tx, &mut key, action, &json!({})).await?;
    Ok(key)
}

/// Ends a key for good, and with it the keys that derive from it and the budgets over them.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn revoke(tx: &mut Tx, project: ProjectId, id: ApiKeyId, if_match: &IfMatch) -> Result<()> {
    let key = locked(tx, project, id, if_match).await?;
    let now = tx.ctx().now;
    api_keys::revoke(tx.connection(), id, now).await?;
    let mut ended = derived_keys::revoke(tx.connection(), id, now).await?;
    tx.audit(
        "key.revoke",
        id,
        &json!({ "name": key.name, "derived": ended.len() }),
    );
    ended.push(id);
    for budget in budget_relations::delete_of_keys(tx.connection(), &ended, now).await? {
        tx.retract(EntityKind::Budget, budget.as_uuid());
    }
    for key in ended {
        tx.retract(EntityKind::ApiKey, key.as_uuid());
    }
    Ok(())
}
