//! Inference keys. The secret leaves this module once, to whoever made or rotated the key.

use serde_json::json;
use sluicegate_contracts::config::{ApiKeyStatus, Entity, EntityKind};
use sluicegate_contracts::ids::{ApiKeyId, ProjectId};
use sluicegate_credentials::{ApiKeySecret, KeyKind};
use sluicegate_service_runtime::ids;
use time::{Duration, OffsetDateTime};

use super::Tx;
use crate::domain::identity::DisplayName;
use crate::domain::model_pattern;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, FieldError, Result};
use crate::store::Lock;
use crate::store::api_keys::{self, ApiKey, PreviousSecret};

/// What a key is made from.
#[derive(Debug)]
pub struct NewKey {
    /// Its name for people.
    pub name: DisplayName,
    /// When it stops working.
    pub expires_at: Option<OffsetDateTime>,
    /// Model names it may ask for; empty means all.
    pub allowed_models: Vec<String>,
}

/// What shall change.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<DisplayName>,
    /// The end; `Some(None)` takes it away.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// The model names.
    pub allowed_models: Option<Vec<String>>,
}

fn check(expires_at: Option<OffsetDateTime>, models: Option<&[String]>, now: OffsetDateTime) -> Result<()> {
    let mut findings = Vec::new();
    if expires_at.is_some_and(|at| at <= now) {
        findings.push(FieldError::new(
            "/expires_at",
            "in_the_past",
            "Choose a time in the future.",
        ));
    }
    findings.extend(
        models
            .map(|models| model_pattern::findings(models, "/allowed_models"))
            .unwrap_or_default(),
    );
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Error::validation(findings))
    }
}

/// A new key and its secret.
///
/// # Errors
/// `validation_failed`.
pub async fn create(tx: &mut Tx, project: ProjectId, input: NewKey) -> Result<(ApiKey, ApiKeySecret)> {
    let now = tx.ctx().now;
    check(input.expires_at, Some(&input.allowed_models), now)?;
    let secret = ApiKeySecret::mint(KeyKind::Inference, rand::random());
    let key = ApiKey {
        id: ids::fresh(),
        organization: tx.organization()?,
        project,
        name: input.name.as_str().to_owned(),
        hint: secret.hint(),
        digest: tx.state().key_hasher.digest(secret.expose()),
        previous: None,
        status: ApiKeyStatus::Active,
        allowed_models: input.allowed_models,
        expires_at: input.expires_at,
        last_used_at: None,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: now,
    };
    api_keys::insert(tx.connection(), &key).await?;
    tx.audit(
        "key.create",
        key.id,
        &json!({ "name": key.name, "project": project }),
    );
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
    check(
        changes.expires_at.flatten(),
        changes.allowed_models.as_deref(),
        tx.ctx().now,
    )?;
    if let Some(name) = changes.name {
        name.as_str().clone_into(&mut key.name);
    }
    if let Some(expires_at) = changes.expires_at {
        key.expires_at = expires_at;
    }
    if let Some(models) = changes.allowed_models {
        key.allowed_models = models;
    }
    let detail = json!({ "name": key.name, "allowed_models": key.allowed_models });
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

/// Ends a key for good.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn revoke(tx: &mut Tx, project: ProjectId, id: ApiKeyId, if_match: &IfMatch) -> Result<()> {
    let key = locked(tx, project, id, if_match).await?;
    let now = tx.ctx().now;
    api_keys::revoke(tx.connection(), id, now).await?;
    tx.audit("key.revoke", id, &json!({ "name": key.name }));
    tx.retract(EntityKind::ApiKey, id.as_uuid());
    Ok(())
}
