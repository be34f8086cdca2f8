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

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use sluicegate_service_runtime::endpoints::{Endpoints, PathMethods};

pub(crate) use arrival::{Arrival, Presented};

/// Adds every path of the inference API. `gateway` is that of the calling server thread.
pub fn routes(gateway: crate::pipeline::Gateway) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(gateway).default_service(web::to(root::elsewhere));
        Endpoints::new(config, PathMethods::new())
            .on(Method::POST, "/v1/chat/completions", inference::chat_completions)
            .on(Method::POST, "/v1/completions", inference::completions)
            .on(Method::POST, "/v1/embeddings", inference::embeddings)
            .on(Method::GET, "/v1/models", models::list)
            .on(Method::GET, "/v1/models/{id:.+}", models::one)
            .on(Method::GET, "/v1/key", key::own)
            .on(
                Method::POST,
                "/internal/v1/connection-test",
                connection_test::test,
            )
            .on(Method::GET, "/", root::hello)
            .on(Method::HEAD, "/", root::hello)
            .finish();
    }
}
