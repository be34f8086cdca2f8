//! Where workers report what they serve from.

use actix_web::HttpResponse;
use futures_util::FutureExt;
use sluicegate_contracts::worker::Heartbeat;

use crate::api::extract::Json;
use crate::api::extract::worker::Worker;
use crate::error::{Error, Result};
use crate::store::database::Scope;
use crate::store::workers;

/// A report names the newest refusals only.
const MAX_REFUSALS: usize = 20;

pub(super) async fn heartbeat(worker: Worker, body: Json<Heartbeat>) -> Result<HttpResponse> {
    let heartbeat = body.checked()?;
    if heartbeat.refused.len() > MAX_REFUSALS {
        return Err(Error::field("/refused", "too_many", "Name the newest 20."));
    }
    let now = worker.state.now()?;
    worker
        .state
        .within(Scope::System, move |connection| {
            async move { workers::beat(connection, &heartbeat, now).await }.boxed()
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
