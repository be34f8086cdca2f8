//! Cohere: chat, ranking and embeddings under `/v2`. Keys are bearer tokens; errors are an id and a
//! message, and the status says what kind they are.

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::{Value, json};
use sluicegate_protocols::Dialect;
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::rerank::{Ranked, RerankRequestView, response};

use super::{Format, Provider, Wire, bearer};
use crate::asked::Broken;
use crate::asked::directive::Directives;
use crate::exchange::{Incoming, json, stall_before_head, unreadable, wait};
use crate::ledger::Outcome;
use crate::state::{Bill, Call, State};
use crate::trouble::{Refusal, Trouble};
use crate::{answer, embeddings, server, text};

const PROVIDER: Provider = Provider {
    key: |request| Ok(bearer(request)),
    refusal,
    id_header: Some("x-debug-trace-id"),
    takes_tokens: false,
};

const CHAT: Format = Format {
    provider: &PROVIDER,
    endpoint: "cohere.chat",
    wire: Wire::Dialect(Dialect::CohereChat),
    answer_prefix: "",
    call_prefix: Some("call_"),
    breakdown: Failure {
        class: FailureClass::Upstream,
        message: "internal server error",
        param: None,
        code: None,
        details: &[],
    },
    event: Some("content-delta"),
    open: false,
    dress: None,
};

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/v2/chat", web::post().to(chat))
        .route("/v2/rerank", web::post().to(rerank))
        .route("/v2/embed", web::post().to(embed));
}

async fn chat(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    Incoming::new(state, request, body).answer(&CHAT).await
}

/// A request for vectors as OpenAI has it.
async fn embed(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let texts = asked["texts"].clone();
    let model = asked["model"].as_str().unwrap_or_default();
    let form = embeddings::form(model, &texts, &asked["output_dimension"]);
    embeddings::answer(state, &request, &form, &PROVIDER, |answer| {
        let meta = json!({
            "api_version": {"version": "2"}, "billed_units": {"input_tokens": answer.tokens},
        });
        let document = json!({
            "id": answer.id, "embeddings": {"float": answer.vectors}, "texts": texts, "meta": meta,
            "response_type": "embeddings_by_type",
        });
        Some(document.to_string().into_bytes())
    })
    .await
}

/// Ranks documents, in an order that depends on the query alone. One search is charged.
async fn rerank(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let state = state.into_inner();
    state.ledger.arrived();
    if let Err(trouble) = PROVIDER.admit(&state, &request) {
        return PROVIDER.refuse(&state, &trouble);
    }
    let view = match RerankRequestView::parse(&body, DEFAULT_DEPTH) {
        Ok(view) => view,
        Err(error) => return unreadable(&PROVIDER, &error).answer(&state),
    };
    let name = view.model.decode().into_owned();
    if !server::is_known(&state, &name) {
        return PROVIDER.refuse(&state, &Trouble::UnknownModel(&name));
    }
    let query = view.query.decode();
    let orders = Directives::read(&query);
    let model = state.model(&name);
    let scripted = model
        .behaviour
        .fault(state.config.seed, model.next_call())
        .cloned();
    let fault = orders.failure.map(answer::fault).or(scripted);
    let call = Call {
        id: state.call_id(""),
        endpoint: "rerank",
        model: &name,
        stream: false,
        input: view.text_bytes.div_ceil(4).max(1),
        cached: 0,
        reasoning: 0,
        fault: fault.clone(),
        tag: orders.tag,
    };
    let mut bill = Bill::open(&state, &request, call);
    wait(model.behaviour.header_delay_ms + model.behaviour.first_token_ms).await;
    if let Some(trouble) = fault.as_ref().and_then(Trouble::of) {
        bill.refuse();
        return PROVIDER.refuse(&state, &trouble);
    }
    stall_before_head(fault.as_ref()).await;
    let seed = text::mix(state.config.seed, text::hash(query.as_bytes()));
    let mut results: Vec<Ranked> = (0..view.documents)
        .map(|index| Ranked {
            index,
            // Six digits, as the provider gives.
            relevance_score: (text::mix(seed, u64::from(index)) % 1_000_000) as f64 / 1e6,
        })
        .collect();
    results.sort_by(|a, b| b.relevance_score.total_cmp(&a.relevance_score));
    let most = view.top_n.and_then(|n| usize::try_from(n).ok());
    results.truncate(most.unwrap_or(usize::MAX));
    let document = response(bill.call_id(), &results, 1);
    bill.settle(Outcome::Completed);
    json(document)
}

/// What Cohere says.
fn refusal(trouble: &Trouble<'_>) -> Refusal {
    let named;
    let (status, message) = match *trouble {
        Trouble::Unauthorized => (401, words(401)),
        Trouble::UnknownModel(model) => {
            named = format!(
                "model '{model}' not found, make sure the correct model ID was used and that you have access to the \
                 model."
            );
            (404, named.as_str())
        }
        Trouble::Malformed { message, .. } => (400, message),
        Trouble::Broken(broken) => (400, rule(broken)),
        Trouble::ContextLength => (
            400,
            "too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer inputs. The limit for \
             this model is 288000 tokens.",
        ),
        Trouble::Status { code, .. } => (code, words(code)),
    };
    let mut document = json!({"id": "c167e04b-cfc2-44a9-927c-6d78c47fb5fe", "message": message});
    if *trouble == Trouble::ContextLength {
        document["error_type"] = "TOO_MANY_TOKENS".into();
    }
    Refusal::new(status, document.to_string()).with("retry-after", trouble.retry_after())
}

fn rule(broken: Broken) -> &'static str {
    match broken {
        Broken::OrphanResult => {
            "invalid request: tool messages must answer a tool call of the assistant message before them"
        }
        Broken::UnansweredCall => {
            "invalid request: all tool calls must be answered by tool messages right after them"
        }
        Broken::ChangedSignature | Broken::MissingSignature => "invalid request: unknown thinking",
    }
}

/// The message of an error status.
fn words(status: u16) -> &'static str {
    match status {
        401 => {
            "Incorrect API key provided: ***********. You can find your API key at \
             https://dashboard.cohere.com/api-keys."
        }
        403 => "your API key does not have access to this resource",
        404 => {
            "model not found, make sure the correct model ID was used and that you have access to the model."
        }
        429 => {
            "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial \
             key for free or upgrade to a Production key with higher rate limits."
        }
        400..=499 => "invalid request: refused by script",
        503 => "service unavailable, please try again later",
        _ => "internal server error",
    }
}
