//! What workers ask for: where the configuration stands, the whole of it, what changed, and a place to report to; and what
//! they hand on for their callers ([`account`]). Not in the public document; every handler proves the worker.

mod config;
mod heartbeat;
mod snapshot;

use actix_web::http::Method;
use sluicegate_service_runtime::endpoints::Endpoints;

use crate::api::account;

/// The operations under `/internal/v1`.
pub fn operations(endpoints: Endpoints<'_>) -> Endpoints<'_> {
    account::operations(endpoints)
        .on(Method::GET, "/internal/v1/head", config::head)
        .on(Method::GET, "/internal/v1/deltas", config::deltas)
        .on(Method::GET, "/internal/v1/snapshot", snapshot::snapshot)
        .on(Method::POST, "/internal/v1/heartbeat", heartbeat::heartbeat)
}
