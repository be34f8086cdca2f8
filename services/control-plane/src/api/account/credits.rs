//! `GET /credits`: what credit an organization ever had, and how much of it is used. Takes a management key.

use futures_util::FutureExt;
use serde::Serialize;

use super::shapes::{Data, dollars};
use crate::api::billing::is_sold;
use crate::api::extract::account::Account;
use crate::api::reply::Reply;
use crate::domain::role::Role;
use crate::error::Result;
use crate::store::credits::{self, Standing};

/// The balance is what lies between the two.
#[derive(Serialize)]
struct Credits {
    total_credits: f64,
    total_usage: f64,
}

impl From<Standing> for Credits {
    fn from(standing: Standing) -> Self {
        Self {
            total_credits: dollars(standing.granted),
            total_usage: dollars(standing.used),
        }
    }
}

pub(super) async fn credits(account: Account) -> Result<Reply> {
    let organization = account.manager(Role::Viewer)?.organization;
    let caller = account.caller();
    is_sold(&caller.state)?;
    let now = caller.ctx.now;
    let standing = caller
        .read(move |connection| credits::standing(connection, organization, now).boxed())
        .await?;
    Reply::ok(&Data {
        data: Credits::from(standing),
    })
}
