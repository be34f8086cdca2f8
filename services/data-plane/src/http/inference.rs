//! The endpoints that call models: head in, pipeline, reply out. A caller of a stream hears a keep-alive while the
//! first answer is awaited, at the price of the status: errors after that come as events.

use std::panic::AssertUnwindSafe;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use tokio::time::timeout;

use super::{Arrival, render_error, reply};
use crate::pipeline::{self, Api};

/// `POST /v1/chat/completions`.
pub(super) async fn chat_completions(request: HttpRequest, payload: Payload) -> HttpResponse {
    infer(&request, payload, Api::ChatCompletions).await
}

/// `POST /v1/completions`.
pub(super) async fn completions(request: HttpRequest, payload: Payload) -> HttpResponse {
    infer(&request, payload, Api::Completions).await
}

/// `POST /v1/embeddings`.
pub(super) async fn embeddings(request: HttpRequest, payload: Payload) -> HttpResponse {
    infer(&request, payload, Api::Embeddings).await
}

async fn infer(request: &HttpRequest, payload: Payload, api: Api) -> HttpResponse {
    let (gateway, arrival) = match Arrival::of(request, api) {
        Ok(arrived) => arrived,
        Err(error) => return render_error::response(&error, api.dialect()),
    };
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
