//! The inference API over HTTP: the route table, thin handlers, and the one place where errors become documents.
//!
//! | path | file |
//! |---|---|
//! | `POST /v1/chat/completions`, `POST /v1/embeddings` | [`inference`] |
//! | `GET /v1/models`, `GET /v1/models/{id}` | [`models`] |
//! | `GET /v1/key` | [`key`] |
//! | `GET /`, `HEAD /`, everything unknown | [`root`] |
//! | `POST /internal/v1/connection-test` | [`connection_test`], for the control plane only |

mod arrival;
pub(crate) mod body;
mod connection_test;
mod inference;
mod key;
mod models;
mod render_error;
mod reply;
mod root;
pub mod server;

use actix_web::web::{self, ServiceConfig};

pub(crate) use arrival::{Arrival, Presented};

/// Adds every path of the inference API. `gateway` is that of the calling server thread.
pub fn routes(gateway: crate::pipeline::Gateway) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let wrong_method = || web::route().to(root::wrong_method);
        config
            .app_data(gateway)
            .service(
                web::resource("/v1/chat/completions")
                    .route(web::post().to(inference::chat_completions))
                    .default_service(wrong_method()),
            )
            .service(
                web::resource("/v1/embeddings")
                    .route(web::post().to(inference::embeddings))
                    .default_service(wrong_method()),
            )
            .service(
                web::resource("/v1/models")
                    .route(web::get().to(models::list))
                    .default_service(wrong_method()),
            )
            .service(
                web::resource("/v1/models/{id:.+}")
                    .route(web::get().to(models::one))
                    .default_service(wrong_method()),
            )
            .service(
                web::resource("/v1/key")
                    .route(web::get().to(key::own))
                    .default_service(wrong_method()),
            )
            .service(
                web::resource("/internal/v1/connection-test")
                    .route(web::post().to(connection_test::test))
                    .default_service(wrong_method()),
            )
            .service(
                web::resource("/")
                    .route(web::get().to(root::hello))
                    .route(web::head().to(root::hello))
                    .default_service(wrong_method()),
            )
            .default_service(web::route().to(root::unknown_path));
    }
}
