//! Keys of the organization, each with one limit. They take a management key: of a viewer to read, of a developer to write.

use actix_web::web::Query;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId};
use time::{OffsetDateTime, UtcOffset};

use super::shapes::{Data, Key};
use crate::api::extract::account::Account;
use crate::api::extract::{Creation, Json, PathId};
use crate::api::reply::Reply;
use crate::api::shapes::{display_name, nullable, nullable_time};
use crate::app::api_keys::{self, NewKey};
use crate::app::key_accounts::{self, CapChanges, Changes};
use crate::domain::key_cap::LimitReset;
use crate::domain::key_grants::GrantChanges;
use crate::domain::precondition::IfMatch;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::api_keys::{self as rows, Listing};
use crate::store::{Connection, Lock, account_keys, referents};

/// Keys in one answer, as OpenRouter has it.
const PAGE: i64 = 100;

/// Which keys to list.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    include_disabled: Option<String>,
    #[serde(default)]
    offset: Option<u32>,
    #[serde(default)]
    workspace_id: Option<String>,
}

/// A new key. Fields that OpenRouter may add one day are left alone.
#[derive(Deserialize)]
pub(super) struct CreateKey {
    name: String,
    limit: Option<Number>,
    limit_reset: Option<LimitReset>,
    include_byok_in_limit: Option<bool>,
    #[serde(default, deserialize_with = "nullable_time")]
    expires_at: Option<Option<OffsetDateTime>>,
    workspace_id: Option<String>,
    creator_user_id: Option<Value>,
}

/// What shall change of a key.
#[derive(Deserialize)]
pub(super) struct UpdateKey {
    name: Option<String>,
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    limit: Option<Option<Number>>,
    #[serde(default, deserialize_with = "nullable")]
    limit_reset: Option<Option<LimitReset>>,
    include_byok_in_limit: Option<bool>,
}

/// A new key and its secret, shown once.
#[derive(Serialize)]
struct Created {
    data: Key,
    key: String,
}

#[derive(Serialize)]
struct Deleted {
    deleted: bool,
}

/// The project that a workspace stands for: the one that is named, else the organization's first.
async fn project_of(
    connection: &mut Connection,
    organization: OrganizationId,
    named: Option<&str>,
) -> Result<ProjectId> {
    let unknown = || {
        Error::field(
            "/workspace_id",
            "unknown_project",
            "The organization has no such project.",
        )
    };
    let found = match named {
        Some(named) => {
            let id = named.parse().map_err(|_| unknown())?;
            referents::project(connection, organization, id).await?
        }
        None => account_keys::first_project(connection, organization).await?,
    };
    found.ok_or_else(unknown)
}

/// The project of a key.
async fn owner(connection: &mut Connection, organization: OrganizationId, id: ApiKeyId) -> Result<ProjectId> {
    let found = referents::api_key(connection, organization, id).await?;
    found.map(|(_, project)| project).ok_or_else(Error::not_found)
}

fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| value == "true" || value == "1")
}

pub(super) async fn list(account: Account, query: Query<Wanted>) -> Result<Reply> {
    let organization = account.manager(Role::Viewer)?.organization;
    let (caller, query) = (account.caller(), query.into_inner());
    let now = caller.ctx.now;
    let keys = caller
        .read(move |connection| {
            async move {
                let project = project_of(connection, organization, query.workspace_id.as_deref()).await?;
                let listing = Listing {
                    before: None,
                    with_disabled: is_true(query.include_disabled.as_deref()),
                    offset: i64::from(query.offset.unwrap_or_default()),
                    limit: PAGE,
                };
                let found = rows::list(connection, project, listing).await?;
                key_accounts::of_keys(connection, organization, found, now).await
            }
            .boxed()
        })
        .await?;
    let data: Vec<Key> = keys.into_iter().map(Key::from).collect();
    Reply::ok(&Data { data })
}

pub(super) async fn create(account: Account, body: Creation<CreateKey>) -> Result<Reply> {
    let organization = account.manager(Role::Developer)?.organization;
    let (once, body) = body.checked()?;
    let name = display_name(&body.name)?;
    if body.creator_user_id.is_some_and(|user| !user.is_null()) {
        let detail = "A key made with a management key belongs to nobody in particular: leave it out.";
        return Err(Error::field("/creator_user_id", "unsupported", detail));
    }
    let expires_at = body.expires_at.flatten();
    if expires_at.is_some_and(|at| at.offset() != UtcOffset::UTC) {
        return Err(Error::field("/expires_at", "not_utc", "Use a time in UTC."));
    }
    let input = NewKey {
        name,
        grants: GrantChanges {
            expires_at: Some(expires_at),
            allowed_models: None,
            constraints: None,
        },
    };
    let cap = CapChanges {
        limit: Some(body.limit),
        reset: Some(body.limit_reset),
        counts_own_connections: body.include_byok_in_limit,
    };
    account
        .caller()
        .create(once, move |tx| {
            async move {
                let named = body.workspace_id.as_deref();
                let project = project_of(tx.connection(), organization, named).await?;
                let (made, secret) = key_accounts::create(tx, project, input, cap).await?;
                let location = format!("/api/v1/keys/{}", made.key.id);
                let created = Created {
                    data: made.into(),
                    key: secret.expose().to_owned(),
                };
                Reply::created(location, &created)
            }
            .boxed()
        })
        .await
}

pub(super) async fn one(account: Account, id: PathId<ApiKeyId>) -> Result<Reply> {
    let organization = account.manager(Role::Viewer)?.organization;
    let (caller, id) = (account.caller(), id.0);
    let now = caller.ctx.now;
    let found = caller
        .find(move |connection| {
            async move {
                let project = owner(connection, organization, id).await?;
                match rows::find(connection, project, id, Lock::None).await? {
                    Some(key) => key_accounts::of_key(connection, key, now).await.map(Some),
                    None => Ok(None),
                }
            }
            .boxed()
        })
        .await?;
    Reply::ok(&Data {
        data: Key::from(found),
    })
}

pub(super) async fn update(account: Account, id: PathId<ApiKeyId>, body: Json<UpdateKey>) -> Result<Reply> {
    let organization = account.manager(Role::Developer)?.organization;
    let (body, id) = (body.checked()?, id.0);
    let changes = Changes {
        name: body.name.as_deref().map(display_name).transpose()?,
        disabled: body.disabled,
        cap: CapChanges {
            limit: body.limit,
            reset: body.limit_reset,
            counts_own_connections: body.include_byok_in_limit,
        },
    };
    account
        .caller()
        .change(
            move |tx| {
                async move {
                    let project = owner(tx.connection(), organization, id).await?;
                    key_accounts::update(tx, project, id, changes).await
                }
                .boxed()
            },
            |changed| {
                Reply::ok(&Data {
                    data: Key::from(changed),
                })
            },
        )
        .await
}

pub(super) async fn delete(account: Account, id: PathId<ApiKeyId>) -> Result<Reply> {
    let organization = account.manager(Role::Developer)?.organization;
    let id = id.0;
    account
        .caller()
        .change(
            move |tx| {
                async move {
                    let project = owner(tx.connection(), organization, id).await?;
                    api_keys::revoke(tx, project, id, &IfMatch::new(None)).await
                }
                .boxed()
            },
            |()| Reply::ok(&Deleted { deleted: true }),
        )
        .await
}
