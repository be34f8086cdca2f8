//! Embeddings in every format: deterministic vectors. Formats bring the request as an OpenAI one and
//! write the answer. Of the faults, the error statuses and the stall before the head apply.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json as document};
use sluicegate_protocols::embeddings::EmbeddingsRequestView;
use sluicegate_protocols::embeddings::openai::{EncodingFormat, response};
use sluicegate_protocols::json::DEFAULT_DEPTH;

use crate::asked::directive::Directives;
use crate::exchange::{json, stall_before_head, unreadable, wait};
use crate::formats::Provider;
use crate::ledger::Outcome;
use crate::state::{Bill, Call, State};
use crate::trouble::Trouble;
use crate::{server, text};

/// Longest vector that can be asked for.
const MAX_DIMENSIONS: u64 = 8192;

/// Vectors and what they cost.
pub(crate) struct Vectors<'a> {
    pub(crate) id: &'a str,
    pub(crate) vectors: Vec<Vec<f32>>,
    /// Tokens of input.
    pub(crate) tokens: u64,
    model: &'a str,
    encoding: EncodingFormat,
}

impl Vectors<'_> {
    /// The answer as OpenAI writes it.
    pub(crate) fn openai(&self) -> Vec<u8> {
        response(self.model, &self.vectors, self.encoding, self.tokens)
    }
}

/// A request in OpenAI's form for vectors of those texts, of that length if it is one.
pub(crate) fn form(model: &str, texts: &Value, dimensions: &Value) -> Vec<u8> {
    let mut form = document!({"model": model, "input": texts});
    if dimensions.is_u64() {
        form["dimensions"] = dimensions.clone();
    }
    form.to_string().into_bytes()
}

/// Answers a request in OpenAI's form with what `write` makes of the vectors.
pub(crate) async fn answer(
    state: web::Data<State>,
    request: &HttpRequest,
    body: &[u8],
    provider: &'static Provider,
    write: impl FnOnce(&Vectors<'_>) -> Option<Vec<u8>>,
) -> HttpResponse {
    let state = state.into_inner();
    state.ledger.arrived();
    if let Err(trouble) = provider.admit(&state, request) {
        return provider.refuse(&state, &trouble);
    }
    let view = match EmbeddingsRequestView::parse(body, DEFAULT_DEPTH) {
        Ok(view) => view,
        Err(error) => return unreadable(provider, &error).answer(&state),
    };
    let name = view.model.decode().into_owned();
    if !server::is_known(&state, &name) {
        return provider.refuse(&state, &Trouble::UnknownModel(&name));
    }
    let model = state.model(&name);
    let behaviour = &model.behaviour;
    let orders = Directives::read(&String::from_utf8_lossy(body));
    let scripted = behaviour.fault(state.config.seed, model.next_call()).cloned();
    let fault = orders.failure.map(crate::answer::fault).or(scripted);
    let input = text::embedding_tokens(&view.input);
    let call = Call {
        id: state.call_id("embd-"),
        endpoint: "embeddings",
        model: &name,
        stream: false,
        input,
        cached: 0,
        reasoning: 0,
        fault: fault.clone(),
        tag: orders.tag,
    };
    let mut bill = Bill::open(&state, request, call);
    wait(behaviour.header_delay_ms + behaviour.first_token_ms).await;
    if let Some(trouble) = fault.as_ref().and_then(Trouble::of) {
        bill.refuse();
        return provider.refuse(&state, &trouble);
    }
    stall_before_head(fault.as_ref()).await;
    let dimensions = view
        .dimensions
        .unwrap_or(u64::from(behaviour.embedding_dimensions))
        .min(MAX_DIMENSIONS);
    let variant = text::mix(state.config.seed, text::hash(body));
    let vectors = (0..u64::from(view.input.items))
        .map(|item| text::vector(variant, item, usize::try_from(dimensions).unwrap_or(0)))
        .collect();
    let id = bill.call_id().to_owned();
    let document = write(&Vectors {
        id: &id,
        vectors,
        tokens: input,
        model: &name,
        encoding: view.encoding_format,
    });
    let Some(document) = document else {
        bill.refuse();
        let (code, retry_after_s) = (500, None);
        return provider.refuse(&state, &Trouble::Status { code, retry_after_s });
    };
    bill.settle(Outcome::Completed);
    let mut response = json(document);
    if let (Some(name), Ok(id)) = (provider.id_header, id.parse()) {
        let name = actix_web::http::header::HeaderName::from_static(name);
        response.headers_mut().insert(name, id);
    }
    response
}
