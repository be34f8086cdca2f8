//! The route table, nothing else. Handlers live in one file per resource, with their request and response shapes.

mod auth;
pub mod await_applied;
mod connection_tests;
mod deployment;
pub mod extract;
mod idempotent;
pub mod internal;
mod me;
mod models;
mod money;
pub mod reply;
mod requests;
pub mod shapes;
mod usage;
mod version;

use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every public operation. The OpenAPI document is made from the same table.
pub fn operations(config: &mut ServiceConfig<'_>) {
    config.service(
        scope("/api/v1")
            .service(auth::sign_up)
            .service(auth::sign_in)
            .service(auth::refresh)
            .service(auth::sign_out)
            .service(me::me)
            .service(connection_tests::test_connection)
            .service(models::list_providers)
            .service(models::list_models)
            .service(models::get_model)
            .service(requests::list_requests)
            .service(requests::get_request)
            .service(usage::get_usage)
            .service(deployment::get_deployment)
            .service(version::version),
    );
}
