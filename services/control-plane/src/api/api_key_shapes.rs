//! What inference keys look like in REST: shown, with the secret that is shown once, and written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::ApiKeyStatus;
use sluicegate_contracts::ids::{ApiKeyId, UserId};
use sluicegate_credentials::ApiKeySecret;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::constraint_shapes::{Constraints, WriteConstraints};
use super::shapes::nullable_time;
use crate::store::api_keys as rows;

/// Whether a key works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyStatus {
    /// It works.
    Active,
    /// It is switched off.
    Disabled,
    /// Its time is over, or that of a key it derives from.
    Expired,
    /// A key it derives from is switched off.
    HeldBack,
}

/// An inference key.
#[derive(Serialize, ToSchema)]
pub(super) struct Key {
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
    /// Models it may ask for: exact names, or beginnings followed by `*`. Empty means all. A key that derives from another
    /// may only ask for those that the other may ask for too.
    allowed_models: Vec<String>,
    /// What every endpoint must satisfy that serves its calls. What the keys it derives from demand holds too.
    constraints: Constraints,
    /// Id of the key it derives from.
    #[schema(value_type = Option<String>, required = true, example = "key_01jd0000000000000000000000")]
    parent: Option<ApiKeyId>,
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
    pub(super) fn of(row: rows::ApiKey, now: OffsetDateTime) -> Self {
        let ends = [row.grants.expires_at, row.ancestors_expire_at];
        let expired = ends.into_iter().flatten().any(|at| at <= now);
        let status = match row.status {
            ApiKeyStatus::Active if row.is_held_back => KeyStatus::HeldBack,
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
            constraints: Constraints::from(&row.grants.constraints),
            allowed_models: row.grants.allowed_models,
            parent: row.ancestors.first().copied(),
            created_at: row.created_at,
            created_by: row.created_by,
            expires_at: row.grants.expires_at,
            previous_secret_valid_until: previous,
            last_used_at: row.last_used_at,
        }
    }
}

/// An inference key together with its secret, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyWithSecret {
    /// The key.
    #[serde(flatten)]
    key: Key,
    /// Send as `Authorization: Bearer`; it is not shown again.
    #[schema(example = "sk-sg-…")]
    secret: String,
}

impl KeyWithSecret {
    pub(super) fn of(row: rows::ApiKey, secret: &ApiKeySecret, now: OffsetDateTime) -> Self {
        Self {
            key: Key::of(row, now),
            secret: secret.expose().to_owned(),
        }
    }
}

/// A new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateKey {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100, example = "backend")]
    pub(super) name: String,
    /// When it stops working; absent or null means never.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(super) expires_at: Option<OffsetDateTime>,
    /// Models it may ask for; absent or empty means all.
    #[serde(default)]
    pub(super) allowed_models: Vec<String>,
    /// What every endpoint must satisfy that serves its calls.
    pub(super) constraints: Option<WriteConstraints>,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateKey {
    /// Its name for people.
    pub(super) name: Option<String>,
    /// When it stops working; null means never.
    #[serde(default, deserialize_with = "nullable_time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Option<OffsetDateTime>>,
    /// Models it may ask for; empty means all.
    pub(super) allowed_models: Option<Vec<String>>,
    /// What every endpoint must satisfy that serves its calls; takes the place of what was demanded.
    pub(super) constraints: Option<WriteConstraints>,
}
