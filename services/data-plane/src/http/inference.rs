//! The endpoints that call models: head in, pipeline, reply out. A caller of a stream hears a keep-alive while the
//! first answer is awaited, at the price of the status: errors after that come as events.

use std::panic::AssertUnwindSafe;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use tokio::time::timeout;

use super::{Arrival, paths, render_error, reply};
use crate::error::GatewayError;
use crate::pipeline::{self, Api, Gateway};

/// Answers a call of `api`.
pub(super) async fn infer(request: &HttpRequest, payload: Payload, api: Api) -> HttpResponse {
    let arrived = Arrival::of(request, api);
    answer(request, payload, api, arrived).await
}

/// Answers a call whose head has been read.
pub(super) async fn answer(
    request: &HttpRequest,
    payload: Payload,
    api: Api,
    arrived: Result<(Gateway, Arrival), GatewayError>,
) -> HttpResponse {
    let mut response = match arrived {
        Ok((gateway, arrival)) => run(gateway, arrival, payload, api).await,
        Err(error) => render_error::response(&error, api.dialect()),
    };
    paths::annotate(response.headers_mut(), request, api.dialect());
    response
}

async fn run(gateway: Gateway, arrival: Arrival, payload: Payload, api: Api) -> HttpResponse {
    let keep_alive = gateway.state().limits.keep_alive();
    let progress = arrival.progress.clone();
    // A mistake of ours ends one request, not the thread with all its other requests.
    let running = AssertUnwindSafe(pipeline::run(gateway, api, arrival, payload)).catch_unwind();
    let mut running = Box::pin(running.map(|ended| ended.unwrap_or_else(|_| pipeline::Reply::panicked())));
    loop {
        match timeout(keep_alive, &mut running).await {
            Ok(reply) => return reply::response(reply, api),
            Err(_) if progress.is_stream() => {
                progress.commit();
                return reply::waiting(running, keep_alive, api);
            }
            Err(_) => {}
        }
    }
}
