//! The inference API over HTTP: the route table, thin handlers, and the one place where errors become documents.
//!
//! | path | file |
//! |---|---|
//! | everything that calls a model | [`inference`] |
//! | `POST /v1beta/models/{model}:{method}` | [`gemini`] |
//! | what counts tokens | [`count_tokens`] |
//! | `GET /v1/models`, `GET /v1/models/{id}` | [`models`] |
//! | `GET /v1/key` | [`key`] |
//! | `/api/v1/key`, `/api/v1/keys`, … | [`account`] |
//! | OpenAI's APIs and the list of models behind `/api/v1` | [`openrouter`] |
//! | `GET /`, `HEAD /`, everything unknown | [`root`] |
//! | `POST /internal/v1/connection-test` | [`connection_test`], for the control plane only |
//!
//! [`paths`] has the paths themselves, under all their prefixes.

mod account;
mod arrival;
pub(crate) mod body;
mod connection_test;
mod count_tokens;
mod gemini;
mod in_array;
mod inference;
mod key;
pub(crate) mod labels;
mod limit_headers;
mod models;
mod openrouter;
mod paths;
mod render_error;
mod reply;
mod root;
mod routing_headers;
pub mod server;
pub(crate) mod wishes;

use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{Handler, HttpRequest, HttpResponse};
use sluicegate_service_runtime::endpoints::{Endpoints, PathMethods};

pub(crate) use arrival::{Arrival, Presented};

use crate::pipeline::Api;

/// Adds every path of the inference API. `gateway` is that of the calling server thread.
pub fn routes(gateway: crate::pipeline::Gateway) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(gateway).default_service(web::to(root::elsewhere));
        let mut endpoints = Endpoints::new(config, PathMethods::new());
        for prefix in paths::OPENAI {
            for (path, api) in paths::OPENAI_APIS {
                let (api, path) = (paths::behind(prefix, api), format!("{prefix}{path}"));
                endpoints = if openrouter::has(prefix, api) {
                    endpoints.on(Method::POST, &path, openrouter::calls(api))
                } else {
                    endpoints.on(Method::POST, &path, calls(api))
                };
            }
        }
        // Cohere's own client.
        endpoints = endpoints.on(Method::POST, "/v2/rerank", calls(Api::Rerank));
        for prefix in paths::ANTHROPIC {
            endpoints = endpoints
                .on(Method::POST, &format!("{prefix}/messages"), calls(Api::Messages))
                .on(
                    Method::POST,
                    &format!("{prefix}/messages/count_tokens"),
                    counts(Api::CountMessageTokens),
                );
        }
        for prefix in paths::LISTS {
            endpoints = endpoints
                .on(Method::GET, &format!("{prefix}/models"), models::list)
                .on(Method::GET, &format!("{prefix}/models/{{id:.+}}"), models::one);
        }
        endpoints = endpoints
            .on(
                Method::GET,
                &format!("{}/models", paths::OPENROUTER),
                openrouter::models,
            )
            .on(
                Method::GET,
                &format!("{}/models/{{id:.+}}", paths::OPENROUTER),
                models::one,
            );
        for prefix in paths::OWN_KEY {
            endpoints = endpoints.on(Method::GET, &format!("{prefix}/key"), key::own);
        }
        for (method, path, resource) in account::RESOURCES {
            endpoints = endpoints.on(
                method,
                &format!("{}{path}", paths::ACCOUNT),
                account::on(resource),
            );
        }
        for prefix in paths::GEMINI {
            endpoints = endpoints.on(
                Method::POST,
                &format!("{prefix}/models/{{call:.+}}"),
                gemini::call,
            );
        }
        for prefix in paths::GEMINI_LISTS {
            endpoints = endpoints
                .on(Method::GET, &format!("{prefix}/models"), models::gemini_list)
                .on(
                    Method::GET,
                    &format!("{prefix}/models/{{id:.+}}"),
                    models::gemini_one,
                );
        }
        endpoints
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

/// The handler of an API that calls models.
fn calls(api: Api) -> impl Handler<(HttpRequest, Payload), Output = HttpResponse> {
    move |request: HttpRequest, payload: Payload| async move { inference::infer(&request, payload, api).await }
}

/// The handler of an API that counts tokens.
fn counts(api: Api) -> impl Handler<(HttpRequest, Payload), Output = HttpResponse> {
    move |request: HttpRequest, payload: Payload| async move { count_tokens::count(&request, payload, api).await }
}
