//! The route table, nothing else. Handlers live in one file per resource, with their request and response shapes.

mod auth;
pub mod extract;
mod idempotent;
mod me;
pub mod reply;
pub mod shapes;
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
            .service(version::version),
    );
}
