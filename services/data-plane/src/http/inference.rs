//! The endpoints that call models: head in, pipeline, reply out. A caller of a stream hears a keep-alive while the
//! first answer is awaited, at the price of the status: errors after that come as events.

use std::panic::AssertUnwindSafe;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use sluicegate_contracts::config::Operation;
use tokio::time::timeout;

use super::{Arrival, render_error, reply};
use crate::pipeline;

/// `POST /v1/chat/completions`.
pub(super) async fn chat_completions(request: HttpRequest, payload: Payload) -> HttpResponse {
    infer(&request, payload, Operation::ChatCompletions).await
}

/// `POST /v1/embeddings`.
pub(super) async fn embeddings(request: HttpRequest, payload: Payload) -> HttpResponse {
    infer(&request, payload, Operation::Embeddings).await
}

async fn infer(request: &HttpRequest, payload: Payload, operation: Operation) -> HttpResponse {
    let (gateway, arrival) = match Arrival::of(request) {
        Ok(arrived) => arrived,
        Err(error) => return render_error::response(&error),
    };
    let keep_alive = gateway.state().limits.keep_alive();
    let progress = arrival.progress.clone();
    // A mistake of ours ends one request, not the thread with all its other requests.
    let running = AssertUnwindSafe(pipeline::run(gateway, operation, arrival, payload)).catch_unwind();
    let mut running = Box::pin(running.map(|ended| ended.unwrap_or_else(|_| pipeline::Reply::panicked())));
    loop {
        match timeout(keep_alive, &mut running).await {
            Ok(reply) => return reply::response(reply),
            Err(_) if progress.is_stream() => {
                progress.commit();
                return reply::waiting(running, keep_alive);
            }
            Err(_) => {}
        }
    }
}
