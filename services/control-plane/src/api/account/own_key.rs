//! `GET /key`: what a caller may know of the key it sends.

use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::ids::UserId;
use time::OffsetDateTime;

use super::shapes::{Data, Limit, Spending};
use crate::api::extract::account::{Account, Presented};
use crate::api::reply::Reply;
use crate::app::key_accounts;
use crate::error::Result;
use crate::store::key_usage::KeyUsage;

/// The caller's key.
#[derive(Serialize)]
struct OwnKey {
    label: String,
    #[serde(flatten)]
    limit: Limit,
    #[serde(flatten)]
    spending: Spending,
    is_free_tier: bool,
    is_management_key: bool,
    is_provisioning_key: bool,
    creator_user_id: Option<UserId>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    rate_limit: RateLimit,
}

/// A part of the answer that clients of old still read.
#[derive(Serialize)]
struct RateLimit {
    requests: i32,
    interval: &'static str,
    note: &'static str,
}

const NO_RATE_LIMIT: RateLimit = RateLimit {
    requests: -1,
    interval: "10s",
    note: "This field is deprecated and safe to ignore.",
};

pub(super) async fn own_key(account: Account) -> Result<Reply> {
    let caller = account.caller();
    let shown = match account.key {
        Presented::Management(key) => OwnKey {
            label: key.hint,
            limit: Limit::none(),
            spending: KeyUsage::default().into(),
            is_free_tier: false,
            is_management_key: true,
            is_provisioning_key: true,
            creator_user_id: key.created_by,
            expires_at: key.expires_at,
            rate_limit: NO_RATE_LIMIT,
        },
        Presented::Inference(key) => {
            let now = caller.ctx.now;
            let account = caller
                .read(move |connection| key_accounts::of_key(connection, *key, now).boxed())
                .await?;
            OwnKey {
                limit: Limit::from(&account),
                spending: account.usage.into(),
                label: account.key.hint,
                is_free_tier: false,
                is_management_key: false,
                is_provisioning_key: false,
                creator_user_id: account.key.created_by,
                expires_at: account.key.grants.expires_at,
                rate_limit: NO_RATE_LIMIT,
            }
        }
    };
    Reply::ok(&Data { data: shown })
}
