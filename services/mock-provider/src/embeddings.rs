//! `POST /v1/embeddings`: deterministic vectors. Of the faults, the status and the stall before the
//! head apply.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use sluicegate_protocols::embeddings::EmbeddingsRequestView;
use sluicegate_protocols::embeddings::openai::response;
use sluicegate_protocols::json::DEFAULT_DEPTH;

use crate::asked::directive::Directives;
use crate::behaviour::Fault;
use crate::ledger::Outcome;
use crate::openai_chat::OpenAiChat;
use crate::refusal::{Refusal, refuse};
use crate::respond::wait;
use crate::state::{Bill, Call, State};
use crate::{server, text};

/// Longest vector that can be asked for.
const MAX_DIMENSIONS: u64 = 8192;

pub(crate) async fn handle(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let state = state.into_inner();
    state.ledger.arrived();
    let read = server::admit(&state, &request).and_then(|()| {
        let view = EmbeddingsRequestView::parse(&body, DEFAULT_DEPTH).map_err(Refusal::Malformed)?;
        let name = server::known(&state, view.model.decode().into_owned())?;
        Ok((view, name))
    });
    let (view, name) = match read {
        Ok(read) => read,
        Err(refusal) => return refuse(&state, &OpenAiChat, &refusal),
    };
    let model = state.model(&name);
    let behaviour = &model.behaviour;
    let fault = behaviour.fault(state.config.seed, model.next_call()).cloned();
    let input = text::embedding_tokens(&view.input);
    let call = Call {
        id: state.call_id("embd"),
        endpoint: "embeddings",
        model: &name,
        stream: false,
        input,
        cached: 0,
        reasoning: 0,
        fault: fault.clone(),
        tag: Directives::read(&String::from_utf8_lossy(&body)).tag,
    };
    let mut bill = Bill::open(&state, &request, call);
    wait(behaviour.header_delay_ms + behaviour.first_token_ms).await;
    match fault {
        Some(Fault::Status { code, retry_after_s }) => {
            bill.refuse();
            let refusal = Refusal::Scripted {
                status: code,
                retry_after_s,
            };
            return refuse(&state, &OpenAiChat, &refusal);
        }
        Some(Fault::Stall { after_chunks: None }) => return std::future::pending().await,
        _ => {}
    }
    let dimensions = view
        .dimensions
        .unwrap_or(u64::from(behaviour.embedding_dimensions))
        .min(MAX_DIMENSIONS);
    let variant = text::mix(state.config.seed, text::hash(&body));
    let vectors: Vec<Vec<f32>> = (0..u64::from(view.input.items))
        .map(|item| text::vector(variant, item, usize::try_from(dimensions).unwrap_or(0)))
        .collect();
    let document = response(&name, &vectors, view.encoding_format, input);
    let id = bill.call_id().to_owned();
    bill.settle(Outcome::Completed);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header(("x-request-id", id))
        .body(document)
}
