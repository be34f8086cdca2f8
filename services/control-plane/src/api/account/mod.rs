//! The account API in the shapes of OpenRouter. Callers send it to a worker, which hands it on (decision 0017); it is not
//! part of the public document, because OpenRouter's describes it.

mod activity;
mod credits;
mod generation;
mod keys;
mod own_key;
mod shapes;

use actix_web::http::Method;
use sluicegate_service_runtime::endpoints::Endpoints;

const BASE: &str = "/internal/v1/account";

/// The operations under `/internal/v1/account`.
pub fn operations(endpoints: Endpoints<'_>) -> Endpoints<'_> {
    let (keys, key) = (format!("{BASE}/keys"), format!("{BASE}/keys/{{key}}"));
    endpoints
        .on(Method::GET, &format!("{BASE}/key"), own_key::own_key)
        .on(Method::GET, &keys, keys::list)
        .on(Method::POST, &keys, keys::create)
        .on(Method::GET, &key, keys::one)
        .on(Method::PATCH, &key, keys::update)
        .on(Method::DELETE, &key, keys::delete)
        .on(Method::GET, &format!("{BASE}/credits"), credits::credits)
        .on(Method::GET, &format!("{BASE}/generation"), generation::generation)
        .on(Method::GET, &format!("{BASE}/activity"), activity::activity)
}
