//! Where the configuration stands, and what came after a version.

use actix_web::{HttpResponse, web};
use futures_util::FutureExt;
use serde::Deserialize;
use sluicegate_contracts::event::ConfigVersion;
use sluicegate_contracts::snapshot::Deltas;

use crate::api::extract::worker::Worker;
use crate::error::Result;
use crate::store::database::Scope;
use crate::store::{config, outbox, snapshot};

/// Events in one answer; a worker asks again for more.
const PAGE: i64 = 1_000;
/// Beyond this a snapshot is cheaper than the events.
const TOO_FAR_BEHIND: u64 = 10_000;

pub(super) async fn head(worker: Worker) -> Result<HttpResponse> {
    let head = worker
        .state
        .within(Scope::System, |connection| config::head(connection).boxed())
        .await?;
    Ok(HttpResponse::Ok().json(head))
}

#[derive(Deserialize)]
pub(super) struct After {
    after: u64,
}

pub(super) async fn deltas(worker: Worker, query: web::Query<After>) -> Result<HttpResponse> {
    let after = ConfigVersion(query.after);
    let deltas = worker
        .state
        .within(Scope::System, move |connection| {
            async move {
                snapshot::freeze(connection).await?;
                let at = config::head(connection).await?;
                // A worker ahead of us has seen a database that is gone.
                let behind = at.version.0.checked_sub(after.0);
                if behind.is_none_or(|behind| behind > TOO_FAR_BEHIND) {
                    return Ok(Deltas::SnapshotNeeded { head: at });
                }
                Ok(match outbox::after(connection, after, PAGE).await? {
                    Some(events) if !events.is_empty() || after == at.version => {
                        Deltas::Events { head: at, events }
                    }
                    Some(_) | None => Deltas::SnapshotNeeded { head: at },
                })
            }
            .boxed()
        })
        .await?;
    Ok(HttpResponse::Ok().json(deltas))
}
