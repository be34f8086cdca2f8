//! What workers ask for: where the configuration stands, the whole of it, what changed, and a place to report to. Not in
//! the public document; every handler takes the `Worker` extractor.

mod config;
mod heartbeat;
mod snapshot;

use actix_web::dev::HttpServiceFactory;
use actix_web::web;

/// The operations under `/internal/v1`.
pub fn operations() -> impl HttpServiceFactory {
    web::scope("/internal/v1")
        .service(config::head)
        .service(config::deltas)
        .service(snapshot::snapshot)
        .service(heartbeat::heartbeat)
}
